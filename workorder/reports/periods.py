"""Which days a report is of: the last whole week, month or quarter, and the period before to compare with."""

from __future__ import annotations

from datetime import date, timedelta

DAY = timedelta(days=1)


def last_whole(period: str, today: date) -> tuple[date, date]:
    """Return the last day, week (Monday to Sunday), month or quarter that is over; of `day`: today itself."""
    match period:
        case "week":
            monday = today - timedelta(days=today.weekday())
            return monday - 7 * DAY, monday - DAY
        case "month":
            last = today.replace(day=1) - DAY
            return last.replace(day=1), last
        case "quarter":
            first = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
            last = first - DAY
            return date(last.year, last.month - 2, 1), last
        case _:
            return today, today


def before(since: date, until: date) -> tuple[date, date]:
    """Return the period before: of whole months as many months, else as many days."""
    last = since - DAY
    if since.day == 1 and (until + DAY).day == 1:
        months = 12 * (until.year - since.year) + until.month - since.month + 1
        nth = 12 * since.year + since.month - 1 - months
        return date(nth // 12, nth % 12 + 1, 1), last
    return since - (until - since) - DAY, last
