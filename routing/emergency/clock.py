"""The emergency clock of a call: from the danger word's last syllable to two people who understand each other.

A pure fold over the call's journal: the machine's own marks, read off its journalled events once more, so that the
clock says what the machine did and a killed controller loses no time of it. No published figure for 12345 → 110 exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from ivr.call import CallId
from routing.emergency.threeway import advance, begin
from routing.emergency.threeway_journal import told_by
from routing.emergency.threeway_state import Calling, Closed, Joined, Raise, Suggested, ThreeWay, Unreached
from routing.emergency.threeway_words import Mark, ThreeWayCommand, WriteMark

TIMES = (
    Mark.WORD_ENDED, Mark.DETECTED, Mark.SUGGESTED, Mark.CONFIRMED, Mark.INVITE_SENT, Mark.RINGING, Mark.ANSWERED,
    Mark.JOINED, Mark.VERIFIED,
)  # fmt: skip
"""The moments of the clock, in their order."""

TITLES: Mapping[Mark, str] = MappingProxyType(
    {
        Mark.WORD_ENDED: "险情词说完",
        Mark.DETECTED: "发现",
        Mark.SUGGESTED: "提示",
        Mark.CONFIRMED: "确认",
        Mark.INVITE_SENT: "发出呼叫",
        Mark.RINGING: "振铃",
        Mark.ANSWERED: "应答",
        Mark.JOINED: "加入通话",
        Mark.VERIFIED: "双方已通话",
    }
)

_OUTCOMES: Mapping[type, str] = MappingProxyType({Suggested: "suggested", Calling: "calling", Unreached: "unreached"})


@dataclass(frozen=True, slots=True)
class EmergencyClock:
    """One emergency of a call. `times` holds the moments that happened; `outcome` is how far it came.

    Outcomes: verified, joined, unreached, dismissed, caller_lost, guided; suggested and calling while it goes on.
    """

    case: str
    call: CallId
    kind: str
    source: str
    by: str
    outcome: str
    attempts: int = 0
    times: Mapping[Mark, datetime] = field(default_factory=lambda: MappingProxyType({}))

    def seconds(self, first: Mark, last: Mark) -> float | None:
        """Return the seconds between two moments; None when one of them never came."""
        begun, ended = self.times.get(first), self.times.get(last)
        return (ended - begun).total_seconds() if begun is not None and ended is not None else None


def clocks(lines: Iterable[Mapping[str, object]]) -> tuple[EmergencyClock, ...]:
    """Return the clock of every emergency in a call's journal, in the order raised; damaged lines are skipped."""
    states: dict[str, ThreeWay] = {}
    times: dict[str, dict[Mark, datetime]] = {}
    for line in lines:
        try:
            told = told_by(line)
        except (ValueError, KeyError, TypeError):
            continue
        case = str(line.get("case", ""))
        if isinstance(told, Raise):
            if case not in states:
                states[case], commands = begin(told)
                times[case] = _marked({}, commands)
        elif told is not None and case in states:
            states[case], commands = advance(states[case], told)
            times[case] = _marked(times[case], commands)
    return tuple(_clock(case, state, times[case]) for case, state in states.items())


def _marked(known: dict[Mark, datetime], commands: Iterable[ThreeWayCommand]) -> dict[Mark, datetime]:
    """Add the first time of each moment; an attempt that failed was never an answer."""
    for command in commands:
        if not isinstance(command, WriteMark):
            continue
        if command.mark is Mark.ATTEMPT_FAILED:
            known.pop(Mark.ANSWERED, None)
        known.setdefault(command.mark, command.at)
    return known


def _clock(case: str, state: ThreeWay, times: Mapping[Mark, datetime]) -> EmergencyClock:
    raised = state.case.raised
    return EmergencyClock(
        case,
        raised.call,
        raised.plan.kind.value,
        raised.source.value,
        raised.by,
        _outcome(state, times),
        state.case.attempts,
        MappingProxyType({mark: times[mark] for mark in TIMES if mark in times}),
    )


def _outcome(state: ThreeWay, times: Mapping[Mark, datetime]) -> str:
    """Return how far it came: what was reached counts more than how it ended."""
    if Mark.VERIFIED in times:
        return "verified"
    if Mark.JOINED in times:
        return "joined"
    if Mark.UNREACHED in times:
        return "unreached"
    if isinstance(state, Closed):
        return state.why
    return "joined" if isinstance(state, Joined) else _OUTCOMES[type(state)]


def plain(clock: EmergencyClock) -> dict[str, object]:
    """Return the clock as values that JSON knows; `from_plain` gives back an equal one."""
    return {
        "case": clock.case,
        "call": clock.call,
        "kind": clock.kind,
        "source": clock.source,
        "by": clock.by,
        "outcome": clock.outcome,
        "attempts": clock.attempts,
        "times": {mark.value: at.astimezone(UTC).isoformat() for mark, at in clock.times.items()},
    }


def from_plain(told: Mapping[str, Any]) -> EmergencyClock:
    """Read what `plain` wrote; ValueError, KeyError or TypeError when it is anything else."""
    times = {Mark(name): datetime.fromisoformat(at) for name, at in told["times"].items()}
    names = ("case", "call", "kind", "source", "by", "outcome")
    values = {name: str(told[name]) for name in names}
    case, call, kind, source, by, outcome = values.values()
    ordered = MappingProxyType({mark: times[mark] for mark in TIMES if mark in times})
    return EmergencyClock(case, CallId(call), kind, source, by, outcome, int(told["attempts"]), ordered)
