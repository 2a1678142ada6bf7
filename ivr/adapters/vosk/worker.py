"""A recognition worker: live ears and after-call recognition for controllers that connect, in a process of its own.

When a controller's connection breaks, its streams end: it (or its successor) taps the legs again, here or elsewhere.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

from ivr.adapters.vosk.ears import EarsNews, EarsOptions, VoskEars
from ivr.adapters.vosk.relistening import Relistening
from ivr.adapters.vosk.worker_wire import MAX_LINE, Message, WireError, encode, plain, receive
from ivr.call import CallId, Leg
from ivr.errors import EarsError
from ivr.ports import Heard, SpeechModel
from ivr.speech.ear_roster import EarCard
from ivr.speech.transcript_spans import Spans

log = logging.getLogger(__name__)

CAPACITY = 40
"""How many legs one thread hears at ease: of unbroken speech it carries some sixty with the demo model, and people
pause. With a larger model it falls behind earlier; then its card says so, and others are asked first."""

BEAT_S = 1.0
HELLO_S = 3.0
MOST_CONTROLLERS = 16
MOST_JOBS = 16
SLOW_BYTES, DEAD_BYTES = 256 * 1024, 32 * 1024 * 1024
"""What may wait for a slow controller: beyond the first, partial results are left out; beyond the second it is cut."""


class EarWorker:
    """Use as `async with EarWorker(...) as worker`; `worker.card` is what to announce."""

    def __init__(self, name: str, model: SpeechModel, host: str = "127.0.0.1", threads: int = 1) -> None:
        self._host = host
        news = EarsNews(lost=self._lost, late=self._late, said=self._said)
        self.ears = VoskEars(model, EarsOptions(host=host, threads=threads), news)
        self._card = EarCard(name, host, 0, 0, model.name, CAPACITY * threads, secrets.token_hex(16))
        self._owners: dict[CallId, _Session] = {}
        self._sessions: set[_Session] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.ears.__aenter__()
        try:
            self._server = await asyncio.start_server(self._attend, self._host, 0, limit=MAX_LINE)
        except OSError as error:
            await self.ears.close()
            raise EarsError(
                f"识别进程无法在 {self._host} 上监听（{error.strerror}）。改法：换一个本机地址。"
            ) from error
        port = self._server.sockets[0].getsockname()[1]
        self._card = replace(self._card, port=port, audio_port=self.ears.address[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for session in tuple(self._sessions):
            session.cut()
        await self.ears.close()

    @property
    def card(self) -> EarCard:
        """What we announce, with the load of this moment."""
        load = self.ears.load()
        behind_s, shed_s = round(load.behind_s, 1), round(load.shed_s, 1)
        return replace(self._card, streams=load.streams, behind_s=behind_s, shed_s=shed_s)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= MOST_CONTROLLERS:
            writer.close()
            return
        session = _Session(self, writer)
        self._sessions.add(session)
        try:
            async with asyncio.timeout(HELLO_S):
                first = await receive(reader)
            token = str(first[0].get("hello")) if first else ""
            if not hmac.compare_digest(token.encode(), self._card.token.encode()):
                log.warning("ears_stranger_refused")
                return
            session.tell({"welcome": self._card.name})
            await session.run(reader)
        except (WireError, TimeoutError, OSError) as odd:
            log.warning("ears_controller_odd", extra={"reason": str(odd)[:200]})
        finally:
            self._sessions.discard(session)
            for call in [call for call, owner in self._owners.items() if owner is session]:
                del self._owners[call]
                for leg in Leg:
                    self.ears.end(call, leg)
            session.cut()

    def own(self, call: CallId, session: _Session) -> None:
        """Let results of this call go to this controller; EarsError when another one has it."""
        if self._owners.setdefault(call, session) is not session:
            raise EarsError("另一个控制器正在听这通电话。")

    def disown(self, call: CallId) -> None:
        self._owners.pop(call, None)

    def _said(self, heard: Heard) -> None:
        if session := self._owners.get(heard.call):
            session.tell({"heard": plain(heard)}, may_be_left_out=not heard.is_final)

    def _lost(self, call: CallId, leg: Leg) -> None:
        if session := self._owners.get(call):
            session.tell({"lost": [call, leg.value]})

    def _late(self, call: CallId, leg: Leg, shed_s: float) -> None:
        if session := self._owners.get(call):
            session.tell({"late": [call, leg.value, round(shed_s, 1)]})


class _Session:
    """One controller's connection."""

    def __init__(self, worker: EarWorker, writer: asyncio.StreamWriter) -> None:
        self._worker, self._writer = worker, writer
        self._calls: dict[CallId, dict[Leg, Spans]] = {}
        self._jobs: dict[str, Relistening] = {}

    def tell(self, message: Mapping[str, object], *, may_be_left_out: bool = False) -> None:
        """Write without waiting."""
        waiting = self._writer.transport.get_write_buffer_size()
        if waiting > DEAD_BYTES:
            self.cut()
        elif not (may_be_left_out and waiting > SLOW_BYTES):
            self._writer.write(encode(message))

    def cut(self) -> None:
        self._writer.transport.abort()

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Answer until the controller goes."""
        async with asyncio.TaskGroup() as tasks:
            beat = tasks.create_task(self._beat())
            try:
                while (came := await receive(reader)) is not None:
                    message, audio = came
                    if message.get("do") in ("finish", "again"):
                        tasks.create_task(self._answer(message, audio))
                    else:
                        await self._answer(message, audio)
            except (WireError, OSError) as odd:
                log.warning("ears_controller_odd", extra={"reason": str(odd)[:200]})
            finally:
                beat.cancel()

    async def _beat(self) -> None:
        while True:
            for call in self._calls:
                self._tell_covered(call)
            card = self._worker.card
            self.tell({"load": [card.streams, card.behind_s, card.shed_s]})
            await asyncio.sleep(BEAT_S)

    def _tell_covered(self, call: CallId) -> None:
        for leg, known in self._calls[call].items():
            covered = self._worker.ears.coverage(call, leg)
            if covered != known:
                self._calls[call][leg] = covered
                self.tell({"covered": [call, leg.value, covered]})

    async def _answer(self, message: Message, audio: bytes) -> None:
        answer: dict[str, object] = {"answer": message.get("ask")}
        try:
            answer |= await self._do(message, audio)
        except (EarsError, KeyError, TypeError, ValueError) as refused:
            answer["refused"] = str(refused)[:300]
        except Exception as broken:  # libvosk raises bare Exception: this one ask has failed, the worker goes on
            log.exception("ears_ask_failed")
            answer["refused"] = repr(broken)[:300]
        self.tell(answer)

    async def _do(self, message: Message, audio: bytes) -> Mapping[str, object]:
        ears, call = self._worker.ears, CallId(str(message["call"]))
        match message.get("do"):
            case "expect":
                leg = Leg(message["leg"])
                self._worker.own(call, self)
                self._calls.setdefault(call, {}).setdefault(leg, ())
                await ears.pause(call, bool(message.get("paused")))
                return {"stream": await ears.expect(call, leg, float(message["begun_at_s"]))}
            case "pause":
                await ears.pause(call, bool(message["paused"]))
            case "end":
                ears.end(call, Leg(message["leg"]))
            case "finish":
                await ears.finish(call)
                if call in self._calls:
                    self._tell_covered(call)
                    del self._calls[call]
                self._worker.disown(call)
            case "again":
                return {"found": [plain(one) for one in await self._listen_again(call, message, audio)]}
            case other:
                raise ValueError(f"nothing to do: {other!r}")
        return {}

    async def _listen_again(self, call: CallId, message: Message, audio: bytes) -> list[Heard]:
        job, hole = str(message["job"]), message["hole"]
        if job not in self._jobs:
            if len(self._jobs) >= MOST_JOBS:
                raise EarsError("补写的录音过多，请稍候。")
            span = (float(hole[0]), float(hole[1]))
            self._jobs[job] = self._worker.ears.relistening(call, Leg(message["leg"]), span)
        again, heard = self._jobs[job], list[Heard]()
        if audio:
            heard += await self._worker.ears.relisten(partial(again.hear, float(message["at_s"]), audio))
        if message.get("last"):
            del self._jobs[job]
            heard += await self._worker.ears.relisten(again.end)
        return heard
