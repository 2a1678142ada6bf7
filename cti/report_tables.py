"""What a report is: a table with its columns, its formulas and the chart that suits it. Pure.

Counted as on the wallboard (cti/today.py): a call is offered once it waits for a person. A rate never stands without
its formula, a share never without what it is a share of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from cti.today import CHINA, Today, abandoned, answered, offered
from workorder.call_record import CallRecord
from workorder.reports.grid import Cell, Column, Kind

MOST_DAYS = 93
"""A quarter: what a page counts at once."""


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A report; the first column names each row. `chart` is bar, line or none."""

    name: str
    title: str
    since: date
    until: date
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]
    chart: str = "bar"


TITLES: Mapping[str, str] = MappingProxyType(
    {
        "days": "每日话务",
        "hours": "各时段话务",
        "queues": "各队列话务",
        "lines": "各原热线话务",
        "seats": "坐席工作量",
        "kinds": "诉求类型",
        "categories": "诉求分类",
        "units": "承办单位",
        "order_lines": "各原热线工单",
    }
)
"""Every report there is, and what it is called."""

OF_ORDERS = frozenset({"kinds", "categories", "units", "order_lines"})

_TRAFFIC = (
    Column("offered", "进入人工排队", in_chart=True),
    Column("answered", "接通", in_chart=True),
    Column("abandoned", "放弃", in_chart=True),
    Column("within", "15 秒内接听"),
    Column("answer_rate", "接通率", Kind.SHARE),
    Column("within_rate", "15 秒接听率", Kind.SHARE),
    Column("mean_wait", "平均等待", Kind.SECONDS),
)
_NOTES = (
    "接通率 = 接通 ÷ 进入人工排队；放弃：排队中挂机。",
    "15 秒接听率 = 从排队到接听不超过 15 秒的通话 ÷ 进入人工排队（含放弃的）。",
    "平均等待：接通的通话从排队到接听的平均秒数。日期按北京时间。",
)


def traffic(name: str, calls: Iterable[CallRecord], since: date, until: date) -> ReportTable:
    """Return the report `days`, `hours`, `queues` or `lines` (merged hotlines) over calls of these days."""
    keys: Mapping[str, Callable[[CallRecord, datetime], str]] = {
        "days": lambda _call, at: at.date().isoformat(),
        "hours": lambda _call, at: f"{at.hour:02d} 时",
        "queues": lambda call, _at: call.queue or "（无队列）",
        "lines": lambda call, _at: line_of(call),
    }
    first = {"days": "日期", "hours": "时段", "queues": "队列", "lines": "原热线"}[name]
    groups: dict[str, Today] = {}
    if name == "days":
        groups = {day.isoformat(): Today(day) for day in _days(since, until)}
    if name == "hours":
        groups = {f"{hour:02d} 时": Today(since) for hour in range(24)}
    for call in calls:
        if call.queued is None or not since <= call.queued.astimezone(CHINA).date() <= until:
            continue
        key = keys[name](call, call.queued.astimezone(CHINA))
        groups[key] = _counted(groups.get(key, Today(since)), call)
    rows = [_row(key, today) for key, today in sorted(groups.items())]
    whole = Today(since)
    for today in groups.values():
        whole = _sum(whole, today)
    rows.append(_row("合计", whole))
    columns = (Column("name", first, Kind.TEXT), *_TRAFFIC)
    return ReportTable(
        name, TITLES[name], since, until, columns, tuple(rows), _NOTES, "line" if name == "days" else "bar"
    )


def line_of(call: CallRecord) -> str:
    """Return which hotline a caller dialled: the merged one's old number, else the number itself."""
    return call.original_line or call.called or "（未记）"


def workload(calls: Iterable[CallRecord], since: date, until: date) -> ReportTable:
    """Return how many calls each seat took and how long it talked."""
    taken: dict[str, list[float]] = {}
    for call in calls:
        if call.answered is None or not call.seat or not since <= call.answered.astimezone(CHINA).date() <= until:
            continue
        talk = (call.ended - call.answered).total_seconds() if call.ended else 0.0
        taken.setdefault(call.seat, []).append(max(0.0, talk))
    rows = [
        (seat, len(talks), round(sum(talks)), round(sum(talks) / len(talks))) for seat, talks in sorted(taken.items())
    ]
    columns = (
        Column("name", "席位", Kind.TEXT),
        Column("answered", "接听", in_chart=True),
        Column("talk", "通话时长合计", Kind.SECONDS),
        Column("mean_talk", "平均通话", Kind.SECONDS),
    )
    notes = ("接听：人工接起的来电。通话时长：从接起到挂机。",)
    return ReportTable("seats", TITLES["seats"], since, until, columns, tuple(rows), notes)


def shares(name: str, counts: Mapping[str, int], since: date, until: date) -> ReportTable:
    """Return a report of OF_ORDERS: how many orders have each value, and which share of all."""
    whole = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    rows: list[tuple[Cell, ...]] = [(key or "（未填）", count, _share(count, whole)) for key, count in ordered]
    rows.append(("合计", whole, _share(whole, whole)))
    columns = (
        Column("name", TITLES[name], Kind.TEXT),
        Column("count", "工单", in_chart=True),
        Column("share", "占比", Kind.SHARE),
    )
    notes = ("占比 = 该项工单 ÷ 期间全部工单（按建单日期，含草稿）。",)
    return ReportTable(name, TITLES[name], since, until, columns, tuple(rows), notes)


def to_plain(table: ReportTable) -> dict[str, Any]:
    """Return the table as JSON can hold it."""
    return {
        "name": table.name,
        "title": table.title,
        "since": table.since.isoformat(),
        "until": table.until.isoformat(),
        "columns": [
            {"name": each.name, "title": each.title, "kind": each.kind.value, "in_chart": each.in_chart}
            for each in table.columns
        ],
        "rows": [list(row) for row in table.rows],
        "notes": list(table.notes),
        "chart": table.chart,
    }


def _counted(today: Today, call: CallRecord) -> Today:
    assert call.queued is not None
    today = offered(today)
    if call.answered is not None:
        return answered(today, call.started or call.queued, call.queued, call.answered)
    return abandoned(today) if call.outcome == "abandoned" else today


def _row(key: str, today: Today) -> tuple[Cell, ...]:
    mean = round(today.waited_seconds / today.answered, 1) if today.answered else None
    return (
        key, today.offered, today.answered, today.abandoned, today.answered_within,
        _share(today.answered, today.offered), _share(today.answered_within, today.offered), mean,
    )  # fmt: skip


def _share(count: int, whole: int) -> float | None:
    return round(count / whole, 4) if whole else None


def _sum(one: Today, other: Today) -> Today:
    return replace(
        one,
        offered=one.offered + other.offered,
        answered=one.answered + other.answered,
        answered_within=one.answered_within + other.answered_within,
        abandoned=one.abandoned + other.abandoned,
        waited_seconds=one.waited_seconds + other.waited_seconds,
    )


def _days(since: date, until: date) -> Sequence[date]:
    return [since + timedelta(days=nth) for nth in range(min((until - since).days, MOST_DAYS) + 1)]
