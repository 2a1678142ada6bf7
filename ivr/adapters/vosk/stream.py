"""One live stream: audio of one leg on its way from the socket to the recogniser, in order and bounded.

The socket is never made to wait. One chunk at a time goes to a thread; what piles up is recognised without partial
results first, and at last the oldest is shed: a hole, which the recording fills after the call.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ivr.adapters.vosk.audio_clock import AudioClock
from ivr.adapters.vosk.ear_thread import EarThread, Outcome
from ivr.adapters.vosk.gate import SilenceGate
from ivr.adapters.vosk.recogniser import CHUNK_BYTES, CHUNK_S, LegRecogniser
from ivr.call import CallId, Leg
from ivr.ports import Heard
from ivr.speech.audio import seconds
from ivr.speech.transcript_spans import Spans, union, within

log = logging.getLogger(__name__)

CHUNKS_PER_TURN = 5
"""How much one stream may have recognised before the next stream gets the thread."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Audio of one moment of the call, and whether somebody may be speaking in it."""

    at_s: float
    pcm: bytes
    speaks: bool


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose voice a stream carries, and when it began, in seconds from the answer of the call."""

    call: CallId
    leg: Leg
    begun_at_s: float


class LegStream:
    """A Listener of the AudioSocket server that passes what it hears to a recogniser in another thread.

    `emit` is called in the event loop with every result, in order; `begun_at_s` is moved to when audio first came.
    """

    def __init__(
        self,
        whose: Whose,
        recogniser: LegRecogniser,
        thread: EarThread,
        emit: Callable[[Heard], None],
        *,
        max_behind_s: float = 10.0,
        on_first_audio: Callable[[LegStream], None] = lambda _: None,
        on_end: Callable[[LegStream, bool], None] = lambda _stream, _goodbye: None,
        on_shed: Callable[[LegStream], None] = lambda _: None,
    ) -> None:
        self.whose = whose
        self.thread = thread
        self._recogniser, self._emit = recogniser, emit
        self._max_chunks = max(2, int(max_behind_s / CHUNK_S))
        self._on_first_audio, self._on_end, self._on_shed = on_first_audio, on_end, on_shed
        self.is_paused = False
        self._loop = asyncio.get_running_loop()
        self._expected_at = self._loop.time()
        self._begun_at_s: float | None = None
        self._clock = AudioClock()
        self._rest = b""
        self._rest_at_s = 0.0
        self._gate = SilenceGate()
        self._queue: deque[_Chunk] = deque()
        self._is_working = False
        self._covered: list[tuple[float, float]] = []
        self._told_until_s = 0.0  # the recogniser's own moment moves in its thread, before its words are told here
        self._broken = False
        self.finals: list[Heard] = []
        self.shed_s = 0.0
        self.input_over = asyncio.Event()
        self.settled = asyncio.Event()

    # ------------------------------------------------------------------------------------------- from the socket

    def audio(self, pcm: bytes) -> None:
        """Take what arrived, cut into chunks of equal length; a loss on the way leaves a hole of its length."""
        if self.input_over.is_set():
            return
        now = self._loop.time()
        if self._begun_at_s is None:
            waited_s = now - self._expected_at - seconds(pcm)
            self._begun_at_s = self.whose.begun_at_s + max(0.0, waited_s)
            self._on_first_audio(self)
        at_s = self._clock.position_s
        lost_s = self._clock.arrived(now, seconds(pcm))
        if lost_s:
            log.warning("ears_audio_lost", extra={"call": self.whose.call, "lost_s": round(lost_s, 2)})
            self._cut(self._rest)
            self._rest = b""
        if not self._rest:
            self._rest_at_s = at_s + lost_s
        data = self._rest + pcm if self._rest else pcm
        whole = len(data) - len(data) % CHUNK_BYTES
        for at in range(0, whole, CHUNK_BYTES):
            self._cut(data[at : at + CHUNK_BYTES])
        self._rest = data[whole:]
        self._pump()

    def ended(self, said_goodbye: bool) -> None:
        """No more audio will come; the last words become final."""
        if self.input_over.is_set():
            return
        self.input_over.set()
        self._cut(self._rest)
        self._rest = b""
        self._on_end(self, said_goodbye)
        self._pump()

    def _cut(self, pcm: bytes) -> None:
        if not pcm:
            return
        if self.is_paused:
            pcm = bytes(len(pcm))  # what must not be written down is never kept: time passes, nothing is said
        begun_at_s = self._begun_at_s or 0.0
        self._queue.append(_Chunk(round(begun_at_s + self._rest_at_s, 4), pcm, self._gate.may_be_speech(pcm)))
        self._rest_at_s += seconds(pcm)
        if len(self._queue) > self._max_chunks:
            shed = [self._queue.popleft() for _ in range(self._max_chunks // 2)]
            shed_s = sum(seconds(chunk.pcm) for chunk in shed)
            self.shed_s += shed_s
            log.warning("ears_overloaded", extra={"call": self.whose.call, "shed_s": round(shed_s, 1)})
            self._on_shed(self)

    # --------------------------------------------------------------------------------------------- to the thread

    def _pump(self) -> None:
        if self._is_working or self.settled.is_set():
            return
        while self._queue and self._recogniser.is_idle and not self._queue[0].speaks:
            quiet = self._queue.popleft()
            self._recogniser.hear(quiet.pcm, quiet.at_s, speaks=False)
            self._cover(quiet)
            self._told_until_s = self._recogniser.settled_s
        if not self._queue and (self._recogniser.is_idle or not self.input_over.is_set()):
            if self.input_over.is_set():
                self.settled.set()
            return
        batch = [self._queue.popleft() for _ in range(min(CHUNKS_PER_TURN, len(self._queue)))]
        is_last = self.input_over.is_set() and not self._queue
        self._is_working = True
        work = partial(self._work, batch, is_last, want_partial=not self._queue)
        try:
            self.thread.submit(work, partial(self._done, batch, is_last))
        except RuntimeError:  # the ears were closed
            self._give_up()

    def _work(self, batch: list[_Chunk], is_last: bool, want_partial: bool) -> list[Heard]:
        heard: list[Heard] = []
        for chunk in batch:
            heard += self._recogniser.hear(
                chunk.pcm, chunk.at_s, want_partial=want_partial and chunk is batch[-1], speaks=chunk.speaks
            )
        if is_last:
            heard += self._recogniser.settle()
        return heard

    def _done(self, batch: list[_Chunk], is_last: bool, outcome: Outcome) -> None:
        self._is_working = False
        if isinstance(outcome, Exception):
            log.error("ears_recogniser_failed", extra={"call": self.whose.call, "error": repr(outcome)})
            self._give_up()
            return
        for chunk in batch:
            self._cover(chunk)
        for heard in outcome:
            if heard.is_final:
                self.finals.append(heard)
            self._emit(heard)
        self._told_until_s = self._recogniser.settled_s
        if is_last:
            self.settled.set()
        else:
            self._pump()

    def _give_up(self) -> None:
        self._broken = True
        self._queue.clear()
        self.settled.set()
        if not self.input_over.is_set():
            self.input_over.set()
            self._on_end(self, False)

    # --------------------------------------------------------------------------------------------------- its books

    def _cover(self, chunk: _Chunk) -> None:
        begun_s, ended_s = chunk.at_s, chunk.at_s + seconds(chunk.pcm)
        if self._covered and abs(self._covered[-1][1] - begun_s) < 0.002:
            self._covered[-1] = (self._covered[-1][0], ended_s)
        else:
            self._covered.append((begun_s, ended_s))

    def covered(self) -> Spans:
        """The seconds of the call whose words this stream has made final (quiet seconds among them)."""
        if self.settled.is_set() and not self._broken:
            return union(self._covered)
        return within(self._covered, (0.0, self._told_until_s))

    @property
    def behind_s(self) -> float:
        """How much audio waits to be recognised."""
        return len(self._queue) * CHUNK_S
