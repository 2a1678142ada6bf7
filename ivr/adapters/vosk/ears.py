"""The Ears port with Vosk: live streams over AudioSocket while the call lasts, recordings afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from ivr.adapters.vosk.audiosocket_server import AudioSocketServer
from ivr.adapters.vosk.ear_thread import EarThread
from ivr.adapters.vosk.leg_recording import read_part
from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.adapters.vosk.outbox import Outbox
from ivr.adapters.vosk.recogniser import CHUNK_BYTES, LegRecogniser
from ivr.adapters.vosk.stream import LegStream, Whose
from ivr.call import CallId, Leg
from ivr.errors import EarsError
from ivr.ports import Heard
from ivr.speech.audio import TELEPHONE_HZ
from ivr.speech.transcript import in_order
from ivr.speech.transcript_mend import only_within
from ivr.speech.transcript_spans import Spans, union

log = logging.getLogger(__name__)

CALLS_REMEMBERED = 1000
"""How many ended calls can still be asked what was heard of them."""

CONTEXT_S = 0.5
"""What is listened to before and after a hole, so that words at its edges are whole."""


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
class EarsLoad:
    """How the ears are doing, for the wallboard."""

    model: str
    streams: int
    behind_s: float
    shed_s: float
    refused: int


class VoskEars:
    """Fulfils `ivr.ports.Ears`; use it as `async with VoskEars(model) as ears`.

    `on_lost` is told when a live stream ended and we did not end it. Asterisk ends its streams without a word, so this
    is also the normal end: whoever knows that the leg is still up, taps it again.
    """

    def __init__(
        self,
        model: LoadedModel,
        options: EarsOptions | None = None,
        on_lost: Callable[[CallId, Leg], None] = lambda _call, _leg: None,
    ) -> None:
        self._model = model
        self._options = options or EarsOptions()
        self._on_lost = on_lost
        threads = self._options.threads or os.cpu_count() or 1
        # One thread per stream for its whole life: a recogniser that wanders between cores finds its caches cold.
        self._live = [EarThread(f"ears-live-{number}") for number in range(threads)]
        self._after = ThreadPoolExecutor(max(1, threads // 2), thread_name_prefix="ears-after")
        self._outbox = Outbox()
        self._expected: OrderedDict[str, LegStream] = OrderedDict()
        self._calls: OrderedDict[CallId, list[LegStream]] = OrderedDict()
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
            self._outbox.put,
            max_behind_s=self._options.max_behind_s,
            on_first_audio=self._supersede,
            on_end=self._note_end,
        )
        self._expected[uuid] = stream
        self._calls.setdefault(call, []).append(stream)
        self._calls.move_to_end(call)
        self._forget_old_calls()
        return uuid

    def heard(self) -> AsyncIterator[Heard]:
        """Partial and final results of all streams, seconds from the answer of the call. One reader."""
        return self._outbox.read()

    async def finish(self, call: CallId) -> tuple[Heard, ...]:
        """End the call's streams and return every final result of it, in order of time."""
        streams = self._calls.get(call, [])
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

    # ----------------------------------------------------------------------------------------------------- its books

    def coverage(self, call: CallId, leg: Leg) -> Spans:
        """The seconds of the call in which this leg was heard live and its words are final."""
        streams = [stream for stream in self._calls.get(call, ()) if stream.whose.leg is leg]
        return union(span for stream in streams for span in stream.covered())

    def load(self) -> EarsLoad:
        """How the ears are doing now."""
        streams = [stream for call in self._calls.values() for stream in call]
        running = [stream for stream in streams if not stream.settled.is_set()]
        return EarsLoad(
            model=self._model.folder.name,
            streams=self._server.connections,
            behind_s=max((stream.behind_s for stream in running), default=0.0),
            shed_s=sum(stream.shed_s for stream in streams),
            refused=self._server.refused,
        )

    def _idlest_thread(self) -> EarThread:
        busy = [stream.thread for call in self._calls.values() for stream in call if not stream.settled.is_set()]
        return min(self._live, key=busy.count)

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
            self._on_lost(stream.whose.call, stream.whose.leg)

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
            begun_s = max(0.0, hole[0] - CONTEXT_S)
            sound = read_part(recording, begun_s, hole[1] + CONTEXT_S)
            recogniser = LegRecogniser(self._model, call, leg)
            heard: list[Heard] = []
            for at in range(0, len(sound), CHUNK_BYTES):
                at_s = round(begun_s + at / (2 * TELEPHONE_HZ), 4)
                heard += recogniser.hear(sound[at : at + CHUNK_BYTES], at_s, want_partial=False)
            heard += recogniser.settle()
            found += [part for one in heard if (part := only_within(one, [hole])) is not None]
        log.info("ears_listened_again", extra={"call": call, "took_s": round(time.perf_counter() - began, 2)})
        return in_order(found)
