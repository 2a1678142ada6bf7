"""The digital city's reports as rows that pages and the command line show alike. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workorder.grid.city_map import CityMap
from workorder.grid.counts import Row, by_grid, valid_rates

BULLETIN_TITLES = {
    "id": "网格",
    "name": "名称",
    "street": "街道",
    "head": "网格负责人",
    "building_heads": "楼院长",
    "reported": "上报",
    "filed": "立案",
    "filed_rate": "立案率",
    "solved": "办结",
    "solved_rate": "办结率",
    "in_time_rate": "按时率",
    "second_notices": "二次抄告",
}


def bulletin_rows(rows: Sequence[Row], city: CityMap) -> list[dict[str, Any]]:
    """Return one row for each grid; a rate is None where there is nothing to divide by."""
    return [
        {
            "id": each.id,
            "name": each.name,
            "street": each.street,
            "head": each.head,
            "building_heads": list(each.building_heads),
            "reported": each.reported,
            "filed": each.filed,
            "filed_rate": _rate(each.filed, each.reported),
            "solved": each.solved,
            "solved_rate": _rate(each.solved, each.filed),
            "in_time_rate": _rate(each.in_time, each.replied),
            "second_notices": each.second_notices,
        }
        for each in by_grid(rows, city)
    ]


def valid_rows(rows: Sequence[Row], city: CityMap) -> list[dict[str, Any]]:
    """Return one row for each collector of the roster, and for each who reported and is in it no more."""
    found = {each.collector: each for each in valid_rates(rows)}
    ids = [*(each.id for each in city.roster.collectors), *sorted(found)]
    shown = []
    for id in dict.fromkeys(ids):
        known, counted = city.collector(id), found.get(id)
        shown.append(
            {
                "collector": id,
                "name": known.name if known else "（已不在名册）",
                "company": known.company if known else "",
                "reports": counted.reports if counted else 0,
                "judged": counted.judged if counted else 0,
                "valid": counted.valid if counted else 0,
                "rate": counted.rate if counted else None,
            }
        )
    return shown


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None
