"""What the emergency desk knows: calls, cases, legs. What a case hears is in the journal before anything is done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ivr.call import CallId, ChannelName, Leg
from ivr.errors import StoreError
from ivr.events import CallerQueued, SwitchEvent
from ivr.ports import Clock, Journal, SwitchSnapshot
from routing.emergency.parties import Parties, follow
from routing.emergency.threeway import advance, begin
from routing.emergency.threeway_journal import line_of, our_leg, rebuild, resynced
from routing.emergency.threeway_state import Closed, Joined, Raise, ThreeWay
from routing.emergency.threeway_words import ThreeWayCommand, ThreeWayEvent, TurnsHeard
from routing.emergency.watch import Watch

log = logging.getLogger(__name__)

Begin = Callable[[str, tuple[ThreeWayCommand, ...]], None]
"""Given a case's name and what it wants done: see that it is done, and return at once."""


@dataclass(slots=True)
class Live:
    """One case: its state, who spoke since the emergency side joined, how often agents were invited."""

    state: ThreeWay
    turns: tuple[Leg, ...] = ()
    invitations: int = 0
    is_supervisor_told: bool = False


@dataclass(slots=True)
class Call:
    """One call as the desk knows it. `is_being_brought`: the flow itself leads the caller to the head of the queue."""

    parties: Parties
    watch: Watch = field(default_factory=Watch)
    raised: int = 0
    is_being_brought: bool = False


class Ledger:
    """All calls and cases. `begin_doing` is given what a case wants done, after the journal has why."""

    def __init__(self, journal: Journal, clock: Clock, begin_doing: Begin) -> None:
        self._journal = journal
        self._clock = clock
        self._begin_doing = begin_doing
        self.calls: dict[CallId, Call] = {}
        self.cases: dict[str, Live] = {}
        self.legs: dict[str, ChannelName] = {}

    # ------------------------------------------------------------------------------------------------------- cases

    def open(self, raised: Raise) -> None:
        """Begin a case."""
        now = self._clock.now()
        self._journal.append(raised.call, {"at": now.isoformat(), **line_of(raised, raised.case)})
        state, commands = begin(raised)
        self.cases[raised.case] = Live(state)
        self._begin(raised.case, commands)

    def tell(self, name: str, event: ThreeWayEvent) -> None:
        """Give one event to a case; what says nothing to it is not written down."""
        live = self.cases.get(name)
        if live is None:
            return
        state, commands = advance(live.state, event)
        if state == live.state and not commands:
            return
        self._journal.append(state.case.call, {"at": self._clock.now().isoformat(), **line_of(event, name)})
        if isinstance(state, Joined) and not isinstance(live.state, Joined):
            live.turns = ()
        live.state = state
        self._begin(name, commands)

    def tell_all(self, call: CallId, event: ThreeWayEvent) -> None:
        """Give one event to every open case of a call."""
        for name in self.of(call):
            self.tell(name, event)

    def resync(self, name: str, snapshot: SwitchSnapshot) -> None:
        """Tell a case what the switch says of it."""
        live = self.cases.get(name)
        if live is not None:
            self.tell(name, resynced(live.state, snapshot, self._clock.now()))

    def hear_turn(self, call: CallId, leg: Leg) -> None:
        """Somebody spoke: two who answer each other understand each other."""
        for name, live in self.of(call).items():
            if isinstance(live.state, Joined) and not live.state.is_verified:
                live.turns = (*live.turns, leg)
                self.tell(name, TurnsHeard(live.turns, self._clock.now()))

    def of(self, call: CallId) -> dict[str, Live]:
        """Return the cases of a call that are not over, in the order raised."""
        return {
            name: live
            for name, live in self.cases.items()
            if live.state.case.call == call and not isinstance(live.state, Closed)
        }

    def _begin(self, name: str, commands: tuple[ThreeWayCommand, ...]) -> None:
        if commands:
            self._begin_doing(name, commands)

    # ------------------------------------------------------------------------------------------------------- calls

    def follow(self, call: CallId, event: SwitchEvent) -> None:
        """Keep the parties of a call."""
        known = self.calls.get(call)
        parties = follow(known.parties if known is not None else None, event)
        if known is not None and parties is not None:
            known.parties = parties
        elif parties is not None:
            self.calls[call] = Call(parties)
        if (here := self.calls.get(call)) is not None:
            here.is_being_brought = here.is_being_brought and not isinstance(event, CallerQueued)

    def take_over(self, call: CallId, parties: Parties) -> None:
        """Begin to know a call that an earlier controller had, with the cases that its journal tells of."""
        lines = self._lines(call)
        written = self._cases_in(call, lines)
        self.calls[call] = Call(parties, raised=len(written))
        for name, state in written.items():
            if not isinstance(state, Closed):
                self.cases[name] = Live(state)
                log.info("emergency_adopted", extra={"call": call, "case": name, "state": type(state).__name__})

    def _lines(self, call: CallId) -> tuple[Mapping[str, object], ...]:
        try:
            return self._journal.read(call)
        except StoreError as error:
            log.error("emergency_journal_unreadable", extra={"call": call, "reason": str(error)})
            return ()

    def _cases_in(self, call: CallId, lines: tuple[Mapping[str, object], ...]) -> dict[str, ThreeWay]:
        try:
            return rebuild(lines)
        except (ValueError, KeyError, TypeError) as error:
            log.error("emergency_journal_unreadable", extra={"call": call, "reason": str(error)})
            return {}

    def forget(self, call: CallId) -> tuple[str, ...]:
        """Forget a call that is history: nobody is left, nothing is open. Return the names of its cases."""
        known = self.calls.get(call)
        if known is None or not known.parties.is_empty or self.of(call):
            return ()
        del self.calls[call]
        names = tuple(name for name, live in self.cases.items() if live.state.case.call == call)
        for name in names:
            self.legs.pop(our_leg(self.cases.pop(name).state), None)
        return names
