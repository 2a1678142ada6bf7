"""Duty telephones of units that are told of a danger: one number after the other until somebody hears the notice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ivr.call import CallId
from ivr.errors import SwitchError
from ivr.events import OriginateEnded
from ivr.ports import Clock
from routing.emergency import spoken
from routing.emergency.attempts import Route, routes_of
from routing.emergency.hands import Hands
from routing.emergency.interlock import Locks, Refused, may_dial_on
from routing.emergency.kinds import Kind
from routing.emergency.ledger import Ledger
from routing.emergency.legs import NOTICE
from routing.emergency.passing import Known
from routing.emergency.policy import Target
from routing.emergency.threeway_words import Mark, UnitNews

log = logging.getLogger(__name__)


class Voice(Protocol):
    """Makes the sound of words under a name, in its own time; what cannot be made is left out."""

    def prepare(self, sound: str, words: str) -> None: ...


class Mute:
    """A voice that says nothing: the notice's standing part alone is heard."""

    def prepare(self, sound: str, words: str) -> None:
        """Make no sound."""


class Messages(Protocol):
    """Takes short messages for a gateway; must return at once and lose none."""

    def want(self, call: CallId, number: str, text: str, facts: Mapping[str, object]) -> None: ...


class NoMessages:
    """There is no gateway."""

    def want(self, call: CallId, number: str, text: str, facts: Mapping[str, object]) -> None:
        """Want none."""


@dataclass(frozen=True, slots=True)
class Outlets:
    """What reaches people beside the switch: a voice for notices, and messages."""

    voice: Voice = field(default_factory=Mute)
    messages: Messages = field(default_factory=NoMessages)


@dataclass(slots=True)
class _Notice:
    """One unit being told: what is not yet tried, and the sounds it will hear."""

    case: str
    target: Target
    left: tuple[Route, ...]
    sounds: str
    nth: int = 0


class Units:
    """The legs `nt-…`, each of one unit."""

    def __init__(
        self,
        ledger: Ledger,
        hands: Hands,
        clock: Clock,
        locks: Locks,
        outlets: Outlets,
        known: Callable[[CallId, Kind, Target], Known],
    ) -> None:
        self._ledger = ledger
        self._hands = hands
        self._clock = clock
        self._locks = locks
        self._outlets = outlets
        self._known = known
        self._ringing: dict[str, _Notice] = {}

    async def notify(self, case: str, target: Target) -> None:
        """Call the unit's duty telephone and want a message for it; what comes of it is told to the case."""
        live = self._ledger.cases.get(case)
        if live is None or target.name in live.state.case.units:
            return
        raised = live.state.case.raised
        kind, call = raised.plan.kind, raised.call
        standing, special = spoken.sound_of(spoken.notice(kind)), f"{spoken.FOLDER}/case-{case}"
        place = self._known(call, kind, target).place if target.may_pass_place else ""
        particulars = spoken.particulars(raised.why, place, call.rpartition("-")[2])
        self._outlets.voice.prepare(special, particulars)
        sounds = "&".join((standing, special, standing, special))
        order = live.state.case.raised.plan.notify.index(target)
        notice = _Notice(case, target, routes_of((target,)), sounds, order * 100)
        await self._next(notice)
        facts = {"case": case, "kind": kind.value, "target": target.name, "title": target.title}
        self._outlets.messages.want(call, target.numbers[0], f"【12345】{spoken.notice(kind)}{particulars}", facts)

    async def ended(self, event: OriginateEnded) -> None:
        """The call of a unit was answered, or it was not: the next number."""
        notice = self._ringing.pop(event.unique_id or event.action, None)
        if notice is None:
            return
        if event.succeeded:
            self._news(notice, Mark.UNIT_ANSWERED)
            return
        self._news(notice, Mark.UNIT_FAILED)
        await self._next(notice)

    async def _next(self, notice: _Notice) -> None:
        """Call the next route; a supervisor is told when there is none left."""
        call = self._ledger.cases[notice.case].state.case.call if notice.case in self._ledger.cases else None
        while call is not None and notice.left:
            route, notice.left = notice.left[0], notice.left[1:]
            allowed = may_dial_on(route.number, route.trunk, self._locks)
            if isinstance(allowed, Refused):
                log.error("unit_number_refused", extra={"case": notice.case, "reason": allowed.reason})
                continue
            notice.nth += 1
            leg = f"{NOTICE}{notice.case}-{notice.nth}"
            self._news(notice, Mark.UNIT_CALLED, route.trunk)
            self._ringing[leg] = notice
            try:
                seconds = notice.target.ring_seconds
                await self._hands.notify(leg, call, allowed.digits, route.trunk, notice.sounds, seconds)
            except SwitchError as error:
                self._ringing.pop(leg, None)
                log.error("unit_not_called", extra={"case": notice.case, "reason": str(error)})
                self._news(notice, Mark.UNIT_FAILED, route.trunk)
                continue
            return
        self._news(notice, Mark.UNIT_MISSED)

    def _news(self, notice: _Notice, mark: Mark, detail: str = "") -> None:
        self._ledger.tell(notice.case, UnitNews(notice.target.name, mark, detail, self._clock.now()))
