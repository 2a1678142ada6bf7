"""Rows of the orders' lives: one event appended with what hangs on it, histories read back, timers kept in step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.schema import order_events, order_lives, order_timers
from cti.adapters.sql.schema_orders import order_units
from cti.adapters.sql.statements import put_envelopes
from cti.adapters.sql.types import storable_json
from ivr.errors import StoreAwayError
from workorder.envelope import Envelope
from workorder.life.actions import Action
from workorder.life.actors import Actor
from workorder.life.codec import from_plain, to_plain
from workorder.life.evolve import evolve, fold
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.life.timers import Timer
from workorder.order import OrderNumber

_EVENTS = select(order_events.c.event).where(order_events.c.number == bindparam("number")).order_by(order_events.c.seq)
_LOCK = select(order_lives.c.version).where(order_lives.c.number == bindparam("number")).with_for_update()
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def stored_action(action: Action) -> Action:
    """Return the action with every text made storable, so that the seal is laid upon what is stored."""
    clean: Action = from_plain(type(action), storable_json(to_plain(action)))
    return clean


def stored_actor(actor: Actor) -> Actor:
    """Return the actor with a storable name."""
    return from_plain(Actor, storable_json(to_plain(actor)))


def move_name(action: Action) -> str:
    """Return `request_extension` for RequestExtension."""
    return _CAPITAL.sub("_", type(action).__name__).lower()


async def locked(connection: AsyncConnection, number: OrderNumber) -> LivingOrder | None:
    """Return the order and hold it until the transaction ends; None when there is none."""
    row = (await connection.execute(_LOCK, {"number": number})).one_or_none()
    return None if row is None else fold(await history_of(connection, number))


async def history_of(connection: AsyncConnection, number: OrderNumber) -> tuple[LifeEvent, ...]:
    texts = (await connection.execute(_EVENTS, {"number": number})).scalars()
    return tuple(event_of(text) for text in texts)


def event_of(text: str) -> LifeEvent:
    """Return an event as it was stored."""
    event: LifeEvent = from_plain(LifeEvent, json.loads(text))
    return event


def event_text(event: LifeEvent) -> str:
    """Return an event as it is stored."""
    return json.dumps(to_plain(event), ensure_ascii=False, separators=(",", ":"))


async def append(connection: AsyncConnection, order: LivingOrder | None, event: LifeEvent) -> LivingOrder:
    """Write the event, what the order is now, and the message that tells of it; StoreAwayError when it moved on."""
    now = evolve(order, event)
    life = {
        "version": now.version,
        "state": now.state.value,
        "owner": now.owner,
        "pack": now.pack,
        "category": now.category,
        "opened": now.opened,
        "updated": now.updated,
        "due": now.due,
        "channel": now.channel[:24],
        "lead": now.lead[:120],
        "told": now.told,
    }
    if order is None:
        await connection.execute(insert(order_lives).values(number=now.number, **life))
    else:
        mine = and_(order_lives.c.number == now.number, order_lives.c.version == order.version)
        done = await connection.execute(update(order_lives).where(mine).values(life))
        if done.rowcount != 1:
            raise StoreAwayError("保存工单失败：别人正在改同一张工单。改法：刷新后再做")
    await connection.execute(
        insert(order_events).values(
            number=event.number,
            seq=event.seq,
            at=event.at,
            move=move_name(event.action),
            actor=event.actor.name[:120],
            hash=event.hash,
            event=event_text(event),
        )
    )
    if order is None or _units_of(order) != _units_of(now):
        await _put_units(connection, now)
    await put_envelopes(connection, (life_moved(event, now),))
    return now


async def _put_units(connection: AsyncConnection, order: LivingOrder) -> None:
    """Make the units that may see an order exactly those that work on it."""
    roles = _units_of(order)
    await connection.execute(delete(order_units).where(order_units.c.number == order.number))
    if roles:
        rows = [{"unit": unit[:120], "number": order.number, "role": role} for unit, role in roles.items()]
        await connection.execute(insert(order_units), rows)


def _units_of(order: LivingOrder) -> dict[str, str]:
    """Return the units that may see an order, each with its part in it."""
    district = {order.district: "district"} if order.district else {}
    lead = {order.lead: "lead"} if order.lead else {}
    return dict.fromkeys(order.assistants, "assist") | district | lead


def life_moved(event: LifeEvent, order: LivingOrder) -> Envelope:
    """Return the message for the bus: who holds the order and where it stands, without a word of its content."""
    return Envelope(
        key=f"orders/{event.number}/life/{event.seq}",
        type=move_name(event.action),
        at=event.at,
        order=event.number,
        data={
            "version": event.seq,
            "before": event.before.value if event.before else None,
            "state": event.after.value,
            "owner": event.owner,
            "category": order.category,
            "pack": order.pack,
            "due": event.due,
            "is_provisional": event.is_provisional,
        },
    )


async def keep_timers(connection: AsyncConnection, number: OrderNumber, wanted: Iterable[Timer]) -> None:
    """Make the waiting timers of an order exactly these; one that has run stays as it is and never runs again."""
    t = order_timers.c
    rows = (await connection.execute(select(t.name, t.at, t.is_wanted).where(t.number == number))).all()
    known = {Timer(row.at, row.name): bool(row.is_wanted) for row in rows}
    wishes = set(wanted)
    stale = [timer for timer, is_wanted in known.items() if is_wanted and timer not in wishes]
    again = [timer for timer, is_wanted in known.items() if not is_wanted and timer in wishes]
    for timers, is_wanted in ((stale, False), (again, True)):
        if timers:
            these = or_(*(and_(t.name == timer.name, t.at == timer.at) for timer in timers))
            mine = and_(t.number == number, t.fired.is_(None), these)
            await connection.execute(update(order_timers).where(mine).values(is_wanted=is_wanted))
    new: list[dict[str, Any]] = [
        {"number": number, "name": timer.name, "at": timer.at, "is_wanted": True} for timer in wishes - known.keys()
    ]
    if new:
        await connection.execute(insert(order_timers), new)


async def claim(connection: AsyncConnection, number: OrderNumber, timer: Timer, server: str, now: datetime) -> bool:
    """Mark the timer as run by this server; False when it has run already or is no longer wanted."""
    t = order_timers.c
    waits = and_(t.number == number, t.name == timer.name, t.at == timer.at, t.fired.is_(None), t.is_wanted)
    done = await connection.execute(update(order_timers).where(waits).values(fired=now, fired_by=server[:80]))
    return bool(done.rowcount == 1)
