"""Safe bytes to and from the manager interface (AMI): nothing unchecked is sent, nothing is read before it is whole.

Sans-IO. An action is encoded only if its name and every header are on the list in `wire_actions`; a stream of bytes
is cut into whole messages whatever the network did to it; a message keeps repeated headers in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ivr.adapters.asterisk.wire_actions import HEADERS_OF
from ivr.errors import SwitchError, UnsafeHeaderError

END = b"\r\n\r\n"
MAX_LINE_BYTES = 1000  # Asterisk reads a manager line into 1025 bytes and drops what is longer
MAX_HEADERS = 100  # AST_MAX_MANHEADERS is 128
MAX_MESSAGE_BYTES = 256 * 1024

Headers = Sequence[tuple[str, str]]


class WireError(SwitchError):
    """The peer sent what cannot be a manager message; the link must be closed."""


def encode_action(action: str, headers: Headers, action_id: str) -> bytes:
    """Return the bytes of one action; UnsafeHeaderError when any part must not reach the switch."""
    allowed = HEADERS_OF.get(action)
    if allowed is None:
        raise UnsafeHeaderError(f"the manager action {action[:40]!r} is not one we use")
    if len(headers) > MAX_HEADERS:
        raise UnsafeHeaderError(f"{action}: {len(headers)} headers, at most {MAX_HEADERS}")
    lines = [_line("Action", action), _line("ActionID", action_id)]
    for name, value in headers:
        if name not in allowed:
            raise UnsafeHeaderError(f"{action} has no header {name[:40]!r}")
        lines.append(_line(name, value))
    return b"".join([*lines, b"\r\n"])


def _line(name: str, value: str) -> bytes:
    if any(character in value for character in "\r\n\0"):
        raise UnsafeHeaderError(f"{name} contains a line break or NUL")
    try:
        line = f"{name}: {value}\r\n".encode()
    except UnicodeEncodeError as broken:
        raise UnsafeHeaderError(f"{name} is not valid text") from broken
    if len(line) > MAX_LINE_BYTES:
        raise UnsafeHeaderError(f"{name} is {len(line)} bytes long, at most {MAX_LINE_BYTES}")
    return line


@dataclass(frozen=True, slots=True)
class AmiMessage:
    """One whole message: `pairs` as sent; looking a name up (any case) gives its first value, `` when absent."""

    pairs: tuple[tuple[str, str], ...]
    _first: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first: dict[str, str] = {}
        for name, value in self.pairs:
            first.setdefault(name.lower(), value)
        object.__setattr__(self, "_first", first)

    def __getitem__(self, name: str) -> str:
        return self._first.get(name.lower(), "")

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._first

    def every(self, name: str) -> tuple[str, ...]:
        """Return all values of a header that may be repeated."""
        wanted = name.lower()
        return tuple(value for key, value in self.pairs if key.lower() == wanted)


def parse_message(raw: bytes) -> AmiMessage:
    """Read the lines of one whole message; lines without a colon are dropped, broken UTF-8 becomes U+FFFD."""
    pairs = []
    for line in raw.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon and name:
            pairs.append((name, value[1:] if value.startswith(" ") else value))
    return AmiMessage(tuple(pairs))


class MessageSplitter:
    """Collects bytes, however cut, and hands out whole messages; the banner line before the first one is set aside."""

    def __init__(self, max_message_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._max = max_message_bytes
        self.banner: str | None = None

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Take bytes, return the messages they completed (without their blank line); WireError when one is too long."""
        self._buffer += data
        if self.banner is None and not self._take_banner():
            return ()
        last = self._buffer.rfind(END, max(0, self._searched - len(END) + 1))
        if last < 0:
            self._searched = len(self._buffer)
            self._check(len(self._buffer))
            return ()
        whole = bytes(self._buffer[:last])
        del self._buffer[: last + len(END)]
        self._searched = len(self._buffer)
        self._check(len(self._buffer))
        return [message for message in (part.strip(b"\r\n") for part in whole.split(END)) if message]

    def _take_banner(self) -> bool:
        start = bytes(self._buffer[:64])
        if not b"Asterisk Call Manager/".startswith(start[:22]) and not start.startswith(b"Asterisk Call Manager/"):
            raise WireError("this is not an Asterisk manager port")
        line, end, _ = bytes(self._buffer[:256]).partition(b"\r\n")
        if not end:
            self._check(len(self._buffer) * (self._max // 256 + 1))
            return False
        self.banner = line.decode("ascii", "replace")
        del self._buffer[: len(line) + 2]
        return True

    def _check(self, size: int) -> None:
        if size > self._max:
            raise WireError(f"a manager message of more than {self._max} bytes")
