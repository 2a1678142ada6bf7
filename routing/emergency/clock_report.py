"""Many emergency clocks as one report: how long each stretch took, and what became of each kind (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from routing.emergency.clock import EmergencyClock
from routing.emergency.threeway_words import Mark

OUTCOMES = MappingProxyType(
    {
        "verified": "已确认通话",
        "joined": "已加入，未确认",
        "unreached": "没有接通",
        "dismissed": "坐席否定",
        "caller_lost": "市民断线",
        "guided": "已告知号码",
        "suggested": "待确认",
        "calling": "呼叫中",
    }
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One interval of the clock: `first` may name several moments, the latest of which counts."""

    name: str
    title: str
    first: tuple[Mark, ...]
    last: Mark


STRETCHES = (
    Stretch("heard", "险情词说完 → 发现", (Mark.WORD_ENDED,), Mark.DETECTED),
    Stretch("decided", "提示 → 坐席确认", (Mark.SUGGESTED,), Mark.CONFIRMED),
    Stretch("sent", "决定 → 发出呼叫", (Mark.CONFIRMED, Mark.DETECTED), Mark.INVITE_SENT),
    Stretch("rang", "发出呼叫 → 振铃", (Mark.INVITE_SENT,), Mark.RINGING),
    Stretch("answered", "振铃 → 应答", (Mark.RINGING,), Mark.ANSWERED),
    Stretch("joined", "应答 → 加入通话", (Mark.ANSWERED,), Mark.JOINED),
    Stretch("verified", "加入通话 → 双方已通话", (Mark.JOINED,), Mark.VERIFIED),
    Stretch("word_to_ringing", "险情词说完 → 振铃", (Mark.WORD_ENDED,), Mark.RINGING),
    Stretch("detected_to_answered", "发现 → 应答", (Mark.DETECTED,), Mark.ANSWERED),
)
"""`decided` is the agent's own time; every other stretch but `answered` and `verified` is the system's."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One stretch over many clocks, in seconds; nothing measured: `count` is 0 and the rest None."""

    count: int
    p50: float | None = None
    p95: float | None = None
    most: float | None = None


def took(clock: EmergencyClock, stretch: Stretch) -> float | None:
    """Return the seconds of one stretch of one clock; None when it has no beginning or no end."""
    first = next((mark for mark in stretch.first if mark in clock.times), None)
    return clock.seconds(first, stretch.last) if first is not None else None


def spread(seconds: Sequence[float]) -> Spread:
    """Return median, 95th percentile (nearest rank: a time that really was) and maximum."""
    if not seconds:
        return Spread(0)
    ordered = sorted(seconds)

    def rank(share: float) -> float:
        return ordered[max(0, -(-int(share * 100) * len(ordered) // 100) - 1)]

    return Spread(len(ordered), rank(0.5), rank(0.95), ordered[-1])


def spreads(clocks: Sequence[EmergencyClock]) -> dict[str, Spread]:
    """Return the spread of each stretch by its name."""
    return {
        stretch.name: spread([seconds for each in clocks if (seconds := took(each, stretch)) is not None])
        for stretch in STRETCHES
    }


def counts(clocks: Sequence[EmergencyClock]) -> dict[str, Counter[str]]:
    """Return how many of each kind came to which outcome, kinds in their order."""
    found: dict[str, Counter[str]] = {}
    for clock in sorted(clocks, key=lambda each: each.kind):
        found.setdefault(clock.kind, Counter())[clock.outcome] += 1
    return found


def plain_report(clocks: Sequence[EmergencyClock]) -> dict[str, object]:
    """Return the report as values that JSON knows."""
    return {
        "cases": len(clocks),
        "by_kind": {kind: dict(outcomes) for kind, outcomes in counts(clocks).items()},
        "seconds": {
            name: {"n": each.count, "p50": each.p50, "p95": each.p95, "max": each.most}
            for name, each in spreads(clocks).items()
        },
    }
