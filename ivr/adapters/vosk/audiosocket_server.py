"""The door through which the switch sends live audio: an AudioSocket server that no peer can harm.

A peer is read by the event loop until it has named its stream, then by the ChunkReader together with all others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable
from typing import Protocol

from ivr.adapters.vosk.audiosocket import (
    HANGUP_FRAME,
    AudioCame,
    Decoder,
    DigitCame,
    NotASwitch,
    PeerEnded,
    StreamNamed,
)
from ivr.adapters.vosk.chunk_reader import ChunkReader

log = logging.getLogger(__name__)

NAME_BYTES = 3 + 16
"""The frame that names a stream; nothing after it is read before the name is known."""


class Listener(Protocol):
    """Whoever gets the audio of one stream. None of these may block or raise."""

    def audio(self, pcm: bytes) -> None: ...

    def ended(self, said_goodbye: bool) -> None: ...


class AudioSocketServer:
    """Listens on loopback; asks `admit(uuid)` who listens to a stream, and refuses the peer when nobody does."""

    def __init__(
        self,
        admit: Callable[[str], Listener | None],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        max_connections: int = 512,
        name_deadline_s: float = 5.0,
        silence_deadline_s: float = 10.0,
    ) -> None:
        self._admit = admit
        self._host, self._port = host, port
        self._max_connections = max_connections
        self._name_deadline_s = name_deadline_s
        self._silence_deadline_s = silence_deadline_s
        self._server: asyncio.Server | None = None
        self._peers: set[_Peer] = set()
        self._buffer = memoryview(bytearray(NAME_BYTES))
        self._reader: ChunkReader | None = None
        self.refused = 0

    async def start(self) -> None:
        """Begin to listen; OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        reader = ChunkReader()
        try:
            self._server = await loop.create_server(lambda: _Peer(self, reader), self._host, self._port, backlog=256)
        except OSError:
            reader.close()
            raise
        self._reader = reader
        self._port = int(self._server.sockets[0].getsockname()[1])

    @property
    def address(self) -> tuple[str, int]:
        """Where the server listens (the port that was given, when 0 was asked for)."""
        return self._host, self._port

    @property
    def connections(self) -> int:
        return len(self._peers)

    async def close(self) -> None:
        """Hang up on every peer and stop listening."""
        if self._server is None:
            return
        self._server.close()
        for peer in tuple(self._peers):
            peer.hang_up()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self._server.wait_closed()
        if self._reader is not None:
            self._reader.close()


class _Peer(asyncio.BufferedProtocol):
    """One connection: unnamed, then a stream, then gone."""

    def __init__(self, server: AudioSocketServer, reader: ChunkReader) -> None:
        self._door, self._reader = server, reader
        self._handle: int | None = None
        self._decoder = Decoder()
        self._listener: Listener | None = None
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._said_goodbye = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._door._peers.add(self)
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        if len(self._door._peers) > self._door._max_connections:
            self._refuse("too many connections")
            return
        self._deadline = loop.call_later(self._door._name_deadline_s, self._refuse, "it did not name its stream")

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the name goes; all peers share one place, because it is read at once (see buffer_updated)."""
        return self._door._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.received(bytes(self._door._buffer[:nbytes]))

    def received(self, data: bytes) -> None:
        """Act on what came from the wire, whoever read it."""
        if self._transport is None or self._transport.is_closing():
            return
        self._heard_at = asyncio.get_running_loop().time()
        for fact in self._decoder.feed(data):
            match fact:
                case AudioCame(pcm=pcm):
                    if self._listener is not None:
                        self._listener.audio(pcm)
                case StreamNamed(uuid=uuid):
                    self._named(uuid)
                case DigitCame():
                    pass  # keys reach the flow through FastAGI
                case PeerEnded(error=error):
                    self._said_goodbye = error is None
                    self.hang_up()
                case NotASwitch(reason=reason):
                    self._refuse(reason)

    def lost(self) -> None:
        """The reader came to the end of what the peer sent."""
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._handle is not None:
            self._reader.remove(self._handle)
            self._handle = None
        self._door._peers.discard(self)
        if self._deadline is not None:
            self._deadline.cancel()
        if self._listener is not None:
            self._listener.ended(self._said_goodbye and exc is None)
            self._listener = None

    def hang_up(self) -> None:
        """Say goodbye and close; the listener hears of it through connection_lost."""
        if self._transport is not None and not self._transport.is_closing():
            self._leave_nothing_unread()
            self._transport.write(HANGUP_FRAME)
            self._transport.close()

    def _leave_nothing_unread(self) -> None:
        """Closing a socket with unread bytes resets it, and the peer would never read our goodbye."""
        sock: socket.socket | None = self._transport.get_extra_info("socket") if self._transport else None
        if sock is not None:
            with contextlib.suppress(OSError):
                for _ in range(16):
                    if not os.read(sock.fileno(), 65_536):
                        break

    def _named(self, uuid: str) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._listener = self._door._admit(uuid)
        if self._listener is None:
            self._refuse("nobody expects this stream")
            return
        self._read_in_chunks()
        self._watch()

    def _read_in_chunks(self) -> None:
        sock: socket.socket | None = self._transport.get_extra_info("socket") if self._transport else None
        if self._transport is not None and sock is not None:
            self._transport.pause_reading()
            self._handle = self._reader.add(sock, self)

    def _watch(self) -> None:
        """Give up on a peer that is there but says nothing: its tap hangs, and the recording has what it missed."""
        loop = asyncio.get_running_loop()
        quiet_s = loop.time() - self._heard_at
        if quiet_s >= self._door._silence_deadline_s:
            log.warning("audiosocket_stream_hung", extra={"quiet_s": round(quiet_s, 1)})
            if self._transport is not None:
                self._transport.abort()
            return
        self._deadline = loop.call_later(self._door._silence_deadline_s - quiet_s + 0.05, self._watch)

    def _refuse(self, reason: str) -> None:
        self._door.refused += 1
        log.warning("audiosocket_refused", extra={"reason": reason})
        self.hang_up()
