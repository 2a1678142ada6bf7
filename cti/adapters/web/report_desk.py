"""What the routes of reports are given: reports made from events, those kept, and what units owe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

from cti.adapters.sql.report_store import SqlReports
from workorder.reports.figures import Figure
from workorder.reports.grid import Grid
from workorder.reports.information import Duties, Owed
from workorder.reports.report import Report
from workorder.reports.template import Template


class ReportDesk(Protocol):
    """Fulfilled by `cti.server.reports.Reports`. AuthorError for a name that is none, and for a broken template."""

    @property
    def store(self) -> SqlReports: ...

    def figures(self) -> Mapping[str, Figure]: ...

    def templates(self) -> Mapping[str, Template]: ...

    async def make(self, name: str, since: date, until: date, now: datetime, about: str = "") -> Report: ...

    async def pivot(self, rows: str, columns: str, figure: str, since: date, until: date) -> Grid: ...

    def duties(self) -> Duties: ...

    async def owed(self, since: date, until: date, now: datetime, unit: str = "") -> tuple[Owed, ...]:
        """Return how every unit, or one, stands with what it owes of the periods that end in these days."""
