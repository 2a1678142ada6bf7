"""The Ears port with Vosk: live streams over AudioSocket while the call lasts, recordings afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from ivr.adapters.vosk.audiosocket_server import AudioSocketServer
from ivr.adapters.vosk.ear_thread import EarThread
from ivr.adapters.vosk.outbox import Outbox
from ivr.adapters.vosk.recogniser import LegRecogniser
from ivr.adapters.vosk.relistening import Relistening, blocks
from ivr.adapters.vosk.stream import LegStream, Whose
from ivr.call import CallId, Leg
from ivr.errors import EarsError
from ivr.ports import Heard, SpeechModel
from ivr.speech.transcript import in_order
from ivr.speech.transcript_spans import Span, Spans, union

log = logging.getLogger(__name__)

CALLS_REMEMBERED = 1000
"""How many ended calls can still be asked what was heard of them."""

AFTER_NICE = 5
"""Recordings are written down when the live streams leave time for it."""


@dataclass(frozen=True, slots=True)
class EarsOptions:
    """Where to listen and how much to take on; `threads` 0 means one per core."""

    host: str = "127.0.0.1"
    port: int = 0
    threads: int = 0
    max_streams: int = 512
    max_behind_s: float = 10.0
    finish_deadline_s: float = 10.0
    goodbye_s: float = 0.5
    silence_deadline_s: float = 10.0


@dataclass(frozen=True, slots=True)
class EarsNews:
    """Whom to tell, in the event loop, of what does not come through `heard`.

    `lost`: a live stream ended and we did not end it. Asterisk ends its streams without a word, so this is also the
    normal end: whoever knows that the leg is still up, taps it again. `late`: the machine is too slow for the live text
    of this leg; so many seconds were shed so far, and the recording has them. `said`: every result at once, which then
    does not come through `heard`.
    """

    lost: Callable[[CallId, Leg], None] = lambda _call, _leg: None
    late: Callable[[CallId, Leg, float], None] = lambda _call, _leg, _seconds: None
    said: Callable[[Heard], None] | None = None


@dataclass(frozen=True, slots=True)
class EarsLoad:
    """How the ears are doing, for the wallboard."""

    model: str
    streams: int
    behind_s: float
    shed_s: float
    refused: int


class VoskEars:
    """Fulfils `ivr.ports.Ears`; use it as `async with VoskEars(model) as ears`."""

    def __init__(
        self,
        model: SpeechModel,
        options: EarsOptions | None = None,
        news: EarsNews | None = None,
    ) -> None:
        self._model = model
        self._options = options or EarsOptions()
        self._news = news or EarsNews()
        threads = self._options.threads or os.cpu_count() or 1
        # One thread per stream for its whole life: a recogniser that wanders between cores finds its caches cold.
        self._live = [EarThread(f"ears-live-{number}") for number in range(threads)]
        self._after = ThreadPoolExecutor(max(1, threads // 2), "ears-after", _give_way)
        self._outbox = Outbox()
        self._say = self._news.said or self._outbox.put
        self._paused: set[CallId] = set()
        self._expected: OrderedDict[str, LegStream] = OrderedDict()
        self._calls: OrderedDict[CallId, list[LegStream]] = OrderedDict()
        self._running: list[LegStream] = []
        self._server = AudioSocketServer(
            self._admit,
            host=self._options.host,
            port=self._options.port,
            max_connections=self._options.max_streams,
            silence_deadline_s=self._options.silence_deadline_s,
        )

    async def __aenter__(self) -> Self:
        try:
            await self._server.start()
        except OSError as error:
            port = self._options.port
            raise EarsError(f"语音识别端口 {port} 无法使用（{error.strerror}）。改法：换一个端口。") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up on every stream; words already heard become final first, within a second or two."""
        await self._server.close()
        streams = [stream for call in self._calls.values() for stream in call]
        for stream in streams:
            stream.ended(True)
        await self._settle(streams, 2.0)
        self._outbox.close()
        for thread in self._live:
            thread.close()
        self._after.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------------------------------------------- the Ears port

    @property
    def address(self) -> tuple[str, int]:
        """Where the switch must send AudioSocket streams."""
        return self._server.address

    async def expect(self, call: CallId, leg: Leg, begun_at_s: float) -> str:
        """Announce a stream and return its uuid.

        `begun_at_s` is how long ago the call was answered, now; the time until its first audio is added here. A new
        stream of a leg ends the leg's earlier one when its audio arrives. EarsError when too many are open.
        """
        if self._server.connections + len(self._expected) >= 2 * self._options.max_streams:
            raise EarsError("同时识别的通话过多。改法：在设置中提高上限，或增加识别机器。")
        if len(self._expected) >= self._options.max_streams:
            self._drop_expected(next(iter(self._expected)))
        uuid = str(uuid4())
        stream = LegStream(
            Whose(call, leg, begun_at_s),
            LegRecogniser(self._model, call, leg),
            self._idlest_thread(),
            self._say,
            max_behind_s=self._options.max_behind_s,
            on_first_audio=self._supersede,
            on_end=self._note_end,
            on_shed=lambda shed: self._news.late(shed.whose.call, shed.whose.leg, shed.shed_s),
        )
        stream.is_paused = call in self._paused
        self._expected[uuid] = stream
        self._running.append(stream)
        self._calls.setdefault(call, []).append(stream)
        self._calls.move_to_end(call)
        self._forget_old_calls()
        return uuid

    def address_of(self, stream: str) -> tuple[str, int]:
        """Where the switch must send this stream: all of ours arrive at one door."""
        return self._server.address

    async def pause(self, call: CallId, is_paused: bool) -> None:
        """See Ears; words begun before become final as usual."""
        (self._paused.add if is_paused else self._paused.discard)(call)
        for stream in self._calls.get(call, ()):
            stream.is_paused = is_paused

    def end(self, call: CallId, leg: Leg) -> None:
        """End this leg's streams, because somebody else hears it now."""
        for stream in self._calls.get(call, ()):
            if stream.whose.leg is leg:
                stream.ended(True)

    def heard(self) -> AsyncIterator[Heard]:
        """Partial and final results of all streams, seconds from the answer of the call. One reader."""
        return self._outbox.read()

    async def finish(self, call: CallId) -> tuple[Heard, ...]:
        """End the call's streams and return every final result of it, in order of time."""
        streams = self._calls.get(call, [])
        self._paused.discard(call)
        for uuid in [uuid for uuid, stream in self._expected.items() if stream in streams]:
            self._drop_expected(uuid)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._options.goodbye_s):  # the last audio may still be on its way
                for stream in streams:
                    await stream.input_over.wait()
        for stream in streams:
            stream.ended(True)
        await self._settle(streams, self._options.finish_deadline_s)
        return in_order(heard for stream in streams for heard in stream.finals if heard.text or heard.words)

    async def recognise(
        self, call: CallId, leg: Leg, recording: Path, holes: Sequence[tuple[float, float]]
    ) -> tuple[Heard, ...]:
        """Write down the parts of a recording (seconds) that the live tap missed; EarsError when it is unreadable.

        Second 0 of the recording is the answer of the call. Runs beside the live streams, on threads of its own.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._after, self._listen_again, call, leg, recording, union(holes))

    async def relisten(self, work: Callable[[], list[Heard]]) -> list[Heard]:
        """Do a step of a `Relistening` on our threads for that; what it raises comes through."""
        return await asyncio.get_running_loop().run_in_executor(self._after, work)

    def relistening(self, call: CallId, leg: Leg, hole: Span) -> Relistening:
        """Return a writing down of one hole with our model."""
        return Relistening(self._model, call, leg, hole)

    # ----------------------------------------------------------------------------------------------------- its books

    def coverage(self, call: CallId, leg: Leg) -> Spans:
        """The seconds of the call in which this leg was heard live and its words are final."""
        streams = [stream for stream in self._calls.get(call, ()) if stream.whose.leg is leg]
        return union(span for stream in streams for span in stream.covered())

    @property
    def streams(self) -> int:
        """How many legs are heard now, or are about to be."""
        return self._server.connections + len(self._expected)

    def load(self) -> EarsLoad:
        """How the ears are doing now."""
        streams = [stream for call in self._calls.values() for stream in call]
        running = [stream for stream in streams if not stream.settled.is_set()]
        return EarsLoad(
            model=self._model.name,
            streams=self._server.connections,
            behind_s=max((stream.behind_s for stream in running), default=0.0),
            shed_s=sum(stream.shed_s for stream in streams),
            refused=self._server.refused,
        )

    def _idlest_thread(self) -> EarThread:
        self._running = [stream for stream in self._running if not stream.settled.is_set()]
        busy = Counter(stream.thread for stream in self._running)
        return min(self._live, key=lambda thread: busy[thread])

    def _admit(self, uuid: str) -> LegStream | None:
        return self._expected.pop(uuid, None)

    def _drop_expected(self, uuid: str) -> None:
        self._expected.pop(uuid).ended(True)

    def _supersede(self, newer: LegStream) -> None:
        for stream in self._calls.get(newer.whose.call, ()):
            if stream is newer:
                return
            if stream.whose.leg is newer.whose.leg:
                stream.ended(True)

    def _note_end(self, stream: LegStream, said_goodbye: bool) -> None:
        if not said_goodbye:
            log.info("ears_stream_ended", extra={"call": stream.whose.call, "leg": str(stream.whose.leg)})
            self._news.lost(stream.whose.call, stream.whose.leg)

    def _forget_old_calls(self) -> None:
        while len(self._calls) > CALLS_REMEMBERED:
            oldest = next(iter(self._calls))
            if any(not stream.settled.is_set() for stream in self._calls[oldest]):
                return
            del self._calls[oldest]

    async def _settle(self, streams: Sequence[LegStream], deadline_s: float) -> None:
        try:
            async with asyncio.timeout(deadline_s):
                for stream in streams:
                    await stream.settled.wait()
        except TimeoutError:
            log.error("ears_not_settled_in_time", extra={"streams": len(streams)})

    def _listen_again(self, call: CallId, leg: Leg, recording: Path, holes: Spans) -> tuple[Heard, ...]:
        began = time.perf_counter()
        found: list[Heard] = []
        for hole in holes:
            again = self.relistening(call, leg, hole)
            for begun_s, sound in blocks(recording, hole):
                found += again.hear(begun_s, sound)
            found += again.end()
        log.info("ears_listened_again", extra={"call": call, "took_s": round(time.perf_counter() - began, 2)})
        return in_order(found)


def _give_way() -> None:
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), AFTER_NICE)
