"""What the routes of orders share: the stores, one order that this person may see, and who looked written down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cti.access import Account
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.order_rows import Listed
from cti.adapters.sql.sealing import SqlSealing
from cti.adapters.web.errors import ApiError, refused
from cti.order_access import sees, sees_all
from workorder.audit import AuditRow, Person
from workorder.cities.pack import Pack
from workorder.clock.days import WorkCalendar
from workorder.dispatch import Catalogue
from workorder.draft import FieldName
from workorder.grid.ports import GeoSource, PopulationSource, VideoSource
from workorder.life.actors import Actor
from workorder.life.evolve import fold
from workorder.life.living import LivingOrder
from workorder.life.opening import Opening
from workorder.life.refusal import STALE, Refusal
from workorder.order import OrderNumber, order_number
from workorder.sealed import is_sealed


class Confirm(Protocol):
    """The one way to confirm a draft (`cti.server.orders`)."""

    async def __call__(
        self, number: OrderNumber, revision: int, person: Person, at: datetime, wish: Opening | None = None
    ) -> LivingOrder | Refusal: ...


class TakeIn(Protocol):
    """Begins an order that did not come by telephone (`cti.server.orders`)."""

    async def __call__(
        self,
        fields: Mapping[FieldName, str],
        wish: Opening,
        actor: Actor,
        at: datetime,
        contact: str = "",
        city: str = "",
    ) -> LivingOrder | Refusal: ...


class InForce(Protocol):
    """The edition of this hotline's rules that is in force, or of another city's (`cti.server.orders`)."""

    async def __call__(self, at: datetime, city: str = "") -> Pack: ...


@dataclass(frozen=True, slots=True)
class CitySources:
    """The systems that feed the digital-city centre."""

    geo: GeoSource
    population: PopulationSource
    video: VideoSource


@dataclass(frozen=True, slots=True)
class OrdersDeps:
    """The orders' part of PagesDeps; `pack` is the edition in force, `files` and `partners`
    are where attachments and the list of other systems lie."""

    lives: SqlLifeStore
    calendar: Callable[[], WorkCalendar]
    pack: InForce
    confirm: Confirm
    take_in: TakeIn
    files: Path
    sealing: SqlSealing
    partners: Path
    catalogue: Callable[[], Catalogue]
    sources: CitySources


NOT_YOURS = "没有这张工单，或它不在您单位手里。改法：检查编号；属于本单位的请热线中心转派"
NOT_THERE = "没有这张工单。改法：检查工单编号"


def number_of(text: str) -> OrderNumber:
    """Return an order's number from an address; 404 for anything else."""
    try:
        return order_number(text)
    except ValueError:
        raise refused(404, NOT_THERE, "no_such_order") from None


def refusal_told(refusal: Refusal) -> ApiError:
    """Return a refusal of the rules as an answer."""
    code = "changed_meanwhile" if refusal.what == STALE else "refused"
    return refused(409, str(refusal), code)


def is_sealed_order(found: Listed) -> bool:
    """Whether an order's content lies sealed."""
    return found.draft is not None and is_sealed(found.draft.draft)


async def unsealed(found: Listed, account: Account, sealing: SqlSealing, at: datetime) -> Listed:
    """Return the order with its content and every word of its life for one of its readers; as it is for others."""
    if not is_sealed_order(found) or found.draft is None:
        return found
    content = await sealing.open(found.number, account.person, at)
    history = await sealing.open_history(found.number, account.person, at) if content is not None else None
    if content is None:
        return found
    return replace(found, draft=replace(found.draft, draft=content), life=fold(history) if history else found.life)


async def opened(
    one: Listed | None,
    number: OrderNumber,
    account: Account,
    note: Callable[[AuditRow], Awaitable[None]],
    at: datetime,
    what: str,
) -> Listed:
    """Return the order, and write down who looked at what of it.

    A unit gets the same 403 for another unit's order and for a number that never was, and it is written down.
    """
    if one is not None and (sees_all(account) or (one.life is not None and sees(account, one.life))):
        await note(AuditRow(at, account.person, what, number, {"version": one.life.version if one.life else 0}))
        return one
    if sees_all(account):
        raise refused(404, NOT_THERE, "no_such_order")
    await asyncio.shield(note(AuditRow(at, account.person, "order.forbidden", number, {"what": what})))
    raise refused(403, NOT_YOURS, "not_your_order")
