"""The day's figures on the wallboard, each with the formula that it is (field rule: never a rate without its formula).

Counted from facts of the switch: a call is *offered* once it first waits for a person, *answered* once an agent took
it, *abandoned* when the caller hung up while waiting. Days are China's. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from workorder.call_record import CallRecord

CHINA = timezone(timedelta(hours=8))

FORMULAS = {
    "answer_rate": "接通率 = 人工接听的通话 ÷ 进入人工排队的通话（今日，含仍在等待的）",
    "within_rate": "{level} 秒接听率 = 从排队到接听不超过 {level} 秒的通话 ÷ 进入人工排队的通话（今日，含放弃的）",
    "strict_rate": "{level} 秒接听率（从来电应答算起，含流程语音）= {level} 秒内接听的通话 ÷ 进入人工排队的通话",
    "abandon_rate": "放弃率 = 等待中挂机的通话 ÷ 进入人工排队的通话（今日）",
}


@dataclass(frozen=True, slots=True)
class Today:
    """Counts of one day in China; `level_seconds` is the time in which an answer counts as prompt."""

    day: date
    level_seconds: int = 15
    offered: int = 0
    answered: int = 0
    answered_within: int = 0
    answered_within_strict: int = 0
    abandoned: int = 0
    waited_seconds: float = 0.0
    """Of those answered, from the queue to the answer, all together."""


def china_day(at: datetime) -> date:
    """Return the day in China at an aware instant."""
    return at.astimezone(CHINA).date()


def midnight(day: date) -> datetime:
    """Return when a day in China begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=CHINA).astimezone(UTC)


def on(today: Today, at: datetime) -> Today:
    """Return the figures of the day of `at`: new ones when a new day has begun."""
    day = china_day(at)
    return today if day <= today.day else Today(day, today.level_seconds)


def offered(today: Today) -> Today:
    return replace(today, offered=today.offered + 1)


def answered(today: Today, began_at: datetime, queued_at: datetime, answered_at: datetime) -> Today:
    """Return the figures after an agent took a call."""
    waited = max(0.0, (answered_at - queued_at).total_seconds())
    in_all = max(waited, (answered_at - began_at).total_seconds())
    return replace(
        today,
        answered=today.answered + 1,
        answered_within=today.answered_within + (waited <= today.level_seconds),
        answered_within_strict=today.answered_within_strict + (in_all <= today.level_seconds),
        waited_seconds=today.waited_seconds + waited,
    )


def abandoned(today: Today) -> Today:
    return replace(today, abandoned=today.abandoned + 1)


def counted(day: date, level_seconds: int, records: Iterable[CallRecord], before: datetime) -> Today:
    """Return the figures of a day up to `before` as the store remembers its calls; what came later is not counted."""
    today = Today(day, level_seconds)
    for record in records:
        if record.queued is None or china_day(record.queued) != day or record.queued >= before:
            continue
        today = offered(today)
        if record.answered is not None and record.answered < before:
            today = answered(today, record.started or record.queued, record.queued, record.answered)
        elif record.ended is not None and record.ended < before and record.outcome == "abandoned":
            today = abandoned(today)
    return today


def together(one: Today, other: Today) -> Today:
    """Return the sum of two parts of one day; of different days the later one."""
    if one.day != other.day:
        return max(one, other, key=lambda today: today.day)
    return replace(
        one,
        offered=one.offered + other.offered,
        answered=one.answered + other.answered,
        answered_within=one.answered_within + other.answered_within,
        answered_within_strict=one.answered_within_strict + other.answered_within_strict,
        abandoned=one.abandoned + other.abandoned,
        waited_seconds=one.waited_seconds + other.waited_seconds,
    )


def today_plain(today: Today) -> dict[str, Any]:
    """Return the figures as JSON can hold them, rates from 0 to 1 (None where nobody called) and their formulas."""
    level = today.level_seconds

    def rate(count: int) -> float | None:
        return round(count / today.offered, 4) if today.offered else None

    return {
        **asdict(today),
        "day": today.day.isoformat(),
        "answered_within_15s": today.answered_within,
        "waited_seconds": round(today.waited_seconds, 1),
        "mean_wait_seconds": round(today.waited_seconds / today.answered, 1) if today.answered else None,
        "answer_rate": rate(today.answered),
        "within_rate": rate(today.answered_within),
        "strict_rate": rate(today.answered_within_strict),
        "abandon_rate": rate(today.abandoned),
        "formulas": {name: text.format(level=level) for name, text in FORMULAS.items()},
    }
