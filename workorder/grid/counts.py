"""What cases add up to: shares of the sources, collectors' valid reports, a quarter by grid. Each with its formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from workorder.grid.cases import Case, Source
from workorder.grid.city_map import CityMap
from workorder.life.living import LivingOrder
from workorder.life.states import LifeState
from workorder.order import HOTLINE_TIME

SHARE_FORMULA = "占比 = 该来源上报的件数 ÷ 全部件数，按上报时间计。"
VALID_FORMULA = "采集信息有效率 = 已立案且没有被并入、不予受理的件数 ÷ 已有结论的上报件数；还没有核对的不计入。"
BULLETIN_FORMULA = (
    "上报：本季度上报的件数。立案率 = 立案 ÷ 上报。办结率 = 已答复并核实、告知或办结的 ÷ 立案。"
    "按时率 = 首次答复不晚于到期的 ÷ 已答复的。二次抄告按次计。"
)
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")
_UNSEEN = frozenset({LifeState.DRAFTED})
_INVALID = frozenset({LifeState.NOT_ACCEPTED, LifeState.MERGED, LifeState.INFORMED, LifeState.ANSWERED})
_SOLVED = frozenset(
    {
        LifeState.REVIEWED,
        LifeState.TOLD,
        LifeState.SMS_FOLLOWUP,
        LifeState.MANUAL_FOLLOWUP,
        LifeState.CLOSED,
        LifeState.FINAL,
        LifeState.ARCHIVED,
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """A case with where it stands; `in_time`: its first reply came within the limit, None while there is none."""

    case: Case
    life: LivingOrder
    in_time: bool | None = None


@dataclass(frozen=True, slots=True)
class ValidRate:
    """One collector's reports: all, those judged, those that were good."""

    collector: str
    reports: int
    judged: int
    valid: int

    @property
    def rate(self) -> float | None:
        return self.valid / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class GridRow:
    """One grid's quarter; `id` empty: what lies in no grid."""

    id: str
    name: str
    street: str
    head: str
    building_heads: tuple[str, ...]
    reported: int
    filed: int
    solved: int
    replied: int
    in_time: int
    second_notices: int


def quarter_of(text: str) -> tuple[datetime, datetime] | None:
    """Return the first instant of `2026-Q4` and that of the next quarter; None for anything else."""
    found = _QUARTER.fullmatch(text)
    if found is None or not 1900 <= int(found[1]) <= 9000:
        return None
    year, month = int(found[1]), 3 * int(found[2]) - 2
    after = date(year + (month == 10), month + 3 if month < 10 else 1, 1)
    return _begin(date(year, month, 1)), _begin(after)


def shares(rows: Iterable[Source]) -> dict[Source, int]:
    """Return how many each source found; every source stands there, collectors first."""
    found = dict.fromkeys(Source, 0)
    for each in rows:
        found[each] += 1
    return found


def valid_rates(rows: Iterable[Row]) -> tuple[ValidRate, ...]:
    """Return each collector's valid-report rate, by id."""
    by_collector: dict[str, list[LifeState]] = {}
    for row in rows:
        if row.case.collector:
            by_collector.setdefault(row.case.collector, []).append(row.life.state)
    return tuple(
        ValidRate(
            collector,
            len(states),
            sum(state not in _UNSEEN for state in states),
            sum(state not in _UNSEEN | _INVALID for state in states),
        )
        for collector, states in sorted(by_collector.items())
    )


def by_grid(rows: Sequence[Row], city: CityMap) -> tuple[GridRow, ...]:
    """Return every grid's row, those without a case among them; what lies in no grid comes last, if there is any."""
    known = {grid.id: grid for grid in city.grids}
    ids = [*known, *sorted({row.case.grid for row in rows} - known.keys() - {""})]
    ids += [""] if any(not row.case.grid for row in rows) else []
    found = []
    for id in ids:
        mine = [row for row in rows if row.case.grid == id]
        grid = known.get(id)
        found.append(
            GridRow(
                id,
                grid.name if grid else ("不在任何网格" if not id else "（已撤销的网格）"),
                grid.street if grid else "",
                grid.head if grid else "",
                grid.building_heads if grid else (),
                len(mine),
                sum(row.case.filed is not None for row in mine),
                sum(row.life.state in _SOLVED for row in mine),
                sum(row.in_time is not None for row in mine),
                sum(row.in_time is True for row in mine),
                sum(row.life.second_notices for row in mine),
            )
        )
    return tuple(found)


def _begin(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=HOTLINE_TIME)
