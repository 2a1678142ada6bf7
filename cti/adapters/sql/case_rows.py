"""Cases of the digital city as a list: by where their orders stand and by grid, the newest first, paged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.case_store import case_of_row
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import order_lives
from cti.adapters.sql.schema_city import city_cases
from workorder.grid.cases import Case

MOST_COUNTED = 10_000
"""Counting stops here: nobody pages further."""


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; empty: whichever."""

    states: Sequence[str] = ()
    grid: str = ""


class SqlCaseRows:
    """Reads on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: CaseFilter, first: int, most: int) -> tuple[tuple[Case, ...], int]:
        """Return `most` cases from the `first` on, and how many there are (counted to MOST_COUNTED)."""
        c = city_cases.c
        chosen = select(city_cases)
        if wanted.states:
            chosen = chosen.join(order_lives, order_lives.c.number == c.number)
            chosen = chosen.where(order_lives.c.state.in_(list(wanted.states)))
        if wanted.grid:
            chosen = chosen.where(c.grid == wanted.grid)
        counted = select(func.count()).select_from(chosen.with_only_columns(c.number).limit(MOST_COUNTED).subquery())
        newest = chosen.order_by(c.reported.desc(), c.number.desc()).offset(first).limit(most)

        async def work(connection: AsyncConnection) -> tuple[tuple[Case, ...], int]:
            found = tuple(case_of_row(row) for row in await connection.execute(newest))
            return found, int((await connection.execute(counted)).scalar_one())

        return await self._database.read("读取案件列表", work)
