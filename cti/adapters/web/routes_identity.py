"""`/api/orders/{number}/identity`: the citizen's real name by their papers, where the city registers it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from cti.access import Account, Permission
from cti.adapters.sql.identity_store import SqlIdentities
from cti.adapters.sql.order_rows import SqlOrderRows
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import is_sealed_order, number_of, opened
from cti.adapters.web.sessions import require
from workorder.cities.pack import IdentityMode
from workorder.identity import ID_TITLES, Identity, IdType, VerifiedBy, wrong_identity
from workorder.order import OrderNumber, order_day

Handler = Annotated[Account, Depends(require(Permission.ORDERS_HANDLE))]


class Papers(BaseModel):
    """The papers, and who verified them: the platform, an agent who saw them, or nobody yet."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=60)
    id_type: IdType
    id_number: str = Field(max_length=30)
    verified_by: VerifiedBy = VerifiedBy.NOBODY


def papers_of(body: Papers) -> Identity:
    """Return the papers as they are registered."""
    return Identity(body.name.strip(), body.id_type, body.id_number.replace(" ", "").upper(), body.verified_by)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/orders", tags=["orders"], responses=answers(401, 403, 404, 409, 422))
    rows, kept = SqlOrderRows(deps.database), SqlIdentities(deps.database, deps.orders.sealing.box)

    @router.put("/{number}/identity")
    async def register(number: str, body: Papers, me: Handler) -> dict[str, Any]:
        """Register who asked; a mistake in the papers is told at once."""
        name, now = await _mine(number, me), deps.clock.now()
        papers = papers_of(body)
        wrong = wrong_identity(papers, order_day(now))
        if wrong:
            raise refused(422, wrong, "wrong_identity")
        order = await deps.orders.lives.order(name)
        if order is not None and order.is_anonymous:
            raise refused(409, "这张工单按匿名受理，不登记身份。改法：市民愿意实名的另行登记", "anonymous")
        await kept.put(name, papers, me.person, now)
        return await _told(name, papers)

    @router.get("/{number}/identity")
    async def read(number: str, me: Handler) -> dict[str, Any]:
        """Return what is registered, the number masked; each look is written down."""
        name = await _mine(number, me)
        return await _told(name, await kept.open(name, me.person, deps.clock.now()))

    async def _mine(number: str, me: Account) -> OrderNumber:
        name, now = number_of(number), deps.clock.now()
        found = await opened(await rows.one(name), name, me, deps.audit.note, now, "order.identity")
        if is_sealed_order(found) and await deps.orders.sealing.open(name, me.person, now) is None:
            raise refused(403, "敏感工单的身份只有指定的人可以看。改法：请督办员指定", "not_a_reader")
        return name

    async def _told(number: OrderNumber, papers: Identity | None) -> dict[str, Any]:
        order = await deps.orders.lives.order(number)
        pack = await deps.orders.lives.pack(order.pack) if order else await deps.orders.pack(deps.clock.now())
        mode = pack.identity if pack else IdentityMode.PROTECTED
        return {
            "mode": mode.value,
            "is_required": mode is IdentityMode.REAL_NAME,
            "may_be_anonymous": mode is not IdentityMode.REAL_NAME,
            "is_anonymous": bool(order and order.is_anonymous),
            "is_verified": bool(papers and papers.is_verified),
            "verified_by": papers.verified_by.value if papers else "",
            "name": papers.name if papers else "",
            "id_type": ID_TITLES[papers.id_type] if papers else "",
            "id_number": papers.masked if papers else "",
        }

    return router
