"""Days in China as routes are asked for them: both included, in order, not too many."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from cti.adapters.web.errors import refused
from cti.report_tables import MOST_DAYS
from cti.today import china_day, midnight


def period(since: date | None, until: date | None, now: datetime, usual_days: int = 7) -> tuple[date, date]:
    """Return the days asked for; without them the last ones up to today. 422 for what is no period."""
    if any(day is not None and not 2000 <= day.year <= 2200 for day in (since, until)):
        raise refused(422, "日期不对。改法：写成 2026-11-01", "wrong_days")
    last = until or (since if since is not None and since > china_day(now) else china_day(now))
    first = since or last - timedelta(days=usual_days - 1)
    if first > last:
        raise refused(422, "开始日期在结束日期之后。改法：对调两个日期", "wrong_days")
    if (last - first).days >= MOST_DAYS:
        raise refused(422, f"一次最多统计 {MOST_DAYS} 天。改法：缩短日期范围", "too_many_days")
    return first, last


def instants(first: date, last: date) -> tuple[datetime, datetime]:
    """Return when the first of these days begins and the last one ends."""
    return midnight(first), midnight(last + timedelta(days=1))
