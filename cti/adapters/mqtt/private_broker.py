"""What the private mosquitto must be told: loopback only, named accounts with a password and rights, nothing lost."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_ROUNDS = 101  # what mosquitto_passwd uses; the passwords are random, so more would only slow the start
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_RIGHT = re.compile(r"(read|write|readwrite|deny) [^\s\x00]{1,200}")


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """Who may connect, and what for: `rights` such as `readwrite hotline/#`."""

    name: str
    password: str = field(repr=False)
    rights: tuple[str, ...]


def broker_files(
    folder: Path, port: int, accounts: Sequence[BrokerAccount], *, host: str = "127.0.0.1", user: str = ""
) -> Mapping[str, str]:
    """Return file name → text of all that mosquitto needs in `folder`; the files hold secrets, so write them 0600.

    `user`: whom mosquitto becomes when root starts it (`root` to stay as it is); leave it empty otherwise.
    """
    for account in accounts:
        if not _NAME.fullmatch(account.name) or not account.password:
            raise ValueError(f"not an account of the broker: {account!r}")
        if not all(_RIGHT.fullmatch(right) for right in account.rights):
            raise ValueError(f"not the rights of an account: {account!r}")
    acl = "\n".join(
        f"user {account.name}\n" + "".join(f"topic {right}\n" for right in account.rights) for account in accounts
    )
    return {
        "mosquitto.conf": _configuration(folder, host, port, user),
        "passwords": "".join(f"{a.name}:{_hashed(a.password)}\n" for a in accounts),
        "rights": acl,
    }


def _configuration(folder: Path, host: str, port: int, user: str) -> str:
    lines = [
        f"listener {port} {host}",
        "allow_anonymous false",
        f"password_file {folder / 'passwords'}",
        f"acl_file {folder / 'rights'}",
        "max_packet_size 70000",  # an envelope is 64 kB at most
        "max_queued_messages 0",  # a consumer that is away loses nothing; the default drops after 1000
        "max_inflight_messages 100",
        "persistence true",
        f"persistence_location {folder}/",
        "autosave_interval 1",  # what a killed broker forgets, the relay's resend window covers
        "log_dest stderr",
        "log_type error",
        "log_type warning",
    ]
    if user:
        lines.append(f"user {user}")
    return "\n".join(lines) + "\n"


def _hashed(password: str) -> str:
    """Return the password as mosquitto stores it: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return f"$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
