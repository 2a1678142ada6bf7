"""Counts of moments, cut by dimensions: whatever a template asks for is counted in one passage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from workorder.reports.moments import Moment, What, keys_of

DIMENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "area": "区域",
        "unit": "承办单位",
        "type": "诉求类型",
        "category": "受理类别",
        "topic": "诉求分类",
        "channel": "渠道",
        "day": "日期",
        "week": "周",
        "month": "月份",
        "hour": "时段",
    }
)
"""By what may be counted."""

TIME = frozenset({"day", "week", "month", "hour"})
"""The only dimensions that a call has."""

OF_CALLS = frozenset({What.CALL_OFFERED, What.CALL_ANSWERED, What.CALL_WITHIN, What.CALL_ABANDONED})

Cut: TypeAlias = tuple[str, ...]
Counts: TypeAlias = Counter[What]

WHOLE: Cut = ()


class Tally:
    """Counts by cut and key: `tally[("unit", "type")]["水务局", "求助"][What.OPENED]`."""

    def __init__(self, cuts: Iterable[Cut] = ()) -> None:
        self._cuts: dict[Cut, dict[tuple[str, ...], Counts]] = {cut: {} for cut in (WHOLE, *cuts)}

    def add(self, moments: Iterable[Moment]) -> None:
        for moment in moments:
            keys = keys_of(moment)
            is_call = moment.what in OF_CALLS
            for cut, found in self._cuts.items():
                if not is_call or TIME.issuperset(cut):
                    key = tuple([keys[name] for name in cut])  # a year has millions: no generator, no spare Counter
                    counts = found.get(key)
                    if counts is None:
                        counts = found[key] = Counter()
                    counts[moment.what] += 1

    def __getitem__(self, cut: Cut) -> Mapping[tuple[str, ...], Counts]:
        return self._cuts[cut]

    @property
    def whole(self) -> Counts:
        """Everything together."""
        return self._cuts[WHOLE].get((), Counter())
