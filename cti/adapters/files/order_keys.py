"""The keys that seal sensitive orders: a file of mode 600, one key a line, the first one seals, all of them open."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ivr.errors import StoreError

_BYTES = 32


class OrderKeys:
    """Reads the file anew each time it has changed; makes it with a first key where there is none."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read: tuple[int, dict[str, bytes]] = (-1, {})

    def current(self) -> tuple[str, bytes]:
        """Return the name and the key that seals now."""
        return next(iter(self._keys().items()))

    def all(self) -> Mapping[str, bytes]:
        """Return every key by its name, the one that seals now first."""
        return dict(self._keys())

    def rotate(self, at: datetime) -> str:
        """Put a new key first; the old ones stay, for what they sealed. Returns the new key's name."""
        keys = self._keys()
        name = f"k{at:%Y%m%d%H%M%S}-{secrets.token_hex(2)}"
        self._write({name: secrets.token_bytes(_BYTES), **keys})
        return name

    def forget(self, names: set[str]) -> None:
        """Take keys out that nothing is sealed with any more; the first one always stays."""
        keys = self._keys()
        first = next(iter(keys))
        self._write({name: key for name, key in keys.items() if name == first or name not in names})

    def _keys(self) -> dict[str, bytes]:
        try:
            stamp = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            self._write({f"k0-{secrets.token_hex(2)}": secrets.token_bytes(_BYTES)}, is_first=True)
            stamp = self._file.stat().st_mtime_ns
        if stamp != self._read[0]:
            self._read = (stamp, self._parsed())
        return self._read[1]

    def _parsed(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        try:
            for line in self._file.read_text(encoding="ascii").splitlines():
                name, _, text = line.strip().partition(" ")
                if name and not name.startswith("#"):
                    found[name] = base64.b64decode(text, validate=True)
        except (OSError, ValueError) as error:
            raise StoreError(
                f"密钥文件 {self._file} 读不了（{error}）。改法：从备份恢复，没有它敏感工单打不开"
            ) from error
        if not found or any(len(key) != _BYTES for key in found.values()):
            raise StoreError(f"密钥文件 {self._file} 里没有可用的密钥。改法：从备份恢复，没有它敏感工单打不开")
        return found

    def _write(self, keys: Mapping[str, bytes], *, is_first: bool = False) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._file.with_suffix(f".{secrets.token_hex(4)}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            out.writelines(f"{name} {base64.b64encode(key).decode()}\n" for name, key in keys.items())
            out.flush()
            os.fsync(out.fileno())
        if is_first:  # of two processes that make it at once, the first wins
            with contextlib.suppress(FileExistsError):
                os.link(new, self._file)
            new.unlink()
        else:
            new.replace(self._file)
        self._read = (-1, {})
