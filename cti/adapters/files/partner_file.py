"""partners.yaml of an installation, read anew when it changed; a file with mistakes lets nobody in, and says why."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cti.adapters.files.followed import Followed
from cti.partners import Partner, plain_partners, read_partners
from ivr.errors import AuthorError
from ivr.problems import Problem

log = logging.getLogger(__name__)


class PartnerFile:
    """The other systems that an installation knows."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._partners = Followed[Sequence[Partner]](lambda: [file] if file.is_file() else [], self._load, ())

    def partners(self) -> Sequence[Partner]:
        """Return them; nobody while the file is missing or has mistakes."""
        return self._partners()

    def _load(self) -> Sequence[Partner]:
        partners, problems = self._read()
        for problem in problems:
            log.error("partners_refused", extra={"reason": str(problem)[:200]})
        return partners

    def _read(self) -> tuple[Sequence[Partner], tuple[Problem, ...]]:
        return read_partners(self._file.read_bytes(), str(self._file)) if self._file.is_file() else ((), ())

    def add(
        self,
        name: str,
        may: Sequence[str],
        channel: str,
        webhook: str = "",
        unit: str = "",
        open311: str = "",
        key: str = "",
    ) -> tuple[str, str]:
        """Add a partner, or give it a new token; returns the token and the webhook's secret, kept nowhere in clear
        (the secret lies in a file of mode 600). AuthorError with every problem; a file with mistakes stays as it is.
        """
        known, problems = self._read()
        if problems:
            raise AuthorError(problems)
        token, secret, secret_file, key_file = secrets.token_urlsafe(32), "", "", ""
        named = hashlib.sha256(name.encode()).hexdigest()[:12]
        if open311:
            key_file = str(self._file.parent / f"open311-{named}.key")
        if webhook or "moves" in may:
            secret = secrets.token_urlsafe(32)
            secret_file = str(self._file.parent / f"webhook-{named}.secret")
        partner = Partner(
            name,
            hashlib.sha256(token.encode()).hexdigest(),
            frozenset(may),
            channel,
            webhook,
            secret_file,
            unit,
            open311,
            key_file,
        )
        text = plain_partners([*(each for each in known if each.name != name), partner])
        _, problems = read_partners(text, str(self._file))
        if problems:
            raise AuthorError(problems)
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if secret_file:
            _write(Path(secret_file), secret)
        if key_file:
            _write(Path(key_file), key)
        _write(self._file, text)
        return token, secret


def _write(file: Path, text: str) -> None:
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    new.replace(file)
