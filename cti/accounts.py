"""Accounts and sessions as values: what the store keeps of somebody who signs in, and of a browser that did."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from cti.access import Account, Role

_NAME = re.compile(r"[0-9A-Za-z一-鿿][0-9A-Za-z一-鿿._@-]{0,59}")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account as it is kept; `usual_seat` is offered at sign-in; without `password_hash` only SSO signs in."""

    name: str
    title: str
    roles: tuple[Role, ...]
    unit: str = ""
    usual_seat: str = ""
    password_hash: str = ""
    must_change: bool = False
    is_disabled: bool = False
    created: datetime | None = None

    def account(self, seat: str = "") -> Account:
        """Return who this is at a seat."""
        return Account(self.name, self.title, self.roles, self.unit, seat, self.must_change)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in. `token_hash` is the SHA-256 of its cookie; the token itself is kept nowhere."""

    token_hash: str
    name: str
    csrf: str
    seat: str
    opened: datetime
    used: datetime
    ends: datetime
    address: str = ""


def wrong_name(name: str) -> str:
    """Return what is wrong with an account's name, with the remedy; empty when nothing is."""
    if _NAME.fullmatch(name):
        return ""
    return "账号名不能用。改法：1 到 60 个汉字、字母、数字或 . _ @ -，第一个不能是符号"


def wrong_password(password: str, name: str) -> str:
    """Return what is wrong with a new password, with the remedy; empty when nothing is."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return f"密码长度不合适。改法：用 {SHORTEST_PASSWORD} 到 {LONGEST_PASSWORD} 个字符"
    if len(set(password)) < 5 or password.lower() in (name.lower() * 40, "1234567890", "0123456789"):
        return "密码太容易猜到。改法：不要用重复的字符，也不要用账号名"
    if name and name.lower() in password.lower():
        return "密码里有账号名，太容易猜到。改法：换一个"
    return ""
