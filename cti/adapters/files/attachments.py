"""Attachments on disk: each in a file of mode 600 named by the sha256 of what lies in it."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path


def keep_content(folder: Path, content: bytes) -> str:
    """Write the content, once; returns its digest."""
    digest = hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / digest
    if target.is_file():
        return digest
    new = folder / f"{digest}.{secrets.token_hex(4)}.new"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    new.replace(target)
    return digest
