"""Where collectors were: kept only on duty, after they agreed to the notice, and for no longer than it says (D-28)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from workorder.grid.city_map import Collector, Roster
from workorder.grid.shapes import Point
from workorder.life.refusal import Refusal

MOST_LATE = timedelta(hours=24)
"""A device without a network sends what it kept within a day."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One spell of duty, and the edition of the notice that was agreed to."""

    collector: str
    began: datetime
    ended: datetime | None
    notice: str


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """Where a collector was at an instant, in metres of accuracy; the grid it lies in."""

    collector: str
    at: datetime
    place: Point
    accuracy: float
    grid: str = ""


def refused_duty(collector: Collector, roster: Roster, notice: str, at: datetime) -> Refusal | None:
    """Return why duty may not begin."""
    if not roster.notice_version:
        return Refusal("没有位置信息的隐私告知，不能采集位置。", "在 collectors.yaml 写上 notice。", "D-28")
    if notice != roster.notice_version:
        what = f"隐私告知现在是第 {roster.notice_version} 版，还没有看过并同意。"
        return Refusal(what, "把告知全文给采集员看，同意后再上岗。", "D-28")
    if not collector.is_on_roster(at):
        hours = f"{collector.begins:%H:%M}-{collector.ends:%H:%M}"
        return Refusal(f"现在不在 {collector.name} 的值勤时段（{hours}）。", "值勤时段内再上岗。", "D-28")
    return None


def kept(
    points: Sequence[TrackPoint], collector: Collector, duties: Sequence[Duty], now: datetime
) -> tuple[tuple[TrackPoint, ...], int]:
    """Return the points that may be kept, and how many were dropped: off duty, off hours, too old or yet to come."""

    def is_on_duty(at: datetime) -> bool:
        return any(each.began <= at and (each.ended is None or at <= each.ended) for each in duties)

    good = tuple(
        each
        for each in points
        if now - MOST_LATE <= each.at <= now and collector.is_on_roster(each.at) and is_on_duty(each.at)
    )
    return good, len(points) - len(good)


def forget_before(roster: Roster, now: datetime) -> datetime:
    """Return the instant before which every track point goes."""
    return now - timedelta(days=roster.retention_days)
