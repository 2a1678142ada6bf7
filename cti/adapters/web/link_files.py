"""Secret links as files: the secret itself is in no file, only its hash; who looked is written down before they see.

`<folder>/<sha256 of the secret>.json` holds what the link opens; `audit.jsonl` a line for every look. Both processes,
the controller that opens links and the page that serves them, share the folder and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from cti.link_view import Grant
from ivr.call import call_id
from ivr.errors import StoreError
from routing.emergency.kinds import Kind

SECRET_BYTES = 24
"""192 bits: more than the 128 below which guessing could be thought of."""
LONGEST_SECRET = 64
AUDIT = "audit.jsonl"


class LinkFiles:
    """The links of one installation, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, grant: Grant, secret: str) -> None:
        """Make `secret` open this; StoreError when it cannot be written."""
        file = self._file(secret)
        plain = {
            "call": grant.call,
            "kind": grant.kind.value,
            "target": grant.target,
            "expires_at": grant.expires_at.isoformat(),
            "shows_number": grant.shows_number,
            "shows_place": grant.shows_place,
        }
        new = file.with_suffix(".new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            new.touch(mode=0o600)
            new.write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")
            new.replace(file)
        except OSError as error:
            raise StoreError(f"写不了链接文件 {file}（{error.strerror}）。改法：检查目录权限与磁盘") from error

    def find(self, secret: str, now: datetime) -> Grant | None:
        """Return what the secret opens; None when it is wrong, expired or damaged: nobody can tell which."""
        if not 0 < len(secret) <= LONGEST_SECRET or not secret.isascii():
            return None
        try:
            plain = json.loads(self._file(secret).read_text(encoding="utf-8"))
            grant = Grant(
                call=call_id(str(plain["call"])),
                kind=Kind(plain["kind"]),
                target=str(plain["target"]),
                expires_at=datetime.fromisoformat(plain["expires_at"]),
                shows_number=plain["shows_number"] is True,
                shows_place=plain["shows_place"] is True,
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return grant if now < grant.expires_at else None

    def audit(self, line: Mapping[str, object]) -> None:
        """Write down one look; StoreError when it cannot be written, and then nothing may be shown."""
        encoded = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self._folder / AUDIT, flags, 0o600)
            try:
                if os.write(descriptor, encoded) < len(encoded):
                    raise StoreError("查看记录没有写完（磁盘已满）。改法：腾出空间")
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoreError(f"写不了查看记录（{error.strerror}）。改法：检查目录权限与磁盘") from error

    def sweep(self, now: datetime) -> int:
        """Delete the links that have expired; return how many."""
        gone = 0
        for file in self._folder.glob("*.json"):
            try:
                until = datetime.fromisoformat(json.loads(file.read_text(encoding="utf-8"))["expires_at"])
                if until <= now:
                    file.unlink()
                    gone += 1
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return gone

    def _file(self, secret: str) -> Path:
        return self._folder / f"{hashlib.sha256(secret.encode('utf-8', 'replace')).hexdigest()}.json"


def new_secret() -> str:
    """Return a secret that nobody can guess, fit for a URL."""
    return secrets.token_urlsafe(SECRET_BYTES)


def link_of(base_url: str, secret: str) -> str:
    """Return the address of the page of a secret."""
    return f"{base_url}/e/{secret}"


def place_of_link(link: str) -> str:
    """Return the address of the PIDF-LO document beside a page."""
    return f"{link}/place"
