"""The Ears port over recognition workers: each leg to the least loaded, our own ears when there is none.

What a worker has told stays with us when it dies: its finals and which seconds they cover. The rest is a hole like any
other, which the recording fills after the call, while the leg is tapped again elsewhere. It stays whole: who listens
to which leg is one state, and every method changes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from ivr.adapters.vosk.ears import CALLS_REMEMBERED, EarsNews, VoskEars
from ivr.adapters.vosk.outbox import Outbox
from ivr.adapters.vosk.relistening import blocks
from ivr.adapters.vosk.worker_link import LinkNews, WorkerGoneError, WorkerLink
from ivr.adapters.vosk.worker_wire import heard_of
from ivr.call import CallId, Leg
from ivr.errors import EarsError
from ivr.ports import Heard
from ivr.speech.ear_roster import EarCard, by_load
from ivr.speech.transcript import in_order
from ivr.speech.transcript_spans import Span, Spans, union

log = logging.getLogger(__name__)

EXPECT_S, PAUSE_S, FINISH_S, AGAIN_S = 0.5, 1.0, 12.0, 120.0
MOST_ASKED = 2
"""How many workers are asked to take a leg before we take it ourselves: its call waits meanwhile."""

RECONNECT_S = 0.5
MOST_CALLS = 10_000
"""How many calls that did not end are remembered: more than any switch carries, so the oldest of them was forgotten."""

MOST_OWN = 16
"""So many legs we hear ourselves beside workers that do not answer in time; the calls come first, text comes later."""

RELISTENED_AT_ONCE = 8
"""How many holes of recordings are with the workers: more would only make each other, and live text, late."""

OpenOwn = Callable[[EarsNews], Awaitable[VoskEars]]


@dataclass(slots=True)
class _Book:
    """What is known of one call's ears: who hears which leg, what was said, and which seconds that covers."""

    taps: dict[Leg, WorkerLink | VoskEars] = field(default_factory=dict)
    used: set[WorkerLink] = field(default_factory=set)
    addresses: dict[str, tuple[str, int]] = field(default_factory=dict)
    finals: list[Heard] = field(default_factory=list)
    covered: dict[tuple[Leg, WorkerLink], Spans] = field(default_factory=dict)
    is_paused: bool = False
    is_over: bool = False


