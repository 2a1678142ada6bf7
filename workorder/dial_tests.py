"""How one call of a dial test is scored: from facts of the call alone, each criterion by its own formula (row S-42)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workorder.campaigns import DialPlan, Member, Outcome, PlannedCall

CRITERIA: Mapping[str, str] = {
    "connected": "接通：电话打通，系统应答",
    "person": "有人接：转到人工并由坐席接起",
    "in_time": "及时：从排队到坐席接起不超过规定的秒数",
    "heard": "用语：坐席说到了规定的词",
}
FULL_MARKS = 100


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the store knows of a call that was made: `waited_seconds` from the queue to the agent, None: nobody came."""

    call: str = ""
    is_connected: bool = False
    waited_seconds: float | None = None
    agent_words: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """Points out of 100, and for each criterion whether it was met; None where the plan does not ask it."""

    points: int
    met: Mapping[str, bool | None]


def scored(plan: DialPlan, call: PlannedCall, facts: CallFacts) -> Scored:
    """Return what a call is worth. A criterion that the plan does not ask of this call shares its weight out."""
    waited = facts.waited_seconds
    words = "".join(facts.agent_words.split())
    met: dict[str, bool | None] = {
        "connected": facts.is_connected,
        "person": waited is not None,
        "in_time": waited is not None and waited <= plan.within_seconds,
        "heard": all("".join(word.split()) in words for word in call.hears) if call.hears else None,
    }
    weights = {name: int(getattr(plan.weights, name)) for name in CRITERIA}
    asked = sum(weights[name] for name, is_met in met.items() if is_met is not None)
    won = sum(weights[name] for name, is_met in met.items() if is_met)
    return Scored(round(FULL_MARKS * won / asked) if asked else 0, met)


@dataclass(frozen=True, slots=True)
class DialTally:
    """What a dial test came to so far; `points` is the mean over all calls made, None before the first."""

    members: int
    made: int
    points: float | None
    met: Mapping[str, int]


def dial_tally(members: Sequence[Member]) -> DialTally:
    """Count a dial test's results; a call that was not put through counts with no points."""
    made = [each for each in members if each.outcome in (Outcome.SCORED, Outcome.FAILED)]
    points = [_number(each.result.get("points")) for each in made]
    met = {name: sum(_met(each).get(name) is True for each in made) for name in CRITERIA}
    return DialTally(len(members), len(made), round(sum(points) / len(points), 1) if points else None, met)


def _met(member: Member) -> Mapping[str, object]:
    met = member.result.get("met")
    return met if isinstance(met, Mapping) else {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
