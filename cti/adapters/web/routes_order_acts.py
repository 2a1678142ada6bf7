"""`/api/orders`: what people do to orders: move, edit, confirm, open anew, link; each under the rules of the table."""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from cti.access import Account, Permission, hidden_from
from cti.action_json import action_of
from cti.action_words import NAMES
from cti.adapters.sql.article_store import SqlArticles
from cti.adapters.sql.mark_store import SqlMarks
from cti.adapters.sql.order_desk import SqlOrderDesk
from cti.adapters.sql.order_rows import SqlOrderRows
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.publication_store import SqlPublications
from cti.adapters.sql.sealed_files import SealedFiles
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import number_of, opened, refusal_told
from cti.adapters.web.sessions import require
from cti.order_access import actor_for
from cti.order_view import row_of
from ivr.call import CallId
from ivr.errors import AuthorError, StoreRefusedError
from workorder.dispatch import Catalogue
from workorder.draft import Draft, FieldName, FieldState
from workorder.draft import Field as DraftField
from workorder.duty import with_duty
from workorder.knowledge import ArticleState
from workorder.life.actions import Accept, Action, AnswerDirectly, DecideLead, Dispatch, RefuseRequest, SubDispatch
from workorder.life.living import LivingOrder
from workorder.life.opening import Opening
from workorder.life.refusal import Refusal
from workorder.life.table import MOVES
from workorder.links import LinkKind, OrderLink
from workorder.marks import Mark, MarkKind, abuse_of_refusal
from workorder.order import OrderNumber
from workorder.publication import published
from workorder.sealed import must_be_sealed, refused_as_secret

_MOVERS = (Permission.ORDERS_HANDLE, Permission.ORDERS_INSPECT, Permission.ORDERS_GOVERN, Permission.ORDERS_UNIT)
log = logging.getLogger(__name__)

Mover = Annotated[Account, Depends(require(*_MOVERS))]
Inspector = Annotated[Account, Depends(require(Permission.ORDERS_INSPECT))]
Handler = Annotated[Account, Depends(require(Permission.ORDERS_HANDLE))]
Channel = Literal["call", "letter", "visit", "web", "wechat", "email", "upstream", "haochaping", "110"]
_LONGEST = 5000


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Act(_Body):
    """One move: its name, its form, and which version of the order the person saw."""

    action: str = Field(max_length=40)
    fields: dict[str, Any] = Field(default_factory=dict, max_length=20)
    version: int = Field(ge=1, le=1_000_000)


class Edit(_Body):
    """New values of a draft's fields, and which revision the person saw."""

    fields: dict[FieldName, Annotated[str, Field(max_length=_LONGEST)]] = Field(min_length=1)
    revision: int = Field(ge=0, le=1_000_000)


class Wish(_Body):
    """What else is said of an order when it is confirmed; an empty category: as the draft suggests."""

    category: str = Field(default="", max_length=80)
    consents: bool = False
    subject_unit: str = Field(default="", max_length=120)
    repeat_of: str = Field(default="", max_length=24)
    repeat_kind: Literal["", "final", "window", "unsolved", "plain"] = ""
    is_major: bool = False
    is_leader_assigned: bool = False
    is_anonymous: bool = False
    upstream_id: str = Field(default="", max_length=80)

    def opening(self, channel: str = "call") -> Opening:
        """Return it as the order's life takes it."""
        return Opening(
            category=self.category,
            channel=channel,
            consents=self.consents,
            subject_unit=self.subject_unit,
            repeat_of=number_of(self.repeat_of) if self.repeat_of else None,
            repeat_kind=self.repeat_kind,
            is_major=self.is_major,
            is_leader_assigned=self.is_leader_assigned,
            is_anonymous=self.is_anonymous,
            upstream_id=self.upstream_id,
        )


class Confirm(Wish):
    """Confirm a draft as it stands."""

    revision: int = Field(ge=0, le=1_000_000)


class NewOrder(Wish):
    """An order that an agent takes in without a call: a letter, a visit, another platform."""

    channel: Channel
    fields: dict[FieldName, Annotated[str, Field(max_length=_LONGEST)]] = Field(min_length=1)


