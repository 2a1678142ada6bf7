"""Passwords that nobody has to choose: made once, kept in files that only their owner may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ivr.adapters.asterisk.render_values import name


def kept_secret(folder: Path, called: str) -> str:
    """Return the secret `called`, making it on first use; the same one ever after, also for other processes."""
    file = folder / name(called, "密钥名称")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = secrets.token_urlsafe(24).replace("-", "a").replace("_", "b")
    draft = folder / f".{called}.{os.getpid()}.{secrets.token_hex(4)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(made)
    try:
        os.link(draft, file)  # fails when it exists: the first writer wins, and nobody reads half a secret
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return file.read_text(encoding="ascii").strip()
