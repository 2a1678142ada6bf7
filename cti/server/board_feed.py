"""What feeds the board beside the bus: seats, queues, calls of an earlier controller, ears, emergencies, today."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from cti.board import MOST_KEYS, OUTBOUND
from cti.board_calls import MOST_WORDS, escalation_in
from cti.board_facts import (
    CallsAre,
    EarsAre,
    EmergenciesAre,
    Known,
    Opened,
    QueuesAre,
    SeatsAre,
    SeatStands,
    TodayWas,
    WaitsAre,
    Went,
)
from cti.board_rows import CallRow, Party
from cti.conversation import Conversation
from cti.pauses import is_paused
from cti.server.watching import Watching
from cti.today import counted, midnight
from ivr.adapters.vosk.ears import VoskEars
from ivr.adapters.vosk.shared_ears import SharedEars
from ivr.call import CallId, Leg, PhoneNumber, QueueName, SeatId
from ivr.errors import StoreError
from ivr.events import CallOffered, DigitPressed, SeatAnswered
from ivr.ports import Clock, Ears, Journal, SwitchSnapshot
from routing.queue import Queues
from routing.shell import Desk, SeatDesk
from workorder.call_record import CallRecord
from workorder.known_caller import KnownCaller

log = logging.getLogger(__name__)

TODAY_TRIES = 5
TODAY_PAUSE_SECONDS = 5.0


class BoardFeed:
    """Tells the board what nobody announces. Everything here returns at once."""

    def __init__(
        self,
        watching: Watching,
        clock: Clock,
        queues: Callable[[], Queues],
        conversation: Callable[[CallId], Conversation | None],
        emergencies: Callable[[], Iterable[Mapping[str, object]]],
        ears: Ears,
        journal: Journal,
    ) -> None:
        self._watching, self._clock = watching, clock
        self._queues, self._conversation = queues, conversation
        self._emergencies, self._ears, self._journal = emergencies, ears, journal
        self._since: dict[SeatId, tuple[str, str, datetime]] = {}

    def opened(self, offered: CallOffered, flow: str) -> None:
        self._watching.take(Opened(offered, flow))

    def went(self, call: CallId, path: tuple[str, ...]) -> None:
        self._watching.take(Went(call, path))

    def known(self, call: CallId, known: KnownCaller) -> None:
        """The caller was looked up."""
        self._watching.take(Known(call, known_plain(known)))

    def seat(self, desk: Desk) -> None:
        """A seat stands otherwise than before."""
        seat, state, reason = desk.skills.seat, desk.state.value, desk.reason
        before = self._since.get(seat)
        if before is None or before[:2] != (state, reason):
            before = self._since[seat] = (state, reason, self._clock.now())
        served = tuple(queue.name for queue in self._queues().serving(desk.skills.skills))
        self._watching.take(
            SeatStands(
                seat, desk.skills.agent, desk.user, state, reason, before[2], desk.call, desk.is_reachable,
                tuple(sorted(desk.skills.skills)), served,
            )
        )  # fmt: skip

    def seats(self, desks: Iterable[SeatId]) -> None:
        """The seats that there are."""
        self._watching.take(SeatsAre(frozenset(desks)))

    def queues(self) -> None:
        """The queues that there are."""
        self._watching.take(QueuesAre({queue.name: queue.title for queue in self._queues().by_name.values()}))

    def waits(self, snapshot: SwitchSnapshot) -> None:
        """Who waits where, as the switch says."""
        order = sorted(snapshot.waiting, key=lambda each: each.position)
        waiting: dict[QueueName, tuple[tuple[CallId, int], ...]] = {}
        for each in order:
            waiting[each.queue] = (*waiting.get(each.queue, ()), (each.call, each.priority))
        self._watching.take(WaitsAre(waiting))

    def adopt(self, snapshot: SwitchSnapshot, seats: SeatDesk) -> None:
        """After a login: the switch's calls are those that there are, with what the call desk remembers of them."""
        self.queues()
        for desk in seats.desks.values():
            self.seat(desk)
        rows = []
        for call in dict.fromkeys(each.call for each in snapshot.channels):
            here, row = self._conversation(call), self._watching.board.calls.get(call)
            if here is not None or row is not None:
                now = self._clock.now()
                rows.append(_row(call, snapshot, here, row or self._as_written(call, here, now), now))
        self._watching.take(CallsAre(tuple(rows)))
        self.waits(snapshot)

    def _as_written(self, call: CallId, here: Conversation | None, now: datetime) -> CallRow:
        """Return what the journal knows of a call that an earlier controller had: keys, and words before the talk."""
        keys, words, escalated = "", [], None
        try:
            lines = self._journal.read(call)
            escalated = escalation_in(lines)
            for line in lines:
                event, fact = line.get("event"), line.get("heard_of")
                if isinstance(event, Mapping) and event.get("kind") == DigitPressed.__name__:
                    keys += str(event.get("digit", ""))[:1]
                if isinstance(fact, Mapping) and fact.get("kind") == SeatAnswered.__name__:
                    break
                if isinstance(fact, Mapping) and fact.get("leg") == Leg.CALLER.value and fact.get("text"):
                    words.append(str(fact["text"]))
        except StoreError as error:
            log.warning("journal_not_read", extra={"call": call, "reason": str(error)})
        begun = here.begun_at if here else now
        way = "out" if call.startswith(OUTBOUND) else "in"
        return CallRow(
            call,
            PhoneNumber(""),
            begun,
            direction=way,
            keys=keys[-MOST_KEYS:],
            words_in_flow=tuple(words[-MOST_WORDS:]),
            escalated=escalated,
        )

    def each_second(self) -> None:
        """Emergencies and ears as they stand."""
        self.emergencies()
        self._watching.take(EarsAre(_ears(self._ears)))

    def emergencies(self) -> None:
        self._watching.take(EmergenciesAre({str(row["case"]): row for row in self._emergencies()}))

    async def today(self, calls_since: Callable[[datetime], Awaitable[tuple[CallRecord, ...]]]) -> None:
        """Add the day's figures until now from the store; without it the board counts from now on."""
        began, figures = self._clock.now(), self._watching.board.today
        for _ in range(TODAY_TRIES):
            try:
                records = await calls_since(midnight(figures.day))
            except StoreError as error:
                log.warning("today_not_read", extra={"reason": str(error)})
                await asyncio.sleep(TODAY_PAUSE_SECONDS)
            else:
                self._watching.take(TodayWas(counted(figures.day, figures.level_seconds, records, began)))
                return


