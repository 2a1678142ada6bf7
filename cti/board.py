"""The board: what is going on now, folded from facts; each fact says which rows it changed. Pure.

`Board.take(fact)` folds one fact in and returns the keys it touched; `patch` gives them in plain form, whole new
values, None for what is gone. A reader that lays every patch over a snapshot has the board itself. What a fact means
for one call is in board_calls.py; here is what it means for the rows beside it, which is why the fold stays whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from cti import today as days
from cti.board_calls import consulted, entered, held, left, leg_down, leg_up, opened, settled, told
from cti.board_facts import (
    BoardFact,
    CallsAre,
    Consulting,
    EarsAre,
    EmergenciesAre,
    Known,
    Monitored,
    Opened,
    Placed,
    Pressed,
    QueuesAre,
    SeatsAre,
    SeatStands,
    Tick,
    TodayWas,
    Told,
    WaitsAre,
    Went,
)
from cti.board_rows import CallRow, QueueRow, SeatRow, call_plain, plain, queue_plain, seat_plain
from cti.today import Today, today_plain
from ivr.call import CallId, Leg, QueueName, SeatId
from ivr.events import (
    BridgeEntered,
    BridgeLeft,
    CallerAbandoned,
    CallerQueued,
    LegDown,
    LegHeld,
    LegUp,
    QueueLeftBySwitch,
    SeatAnswered,
    SeatMissed,
    SeatRang,
    TalkEnded,
)

Touched: TypeAlias = set[tuple[str, str]]
"""Section (`calls`, `seats`, `queues`, `emergencies`, `today`, `ears`) and key; the last two have the key ``."""

MOST_KEYS = 64
MOST_GONE = 1000
OUTBOUND = "oc-"
"""How the id of a call begins that an agent makes."""


class Board:
    """Everything that people look at, and how facts change it."""

    def __init__(self, today: Today) -> None:
        self.calls: dict[CallId, CallRow] = {}
        self.seats: dict[SeatId, SeatRow] = {}
        self.queues: dict[QueueName, QueueRow] = {}
        self.emergencies: dict[str, Mapping[str, Any]] = {}
        self.ears: dict[str, Any] = {"workers": 0, "load": 0.0, "behind_s": 0.0}
        self.today = today
        self._told_today = today
        self._gone: deque[CallId] = deque(maxlen=MOST_GONE)

    # ------------------------------------------------------------------------------------------------------ its facts

    def take(self, fact: BoardFact) -> Touched:
        """Fold one fact in; return what it changed."""
        touched: Touched = set()
        match fact:
            case LegUp() | LegDown() | BridgeEntered() | BridgeLeft() | LegHeld():
                self._leg(fact, touched)
            case CallerQueued() | QueueLeftBySwitch() | CallerAbandoned():
                self._queue(fact, touched)
            case SeatRang() | SeatMissed() | SeatAnswered() | TalkEnded():
                self._seat_of_call(fact, touched)
            case Told(call=call) if call is not None and call in self.calls:
                self._put(told(self.calls[call], fact, self._is_waiting(call)), touched)
            case Opened(offered=offered) if offered.call not in self._gone:
                known = self.calls.get(offered.call)
                self._put(opened(known, fact), touched)
            case Went(call=call, path=path) if call in self.calls:
                self._put(replace(self.calls[call], path=path), touched)
            case Pressed(call=call, key=key) if call in self.calls:
                self._put(replace(self.calls[call], keys=(self.calls[call].keys + key)[-MOST_KEYS:]), touched)
            case Placed(call=call, priority=priority) if call in self.calls:
                self._put(replace(self.calls[call], priority=priority), touched)
            case Known(call=call, known=known_caller) if call in self.calls:
                self._put(replace(self.calls[call], known=known_caller), touched)
            case Consulting(call=call, consult=consult) if call in self.calls:
                self._put(consulted(self.calls[call], consult), touched)
            case Monitored(call=call, seats=seats) if call in self.calls:
                self._put(replace(self.calls[call], monitored_by=seats), touched)
            case SeatStands():
                self._seat(fact, touched)
            case SeatsAre(seats=here):
                self._seats_are(here, touched)
            case QueuesAre(titles=titles):
                self._queues_are(titles, touched)
            case WaitsAre(waiting=waiting):
                self._waits_are(waiting, touched)
            case EmergenciesAre(cases=cases):
                self._emergencies_are(cases, touched)
            case EarsAre(ears=ears) if ears != self.ears:
                self.ears = dict(ears)
                touched.add(("ears", ""))
            case TodayWas(today=was):
                self.today = days.together(was, self.today)
            case CallsAre(rows=rows):
                self._calls_are(rows, touched)
            case Tick(at=at):
                self._tick(at, touched)
            case _:
                pass
        return touched

    # ------------------------------------------------------------------------------------------------- its plain form

    def to_plain(self) -> dict[str, Any]:
        """Return the whole board."""
        return {
            "calls": {call: self._call_plain(call) for call in self.calls},
            "seats": {seat: seat_plain(row) for seat, row in self.seats.items()},
            "queues": {queue: queue_plain(row) for queue, row in self.queues.items()},
            "emergencies": {case: plain(row) for case, row in self.emergencies.items()},
            "today": today_plain(self.today),
            "ears": plain(self.ears),
        }

    def patch(self, touched: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Return the present values of what was touched; None for what is gone."""
        patch: dict[str, Any] = {}
        for section, key in touched:
            if section == "today":
                patch["today"] = today_plain(self.today)
            elif section == "ears":
                patch["ears"] = plain(self.ears)
            else:
                patch.setdefault(section, {})[key] = self._row(section, key)
        return patch

    def _row(self, section: str, key: str) -> Any:
        match section:
            case "calls":
                return self._call_plain(CallId(key)) if key in self.calls else None
            case "seats":
                return seat_plain(self.seats[SeatId(key)]) if key in self.seats else None
            case "queues":
                return queue_plain(self.queues[QueueName(key)]) if key in self.queues else None
            case _:
                return plain(self.emergencies[key]) if key in self.emergencies else None

    def _call_plain(self, call: CallId) -> dict[str, Any]:
        row = self.calls[call]
        waiting = self.queues[row.queue].waiting if row.queue in self.queues else ()
        return call_plain(row, waiting.index(call) + 1 if call in waiting else None)

    # ---------------------------------------------------------------------------------------------------------- calls

    def _put(self, row: CallRow, touched: Touched) -> None:
        row = settled(row, self._is_waiting(row.call))
        if self.calls.get(row.call) != row:
            self.calls[row.call] = row
            touched.add(("calls", row.call))

    def _is_waiting(self, call: CallId) -> bool:
        row = self.calls.get(call)
        return row is not None and row.queue in self.queues and call in self.queues[row.queue].waiting

    def _leg(self, fact: LegUp | LegDown | BridgeEntered | BridgeLeft | LegHeld, touched: Touched) -> None:
        row = self.calls.get(fact.call)
        match fact:
            case LegUp(leg=Leg.CALLER, number=number, at=at) if row is None:
                way = "out" if fact.call.startswith(OUTBOUND) else "in"
                self._put(leg_up(CallRow(fact.call, number, at, direction=way), fact), touched)
            case LegUp() if row is not None:
                self._put(leg_up(row, fact), touched)
            case LegDown() if row is not None:
                after = leg_down(row, fact)
                if after.parties or not row.parties:
                    self._put(after, touched)
                else:
                    self._over(fact.call, touched)
            case BridgeEntered() if row is not None:
                self._put(entered(row, fact.channel), touched)
            case BridgeLeft() if row is not None:
                self._put(left(row, fact.channel), touched)
            case LegHeld() if row is not None:
                self._put(held(row, fact.channel, fact.held), touched)
            case _:
                pass

    def _calls_are(self, rows: tuple[CallRow, ...], touched: Touched) -> None:
        living = {row.call for row in rows}
        for call in [call for call in self.calls if call not in living]:
            self._over(call, touched)
        for row in rows:
            self._put(row, touched)

    def _over(self, call: CallId, touched: Touched) -> None:
        """A call is over. Its flow may tell late that it began: a caller who hangs up at once was heard of first."""
        self._wait_over(call, touched)
        del self.calls[call]
        self._gone.append(call)
        touched.add(("calls", call))

    def _seat_of_call(self, fact: SeatRang | SeatMissed | SeatAnswered | TalkEnded, touched: Touched) -> None:
        row = self.calls.get(fact.call)
        if row is None:
            return
        ringing = tuple(seat for seat in row.ringing_seats if seat != fact.seat)
        match fact:
            case SeatRang(seat=seat):
                self._put(replace(row, ringing_seats=(*ringing, seat)), touched)
            case SeatMissed():
                self._put(replace(row, ringing_seats=ringing), touched)
            case SeatAnswered(seat=seat, at=at):
                self._wait_over(fact.call, touched)
                if row.answered_at is None and row.queued_at is not None:
                    self.today = days.answered(days.on(self.today, at), row.began_at, row.queued_at, at)
                after = replace(row, seat=seat, ringing_seats=(), answered_at=row.answered_at or at)
                self._put(entered(after, fact.channel), touched)
            case TalkEnded(seat=seat):
                self._put(replace(row, seat=None if row.seat == seat else row.seat, ringing_seats=ringing), touched)

    # --------------------------------------------------------------------------------------------------------- queues

    def _queue(self, fact: CallerQueued | QueueLeftBySwitch | CallerAbandoned, touched: Touched) -> None:
        row = self.calls.get(fact.call)
        if row is None:
            return
        self._wait_over(fact.call, touched)
        match fact:
            case CallerQueued(queue=queue, position=position, at=at):
                if row.queued_at is None:
                    self.today = days.offered(days.on(self.today, at))
                served = self.queues.get(queue) or QueueRow(queue)
                waiting = list(served.waiting)
                waiting.insert(max(0, position - 1), fact.call)
                self.calls[fact.call] = row = replace(
                    row, queue=queue, queued_at=row.queued_at or at, seat=None, ringing_seats=()
                )
                self._waiting(served, tuple(waiting), touched)
                self._put(row, touched)
                touched.add(("calls", fact.call))
            case CallerAbandoned(at=at):
                if row.answered_at is None:
                    self.today = days.abandoned(days.on(self.today, at))
                self._put(replace(row, ringing_seats=()), touched)
            case _:
                self._put(replace(row, ringing_seats=()), touched)

    def _wait_over(self, call: CallId, touched: Touched) -> None:
        row = self.calls.get(call)
        served = self.queues.get(row.queue) if row is not None and row.queue is not None else None
        if served is not None and call in served.waiting:
            self._waiting(served, tuple(each for each in served.waiting if each != call), touched)

    def _waiting(self, served: QueueRow, waiting: tuple[CallId, ...], touched: Touched) -> None:
        """Put a queue's waiting callers; those whose place has changed are changed too."""
        moved = {each for nth, each in enumerate(served.waiting) if waiting[nth : nth + 1] != (each,)}
        moved |= {each for nth, each in enumerate(waiting) if served.waiting[nth : nth + 1] != (each,)}
        began = [row.queued_at for each in waiting if (row := self.calls.get(each)) and row.queued_at]
        self.queues[served.queue] = replace(served, waiting=waiting, longest_since=min(began, default=None))
        touched.add(("queues", served.queue))
        for each in moved & self.calls.keys():
            self.calls[each] = settled(self.calls[each], self._is_waiting(each))
            touched.add(("calls", each))

    def _waits_are(self, waiting: Mapping[QueueName, tuple[tuple[CallId, int], ...]], touched: Touched) -> None:
        for queue in dict.fromkeys((*self.queues, *waiting)):
            told_now = [(call, priority) for call, priority in waiting.get(queue, ()) if call in self.calls]
            for call, priority in told_now:
                row = self.calls[call]
                if (row.queue, row.priority) != (queue, priority):
                    self.calls[call] = replace(row, queue=queue, priority=priority)
                    touched.add(("calls", call))
            served, order = self.queues.get(queue) or QueueRow(queue), tuple(call for call, _ in told_now)
            if served.waiting != order:
                self._waiting(served, order, touched)

    def _queues_are(self, titles: Mapping[QueueName, str], touched: Touched) -> None:
        for queue in [queue for queue in self.queues if queue not in titles]:
            self._waiting(self.queues[queue], (), touched)
            del self.queues[queue]
            touched.add(("queues", queue))
        for queue, title in titles.items():
            row = replace(self.queues.get(queue) or QueueRow(queue), title=title, ready=self._ready_in(queue))
            if self.queues.get(queue) != row:
                self.queues[queue] = row
                touched.add(("queues", queue))

    def _ready_in(self, queue: QueueName) -> int:
        return sum(row.state == "ready" and queue in row.queues for row in self.seats.values())

    # ----------------------------------------------------------------------------------- seats, emergencies, the clock

    def _seat(self, fact: SeatStands, touched: Touched) -> None:
        row = SeatRow(
            fact.seat, fact.agent, fact.user, fact.state, fact.reason, fact.since, fact.call, fact.reachable,
            fact.skills, fact.queues,
        )  # fmt: skip
        before = self.seats.get(fact.seat)
        if before == row:
            return
        self.seats[fact.seat] = row
        touched.add(("seats", fact.seat))
        self._count_ready((*row.queues, *(before.queues if before else ())), touched)

    def _seats_are(self, here: frozenset[SeatId], touched: Touched) -> None:
        for seat in [seat for seat in self.seats if seat not in here]:
            gone = self.seats.pop(seat)
            touched.add(("seats", seat))
            self._count_ready(gone.queues, touched)

    def _count_ready(self, queues: Iterable[QueueName], touched: Touched) -> None:
        for queue in self.queues.keys() & set(queues):
            ready = self._ready_in(queue)
            if self.queues[queue].ready != ready:
                self.queues[queue] = replace(self.queues[queue], ready=ready)
                touched.add(("queues", queue))

    def _emergencies_are(self, cases: Mapping[str, Mapping[str, object]], touched: Touched) -> None:
        for case in {*cases, *self.emergencies}:
            if cases.get(case) != self.emergencies.get(case):
                touched.add(("emergencies", case))
        self.emergencies = dict(cases)

    def _tick(self, at: datetime, touched: Touched) -> None:
        self.today = days.on(self.today, at)
        if self.today != self._told_today:
            self._told_today = self.today
            touched.add(("today", ""))