class SharedEars:
    """Fulfils `ivr.ports.Ears`. `run` must run; `announced` is told what workers announce.

    `open_own` makes ears in our own process, which happens when a leg finds no worker for the first time.
    """

    def __init__(self, model_name: str, open_own: OpenOwn, news: EarsNews | None = None) -> None:
        self._model_name = model_name
        self._open_own = open_own
        self._news = news or EarsNews()
        self._own: VoskEars | None = None
        self._opening = asyncio.Lock()
        self._outbox = Outbox()
        self._books: OrderedDict[CallId, _Book] = OrderedDict()
        self._cards: dict[str, EarCard] = {}
        self._links: dict[str, WorkerLink] = {}
        self._asking: Counter[str] = Counter()
        self._new: asyncio.Queue[str] = asyncio.Queue()
        self._jobs = count(1)
        self._relistening = asyncio.Semaphore(RELISTENED_AT_ONCE)
        self._link_news = LinkNews(self._heard, self._covered, self._lost, self._late)

    # ---------------------------------------------------------------------------------------------------- the workers

    def announced(self, name: str, card: EarCard | None) -> None:
        """A worker came, changed its load, or (None) went. Whether it really went, its connection knows better."""
        if card is None:
            self._cards.pop(name, None)
            return
        if card.model != self._model_name:
            if name not in self._cards:
                log.warning("ears_worker_other_model", extra={"worker": name, "model": card.model})
            return
        is_new = name not in self._cards and name not in self._links
        self._cards[name] = card
        if is_new:
            self._new.put_nowait(name)

    @property
    def workers(self) -> tuple[EarCard, ...]:
        """The workers that we are connected with, the least loaded first."""
        return by_load((link.card for link in self._links.values() if link.is_up), self._ours())

    async def run(self) -> None:
        """Stay connected with every worker that is announced, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                name = await self._new.get()
                if name in self._cards and name not in self._links:
                    self._links[name] = WorkerLink(self._cards[name], self._link_news)
                    tasks.create_task(self._follow(name), name=f"ears {name}")

    async def close(self) -> None:
        """Hang up on our own streams; the workers end theirs when our connection ends."""
        for link in self._links.values():
            link.cut()
        if self._own is not None:
            await self._own.close()
        self._outbox.close()

    async def _follow(self, name: str) -> None:
        try:
            while name in self._cards:
                link = self._links[name] = WorkerLink(self._cards[name], self._link_news)
                await link.run()
                self._tell_lost(link)
                await asyncio.sleep(RECONNECT_S)
        finally:
            del self._links[name]

    def _tell_lost(self, link: WorkerLink) -> None:
        """All that this worker heard must be tapped again."""
        for call, book in tuple(self._books.items()):
            for leg, tapped in tuple(book.taps.items()):
                if tapped is link and not book.is_over:
                    del book.taps[leg]
                    self._news.lost(call, leg)

    def _ours(self) -> Counter[str]:
        ours = Counter(self._asking)  # legs that are offered at this moment count too: a burst is spread
        for book in self._books.values():
            for tapped in () if book.is_over else book.taps.values():
                if isinstance(tapped, WorkerLink):
                    ours[tapped.card.name] += 1
        return ours

    def _ranked(self) -> list[WorkerLink]:
        return [self._links[card.name] for card in self.workers]

    # -------------------------------------------------------------------------------------------------- what they tell

    def _heard(self, _link: WorkerLink, heard: Heard) -> None:
        self._said(heard)

    def _said(self, heard: Heard) -> None:
        book = self._books.get(heard.call)
        if book is not None and heard.is_final:
            book.finals.append(heard)
        self._outbox.put(heard)

    def _covered(self, link: WorkerLink, call: CallId, leg: Leg, spans: Spans) -> None:
        book = self._books.get(call)
        if book is not None:
            book.covered[leg, link] = spans

    def _lost(self, link: WorkerLink, call: CallId, leg: Leg) -> None:
        book = self._books.get(call)
        if book is not None and book.taps.get(leg) is link and not book.is_over:
            del book.taps[leg]
            self._news.lost(call, leg)

    def _late(self, _link: WorkerLink, call: CallId, leg: Leg, shed_s: float) -> None:
        self._news.late(call, leg, shed_s)

    # ------------------------------------------------------------------------------------------------- the Ears port

    async def expect(self, call: CallId, leg: Leg, begun_at_s: float) -> str:
        """See Ears; EarsError when neither a worker nor our own ears can take it."""
        asked_at = asyncio.get_running_loop().time()
        book = self._book(call)
        await self._end_earlier(book, call, leg)
        for link in self._ranked()[:MOST_ASKED]:
            at_s = begun_at_s + asyncio.get_running_loop().time() - asked_at
            asked = {"leg": leg.value, "begun_at_s": at_s, "paused": book.is_paused}
            self._asking[link.card.name] += 1
            try:
                stream = str((await link.ask("expect", EXPECT_S, call, asked))["stream"])
            except (WorkerGoneError, KeyError) as refused:
                log.warning("ears_worker_refused", extra={"worker": link.card.name, "reason": str(refused)[:200]})
                continue
            finally:
                self._asking[link.card.name] -= 1
            book.taps[leg] = link
            book.used.add(link)
            book.addresses[stream] = (link.card.host, link.card.audio_port)
            return stream
        own = await self._ourselves()
        if self._cards:
            if own.streams >= MOST_OWN:
                raise EarsError("识别进程都太忙，这一路挂机后从录音补写。")
            log.warning("ears_own_used", extra={"call": call, "leg": str(leg)})
        stream = await own.expect(call, leg, begun_at_s + asyncio.get_running_loop().time() - asked_at)
        await own.pause(call, book.is_paused)
        book.taps[leg] = own
        book.addresses[stream] = own.address
        return stream

    def address_of(self, stream: str) -> tuple[str, int]:
        """See Ears."""
        for book in reversed(self._books.values()):
            if stream in book.addresses:
                return book.addresses[stream]
        raise EarsError("这一路声音已经没有人等候。")

    async def pause(self, call: CallId, is_paused: bool) -> None:
        """See Ears. A worker that does not say yes at once is cut off: then it hears nothing either."""
        book = self._book(call)
        book.is_paused = is_paused
        if self._own is not None:
            await self._own.pause(call, is_paused)
        await asyncio.gather(*(self._pause_at(link, call, is_paused) for link in book.used if link.is_up))

    async def _pause_at(self, link: WorkerLink, call: CallId, is_paused: bool) -> None:
        try:
            await link.ask("pause", PAUSE_S, call, {"paused": is_paused})
        except WorkerGoneError:
            link.cut()

    def heard(self) -> AsyncIterator[Heard]:
        """See Ears."""
        return self._outbox.read()

    async def finish(self, call: CallId) -> tuple[Heard, ...]:
        """See Ears; what a dead worker had not told yet is missing, and not covered."""
        book = self._books.get(call)
        if book is None:
            return ()
        book.is_over = True
        await asyncio.gather(*(self._finish_at(link, call) for link in book.used if link.is_up))
        if self._own is not None:
            await self._own.finish(call)
        book.taps.clear()
        return in_order(heard for heard in book.finals if heard.text or heard.words)

    async def _finish_at(self, link: WorkerLink, call: CallId) -> None:
        with contextlib.suppress(WorkerGoneError):
            await link.ask("finish", FINISH_S, call)

    def coverage(self, call: CallId, leg: Leg) -> Spans:
        """See Ears."""
        book = self._books.get(call)
        told = [] if book is None else [spans for (whose, _), spans in book.covered.items() if whose is leg]
        own = () if self._own is None else self._own.coverage(call, leg)
        return union(span for spans in (*told, own) for span in spans)

    async def recognise(
        self, call: CallId, leg: Leg, recording: Path, holes: Sequence[tuple[float, float]]
    ) -> tuple[Heard, ...]:
        """See Ears; a worker that dies over it costs only its time."""
        found: list[Heard] = []
        for hole in union(holes):
            async with self._relistening:
                found += await self._written_down(call, leg, recording, hole)
        return in_order(found)

    async def _written_down(self, call: CallId, leg: Leg, recording: Path, hole: Span) -> Sequence[Heard]:
        links = self._ranked()
        first = next(self._jobs) % len(links) if links else 0  # in turn: what is written down later counts as no load
        for link in links[first:] + links[:first]:
            with contextlib.suppress(WorkerGoneError):
                return await self._listen_again(link, call, leg, recording, hole)
        return await (await self._ourselves()).recognise(call, leg, recording, [hole])

    async def _listen_again(self, link: WorkerLink, call: CallId, leg: Leg, recording: Path, hole: Span) -> list[Heard]:
        """Send the worker the hole block by block: it may be another machine, which has no recordings."""
        found: list[Heard] = []
        asked = {"leg": leg.value, "hole": hole, "job": f"{call}/{leg.value}/{next(self._jobs)}"}
        sounds = blocks(recording, hole)
        while (block := await asyncio.to_thread(next, sounds, None)) is not None:
            at_s, sound = block
            told = await link.ask("again", AGAIN_S, call, {**asked, "at_s": at_s}, sound)
            found += [heard_of(one) for one in told["found"]]
        told = await link.ask("again", AGAIN_S, call, {**asked, "last": True})
        return found + [heard_of(one) for one in told["found"]]

    # ------------------------------------------------------------------------------------------------------ its books

    def _book(self, call: CallId) -> _Book:
        book = self._books.setdefault(call, _Book())
        self._books.move_to_end(call)
        if len(self._books) > CALLS_REMEMBERED:
            oldest_over = next((known for known, its in self._books.items() if its.is_over), None)
            if oldest_over is not None:
                del self._books[oldest_over]
            elif len(self._books) > MOST_CALLS:
                self._books.popitem(last=False)
        return book

    async def _end_earlier(self, book: _Book, call: CallId, leg: Leg) -> None:
        """Whoever heard this leg until now hears it no more: no word is to be written twice."""
        earlier = book.taps.pop(leg, None)
        if isinstance(earlier, VoskEars):
            earlier.end(call, leg)
        elif earlier is not None:
            with contextlib.suppress(WorkerGoneError):
                await earlier.ask("end", EXPECT_S, call, {"leg": leg.value})

    async def _ourselves(self) -> VoskEars:
        async with self._opening:
            if self._own is None:
                self._own = await self._open_own(EarsNews(self._news.lost, self._news.late, self._said))
            return self._own
