"""A month as it was assessed, kept for good, and the year that is reckoned from its months."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from workorder.assessment.counts import UnitCounts
from workorder.assessment.scheme import Scheme, after_deduction, marks_of, rounded, score_of


@dataclass(frozen=True, slots=True)
class UnitMonth:
    """One unit's row: what was counted, its marks by dimension, its score (None: nothing to judge)."""

    unit: str
    counts: UnitCounts
    marks: Mapping[str, Decimal | None]
    score: Decimal | None


@dataclass(frozen=True, slots=True)
class MonthSnapshot:
    """All units of one month under one edition of the city's rules."""

    edition: str
    month: str
    rows: tuple[UnitMonth, ...]

    def to_plain(self) -> dict[str, object]:
        """Return what is stored and sealed: plain JSON, units by name, decimals as text."""
        return {
            "edition": self.edition,
            "month": self.month,
            "rows": [
                {
                    "unit": row.unit,
                    "counts": asdict(row.counts),
                    "marks": {name: None if mark is None else str(mark) for name, mark in row.marks.items()},
                    "score": None if row.score is None else str(row.score),
                }
                for row in self.rows
            ],
        }


@dataclass(frozen=True, slots=True)
class UnitYear:
    """One unit's year: `months` were judged; `follows` is what the grade brings."""

    place: int
    unit: str
    score: Decimal | None
    months: int
    grade: str
    follows: str


def take_month(
    scheme: Scheme, month: str, counts: Mapping[str, UnitCounts], by_hand: Mapping[str, Mapping[str, Decimal]]
) -> MonthSnapshot:
    """Mark every unit of the month."""
    most = max((each.replied for each in counts.values()), default=0)
    rows = []
    for unit in sorted(counts):
        marks = marks_of(scheme, counts[unit], most, by_hand.get(unit, {}))
        score = after_deduction(scheme, score_of(scheme, marks), counts[unit].blamed)
        rows.append(UnitMonth(unit, counts[unit], marks, score))
    return MonthSnapshot(scheme.edition, month, tuple(rows))


def read_snapshot(plain: Mapping[str, object]) -> MonthSnapshot:
    """Read what `to_plain` wrote."""
    rows = plain["rows"]
    assert isinstance(rows, list)
    return MonthSnapshot(
        str(plain["edition"]),
        str(plain["month"]),
        tuple(
            UnitMonth(
                row["unit"],
                UnitCounts(**row["counts"]),
                {name: None if mark is None else Decimal(mark) for name, mark in row["marks"].items()},
                None if row["score"] is None else Decimal(row["score"]),
            )
            for row in rows
        ),
    )


def digest_of(plain: Mapping[str, object]) -> str:
    """Return the sha256 by which a kept month shows that it was not changed."""
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def rank_year(scheme: Scheme, months: Iterable[MonthSnapshot]) -> tuple[UnitYear, ...]:
    """Return every unit of any month, best first: the mean of its judged months, the grade, what follows."""
    scores: dict[str, list[Decimal]] = {}
    for snapshot in months:
        for row in snapshot.rows:
            scores.setdefault(row.unit, []).extend([] if row.score is None else [row.score])
    means = {unit: rounded(sum(found, Decimal(0)) / len(found)) if found else None for unit, found in scores.items()}
    order = sorted(means, key=lambda unit: (means[unit] is None, -(means[unit] or Decimal(0)), unit))
    ranked = []
    for unit in order:
        mean = means[unit]
        place = 1 + sum(other is not None and mean is not None and other > mean for other in means.values())
        grade = "" if mean is None else scheme.grade_of(mean)
        ranked.append(
            UnitYear(
                place if mean is not None else 0, unit, mean, len(scores[unit]), grade, scheme.follows.get(grade, "")
            )
        )
    return tuple(ranked)


def published_from(month: str) -> date:
    """Return the first day on which a month's result may be published: the next month has begun (S-44)."""
    year, number = (int(part) for part in month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1)
