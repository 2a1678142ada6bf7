"""What a browser's telephone may say to the switch: only in the name of its own seat. Pure.

Answers, and requests within a dialog that the switch has with this connection, pass; a request that begins something
must come from the seat's own number, and its credentials must be the seat's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_MESSAGE = 64 * 1024
_METHODS = frozenset({"REGISTER", "INVITE", "ACK", "BYE", "CANCEL", "INFO", "OPTIONS", "UPDATE", "PRACK", "NOTIFY"})
_BEGINNING = frozenset({"REGISTER", "INVITE"})
_REQUEST = re.compile(r"([A-Z]{3,10}) (\S{1,500}) SIP/2\.0")
_USER = re.compile(r"<?\s*sips?:([^@;>\s]{1,64})@", re.IGNORECASE)
_USERNAME = re.compile(r'username\s*=\s*"([^"]{0,64})"', re.IGNORECASE)
_SHORT = {"f": "from", "t": "to", "m": "contact", "i": "call-id", "v": "via"}


@dataclass(frozen=True, slots=True)
class Said:
    """What one SIP message is: `refused` says why it may not pass, for the log; empty when it may.

    `begins`: it stands in no dialog that the switch knows.
    """

    method: str = ""
    refused: str = ""
    begins: bool = False

    @property
    def may_pass(self) -> bool:
        return not self.refused


def said(message: str, seat: str) -> Said:
    """Return what a message from the browser at `seat` is, and whether it may pass."""
    if not message.strip():
        return Said("keepalive")
    if len(message) > LONGEST_MESSAGE:
        return Said(refused="too long")
    head, *lines = message.partition("\r\n\r\n")[0].split("\r\n")
    if head.startswith("SIP/2.0 "):
        return Said("answer")
    request = _REQUEST.fullmatch(head)
    if request is None or request[1] not in _METHODS:
        return Said(refused="no request that we know")
    headers = _headers(lines)
    if headers is None:
        return Said(request[1], "folded, empty or doubled headers")
    for name in ("authorization", "proxy-authorization"):
        credentials = _USERNAME.findall(headers.get(name, ""))
        if name in headers and credentials != [seat]:
            return Said(request[1], "credentials of another")
    if request[1] != "REGISTER" and re.search(r";\s*tag=", headers.get("to", ""), re.IGNORECASE):
        return Said(request[1])
    for name in ("from", "to") if request[1] == "REGISTER" else ("from",):
        if _USER.findall(_without_name(headers.get(name, ""))) != [seat]:
            return Said(request[1], f"{name} is not the seat")
    return Said(request[1], begins=request[1] in _BEGINNING)


def _without_name(value: str) -> str:
    """Return an address without the name before it, which may hold anything."""
    if value.startswith('"'):
        closed = re.match(r'"(?:[^"\\]|\\.)*"', value)
        value = value[closed.end() :] if closed else ""
    return value


def _headers(lines: list[str]) -> dict[str, str] | None:
    """Return the headers by name; None when a name that decides stands twice, or a line is no header."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        key = name.strip().lower()
        key = _SHORT.get(key, key)
        if not colon or not key or line[0] in " \t" or "\n" in line or "\r" in line:
            return None
        if key in headers and key in ("from", "to", "authorization", "proxy-authorization", "call-id"):
            return None
        headers[key] = value.strip()
    return headers
