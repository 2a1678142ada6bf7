"""Orders as lists: filtered, searched and paged, each with its draft and where it stands; also drafts still waiting."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, and_, case, cast, exists, func, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import order_of_row
from cti.adapters.sql.schema import order_events, order_lives, orders
from cti.adapters.sql.schema_orders import order_units
from workorder.life.codec import from_plain
from workorder.life.evolve import fold
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.life.states import LIVE
from workorder.order import OrderNumber, WorkOrder

_OPEN = [state.value for state in LIVE]
_NUMBER = re.compile(r"WO[0-9]{0,8}(-[0-9]*)?")
_WHOLE_NUMBER = re.compile(r"WO[0-9]{8}-[0-9]{6}")
_PLAN_ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")
"""A plan made for any unit or any word reads a hundred times as much as one made for the one that is asked for."""
_PAIRS: Any = literal_column("order_words(orders.title || E'\\n' || orders.place || E'\\n' || orders.summary)")
"""What migration 19 laid an index over, in PostgreSQL; SQLite reads every order, and serves no million."""
MOST_COUNTED = 10_000
"""Counting stops here: nobody pages further, and a million rows take a second to count."""
NEWEST = 5_000
"""Words are looked for among so many first."""
MOST_FOUND = 1_000
"""And here when words were asked for: each order must be read to be counted."""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders; empty: whichever. `unit`: it leads or assists. `waiting`: drafts that nobody confirmed yet."""

    words: str = ""
    states: Sequence[str] = field(default=())
    owner: str = ""
    unit: str = ""
    category: str = ""
    channel: str = ""
    opened_from: datetime | None = None
    opened_until: datetime | None = None
    due_before: datetime | None = None
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One order: its draft (None for an order that never had one) and its life (None while it is a draft)."""

    number: OrderNumber
    draft: WorkOrder | None
    life: LivingOrder | None


class SqlOrderRows:
    """Reads on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: OrderFilter, first: int, most: int) -> tuple[tuple[Listed, ...], int]:
        """Return `most` orders from the `first` on, and how many there are (counted to MOST_COUNTED or MOST_FOUND)."""
        has_pairs = not self._database.is_sqlite
        chosen = _drafts(wanted, has_pairs) if wanted.waiting else _lives(wanted, has_pairs)
        most_counted = MOST_FOUND if wanted.words else MOST_COUNTED
        counted = select(func.count()).select_from(chosen.order_by(None).limit(most_counted).subquery())

        async def work(connection: AsyncConnection) -> tuple[tuple[Listed, ...], int]:
            if has_pairs:
                await connection.execute(_PLAN_ANEW)
            numbers: Sequence[str] = ()
            is_told = wanted.words and not _NUMBER.fullmatch(wanted.words.upper())
            if has_pairs and is_told and not wanted.waiting and not wanted.due_before:
                numbers = (await connection.execute(_newest(wanted).offset(first).limit(most))).scalars().all()
            if len(numbers) < most:
                numbers = (await connection.execute(chosen.offset(first).limit(most))).scalars().all()
            if len(numbers) < most and (numbers or not first):  # the last page tells how many there are
                total = min(first + len(numbers), most_counted)
            else:
                total = int((await connection.execute(counted)).scalar_one())
            return await _listed(connection, numbers), total

        return await self._database.read("读取工单列表", work)

    async def held_by(self, units: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Return, of these units, those that lead or assist open orders: how many, and the first one's number."""
        u, c = order_units.c, order_lives.c
        query = (
            select(u.unit, func.count(), func.min(u.number))
            .join(order_lives, c.number == u.number)
            .where(u.unit.in_(list(units)), c.state.in_(_OPEN))
            .group_by(u.unit)
            .order_by(u.unit)
        )

        async def work(connection: AsyncConnection) -> dict[str, tuple[int, str]]:
            return {unit: (count, number) for unit, count, number in await connection.execute(query)}

        return await self._database.read("读取单位手里的工单", work)

    async def disputed(self, most: int) -> tuple[OrderNumber, ...]:
        """Return open orders that some unit did not want, those longest open first."""
        c = order_lives.c
        returned = exists().where(order_events.c.number == c.number, order_events.c.move == "request_return")
        query = select(c.number).where(returned, c.state.in_(_OPEN)).order_by(c.opened).limit(most)

        async def work(connection: AsyncConnection) -> tuple[OrderNumber, ...]:
            return tuple(OrderNumber(each) for each in (await connection.execute(query)).scalars())

        return await self._database.read("读取有争议的工单", work)

    async def steps(self, since: datetime, until: datetime) -> Mapping[str, Mapping[str, datetime]]:
        """Return, of each order opened in [since, until), when each kind of move was first made."""
        c, e = order_lives.c, order_events.c
        query = (
            select(e.number, e.move, func.min(e.at).label("at"))
            .where(e.number == c.number, c.opened >= since, c.opened < until)
            .group_by(e.number, e.move)
        )

        async def work(connection: AsyncConnection) -> dict[str, dict[str, datetime]]:
            found: dict[str, dict[str, datetime]] = defaultdict(dict)
            for row in await connection.execute(query):
                found[row.number][row.move] = row.at
            return found

        return await self._database.read("读取办理时间", work)

    async def public_counts(self, since: datetime, until: datetime) -> Sequence[tuple[str, str, int, int]]:
        """Return (category, state, how many, how many of them told in time) of the orders opened in [since, until)."""
        c = order_lives.c
        in_time = func.sum(case(((c.told.is_not(None)) & ((c.due.is_(None)) | (c.told <= c.due)), 1), else_=0))
        query = (
            select(c.category, c.state, func.count().label("many"), in_time.label("in_time"))
            .where(c.opened >= since, c.opened < until)
            .group_by(c.category, c.state)
        )

        async def work(connection: AsyncConnection) -> list[tuple[str, str, int, int]]:
            rows = await connection.execute(query)
            return [(row.category, row.state, int(row.many), int(row.in_time)) for row in rows]

        return await self._database.read("读取公开的统计", work)

    async def one(self, number: OrderNumber) -> Listed | None:
        """Return one order; None when there is neither a draft nor a life."""

        async def work(connection: AsyncConnection) -> Listed | None:
            found = (await _listed(connection, [number]))[0]
            return found if found.draft is not None or found.life is not None else None

        return await self._database.read("读取工单", work)


async def _listed(connection: AsyncConnection, numbers: Sequence[str]) -> tuple[Listed, ...]:
    """Return these orders in this order, in two questions however many they are."""
    rows = (await connection.execute(select(orders).where(orders.c.number.in_(numbers)))).all()
    drafts = {row.number: order_of_row(row) for row in rows}
    e = order_events.c
    histories: dict[str, list[LifeEvent]] = defaultdict(list)
    events = select(e.number, e.event).where(e.number.in_(numbers)).order_by(e.number, e.seq)
    for row in await connection.execute(events):
        histories[row.number].append(from_plain(LifeEvent, json.loads(row.event)))
    lives = {number: fold(history) for number, history in histories.items()}
    return tuple(Listed(OrderNumber(each), drafts.get(each), lives.get(each)) for each in numbers)


def _newest(wanted: OrderFilter) -> Select[Any]:
    """Return the query among the newest orders alone: frequent words are found there, and the index is for rare ones.

    Which of both a word is PostgreSQL cannot guess, for neighbouring pairs of characters are not independent.
    """
    c = order_lives.c
    newest = _lives(replace(wanted, words=""), True).add_columns(c.opened).limit(NEWEST).subquery()
    found = select(newest.c.number).join(orders, orders.c.number == newest.c.number)
    return found.where(_told(wanted.words, False)).order_by(newest.c.opened.desc(), newest.c.number.desc())


def _lives(wanted: OrderFilter, has_pairs: bool) -> Select[Any]:
    c = order_lives.c
    query = select(c.number).order_by(c.opened.desc(), c.number.desc())
    if wanted.words:
        if _NUMBER.fullmatch(wanted.words.upper()):
            query = query.where(_numbered(c.number, wanted.words.upper())).order_by(None).order_by(c.number.desc())
        else:
            query = query.select_from(order_lives.join(orders, orders.c.number == c.number))
            query = query.where(_told(wanted.words, has_pairs))
    if wanted.states:
        query = query.where(c.state.in_(list(wanted.states)))
    for column, value in ((c.owner, wanted.owner), (c.category, wanted.category), (c.channel, wanted.channel)):
        query = query.where(column == value) if value else query
    if wanted.unit:
        u = order_units.c
        query = query.where(exists().where(u.number == c.number, u.unit == wanted.unit))
    if wanted.opened_from:
        query = query.where(c.opened >= wanted.opened_from)
    if wanted.opened_until:
        query = query.where(c.opened < wanted.opened_until)
    if wanted.due_before:
        query = query.where(c.due < wanted.due_before).order_by(None).order_by(c.due, c.number)
    return query


def _drafts(wanted: OrderFilter, has_pairs: bool) -> Select[Any]:
    c = orders.c
    query = select(c.number).order_by(c.created.desc(), c.number.desc())
    query = query.where(c.confirmed.is_(None), ~exists().where(order_lives.c.number == c.number))
    if wanted.words:
        words = wanted.words.upper()
        query = query.where(_numbered(c.number, words) if _NUMBER.fullmatch(words) else _told(wanted.words, has_pairs))
    if wanted.opened_from:
        query = query.where(c.created >= wanted.opened_from)
    if wanted.opened_until:
        query = query.where(c.created < wanted.opened_until)
    return query


def _numbered(number: Any, words: str) -> Any:
    return number == words if _WHOLE_NUMBER.fullmatch(words) else number.startswith(words, autoescape=True)


def _told(words: str, has_pairs: bool) -> Any:
    """Every word stands in the title, the summary or the place; a whole telephone number in its field."""
    each_word = [_one_word(word, has_pairs) for word in words.split()[:8]]
    return and_(*each_word) if each_word else orders.c.number.is_not(None)


def _one_word(word: str, has_pairs: bool) -> Any:
    number = orders.c.number
    if not word.isdigit():
        return _stands(word, has_pairs)
    if not has_pairs:
        return or_(orders.c.caller == word, _stands(word, has_pairs))
    by_caller = select(number).where(orders.c.caller == word).correlate(None)
    return number.in_(by_caller.union_all(select(number).where(_stands(word, has_pairs)).correlate(None)))


def _stands(word: str, has_pairs: bool) -> Any:
    """Return the condition; never one side of an OR, where PostgreSQL would compute the pairs of every order anew."""
    c = orders.c
    there = or_(*(column.contains(word, autoescape=True) for column in (c.title, c.summary, c.place)))
    pairs = sorted({word[at : at + 2] for at in range(len(word) - 1)})
    if not has_pairs or not pairs:
        return there
    return and_(_PAIRS.op("@>")(cast(array(pairs), ARRAY(Text))), there)
