"""One frame for many sockets: what five hundred desks are told is made once, and each is handed the same bytes.

The usual way (a task per page, Starlette, uvicorn's framing) costs each page tens of microseconds for the same text.
A page that has not taken what it was sent before is left to that way: there it waits, bounded, without the others.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, MutableMapping
from typing import Any, TypeAlias

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "hotline.frame"
_FINAL_TEXT = 0x81
_SHORT, _MEDIUM = 126, 1 << 16

Push: TypeAlias = Callable[[bytes], bool]
"""Hand over a frame at once; False, and nothing sent, when the socket has not taken what it was sent before."""


def text_frame(text: str) -> bytes:
    """Return the WebSocket frame of a text from a server (RFC 6455, 5.2: unmasked, whole)."""
    body = text.encode()
    size = len(body)
    if size < _SHORT:
        head = bytes((_FINAL_TEXT, size))
    elif size < _MEDIUM:
        head = struct.pack("!BBH", _FINAL_TEXT, 126, size)
    else:
        head = struct.pack("!BBQ", _FINAL_TEXT, 127, size)
    return head + body


class FramedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which also takes frames that are ready; its application finds `push` in the scope."""

    async def run_asgi(self) -> None:
        if not self.conn.extensions:  # a frame that an extension would change is not the same for all
            self.scope["extensions"][EXTENSION] = {"push": self.push}
        await super().run_asgi()

    def push(self, frame: bytes) -> bool:
        """Fulfils `Push`."""
        is_open = self.handshake_complete and not (self.close_sent or self.disconnected or self.transport.is_closing())
        if not is_open or not self.writable.is_set() or self.transport.get_write_buffer_size():
            return False
        self.transport.write(frame)
        return True


def push_of(scope: MutableMapping[str, Any]) -> Push | None:
    """Return how to hand frames to this connection; None on a server of another kind."""
    found = (scope.get("extensions") or {}).get(EXTENSION)
    push: Push | None = found["push"] if found else None
    return push
