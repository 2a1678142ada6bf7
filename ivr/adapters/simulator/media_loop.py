"""The phone's audio clock: one thread that sends every 20 ms on the dot and notes when each packet came in.

It is a thread so that a busy event loop cannot distort the audio. A late tick is caught up at once, so the stream
keeps 50 packets a second on average whatever the machine does.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

from ivr.adapters.simulator.loopback import require_loopback
from ivr.adapters.simulator.rtp import FRAME_SECONDS, RtpListener, RtpSpeaker, parse_rtp

_LONGEST_CATCH_UP_SECONDS = 1.0


class MediaStream:
    """One call's audio socket. Frames go out only after `send_to` has said where, and while `is_sending`."""

    def __init__(self, host: str, speaker: RtpSpeaker, listener: RtpListener) -> None:
        self.speaker = speaker
        self.listener = listener
        self.is_sending = True
        self.lateness: list[float] = []
        self._target: tuple[str, int] | None = None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind((require_loopback(host), 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]

    def send_to(self, host: str, port: int) -> None:
        """Aim the stream; NotLoopbackError when that is another machine."""
        self._target = (require_loopback(host), port) if port else None

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def tick(self, late_by: float) -> None:
        """Send the packet of this 20 ms."""
        if self._target is None or not self.is_sending:
            return
        if len(self.lateness) < 100_000:
            self.lateness.append(late_by)
        try:
            self._socket.sendto(self.speaker.next_packet().encode(), self._target)
        except OSError:
            return  # nobody listens there any more, or the buffer is full: a telephone line loses a packet too

    def drain(self) -> None:
        """Take in every packet that has arrived."""
        while True:
            try:
                data, sender = self._socket.recvfrom(2048)
            except OSError:
                return
            packet = parse_rtp(data) if sender[0].startswith("127.") else None
            if packet is not None:
                self.listener.hear(packet, time.monotonic())


class MediaLoop:
    """The thread that drives all streams of one phone; started by the first stream, ended by `stop`."""

    def __init__(self, name: str) -> None:
        self._orders: deque[Callable[[], None]] = deque()
        self._streams: list[MediaStream] = []
        self._selector = selectors.DefaultSelector()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"rtp {name}", daemon=True)

    def add(self, stream: MediaStream) -> None:
        self._orders.append(lambda: self._add(stream))
        if not self._thread.is_alive() and not self._stopping.is_set():
            self._thread.start()

    def remove(self, stream: MediaStream) -> None:
        """Stop and close a stream; its listener keeps what was heard."""
        self._orders.append(lambda: self._remove(stream))

    def stop(self) -> None:
        """End the thread and close all sockets; returns when that is done."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)
        while self._orders:
            self._orders.popleft()()
        for stream in tuple(self._streams):
            self._remove(stream)
        self._selector.close()

    def _add(self, stream: MediaStream) -> None:
        self._streams.append(stream)
        self._selector.register(stream, selectors.EVENT_READ, stream)

    def _remove(self, stream: MediaStream) -> None:
        if stream in self._streams:
            self._streams.remove(stream)
            self._selector.unregister(stream)
        stream.close()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            while self._orders:
                self._orders.popleft()()
            wait = due - time.monotonic()
            if wait > 0.0015:  # select() rounds up to whole milliseconds, so the last one is slept
                for key, _ in self._selector.select(wait - 0.001):
                    key.data.drain()
                continue
            if wait > 0:
                time.sleep(wait)
            late_by = time.monotonic() - due
            for stream in self._streams:
                stream.tick(late_by)
            due += FRAME_SECONDS
            if late_by > _LONGEST_CATCH_UP_SECONDS:
                due = time.monotonic() + FRAME_SECONDS
            if late_by > FRAME_SECONDS / 2:
                for stream in self._streams:
                    stream.drain()
