"""Tokens of public forms: proof that we gave the form out, and when; no cookie is needed for it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime

QUICKEST_SECONDS, SLOWEST_SECONDS = 3, 7200
"""A form that comes back sooner was filled in by a machine; later, it is from another day."""


class FormTokens:
    """Gives tokens out and knows them again, until this process ends."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._secret = secrets.token_bytes(32)

    def token(self) -> str:
        """Return a token for a form that is shown now."""
        issued = f"{int(self._now().timestamp())}.{secrets.token_hex(8)}"
        return f"{issued}.{self._mark(issued)}"

    def is_good(self, token: str) -> bool:
        """Whether the token is ours, and neither too young nor too old."""
        issued, _, mark = token[:200].rpartition(".")
        if not hmac.compare_digest(self._mark(issued).encode(), mark.encode("utf-8", "replace")):
            return False
        age = self._now().timestamp() - int(issued.partition(".")[0])
        return QUICKEST_SECONDS <= age <= SLOWEST_SECONDS

    def _mark(self, issued: str) -> str:
        return hmac.new(self._secret, issued.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
