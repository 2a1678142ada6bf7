"""One fake per port, all in memory; the contract suites hold them to what the real ones do."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.errors import BusError, StoreAwayError, SwitchLostError
from ivr.events import SwitchEvent
from ivr.ports import Heard, QueueMember, SwitchSnapshot
from ivr.recording import Recording
from workorder.call_record import CallbackRequest, CallRecord, Survey
from workorder.draft import Draft
from workorder.envelope import Envelope, order_saved
from workorder.order import OrderNumber, OrderState, WorkOrder, numbered, order_day
from workorder.outbox import LANES, OutboxRow, lane_of

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
"""Twelve o'clock in China on the day on which tests happen."""


class FakeClock:
    """`Clock` that moves only when told."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def pass_seconds(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


class FakeSwitch:
    """`Switch` that notes what it was asked and tells what the test says; `lost` makes every action fail."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.lost = False
        self.channel_variables: dict[tuple[ChannelName, str], str] = {}
        self.state = SwitchSnapshot(1, (), (), ())
        self._events: asyncio.Queue[SwitchEvent | None] = asyncio.Queue()

    def tell(self, event: SwitchEvent) -> None:
        """Let the reader of `events` hear this."""
        self._events.put_nowait(event)

    def end(self) -> None:
        """Let `events` end after what was told."""
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[SwitchEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    async def snapshot(self) -> SwitchSnapshot:
        self._note("snapshot")
        return self.state

    async def add_member(self, queue: QueueName, seat: SeatId, name: str, penalty: int = 0) -> None:
        self._note("add_member", queue, seat, name, penalty)
        others = tuple(m for m in self.state.members if (m.queue, m.seat) != (queue, seat))
        self._members((*others, QueueMember(queue, seat, penalty, False, "", "not in use")))

    async def remove_member(self, queue: QueueName, seat: SeatId) -> None:
        self._note("remove_member", queue, seat)
        self._members(tuple(m for m in self.state.members if (m.queue, m.seat) != (queue, seat)))

    async def pause_member(self, seat: SeatId, paused: bool, reason: str = "") -> None:
        self._note("pause_member", seat, paused, reason)

    async def prioritise(self, call: CallId, channel: ChannelName, queue: QueueName, priority: int) -> None:
        self._note("prioritise", call, channel, queue, priority)

    async def stop_prompt(self, channel: ChannelName) -> None:
        self._note("stop_prompt", channel)

    async def set_variable(self, channel: ChannelName, name: str, value: str) -> None:
        self._note("set_variable", channel, name, value)
        self.channel_variables[channel, name] = value

    async def beat(self, seconds: int) -> None:
        self._note("beat", seconds)

    async def tap(self, channel: ChannelName, stream: str, host: str, port: int) -> None:
        self._note("tap", channel, stream, host, port)

    async def originate(
        self,
        *,
        channel: str,
        channel_id: str,
        application: str,
        data: str,
        caller: PhoneNumber,
        variables: Mapping[str, str],
        timeout_seconds: int,
    ) -> None:
        self._note("originate", channel, channel_id, application, data, caller, dict(variables), timeout_seconds)

    async def redirect(self, channel: ChannelName, context: str, extension: str, priority: int = 1) -> None:
        self._note("redirect", channel, context, extension, priority)

    async def hang_up(self, channel: ChannelName, cause: int = 16) -> None:
        self._note("hang_up", channel, cause)

    async def mute_recording(self, channel: ChannelName, muted: bool) -> None:
        self._note("mute_recording", channel, muted)

    async def reload_queues(self) -> None:
        self._note("reload_queues")

    def _note(self, *asked: object) -> None:
        if self.lost:
            raise SwitchLostError("the test cut the line")
        self.asked.append(asked)

    def _members(self, members: tuple[QueueMember, ...]) -> None:
        self.state = SwitchSnapshot(self.state.epoch, self.state.channels, members, self.state.waiting)


class FakeEars:
    """`Ears` that hear what the test says."""

    def __init__(self) -> None:
        self.expected: list[tuple[CallId, Leg, float]] = []
        self.in_recordings: dict[Path, tuple[Heard, ...]] = {}
        self.covered: dict[tuple[CallId, Leg], tuple[tuple[float, float], ...]] = {}
        self.paused: dict[CallId, bool] = {}
        self._finals: dict[CallId, list[Heard]] = defaultdict(list)
        self._heard: asyncio.Queue[Heard | None] = asyncio.Queue()

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", 9)

    def say(self, heard: Heard) -> None:
        """Let the reader of `heard` hear this; final words are also kept for `finish`."""
        if heard.is_final:
            self._finals[heard.call].append(heard)
        self._heard.put_nowait(heard)

    def end(self) -> None:
        """Let `heard` end after what was said."""
        self._heard.put_nowait(None)

    async def expect(self, call: CallId, leg: Leg, begun_at_s: float) -> str:
        self.expected.append((call, leg, begun_at_s))
        return f"00000000-0000-4000-8000-{len(self.expected):012d}"

    def address_of(self, stream: str) -> tuple[str, int]:
        return self.address

    async def pause(self, call: CallId, is_paused: bool) -> None:
        self.paused[call] = is_paused

    async def heard(self) -> AsyncIterator[Heard]:
        while (heard := await self._heard.get()) is not None:
            yield heard

    async def finish(self, call: CallId) -> tuple[Heard, ...]:
        return tuple(sorted(self._finals.pop(call, []), key=lambda heard: heard.begun_s))

    def coverage(self, call: CallId, leg: Leg) -> tuple[tuple[float, float], ...]:
        return self.covered.get((call, leg), ())

    async def recognise(
        self, call: CallId, leg: Leg, recording: Path, holes: Sequence[tuple[float, float]]
    ) -> tuple[Heard, ...]:
        found = self.in_recordings.get(recording, ())
        return tuple(
            h
            for h in found
            if (h.call, h.leg) == (call, leg) and any(a < h.ended_s and h.begun_s < b for a, b in holes)
        )


class FakeJournal:
    """`Journal` in memory."""

    def __init__(self) -> None:
        self._lines: dict[CallId, list[Mapping[str, object]]] = defaultdict(list)

    def append(self, call: CallId, line: Mapping[str, object]) -> None:
        self._lines[call].append(dict(line))

    def read(self, call: CallId) -> tuple[Mapping[str, object], ...]:
        return tuple(self._lines.get(call, ()))

    def calls_since(self, since: datetime) -> tuple[CallId, ...]:
        return tuple(sorted(self._lines))


@dataclass
class FakeDatabase:
    """What the three fake stores share; while `away`, all of them raise StoreAwayError."""

    away: bool = False
    orders: dict[CallId, WorkOrder] = field(default_factory=dict)
    calls: dict[CallId, CallRecord] = field(default_factory=dict)
    turns: dict[CallId, tuple[Heard, ...]] = field(default_factory=dict)
    recordings: dict[CallId, tuple[Recording, ...]] = field(default_factory=dict)
    callbacks: dict[CallId, CallbackRequest] = field(default_factory=dict)
    surveys: dict[CallId, Survey] = field(default_factory=dict)
    serials: dict[str, int] = field(default_factory=dict)
    rows: list[OutboxRow] = field(default_factory=list)
    sent: dict[int, datetime] = field(default_factory=dict)
    lanes: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    last_number: int = 0

    def check(self) -> None:
        if self.away:
            raise StoreAwayError("数据库不在。改法：等测试把它放回来")

    def put(self, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            if all(row.key != envelope.key for row in self.rows):
                self.last_number += 1
                lane = lane_of(envelope.stream)
                self.rows.append(OutboxRow(self.last_number, lane, envelope.key, envelope.topic, envelope.encode()))


class FakeOrderStore:
    """`OrderStore` in memory."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database

    async def save_draft(self, draft: Draft, at: datetime) -> WorkOrder | None:
        database = self._database
        database.check()
        known = database.orders.get(draft.call)
        if known is not None:
            draft = known.draft.revised_by(draft)
            if known.draft == draft:
                return known
        if known is None:
            day = order_day(at)
            serial = database.serials.get(day.isoformat(), 0) + 1
            database.serials[day.isoformat()] = serial
            order = WorkOrder(numbered(day, serial), draft, OrderState.DRAFTED, 1, at, at)
        else:
            order = replace(known, draft=draft, revision=known.revision + 1, updated=at)
        database.orders[draft.call] = order
        database.put((order_saved(order),))
        return order

    async def order(self, number: OrderNumber) -> WorkOrder | None:
        self._database.check()
        return next((order for order in self._database.orders.values() if order.number == number), None)

    async def order_of(self, call: CallId) -> WorkOrder | None:
        self._database.check()
        return self._database.orders.get(call)

    async def latest_orders(self, limit: int = 50) -> tuple[WorkOrder, ...]:
        self._database.check()
        newest = sorted(self._database.orders.values(), key=lambda order: (order.created, order.number), reverse=True)
        return tuple(newest[:limit])


class FakeCallStore:
    """`CallStore` in memory."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database

    async def save_call(self, record: CallRecord, events: Sequence[Envelope] = ()) -> None:
        self._database.check()
        self._database.calls[record.call] = record
        self._database.put(events)

    async def save_turns(self, call: CallId, heard: Sequence[Heard]) -> None:
        self._stub(call)
        self._database.turns[call] = tuple(heard)

    async def save_recordings(self, call: CallId, files: Sequence[Recording]) -> None:
        self._stub(call)
        self._database.recordings[call] = tuple(sorted(files, key=lambda file: file.part.value))

    async def save_callback(self, request: CallbackRequest, events: Sequence[Envelope] = ()) -> None:
        self._stub(request.call)
        self._database.callbacks[request.call] = request
        self._database.put(events)

    async def callbacks_done(self, number: PhoneNumber, at: datetime) -> None:
        self._database.check()
        done = [each.call for each in self._database.callbacks.values() if each.number == number and each.asked <= at]
        for call in done:
            del self._database.callbacks[call]

    async def save_survey(self, survey: Survey, events: Sequence[Envelope] = ()) -> None:
        self._stub(survey.call)
        self._database.surveys[survey.call] = survey
        self._database.put(events)

    async def call(self, call: CallId) -> CallRecord | None:
        self._database.check()
        return self._database.calls.get(call)

    async def latest_calls(self, limit: int = 50) -> tuple[CallRecord, ...]:
        self._database.check()
        earliest = datetime.min.replace(tzinfo=UTC)
        newest = sorted(self._database.calls.values(), key=lambda c: (c.started or earliest, c.call), reverse=True)
        return tuple(newest[:limit])

    async def turns(self, call: CallId) -> tuple[Heard, ...]:
        self._database.check()
        return self._database.turns.get(call, ())

    async def recordings(self, call: CallId) -> tuple[Recording, ...]:
        self._database.check()
        return self._database.recordings.get(call, ())

    async def callbacks(self, limit: int = 50) -> tuple[CallbackRequest, ...]:
        self._database.check()
        oldest = sorted(self._database.callbacks.values(), key=lambda request: (request.asked, request.call))
        return tuple(oldest[:limit])

    async def survey(self, call: CallId) -> Survey | None:
        self._database.check()
        return self._database.surveys.get(call)

    def _stub(self, call: CallId) -> None:
        self._database.check()
        self._database.calls.setdefault(call, CallRecord(call, PhoneNumber("")))


class FakeOutboxStore:
    """`OutboxStore` in memory."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database

    async def put(self, *envelopes: Envelope) -> None:
        self._database.check()
        self._database.put(envelopes)

    async def claim(self, relay: str, limit: int, now: datetime, lease_seconds: float) -> tuple[OutboxRow, ...]:
        self._database.check()
        lanes = self._database.lanes
        for lane in range(LANES):
            holder, until = lanes.get(lane, ("", now))
            if holder in ("", relay) or until < now:
                lanes[lane] = (relay, now + timedelta(seconds=lease_seconds))
        return tuple(row for row in self._ours(relay) if row.number not in self._database.sent)[:limit]

    async def mark_sent(self, numbers: Sequence[int], at: datetime) -> None:
        self._database.check()
        self._database.sent.update(dict.fromkeys(numbers, at))

    async def send_again(self, relay: str, seconds: float) -> int:
        self._database.check()
        sent = {
            row.number: self._database.sent[row.number]
            for row in self._ours(relay)
            if row.number in self._database.sent
        }
        since = max(sent.values(), default=NOON) - timedelta(seconds=seconds)
        again = [number for number, at in sent.items() if at >= since]
        for number in again:
            del self._database.sent[number]
        return len(again)

    async def release(self, relay: str) -> None:
        self._database.check()
        self._database.lanes = {n: held for n, held in self._database.lanes.items() if held[0] != relay}

    async def waiting(self) -> int:
        self._database.check()
        return len(self._database.rows) - len(self._database.sent)

    async def prune(self, before: datetime) -> int:
        self._database.check()
        gone = {number for number, at in self._database.sent.items() if at < before}
        self._database.rows = [row for row in self._database.rows if row.number not in gone]
        self._database.sent = {number: at for number, at in self._database.sent.items() if number not in gone}
        return len(gone)

    def _ours(self, relay: str) -> list[OutboxRow]:
        return [row for row in self._database.rows if self._database.lanes.get(row.lane, ("",))[0] == relay]


class FakePublisher:
    """`Publisher` that keeps what it was given; while `away`, the broker is."""

    def __init__(self) -> None:
        self.published: list[tuple[str, bytes]] = []
        self.announced: list[Envelope] = []
        self.refuses: set[str] = set()
        self._epoch = 0
        self._there = asyncio.Event()
        self.come_back()

    @property
    def epoch(self) -> int:
        return self._epoch

    def go_away(self) -> None:
        self._there.clear()

    def come_back(self) -> None:
        self._epoch += 1
        self._there.set()

    async def wait_connected(self) -> None:
        await self._there.wait()

    async def publish(self, topic: str, payload: bytes) -> None:
        await asyncio.sleep(0)
        if not self._there.is_set() or topic in self.refuses:
            raise BusError("消息代理不在。改法：等测试把它放回来")
        self.published.append((topic, payload))

    def announce(self, envelope: Envelope) -> bool:
        if self._there.is_set():
            self.announced.append(envelope)
        return self._there.is_set()
