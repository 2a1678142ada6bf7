"""`/api/orders`: lists, one order with its history, due date and open moves, as the person who asks may see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from cti.access import Account, Permission, hidden_from
from cti.action_words import NAMES
from cti.adapters.sql.order_desk import SqlOrderDesk
from cti.adapters.sql.order_rows import Listed, OrderFilter, SqlOrderRows
from cti.adapters.sql.report_rows import SqlReportRows
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import is_sealed_order, number_of, opened, unsealed
from cti.adapters.web.sessions import require
from cti.order_access import actors_of, moves_for, sees_all
from cti.order_view import detail_of, history_plain, is_complained_about, row_of
from workorder.audit import AuditRow
from workorder.clock.due import spoken_instant
from workorder.life.clocks import due_of
from workorder.life.forms import form_of, is_offered, obstacles
from workorder.life.states import STATE_TITLES, LifeState

Reader = Annotated[Account, Depends(require(Permission.ORDERS_READ, Permission.ORDERS_UNIT))]
_MOVE_NAMES = {kind: name for name, kind in NAMES.items()}


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/orders", tags=["orders"], responses=answers(401, 403, 404))
    rows, desk, orders = SqlOrderRows(deps.database), SqlOrderDesk(deps.database), deps.orders
    calls = SqlReportRows(deps.database)

    @router.get("")
    async def listed(
        me: Reader,
        words: Annotated[str, Query(max_length=100)] = "",
        state: Annotated[list[LifeState] | None, Query(max_length=40)] = None,
        owner: Annotated[str, Query(max_length=120)] = "",
        unit: Annotated[str, Query(max_length=120)] = "",
        category: Annotated[str, Query(max_length=80)] = "",
        channel: Annotated[str, Query(max_length=24)] = "",
        opened_from: datetime | None = None,
        opened_until: datetime | None = None,
        due_before: datetime | None = None,
        waiting: bool = False,
        page: Annotated[int, Query(ge=1, le=10_000)] = 1,
        size: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> dict[str, Any]:
        """Return one page of orders, the newest first (what is due first first, with `due_before`)."""
        instants = (opened_from, opened_until, due_before)
        if any(each is not None and each.tzinfo is None for each in instants):
            raise refused(422, "时间没有写时区。改法：写成 2026-11-22T10:00:00+08:00", "invalid")
        if not sees_all(me):
            unit, waiting = me.unit, False
            if not unit:
                raise refused(403, "您的账号没有写明单位。改法：请管理员补上", "no_unit")
        wanted = OrderFilter(
            words=_plain(words),
            states=[each.value for each in state or ()],
            owner=_plain(owner),
            unit=_plain(unit),
            category=_plain(category),
            channel=_plain(channel),
            opened_from=opened_from,
            opened_until=opened_until,
            due_before=due_before,
            waiting=waiting,
        )
        found, total = await rows.page(wanted, (page - 1) * size, size)
        now, hidden = deps.clock.now(), hidden_from(me, deps.masking)
        shown = [row_of(each.draft, each.life, me, now, hidden) for each in found]
        detail = {"numbers": [each.number for each in found], "words": bool(words)}
        await deps.audit.note(AuditRow(now, me.person, "order.list", "orders", detail))
        return {"orders": shown, "total": total, "page": page, "size": size, "now": now.isoformat()}

    @router.get("/choices")
    async def choices(me: Reader) -> dict[str, Any]:
        """Return what a filter or a form offers: states, and the categories of the city's rules in force."""
        pack = await orders.pack(deps.clock.now())
        return {
            "city": pack.city,
            "edition": pack.edition,
            "states": [{"name": state.value, "title": title} for state, title in STATE_TITLES.items()],
            "categories": [
                {"name": each.name, "title": each.title, "is_protected": each.is_protected} for each in pack.categories
            ],
            "needs_export_approval": "export_control" in pack.lists,
        }

    async def seen(number: str, me: Account, what: str) -> Listed:
        name = number_of(number)
        return await opened(await rows.one(name), name, me, deps.audit.note, deps.clock.now(), what)

    @router.get("/{number}")
    async def one(number: str, me: Reader) -> dict[str, Any]:
        """Return one order as this person may see it; that they looked is written down."""
        found = await seen(number, me, "order.read")
        pack = await orders.lives.pack(found.life.pack) if found.life else None
        now = deps.clock.now()
        shown = await unsealed(found, me, orders.sealing, now)
        whole = detail_of(shown.draft, shown.life, pack, me, now, hidden_from(me, deps.masking))
        whole["is_sealed"] = is_sealed_order(found)
        if sees_all(me):
            call = shown.draft.draft.call if shown.draft is not None else ""
            whole["called"], whole["line"] = await calls.line(call) if call else ("", "")
            links = await desk.links_of(found.number)
            whole["links"] = [{"number": each.number, "other": each.other, "kind": each.kind.value} for each in links]
        return whole

    @router.get("/{number}/history")
    async def history(number: str, me: Reader) -> dict[str, Any]:
        """Return every event of the order, oldest first."""
        found = await seen(number, me, "order.history")
        if found.life is None or is_complained_about(me, found.life):
            return {"events": []}
        events = await orders.lives.history(found.number)
        if is_sealed_order(found):
            whole = await orders.sealing.open_history(found.number, me.person, deps.clock.now())
            events = whole if whole is not None else events
        draft = found.draft.draft if found.draft else None
        return {"events": history_plain(events, draft, me, hidden_from(me, deps.masking))}

    @router.get("/{number}/due")
    async def due(number: str, me: Reader) -> dict[str, Any]:
        """Return when the order is due and why, day by day, with its reminders."""
        found = await seen(number, me, "order.due")
        life = found.life
        if life is None:
            return {"due_at": None, "lines": ["还没有受理，没有时限在走。"], "clause": "", "timers": []}
        reckoned = due_of(life.clock, orders.calendar(), deps.clock.now(), life.paused)
        timers = await orders.lives.timers(found.number)
        return {
            "due_at": reckoned.at.isoformat() if reckoned else None,
            "is_provisional": bool(reckoned and reckoned.is_provisional),
            "lines": list(reckoned.lines) if reckoned else ["现在没有时限在走。"],
            "clause": life.clock.clause if life.clock else "",
            "is_soft": bool(life.clock and life.clock.is_soft),
            "timers": [
                {
                    "name": timer.name,
                    "at": timer.at.isoformat(),
                    "spoken": spoken_instant(timer.at),
                    "fired_at": fired.isoformat() if fired else None,
                }
                for timer, fired in timers
            ],
        }

    @router.get("/{number}/actions")
    async def actions(number: str, me: Reader) -> dict[str, Any]:
        """Return the moves that lie open to this person, each with its form, or with the words that forbid it now."""
        found = await seen(number, me, "order.actions")
        life, now = found.life, deps.clock.now()
        if life is None:
            return {"version": 0, "actions": [], "roles": [each.role.value for each in actors_of(me)]}
        pack, calendar = await orders.lives.pack(life.pack), orders.calendar()
        assert pack is not None
        offered = []
        for move, actor in moves_for(me, life):
            if not is_offered(move.action, actor, pack):
                continue
            words = [str(each) for each in obstacles(move.action, life, actor, now, pack, calendar)]
            offered.append(
                {
                    "name": _MOVE_NAMES[move.action],
                    "title": move.title,
                    "role": actor.role.value,
                    "is_possible": not words,
                    "refusals": words,
                    "fields": [
                        {
                            "name": each.name,
                            "title": each.title,
                            "kind": each.kind,
                            "is_required": each.is_required,
                            "choices": [{"value": value, "title": title} for value, title in each.choices],
                        }
                        for each in form_of(move.action, pack)
                    ],
                }
            )
        return {"version": life.version, "actions": offered, "roles": [each.role.value for each in actors_of(me)]}

    return router


def _plain(text: str) -> str:
    """Return a search word without what a database refuses."""
    return text.replace("\0", "").strip()
