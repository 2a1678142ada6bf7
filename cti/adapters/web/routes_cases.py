"""`/api/city/cases`: cases of the digital city, filed, dispatched, paid for; `/api/orders/{n}/case`: from it."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from cti.access import Account, Permission
from cti.adapters.sql.order_rows import Listed, SqlOrderRows
from cti.adapters.web.case_bodies import (
    ChosenUnit,
    FoundBody,
    NewCase,
    NewCost,
    SolveFirst,
    plain_case,
    plain_cost,
)
from cti.adapters.web.case_desk import PACK, CaseDesk
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import number_of, opened, refusal_told
from cti.adapters.web.sessions import require
from cti.order_access import sees_all
from workorder.draft import FieldName
from workorder.grid.cases import Case, Cost, Found, Source, owed, routed
from workorder.life.guards_desk import FILING_CHECKLIST
from workorder.sealed import is_sealed

Reader = Annotated[Account, Depends(require(Permission.ORDERS_READ, Permission.ORDERS_UNIT))]
Filer = Annotated[Account, Depends(require(Permission.ORDERS_HANDLE))]
Payer = Annotated[Account, Depends(require(Permission.ORDERS_HANDLE, Permission.ORDERS_INSPECT))]


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api", tags=["city"], responses=answers(403, 404, 409))
    desk, rows = CaseDesk(deps), SqlOrderRows(deps.database)

    async def seen(number: str, me: Account, what: str) -> Listed:
        name = number_of(number)
        return await opened(await rows.one(name), name, me, deps.audit.note, deps.clock.now(), what)

    async def known(number: str, me: Account, what: str) -> Case:
        order = await seen(number, me, what)
        case = await desk.cases.one(order.number)
        if case is None or (case.number != order.number and not sees_all(me)):
            raise refused(404, "这张工单没有立为城市管理案件。改法：先立案", "no_such_case")
        return case

    async def whole(case: Case) -> dict[str, Any]:
        costs = await desk.cases.costs(case.number) if case.solve_first else ()
        money = {"costs": [plain_cost(each) for each in costs], "owed_yuan": owed(costs) / 100}
        return plain_case(case, await desk.city()) | money

    @router.get("/orders/{number}/case/proposal")
    async def proposal(number: str, me: Filer) -> dict[str, Any]:
        """Return what filing a hotline order as a case would begin with, so that one click is enough to begin."""
        order, now = await seen(number, me, "case.proposal"), deps.clock.now()
        draft = order.draft.draft if order.draft and not is_sealed(order.draft.draft) else None
        city, pack = await desk.city(), await deps.orders.pack(now, PACK)
        text = " ".join(draft.value(name) for name in (FieldName.TITLE, FieldName.SUMMARY)) if draft else ""
        matter = city.tree.said_in(text)
        way = routed(Found(matter), city, deps.orders.catalogue(), now)[0] if matter else None
        wanted = pack.lists[FILING_CHECKLIST].items if FILING_CHECKLIST in pack.lists else ()
        answers = {
            "位置": draft.value(FieldName.PLACE) if draft else "",
            "类别": matter,
            "责任单位": way.unit if way else "",
        }
        return {
            "matter": matter,
            "unit": way.unit if way else "",
            "candidates": list(way.candidates) if way else [],
            "question": way.question if way else "",
            "checklist": {item: answers.get(item, "") for item in wanted},
        }

    @router.post("/orders/{number}/case", status_code=201)
    async def from_hotline(number: str, body: FoundBody, me: Filer) -> dict[str, Any]:
        """File a hotline order as a city-management case (立案): a second order, each with the other's number."""
        order = await seen(number, me, "case.file")
        return await whole(await desk.file_hotline_order(order, body.found(), body.checklist, me, deps.clock.now()))

    @router.get("/orders/{number}/case")
    async def case_of(number: str, me: Reader) -> dict[str, Any]:
        """Return the case that an order is, or was filed as."""
        return await whole(await known(number, me, "case.read"))

    @router.post("/city/cases", status_code=201)
    async def new(body: NewCase, me: Filer) -> dict[str, Any]:
        """File what the government's own people or a citizen at the window reported."""
        found, source = body.found(), Source(body.source)
        case = await desk.file_found(found, source, body.text, body.place, body.checklist, me, deps.clock.now())
        return await whole(case)

    @router.post("/city/cases/{number}/filing")
    async def file(number: str, body: FoundBody, me: Filer) -> dict[str, Any]:
        """File (立案) a collector's report after it was checked; 409 until every item of the checklist is answered."""
        case = await known(number, me, "case.file")
        return await whole(await desk.file_report(case, body.found(), body.checklist, me, deps.clock.now()))

    @router.post("/city/cases/{number}/dispatch")
    async def dispatch(number: str, body: ChosenUnit, me: Filer) -> dict[str, Any]:
        """Dispatch (派遣) a filed case to the unit whose it is."""
        case = await known(number, me, "case.dispatch")
        done, moved = await desk.dispatch(case, body.unit.strip(), me, deps.clock.now())
        return await whole(done) | {"state": moved.state.value, "owner": moved.owner}

    @router.put("/city/cases/{number}/solve-first")
    async def solve_first(number: str, body: SolveFirst, me: Payer) -> dict[str, Any]:
        """Say that a case is solved first and paid for later (先解决后落实经费)."""
        case, now = await known(number, me, "case.solve_first"), deps.clock.now()
        return await whole(await desk.solve_first(case, body.why, me, now))

    @router.post("/city/cases/{number}/costs", status_code=201)
    async def cost(number: str, body: NewCost, me: Payer) -> dict[str, Any]:
        """Note a sum: advanced (垫付), recovered from whose duty it was (落实、追缴), or borne by the public purse."""
        case, now = await known(number, me, "case.cost"), deps.clock.now()
        fen = round(body.yuan * 100)
        if fen < 1 or abs(fen - body.yuan * 100) > 1e-6 * fen:
            raise refused(422, "金额最多两位小数。改法：写到分", "invalid")
        sum_ = Cost(secrets.token_hex(8), case.number, body.kind, fen, body.unit, body.note, me.name, now)
        refusal = await desk.cases.add_cost(sum_, case, me.person)
        if refusal is not None:
            raise refusal_told(refusal)
        return await whole(case)

    @router.get("/city/costs")
    async def owing(me: Payer) -> dict[str, Any]:
        """Return the cases whose money nobody has settled yet, and how much in all."""
        left = await desk.cases.owing()
        found = [{"number": number, "owed_yuan": fen / 100} for number, fen in left.items()]
        return {"cases": found, "owed_yuan": sum(left.values()) / 100}

    return router
