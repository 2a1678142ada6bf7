"""Faults of platform and call system (D-51): when each began and ended, and the mean time to repair. Events only. Pure.

Formula: MTTR = the sum of (end − begin) over faults that ended in the period ÷ how many they are. A fault that goes on
is counted apart, never as repaired.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

FORMULA = "平均修复时间（MTTR）= 期间内已恢复的故障各自的（恢复 − 发生）之和 ÷ 这些故障的次数；还没有恢复的另列。"


class FaultEvent(StrEnum):
    """What a line tells."""

    BEGAN = "began"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One event: the part (交换机, 数据库, …), who saw it (`hotline` itself, or a person), and in which words."""

    at: datetime
    part: str
    event: FaultEvent
    by: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault from its begin to its end; `ended` is None while it goes on."""

    part: str
    began: datetime
    why: str
    by: str
    ended: datetime | None = None
    how: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it lasted; None while it goes on."""
        return (self.ended - self.began).total_seconds() if self.ended else None


@dataclass(frozen=True, slots=True)
class Repair:
    """The figures of one part, or of all: faults that ended, faults that go on, and MTTR in seconds (None: none)."""

    part: str
    repaired: int
    open: int
    mttr_seconds: float | None


def line_text(line: FaultLine) -> str:
    """Return one line of the log."""
    whole = {"at": line.at.isoformat(), "part": line.part, "event": line.event.value, "by": line.by}
    return json.dumps(whole | ({"words": line.words} if line.words else {}), ensure_ascii=False) + "\n"


def lines_in(text: str) -> tuple[FaultLine, ...]:
    """Return every line that can be read, as written; a torn one costs itself alone."""
    found = []
    for line in text.split("\n"):
        try:
            told = json.loads(line)
            at = datetime.fromisoformat(told["at"])
            words = str(told.get("words", ""))
            found.append(FaultLine(at, str(told["part"]), FaultEvent(told["event"]), str(told["by"]), words))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
    return tuple(found)


def faults_in(lines: Iterable[FaultLine]) -> tuple[Fault, ...]:
    """Return the faults that lines add up to, by their begin. A begin of what is broken already changes nothing."""
    open_: dict[str, Fault] = {}
    over: list[Fault] = []
    for line in lines:
        here = open_.get(line.part)
        if line.event is FaultEvent.BEGAN and here is None:
            open_[line.part] = Fault(line.part, line.at, line.words, line.by)
        elif line.event is FaultEvent.ENDED and here is not None:
            over.append(replace(here, ended=max(line.at, here.began), how=line.words))
            del open_[line.part]
    return tuple(sorted((*over, *open_.values()), key=lambda fault: (fault.began, fault.part)))


def repairs(faults: Sequence[Fault], since: datetime, until: datetime) -> tuple[Repair, ...]:
    """Return the figures of each part with a fault that ended in [since, until) or goes on; the last is of all."""
    ended = [each for each in faults if each.ended is not None and since <= each.ended < until]
    going = [each for each in faults if each.ended is None and each.began < until]
    parts = sorted({each.part for each in (*ended, *going)})
    return (*(_repair(part, ended, going) for part in parts), _repair("", ended, going))


def _repair(part: str, ended: Sequence[Fault], going: Sequence[Fault]) -> Repair:
    mine = [each.seconds or 0.0 for each in ended if not part or each.part == part]
    still = sum(1 for each in going if not part or each.part == part)
    return Repair(part or "合计", len(mine), still, round(sum(mine) / len(mine), 1) if mine else None)


def lasted(seconds: float | None) -> str:
    """Return a length of time as people read it."""
    if seconds is None:
        return "—"
    return str(timedelta(seconds=round(seconds))).replace(" days", " 天").replace(" day", " 天")