def _row(
    call: CallId, snapshot: SwitchSnapshot, here: Conversation | None, row: CallRow | None, now: datetime
) -> CallRow:
    channels = [each for each in snapshot.channels if each.call == call]
    caller = next((each for each in channels if each.leg is Leg.CALLER), channels[0])
    held = {each.channel for each in row.parties if each.on_hold} if row else set()
    parties = tuple(
        Party(each.leg, each.seat, each.number, each.channel, each.channel in held, bool(each.bridge))
        for each in channels
    )
    talking = next((each.seat for each in channels if each.seat and each.bridge), None)
    row = row or CallRow(call, caller.number, now)
    if here is not None:
        row = replace(
            row,
            caller=here.caller if here.caller.is_known else caller.number,
            called=here.called or row.called,
            line=here.original_line or row.line,
            flow=here.flow or row.flow,
            path=here.path or row.path,
            queue=here.queue or row.queue,
            queued_at=here.queued_at or row.queued_at,
            answered_at=here.answered_at or row.answered_at,
            their_id=here.their_id or row.their_id,
            context=dict(here.referred) or row.context,
            recording_paused=is_paused(here.pauses),
        )
    return replace(row, parties=parties, seat=talking)


def known_plain(known: KnownCaller) -> Mapping[str, object]:
    """Return a caller's past with the number in full, for the board."""
    return {**known.to_plain(), "caller": known.number}


def _ears(ears: Ears) -> Mapping[str, object]:
    if isinstance(ears, SharedEars):
        cards = ears.workers
        capacity = sum(card.capacity for card in cards)
        load = sum(card.streams for card in cards) / capacity if capacity else 0.0
        return {
            "workers": len(cards),
            "load": round(load, 2),
            "behind_s": round(max((card.behind_s for card in cards), default=0.0), 1),
        }
    if isinstance(ears, VoskEars):
        now = ears.load()
        return {"workers": 0, "load": None, "streams": now.streams, "behind_s": round(now.behind_s, 1)}
    return {"workers": 0, "load": None, "behind_s": None}