class Publish(_Body):
    """Show an order to everybody, or (with an exclusion) never."""

    exclusion: str = Field(default="", max_length=24)


class Readers(_Body):
    """The accounts of the people who handle a sensitive order; nobody else reads it."""

    names: list[Annotated[str, Field(max_length=60)]] = Field(min_length=1, max_length=20)


class Link(_Body):
    """Another order that belongs to this one."""

    other: str = Field(max_length=24)


def _act_name(action: str) -> str:
    """Return how a move stands in the audit trail, whatever was sent."""
    return f"order.act.{action}"[:40] if action in NAMES else "order.act"


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/orders", tags=["orders"], responses=answers(401, 403, 404, 409))
    rows, desk, drafts = SqlOrderRows(deps.database), SqlOrderDesk(deps.database), SqlOrderStore(deps.database)
    orders, publications, articles = deps.orders, SqlPublications(deps.database), SqlArticles(deps.database)
    marks = SqlMarks(deps.database)
    sealed_files = SealedFiles(deps.database, orders.files, orders.sealing.box)

    @router.post("/{number}/actions")
    async def act(number: str, body: Act, me: Mover) -> dict[str, Any]:
        """Make a move; 409 with words when the table, the city's rules or somebody quicker stand against it."""
        name, now = number_of(number), deps.clock.now()
        await opened(await rows.one(name), name, me, deps.audit.note, now, _act_name(body.action))
        action = action_of(body.action, body.fields)
        if isinstance(action, str):
            raise refused(422, action, "invalid")
        actor = actor_for(me, MOVES[type(action)])
        if actor is None:
            raise refused(403)
        action = await _told_off_hours(name, await _by_catalogue(action))
        if isinstance(action, AnswerDirectly) and not await _is_usable(action.article):
            raise refused(409, "没有这条知识，或它没有发布。改法：从知识库里选一条", "no_such_article")
        found = await orders.lives.act(name, action, actor, now, body.version)
        if isinstance(action, AnswerDirectly) and isinstance(found, LivingOrder):
            await articles.use(action.article)
        if isinstance(action, Accept) and isinstance(found, LivingOrder):
            pack = await orders.lives.pack(found.pack)
            if pack is not None and must_be_sealed(found.category, pack):
                await sealed_files.seal_all(name)
        if isinstance(action, RefuseRequest) and isinstance(found, LivingOrder):
            await _after_refusal(found, action, me)
        return await _answer(found, me)

    async def _by_catalogue(action: Action) -> Action:
        """A dispatch keeps the edition of the dispatch catalogue that it was made by (D-30)."""
        if not isinstance(action, Dispatch) or action.route:
            return action
        catalogue = await _catalogue()
        return replace(action, route=catalogue.edition) if catalogue is not None else action

    async def _catalogue() -> Catalogue | None:
        """Return the dispatch catalogue; None while it cannot be read: an order is dispatched all the same."""
        try:
            return await asyncio.to_thread(orders.catalogue)
        except (AuthorError, OSError) as error:
            log.error("catalogue_not_read", extra={"reason": str(error)[:300]})
            return None

    async def _told_off_hours(number: OrderNumber, action: Action) -> Action:
        """Off hours a dispatch names who of the unit is on duty."""
        if not isinstance(action, Dispatch | SubDispatch | DecideLead):
            return action
        order = await orders.lives.order(number)
        pack = await orders.lives.pack(order.pack) if order else None
        if pack is None or pack.duty is None:
            return action
        catalogue = await _catalogue()
        return with_duty(
            action, catalogue.duty if catalogue is not None else {}, pack, orders.calendar(), deps.clock.now()
        )

    async def _after_refusal(order: LivingOrder, action: RefuseRequest, me: Account) -> None:
        """Of what tells secrets the files are sealed too; what was malicious counts towards nuisance."""
        pack, now = await orders.lives.pack(order.pack), deps.clock.now()
        assert pack is not None
        if refused_as_secret(action.code, pack):
            await sealed_files.seal_all(order.number)
        abuse = abuse_of_refusal(action.code, pack)
        if abuse:
            note = action.note or action.explanation
            mark = Mark(secrets.token_hex(8), order.number, MarkKind.ABUSE, abuse, note, me.name, now)
            await marks.add(mark, me.person)

    @router.put("/{number}/fields")
    async def edit(number: str, body: Edit, me: Handler) -> dict[str, Any]:
        """Write what the person typed into the draft; speech never writes over it."""
        name, now = number_of(number), deps.clock.now()
        await _known(name)
        try:
            order = await desk.edit(name, body.fields, body.revision, me.person, now)
        except StoreRefusedError as error:
            raise refused(409, str(error), "refused") from error
        return {"number": name, "revision": order.revision}

    @router.post("/{number}/confirm")
    async def confirm(number: str, body: Confirm, me: Handler) -> dict[str, Any]:
        """Stand behind a draft as it is: its life begins under the city's rules in force."""
        name = number_of(number)
        await _known(name)
        found = await orders.confirm(name, body.revision, me.person, deps.clock.now(), body.opening())
        return await _answer(found, me)

    @router.post("", status_code=201)
    async def new(body: NewOrder, me: Handler) -> dict[str, Any]:
        """Take in an order that did not come by telephone."""
        fields = {name: DraftField(value, 1.0, state=FieldState.EDITED) for name, value in body.fields.items()}
        now = deps.clock.now()
        wish = body.opening(body.channel)
        contact = CallId(f"{body.channel}-{secrets.token_hex(8)}")
        order = await drafts.save_draft(Draft(contact, fields), now)
        return await _answer(await orders.confirm(order.number, order.revision, me.person, now, wish), me)

    @router.post("/{number}/links", status_code=204)
    async def link(number: str, body: Link, me: Handler) -> None:
        """Link two orders; to merge one into another is the move `merge`."""
        one, other = number_of(number), number_of(body.other)
        try:
            await desk.link(OrderLink(one, other, LinkKind.RELATED, me.person, deps.clock.now()))
        except StoreRefusedError as error:
            raise refused(409, str(error), "refused") from error

    @router.put("/{number}/publication")
    async def publish(number: str, body: Publish, me: Inspector) -> dict[str, Any]:
        """Publish an order without its people, or exclude it for good; returns what everybody will read."""
        name, now = number_of(number), deps.clock.now()
        found = await opened(await rows.one(name), name, me, deps.audit.note, now, "order.publish")
        if found.life is None:
            raise refused(409, "还没有受理，不能公开。改法：办结后再公开", "refused")
        draft, pack = found.draft.draft if found.draft else None, await orders.lives.pack(found.life.pack)
        shown = published(draft, found.life, pack, now, body.exclusion)
        if isinstance(shown, Refusal):
            raise refusal_told(shown)
        await publications.put(shown, me.person, now)
        return {"title": shown.title, "summary": shown.summary, "result": shown.result, "exclusion": shown.exclusion}

    @router.put("/{number}/readers", status_code=204)
    async def readers(number: str, body: Readers, me: Inspector) -> None:
        """Name the people who handle a sensitive order."""
        try:
            await orders.sealing.name_readers(number_of(number), body.names, me.person, deps.clock.now())
        except StoreRefusedError as error:
            raise refused(409, str(error), "refused") from error

    async def _is_usable(article: str) -> bool:
        known = await articles.one(article)
        return known is not None and known.state is ArticleState.PUBLISHED

    async def _known(number: OrderNumber) -> None:
        if await drafts.order(number) is None:
            raise refused(404, "没有这张工单。改法：检查工单编号", "no_such_order")

    async def _answer(found: LivingOrder | Refusal, me: Account) -> dict[str, Any]:
        if isinstance(found, Refusal):
            raise refusal_told(found)
        now = deps.clock.now()
        row = row_of(await drafts.order(found.number), found, me, now, hidden_from(me, deps.masking))
        return row | ({"duty": found.duty} if found.duty else {})

    return router
