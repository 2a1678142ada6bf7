"""Reads the audio of all live streams together: of each only when a whole chunk has come, of all at most every 40 ms.

Sockets of their own in the event loop would wake it once per stream and chunk. Here the kernel keeps a chunk until it
is whole (SO_RCVLOWAT), and those that became whole at about the same time are read in one go (one epoll for all).
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import fcntl
import os
import select
import socket
import termios
from typing import Protocol

CHUNK_WIRE_BYTES = 10 * (3 + 320)
"""0.2 s of audio as Asterisk frames it."""

READ_BYTES = 20 * CHUNK_WIRE_BYTES
"""What is taken from one socket at once."""

REST_S = 0.04
"""How long the loop is left in peace after a reading: the most that a chunk waits for others."""

_OVER = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class Source(Protocol):
    """Whoever the bytes of one socket belong to."""

    def received(self, data: bytes) -> None: ...

    def lost(self) -> None: ...


class ChunkReader:
    """Reads for every `Source` that was added, until it is removed. Belongs to the running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sources: dict[int, Source] = {}
        self._epoll = select.epoll()
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._waiting = array.array("i", [0])
        self._resting: asyncio.TimerHandle | None = None
        self._loop.add_reader(self._epoll.fileno(), self._read_all)

    def add(self, sock: socket.socket, source: Source) -> int:
        """Read `sock` (non-blocking, read by nobody else) from now on; returns what `remove` needs."""
        handle = sock.fileno()
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, CHUNK_WIRE_BYTES)
        self._sources[handle] = source
        self._epoll.register(handle, select.EPOLLIN | select.EPOLLRDHUP)
        return handle

    def remove(self, handle: int) -> None:
        """Read it no more; before its socket is closed."""
        if self._sources.pop(handle, None) is not None:
            with contextlib.suppress(OSError, ValueError):
                self._epoll.unregister(handle)

    def close(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
        self._sources.clear()

    def _read_all(self) -> None:
        """Read what is whole; then rest, or, when nothing came meanwhile, wait to be woken."""
        ready = self._epoll.poll(0)
        if ready:
            if self._resting is None:
                self._loop.remove_reader(self._epoll.fileno())
            self._resting = self._loop.call_later(REST_S, self._read_all)
        elif self._resting is not None:
            self._resting = None
            self._loop.add_reader(self._epoll.fileno(), self._read_all)
        for handle, events in ready:
            source = self._sources.get(handle)
            if source is not None:
                self._read(handle, source, is_over=bool(events & _OVER))

    def _read(self, handle: int, source: Source, *, is_over: bool) -> None:
        try:
            size = os.readv(handle, [self._buffer[: READ_BYTES if is_over else self._whole_chunks(handle)]])
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            size = 0
        if size:
            source.received(bytes(self._buffer[:size]))
        else:
            self.remove(handle)
            source.lost()

    def _whole_chunks(self, handle: int) -> int:
        """How much to take so that the next chunk begins where the kernel begins to count it."""
        fcntl.ioctl(handle, termios.FIONREAD, self._waiting, True)
        waiting = min(self._waiting[0], READ_BYTES)
        return waiting - waiting % CHUNK_WIRE_BYTES or READ_BYTES
