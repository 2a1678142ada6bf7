"""Counts of moments, cut by dimensions: whatever a template asks for is counted in one passage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from operator import itemgetter
from types import MappingProxyType
from typing import Any, TypeAlias

from workorder.reports.moments import Moment, What, times_of

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


_KEYS = (*Moment._fields[2:], "day", "week", "month", "hour")
"""The order in which a moment's value in every dimension is laid out."""


class Tally:
    """Counts by cut and key: `tally[("unit", "type")]["水务局", "求助"][What.OPENED]`."""

    def __init__(self, cuts: Iterable[Cut] = ()) -> None:
        self._cuts: dict[Cut, dict[tuple[str, ...], Counts]] = {cut: {} for cut in (WHOLE, *cuts)}
        self._all = [(_taker(cut), found) for cut, found in self._cuts.items()]
        self._of_calls = [(_taker(cut), found) for cut, found in self._cuts.items() if TIME.issuperset(cut)]

    def add(self, moments: Iterable[Moment]) -> None:
        """Count them; a year has millions, so nothing here is worked out twice."""
        for moment in moments:
            what, values = moment.what, moment[2:] + times_of(moment.at)
            for key_of, found in self._of_calls if what in OF_CALLS else self._all:
                key = key_of(values)
                counts = found.get(key)
                if counts is None:
                    counts = found[key] = Counter()
                counts[what] += 1

    def __getitem__(self, cut: Cut) -> Mapping[tuple[str, ...], Counts]:
        return self._cuts[cut]

    @property
    def whole(self) -> Counts:
        """Everything together."""
        return self._cuts[WHOLE].get((), Counter())


def _taker(cut: Cut) -> Any:
    """Return what takes the values of these dimensions out of a moment's; always a tuple."""
    places = [_KEYS.index(name) for name in cut]
    match places:
        case []:
            return itemgetter(slice(0))
        case [place]:
            return itemgetter(slice(place, place + 1))
        case _:
            return itemgetter(*places)
