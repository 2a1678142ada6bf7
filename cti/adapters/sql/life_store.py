"""Orders' lives in SQL: decide under the order's own edition of the rules, append, keep timers, fire them once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.files.order_keys import OrderKeys
from cti.adapters.sql.database import Database
from cti.adapters.sql.life_rows import (
    append,
    claim,
    history_of,
    keep_timers,
    locked,
    stored_action,
    stored_actor,
)
from cti.adapters.sql.schema import city_packs, order_lives, order_timers
from cti.adapters.sql.sealing import SqlSealing
from cti.adapters.sql.statements import insert_new, next_serial
from ivr.errors import StoreAwayError, StoreRefusedError
from workorder.audit import Person
from workorder.cities.pack import Pack
from workorder.cities.pack_file import load_pack
from workorder.clock.days import WorkCalendar
from workorder.life.actions import Absorb, Action, Merge, Open, RefuseRequest
from workorder.life.actors import SYSTEM, Actor
from workorder.life.automatic import supervision_due
from workorder.life.decide import decide, open_order
from workorder.life.evolve import fold
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.life.ports import Fired
from workorder.life.refusal import Refusal
from workorder.life.states import LifeState
from workorder.life.timers import Timer, reaction, timers_of
from workorder.order import OrderNumber, numbered, order_day
from workorder.sealed import must_be_sealed, refused_as_secret

log = logging.getLogger(__name__)

NO_ORDER = Refusal("没有这张工单。", "检查工单编号。")


class SqlLifeStore:
    """`LifeStore` on either database. `keep_pack` first: an order lives under the edition that was kept."""

    def __init__(self, database: Database, calendar: Callable[[], WorkCalendar], keys: OrderKeys | None = None) -> None:
        """Without `keys` no sensitive order is moved: its words would lie open."""
        self._database = database
        self._calendar = calendar
        self._sealing = SqlSealing(database, keys) if keys is not None else None
        self._packs: dict[str, Pack] = {}

    async def keep_pack(self, text: str, at: datetime) -> Pack | Refusal:
        """Keep an edition of a city's rules for good; another text under the same edition is refused."""
        pack, problems = load_pack(text, "pack")
        if pack is None:
            return Refusal("政策包有错误，不能使用。", str(problems[0]))
        row = {"edition": pack.edition, "text": text, "sha256": hashlib.sha256(text.encode()).hexdigest(), "kept": at}

        async def work(connection: AsyncConnection) -> str:
            await insert_new(connection, city_packs, [row])
            kept = select(city_packs.c.sha256).where(city_packs.c.edition == pack.edition)
            return str((await connection.execute(kept)).scalar_one())

        if await self._database.write("保存政策包", work) != row["sha256"]:
            return Refusal(f"“{pack.edition}”已有另一份内容在用。", "改动规则要换新的 version；旧工单仍按旧版办理。")
        self._packs[pack.edition] = pack
        return pack

    async def open(
        self, action: Open, actor: Actor, at: datetime, number: OrderNumber | None = None
    ) -> LivingOrder | Refusal:
        return await self._database.write(
            "登记工单", lambda connection: self.open_in(connection, action, actor, at, number)
        )

    async def open_in(
        self, connection: AsyncConnection, action: Open, actor: Actor, at: datetime, number: OrderNumber | None = None
    ) -> LivingOrder | Refusal:
        """`open` within a transaction of the caller."""
        clean = stored_action(action)
        assert isinstance(clean, Open)
        pack = await self._pack(connection, clean.pack)
        if pack is None:
            return Refusal(f"没有保存过政策包“{clean.pack}”。", "先保存政策包。")
        day = order_day(at)
        name = number or numbered(day, await next_serial(connection, day.isoformat()))
        known = select(order_lives.c.number).where(order_lives.c.number == name)
        if (await connection.execute(known)).one_or_none() is not None:
            return Refusal("这张工单已经登记。", "打开它继续办理。")
        found = open_order(name, clean, stored_actor(actor), at, pack, self._calendar())
        return found if isinstance(found, Refusal) else await self._write(connection, None, found, pack)

    async def act(
        self, number: OrderNumber, action: Action, actor: Actor, at: datetime, version: int | None = None
    ) -> LivingOrder | Refusal:
        if isinstance(action, Merge):  # takes two orders
            return await self.merge(number, action.into, action.told, actor, at, version)
        if isinstance(action, Absorb):
            return Refusal("并单要从被并入的那一张做起。", f"对 {action.other} 做“并入”，写明并到 {number}。")
        clean, who = stored_action(action), stored_actor(actor)

        async def work(connection: AsyncConnection) -> LivingOrder | Refusal:
            order = await locked(connection, number)
            return NO_ORDER if order is None else await self._act(connection, order, clean, who, at, version)

        return await self._database.write("办理工单", work)

    async def merge(
        self,
        number: OrderNumber,
        into: OrderNumber,
        told: str,
        actor: Actor,
        at: datetime,
        version: int | None = None,
    ) -> LivingOrder | Refusal:
        merging, who = stored_action(Merge(into, told)), stored_actor(actor)

        async def work(connection: AsyncConnection) -> LivingOrder | Refusal:
            both = {each: await locked(connection, each) for each in sorted({number, into})}
            goes, stays = both[number], both[into]
            if goes is None or stays is None:
                return NO_ORDER
            pack = await self._pack_of(connection, stays)
            absorbed = decide(stays, Absorb(number, goes.calls), who, at, pack, self._calendar())
            if isinstance(absorbed, Refusal):
                return absorbed
            merged = await self._act(connection, goes, merging, who, at, version)
            if isinstance(merged, Refusal):
                return merged
            return await self._write(connection, stays, absorbed, pack)

        return await self._database.write("并单", work)

    async def order(self, number: OrderNumber) -> LivingOrder | None:
        events = await self.history(number)
        return fold(events) if events else None

    async def history(self, number: OrderNumber) -> tuple[LifeEvent, ...]:
        return await self._database.read("读取工单历史", lambda connection: history_of(connection, number))

    async def orders(
        self, owner: str = "", states: Sequence[LifeState] = (), due_before: datetime | None = None, limit: int = 50
    ) -> tuple[LivingOrder, ...]:
        c = order_lives.c
        query = select(c.number).order_by(c.due.is_(None), c.due, c.number).limit(limit)
        query = query.where(c.owner == owner) if owner else query
        query = query.where(c.state.in_([state.value for state in states])) if states else query
        query = query.where(c.due < due_before) if due_before else query

        async def work(connection: AsyncConnection) -> tuple[LivingOrder, ...]:
            numbers = (await connection.execute(query)).scalars().all()
            return tuple([fold(await history_of(connection, OrderNumber(number))) for number in numbers])

        return await self._database.read("读取工单", work)

    async def timers(self, number: OrderNumber) -> tuple[tuple[Timer, datetime | None], ...]:
        t = order_timers.c
        mine = select(t.at, t.name, t.fired).where(t.number == number, (t.fired.is_not(None)) | t.is_wanted)

        async def work(connection: AsyncConnection) -> tuple[tuple[Timer, datetime | None], ...]:
            rows = await connection.execute(mine.order_by(t.at, t.name))
            return tuple((Timer(row.at, row.name), row.fired) for row in rows)

        return await self._database.read("读取到点提醒", work)

    async def pack(self, edition: str) -> Pack | None:
        """Return an edition that was kept."""
        return await self._database.read("读取政策包", lambda connection: self._pack(connection, edition))

    async def fire(self, server: str, now: datetime, limit: int = 100) -> tuple[Fired, ...]:
        t = order_timers.c
        due = select(t.number, t.name, t.at).where(t.fired.is_(None), t.is_wanted, t.at <= now)

        async def waiting(connection: AsyncConnection) -> tuple[tuple[OrderNumber, Timer], ...]:
            rows = await connection.execute(due.order_by(t.at, t.number, t.name).limit(limit))
            return tuple((OrderNumber(row.number), Timer(row.at, row.name)) for row in rows)

        fired = []
        for number, timer in await self._database.read("读取到点提醒", waiting):
            try:
                one = await self._fire(number, timer, server, now)
            except StoreAwayError as error:
                log.warning("timer_left", extra={"order": number, "timer": timer.name, "reason": str(error)[:120]})
                continue
            if one is not None:
                fired.append(one)
        return tuple(fired)

    async def _fire(self, number: OrderNumber, timer: Timer, server: str, now: datetime) -> Fired | None:
        async def work(connection: AsyncConnection) -> Fired | None:
            order = await locked(connection, number)
            if order is None or not await claim(connection, number, timer, server, now):
                return None
            pack, before = await self._pack_of(connection, order), order.version
            for action in reaction(order, timer, pack, now):
                moved = await self._act(connection, order, action, SYSTEM, now, None)
                if not isinstance(moved, Refusal):
                    order = moved
            return Fired(number, timer, (await history_of(connection, number))[before:])

        return await self._database.write("到点提醒", work)

    async def _act(
        self,
        connection: AsyncConnection,
        order: LivingOrder,
        action: Action,
        actor: Actor,
        at: datetime,
        version: int | None,
    ) -> LivingOrder | Refusal:
        pack = await self._pack_of(connection, order)
        found = decide(order, action, actor, at, pack, self._calendar(), version)
        if isinstance(found, Refusal):
            return found
        now = await self._write(connection, order, found, pack)
        wish = supervision_due(now, pack)
        watched = decide(now, wish, SYSTEM, now.updated, pack, self._calendar()) if wish else None
        return await self._write(connection, now, watched, pack) if isinstance(watched, LifeEvent) else now

    async def _write(
        self, connection: AsyncConnection, order: LivingOrder | None, event: LifeEvent, pack: Pack
    ) -> LivingOrder:
        now = await append(connection, order, event)
        await self._seal(connection, order, event, now, pack)
        await keep_timers(connection, now.number, timers_of(now, pack, self._calendar()))
        return now

    async def _seal(
        self, connection: AsyncConnection, order: LivingOrder | None, event: LifeEvent, now: LivingOrder, pack: Pack
    ) -> None:
        """Seal the words of a sensitive order's event; if that made it sensitive, its content and all before too."""
        action = event.action
        is_secret = isinstance(action, RefuseRequest) and refused_as_secret(action.code, pack)
        if not (is_secret or must_be_sealed(now.category, pack)):
            return
        if self._sealing is None:
            raise StoreRefusedError("敏感工单要有密钥才能办理。改法：用 hotline 命令或页面办理")
        if order is not None and (is_secret or not must_be_sealed(order.category, pack)):
            person = Person(event.actor.name, event.actor.role.value)
            await self._sealing.seal_in(connection, now.number, person, event.at)
        else:
            await self._sealing.seal_event_in(connection, event)

    async def _pack_of(self, connection: AsyncConnection, order: LivingOrder) -> Pack:
        pack = await self._pack(connection, order.pack)
        assert pack is not None, "an order is opened only under an edition that was kept"
        return pack

    async def _pack(self, connection: AsyncConnection, edition: str) -> Pack | None:
        if edition not in self._packs:
            text = select(city_packs.c.text).where(city_packs.c.edition == edition)
            found = (await connection.execute(text)).scalar_one_or_none()
            pack = load_pack(found, edition)[0] if found is not None else None
            if pack is None:
                return None
            self._packs[edition] = pack
        return self._packs[edition]
