"""What the emergency desk tells: facts for whoever watches, and answers for whoever asked (pure but for the port)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ivr.call import CallId
from routing.emergency.threeway_state import Joined, ThreeWay
from routing.emergency.threeway_words import Mark, MarkForSupervisor, NotifyUnit, TellAgent, TellCaller, WriteMark


class Teller(Protocol):
    """Tells whoever watches (desks, supervisors, the bus); must return at once. `lasting` facts must not get lost."""

    def tell(self, call: CallId, name: str, at: datetime, data: Mapping[str, object], *, lasting: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person who asked the desk for something is told, in Chinese."""

    is_done: bool
    text: str
    case: str = ""


Told = WriteMark | TellAgent | TellCaller | MarkForSupervisor | NotifyUnit


def tell(teller: Teller, state: ThreeWay, command: Told, now: datetime) -> None:
    """Tell one thing of a case: marks, supervisors and units for sure, words for a screen only live."""
    raised = state.case.raised
    facts: dict[str, object] = {
        "case": raised.case,
        "kind": raised.plan.kind.value,
        "seat": state.case.seat,
        "source": raised.source.value,
        "by": raised.by,
        "why": raised.why,
        "second": raised.second,
    }
    match command:
        case WriteMark(call=call, mark=mark, at=at, detail=detail):
            is_lasting = mark is not Mark.RAISED_AGAIN
            teller.tell(call, f"emergency_{mark.value}", at, facts | {"detail": detail}, lasting=is_lasting)
        case TellAgent(call=call, text=text, asks=asks):
            facts["seat"] = state.case.seat or state.case.last_seat
            teller.tell(call, "emergency_told", now, facts | {"text": text, "asks": asks}, lasting=False)
        case TellCaller(call=call, text=text):
            teller.tell(call, "emergency_to_say", now, facts | {"text": text}, lasting=False)
        case MarkForSupervisor(call=call, reason=reason):
            teller.tell(call, "emergency_supervisor", now, facts | {"reason": reason}, lasting=True)
        case NotifyUnit(call=call, target=target):
            unit = {"target": target.name, "title": target.title}
            teller.tell(call, "emergency_notify", now, facts | unit, lasting=True)


def status_of(state: ThreeWay) -> Mapping[str, object]:
    """Return a case in plain values."""
    case = state.case
    return {
        "case": case.raised.case,
        "call": case.call,
        "kind": case.raised.plan.kind.value,
        "state": type(state).__name__.lower(),
        "is_verified": isinstance(state, Joined) and state.is_verified,
        "where": case.where.value,
        "seat": case.seat,
        "source": case.raised.source.value,
        "by": case.raised.by,
        "why": case.raised.why,
        "second": case.raised.second,
        "attempts": case.attempts,
        "at": case.raised.at.isoformat(),
    }
