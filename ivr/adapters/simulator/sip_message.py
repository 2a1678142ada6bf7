"""SIP messages as values: read what a switch sends, write what a phone sends (RFC 3261, section 7)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST_BYTES = 65_535
MOST_HEADERS = 200
_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "k": "supported",
    "s": "subject",
    "e": "content-encoding",
    "x": "session-expires",
}
_URI = re.compile(r"<\s*([a-zA-Z][a-zA-Z0-9+.-]*:[^>\s]+)\s*>|^\s*([a-zA-Z][a-zA-Z0-9+.-]*:[^;,\s]+)")
_TAG = re.compile(r";\s*tag=([^;,\s>]+)")
_METHOD = re.compile(r"[A-Z]{1,20}")

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Message:
    """What requests and responses share; header names keep the writer's spelling, and order is kept."""

    headers: Headers
    body: bytes

    def get(self, name: str) -> str:
        """Return the first value of a header, or an empty string; case and compact forms do not matter."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a header in the order of the message."""
        wanted = _long_name(name)
        return tuple(value for key, value in self.headers if _long_name(key) == wanted)

    @property
    def call_id(self) -> str:
        return self.get("Call-ID")

    @property
    def cseq(self) -> tuple[int, str]:
        """The sequence number and method; (0, "") when the header is missing or nonsense."""
        number, _, method = self.get("CSeq").partition(" ")
        return (int(number), method.strip()) if number.isdecimal() and len(number) < 12 else (0, "")

    @property
    def branch(self) -> str:
        """The transaction's name, from the topmost Via."""
        found = re.search(r";\s*branch=([^;,\s]+)", self.get("Via"))
        return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class SipRequest(_Message):
    """A question: `method` of `uri`."""

    method: str
    uri: str

    def encode(self) -> bytes:
        return _encode(f"{self.method} {self.uri} SIP/2.0", self.headers, self.body)


@dataclass(frozen=True, slots=True)
class SipResponse(_Message):
    """An answer: 1xx wait, 2xx yes, anything higher no."""

    status: int
    reason: str

    def encode(self) -> bytes:
        return _encode(f"SIP/2.0 {self.status} {self.reason}", self.headers, self.body)


SipMessage = SipRequest | SipResponse


def parse_sip(data: bytes) -> SipMessage | None:
    """Return the message in one datagram, or None for keep-alives and for anything that is not SIP."""
    if not data.strip(b"\r\n\0 ") or len(data) > MOST_BYTES:
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    lines = _unfold(head.decode("utf-8", "replace").lstrip("\r\n").split("\r\n"))
    if not lines or len(lines) > MOST_HEADERS:
        return None
    headers = tuple(
        (name.strip(), value.strip()) for name, colon, value in (line.partition(":") for line in lines[1:]) if colon
    )
    length = next((value for name, value in headers if _long_name(name) == "content-length"), "")
    if length.isdecimal() and len(length) < 9:
        body = body[: int(length)]
    first, _, rest = lines[0].partition(" ")
    if first == "SIP/2.0":
        code, _, reason = rest.partition(" ")
        valid = code.isdecimal() and len(code) == 3 and "100" <= code <= "699"
        return SipResponse(headers, body, int(code), reason) if valid else None
    uri, _, version = rest.rpartition(" ")
    return SipRequest(headers, body, first, uri) if version == "SIP/2.0" and _METHOD.fullmatch(first) and uri else None


def respond(
    request: SipRequest, status: int, reason: str, to_tag: str, extra: Headers = (), body: bytes = b""
) -> SipResponse:
    """Return the answer to `request`: its Vias, From, To, Call-ID and CSeq come back as they were, To with our tag."""
    to = request.get("To")
    if status > 100 and not tag_of(to):
        to = f"{to};tag={to_tag}"
    kept = (
        *(("Via", via) for via in request.all("Via")),
        *(("Record-Route", route) for route in request.all("Record-Route")),
        ("From", request.get("From")),
        ("To", to),
        ("Call-ID", request.call_id),
        ("CSeq", request.get("CSeq")),
    )
    return SipResponse((*kept, *extra), body, status, reason)


def tag_of(value: str) -> str:
    """Return the tag parameter of a From or To value, or an empty string."""
    found = _TAG.search(value[value.rfind(">") + 1 :] if ">" in value else value)
    return found[1] if found else ""


def uri_of(value: str) -> str:
    """Return the address inside a From, To or Contact value, or an empty string."""
    found = _URI.search(value)
    return (found[1] or found[2]) if found else ""


def user_of(value: str) -> str:
    """Return the user part (the number) of an address or of a header that holds one."""
    uri = uri_of(value) or value
    scheme, _, rest = uri.partition(":")
    return rest.partition("@")[0].partition(";")[0] if scheme.lower() in ("sip", "sips", "tel") else ""


def host_and_port_of(uri: str) -> tuple[str, int]:
    """Return where a SIP address points (port 5060 unless it says another); ("", 0) when it is nonsense."""
    rest = uri.partition(":")[2].rpartition("@")[2]
    host, _, port = re.split(r"[;?]", rest, maxsplit=1)[0].partition(":")
    if not host or (port and not (port.isdecimal() and 0 < int(port[:6]) < 65_536)):
        return "", 0
    return host, int(port or 5060)


def _long_name(name: str) -> str:
    lower = name.lower()
    return _COMPACT.get(lower, lower)


def _unfold(lines: Iterable[str]) -> list[str]:
    """Join continuation lines (RFC 3261, 7.3.1)."""
    joined: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and len(joined) > 1:
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    return joined


def _encode(first: str, headers: Headers, body: bytes) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body
