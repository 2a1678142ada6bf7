"""The assessment of one installation, wired: counts, months that are kept, a year's ranking and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from cti.adapters.sql.assessment_store import SqlAssessment, Task
from cti.adapters.sql.database import Database
from cti.server.drafting import own_words, words_in_use
from cti.settings import Settings
from ivr.errors import StoreRefusedError
from workorder.assessment.scheme import Scheme, scheme_of
from workorder.assessment.snapshot import MonthSnapshot, UnitYear, published_from, rank_year, take_month
from workorder.audit import Person
from workorder.cities.pack import Pack
from workorder.clock.days import WorkCalendar
from workorder.clock.due import Limit, TimeUnit, due_after
from workorder.dispatch_file import read_catalogue
from workorder.life.refusal import Refusal
from workorder.order import HOTLINE_TIME

REPORT_WORDS = "书面"
"""A grade whose consequence says this asks for something in writing, with a last day."""


class Assessment:
    """What commands and pages may ask of the assessment of `pack`'s city."""

    def __init__(self, settings: Settings, database: Database, pack: Pack, calendar: WorkCalendar) -> None:
        scheme = scheme_of(pack)
        if isinstance(scheme, Refusal):
            raise StoreRefusedError(str(scheme))
        self.scheme: Scheme = scheme
        self.store = SqlAssessment(database, pack.name)
        self._settings = settings
        self._calendar = calendar

    async def month(self, month: str) -> MonthSnapshot:
        """Return the month as it stands: every unit of the dispatch catalogue, those without orders among them."""
        counts = await self.store.count(month, _units(self._settings))
        return take_month(self.scheme, month, counts, await self.store.marks(month))

    async def mark(
        self, month: str, unit: str, marks: Mapping[str, Decimal], person: Person, why: str, at: datetime
    ) -> None:
        """Give marks by hand; StoreRefusedError for what is counted, unknown, or out of 0 to 100."""
        by_hand = [each.name for each in self.scheme.dimensions if each.is_by_hand]
        for name, mark in marks.items():
            if name not in by_hand:
                raise StoreRefusedError(f"“{name}”不由人评分。改法：可评分的有 {'、'.join(by_hand)}。")
            if not 0 <= mark <= 100:
                raise StoreRefusedError(f"“{name}”的分数 {mark} 不在 0 到 100 之间。")
        await self.store.put_marks(month, unit, marks, person, why, at)

    async def keep(self, month: str, person: Person, at: datetime) -> MonthSnapshot:
        """Keep a month for good; StoreRefusedError before it is over (S-44: results come in the month after)."""
        if at.astimezone(HOTLINE_TIME).date() < published_from(month):
            raise StoreRefusedError(f"{month} 还没有过完，{published_from(month)} 起才能存档和发布。（依据：S-44）")
        return await self.store.keep_month(await self.month(month), person, at)

    async def year(self, year: str) -> tuple[UnitYear, ...]:
        """Return the year's ranking from the kept months."""
        return rank_year(self.scheme, await self.store.months(year))

    async def follow(self, year: str, at: datetime) -> tuple[Task, ...]:
        """Note what the grades of the year bring, once; StoreRefusedError while months of it are missing."""
        missing = 12 - len(await self.store.months(year))
        if missing:
            raise StoreRefusedError(f"{year} 年还有 {missing} 个月没有存档。改法：先逐月运行 hotline assess month。")
        rows = [row for row in await self.year(year) if row.follows]
        await self.store.put_tasks(year, [Task(r.unit, r.grade, r.follows, self._due(r.follows, at)) for r in rows])
        return await self.store.tasks(year)

    def _due(self, follows: str, at: datetime) -> date | None:
        if REPORT_WORDS not in follows:
            return None
        limit = Limit(self.scheme.improve_workdays, TimeUnit.WORKDAYS)
        end = due_after(at, (limit,), self._calendar).at  # the midnight with which the last day ends
        return (end - timedelta(seconds=1)).astimezone(HOTLINE_TIME).date()


def _units(settings: Settings) -> tuple[str, ...]:
    for file in words_in_use(own_words(settings)):
        catalogue, _ = read_catalogue(file.read_text(encoding="utf-8", errors="replace"), str(file))
        if catalogue is not None:
            return catalogue.units
    return ()
