"""Passwords by argon2, a few at a time in threads; an unknown name costs as long as a known one."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

AT_ONCE = 2
"""Each takes 64 MB and some 50 ms of a core: that many at once leave room for the pages."""
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class Passwords:
    """Makes and checks password hashes."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex(16))
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def hashed(self, password: str) -> str:
        """Return the hash of a password."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password_hash: str, password: str) -> bool:
        """Whether the password fits; without a hash never, but it takes as long."""
        async with self._turns:
            return await asyncio.to_thread(self._check, password_hash or self._nobody, password) and bool(password_hash)

    def is_old(self, password_hash: str) -> bool:
        """Whether the hash should be made anew with today's parameters."""
        return self._hasher.check_needs_rehash(password_hash)

    def _check(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False


def one_time_password() -> str:
    """Return a password that somebody can type from paper: 4 × 4 characters, 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
