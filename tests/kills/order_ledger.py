"""What the people of a kill campaign were promised, and whether the database keeps it: nothing lost, nothing twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.life_rows import move_name
from cti.server.orders import Orders
from tests.kills.order_server import settings_of
from workorder.life.actions import TimerRan
from workorder.life.codec import to_plain
from workorder.life.evolve import fold
from workorder.life.history import LifeEvent, breaks_in
from workorder.life.invariants import broken
from workorder.life.timers import timers_of
from workorder.order import OrderNumber

_TOKEN = re.compile(r"〔[0-9-]+〕")


@dataclass(frozen=True, slots=True)
class Sent:
    """One move that was sent: upon which version, and whether somebody was told that it was made."""

    number: str
    version: int
    move: str
    token: str
    is_acknowledged: bool


@dataclass
class Ledger:
    """Everything that was sent. A token (〔3-17〕) is in the text of one order or one move alone."""

    opened: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    moves: list[Sent] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)

    @property
    def acknowledged(self) -> int:
        return len(self.opened) + sum(each.is_acknowledged for each in self.moves)


@dataclass
class Kept:
    """What the database holds against the ledger."""

    orders: int = 0
    events: int = 0
    timers: Counter[str] = field(default_factory=Counter)
    """Timers that ran, by the server that ran them."""
    made_unheard: int = 0
    """Moves that were made although their answer was lost with the server."""
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    timers_lost: list[str] = field(default_factory=list)
    timers_twice: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        groups = ("lost", "doubled", "timers_lost", "timers_twice", "broken", "untold")
        return [f"{name}: {each}" for name in groups for each in getattr(self, name)]


async def kept(ledger: Ledger, folder: Path, url: str, now: datetime) -> Kept:
    """Let every timer that still waits run, then read the whole database and compare."""
    settings = settings_of(folder, url)
    database = Database(url, deadline_seconds=60)
    orders = Orders(settings, database)
    pack, calendar, found = await orders.pack(now), orders.calendar(), Kept()
    while await orders.lives.fire("afterwards", now + timedelta(days=365), limit=1000):
        pass

    async def rows(query: str) -> Sequence[Any]:
        async def work(connection: AsyncConnection) -> Sequence[Any]:
            return (await connection.execute(text(query))).all()

        return await database.read("check", work)

    numbers = [row.number for row in await rows("SELECT number FROM order_lives ORDER BY number")]
    histories = {each: await orders.lives.history(OrderNumber(each)) for each in numbers}
    timers: Mapping[str, list[Any]] = defaultdict(list)
    for row in await rows("SELECT number, name, at, fired, is_wanted, fired_by FROM order_timers"):
        timers[row.number].append(row)
    drafts = await rows("SELECT number, title, summary FROM orders")
    told = [row.key for row in await rows("SELECT key FROM outbox WHERE key LIKE 'orders/%/life/%'")]
    found.orders, found.events = len(histories), sum(map(len, histories.values()))
    for number, history in histories.items():
        order = fold(history)
        found.broken += [f"{number}: {each}" for each in (*breaks_in(history), *broken(order, history, pack))]
        lost, twice = _timers(history, timers[number])
        known = await orders.lives.timers(order.number)
        ran = {timer for timer, fired in known if fired}
        lost += [f"{each.name} {each.at}" for each in timers_of(order, pack, calendar) if each not in ran]
        found.timers_lost += [f"{number}: {each}" for each in lost]
        found.timers_twice += [f"{number}: {each}" for each in twice]
        found.timers.update(row.fired_by for row in timers[number] if row.fired)
    await database.close()
    _opened(ledger, drafts, histories, found)
    _moved(ledger, histories, found)
    expected = Counter(f"orders/{number}/life/{seq}" for number, all_ in histories.items() for seq in _upto(all_))
    found.untold += [f"{key} {many:+}" for key, many in _difference(expected, Counter(told)).items()]
    return found


def _timers(history: Sequence[LifeEvent], rows: Iterable[Any]) -> tuple[list[str], list[str]]:
    """Compare what ran by the history with what the rows say; returns what was lost and what ran twice."""
    ran = Counter(event.action.timer for event in history if isinstance(event.action, TimerRan))
    marked = Counter(row.name for row in rows if row.fired)
    waiting = [f"{row.name} {row.at} waits" for row in rows if not row.fired and row.is_wanted]
    difference = _difference(marked, ran)
    return (
        waiting + [name for name, many in difference.items() if many < 0],
        [name for name, many in difference.items() if many > 0],
    )


def _opened(ledger: Ledger, drafts: Sequence[Any], histories: Mapping[str, object], found: Kept) -> None:
    by_token: Mapping[str, set[str]] = defaultdict(set)
    for row in drafts:
        for token in _TOKEN.findall(f"{row.title}{row.summary}"):
            by_token[token].add(row.number)
    for token in ledger.asked:
        number, there = ledger.opened.get(token), by_token[token]
        if number is not None and (number not in there or number not in histories):
            found.lost.append(f"order {number} {token}")
        if len(there) > 1:
            found.doubled.append(f"order {token}: {sorted(there)}")


def _moved(ledger: Ledger, histories: Mapping[str, Sequence[LifeEvent]], found: Kept) -> None:
    written = Counter(
        token for history in histories.values() for event in history for token in set(_TOKEN.findall(_words(event)))
    )
    found.doubled += [f"move {token} {many} times" for token, many in written.items() if many > 1]
    heard = Counter((each.number, each.version) for each in ledger.moves if each.is_acknowledged)
    found.doubled += [f"two told of {number} version {version}" for (number, version), n in heard.items() if n > 1]
    for each in ledger.moves:
        history = histories.get(each.number, ())
        event = history[each.version] if len(history) > each.version else None
        is_there = event is not None and move_name(event.action) == each.move and each.token in _words(event)
        if each.is_acknowledged and not is_there:
            found.lost.append(f"move {each}")
        found.made_unheard += is_there and bool(each.token) and not each.is_acknowledged


def _words(event: LifeEvent) -> str:
    return str(to_plain(event.action))


def _upto(history: Sequence[object]) -> range:
    return range(1, len(history) + 1)


def _difference(one: Counter[str], other: Counter[str]) -> dict[str, int]:
    """Return by how much `other` holds more (or fewer) of each."""
    return {key: other[key] - one[key] for key in one.keys() | other.keys() if other[key] != one[key]}
