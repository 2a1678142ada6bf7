"""Hands the orders of some units to the Open311 services of others, and brings their answers back; again until done.

What waits stands in the database (`outside_requests`), so a restart loses and doubles nothing: each request carries
our order's number as `external_id`, by which a server like ours knows it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx

from cti.adapters.files.partner_file import PartnerFile
from cti.adapters.sql.database import Database
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.outside_store import OutsideRequest, SqlOutside
from cti.partners import Partner
from cti.server.open311_client import Open311Client, Open311Error
from ivr.errors import StoreError
from ivr.ports import Clock
from ivr.speech.redact import PrivateKind, redact
from workorder.draft import Draft, FieldName
from workorder.life.actions import Reply, Sign
from workorder.life.actors import Actor, Role
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal
from workorder.life.states import WORKING, LifeState
from workorder.order import WorkOrder
from workorder.sealed import is_sealed

log = logging.getLogger(__name__)

EVERY_SECONDS = 15.0
ANSWER_SECONDS = 10.0
ASK_AGAIN = timedelta(minutes=5)
_LONGEST_PAUSE_SECONDS = 900.0
AT_ONCE = 20
HOTLINE = "12345热线"


class HandingOver:
    """One round after another; each partner by itself."""

    def __init__(self, database: Database, lives: SqlLifeStore, partners: PartnerFile, clock: Clock) -> None:
        self._outside = SqlOutside(database)
        self._drafts = SqlOrderStore(database)
        self._lives = lives
        self._partners = partners
        self._clock = clock

    async def round(self) -> int:
        """Send what waits and ask after what was sent; returns how many requests went well."""
        done = 0
        for partner in self._partners.partners():
            if partner.open311 and partner.unit:
                done += await self._serve(partner)
        return done

    async def _serve(self, partner: Partner) -> int:
        due = await self._outside.due(partner.name, partner.unit, self._clock.now(), AT_ONCE)
        if not due:
            return 0
        done = 0
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, follow_redirects=False, trust_env=False) as client:
            try:
                there = Open311Client(client, partner.open311, _key_of(partner), answer_seconds=ANSWER_SECONDS)
                codes = [str(each.get("service_code", "")) for each in await there.services()]
            except (Open311Error, OSError, ValueError) as error:
                for each in due:
                    await self._later(each, str(error))
                return 0
            for each in due:
                try:
                    await self._step(there, codes, partner, each)
                    done += 1
                except Open311Error as error:
                    await self._later(each, str(error))
        return done

    async def _step(
        self, there: Open311Client, codes: Sequence[str], partner: Partner, request: OutsideRequest
    ) -> None:
        """Take one request one step on: send it, learn its id, or learn how it stands."""
        order, draft = await self._lives.order(request.number), await self._drafts.order(request.number)
        now = self._clock.now()
        later = replace(request, next_try=now + ASK_AGAIN, failures=0, reason="")
        if order is None or draft is None or is_sealed(draft.draft):
            await self._outside.keep(replace(later, status="closed", reason="敏感工单不转给外部，请人工办理。"))
        elif request.request_id:
            status, notes = await there.standing(request.request_id)
            if order.lead == partner.unit:
                await self._follow(partner, order, status, notes)
            await self._outside.keep(replace(later, status=status, notes=notes))
        elif request.token:
            await self._outside.keep(replace(later, request_id=await there.id_of(request.token)))
        elif order.lead != partner.unit:
            await self._outside.forget(request)  # it comes back here when it is dispatched here again
        else:
            identity, token = await there.send(fields_of(order, draft, codes))
            await self._outside.keep(replace(later, request_id=identity, token=token, status="open"))
            await self._does(partner, order, Sign(partner.name))

    async def _follow(self, partner: Partner, order: LivingOrder, status: str, notes: str) -> None:
        """Let our order go where theirs is: signed once they have it, answered once they closed it."""
        if order.state is LifeState.DISPATCHED:
            order = await self._does(partner, order, Sign(partner.name)) or order
        if status == "closed" and order.state in WORKING:
            await self._does(partner, order, Reply(notes or "对方已办结，没有写说明。", asks_recheck=True))

    async def _does(self, partner: Partner, order: LivingOrder, action: Sign | Reply) -> LivingOrder | None:
        actor = Actor(partner.name, Role.UNIT, partner.unit)
        found = await self._lives.act(order.number, action, actor, self._clock.now())
        if isinstance(found, Refusal):
            log.warning("open311_move_refused", extra={"order": order.number, "reason": str(found)[:200]})
            return None
        return found

    async def _later(self, request: OutsideRequest, reason: str) -> None:
        pause = min(_LONGEST_PAUSE_SECONDS, EVERY_SECONDS * 2.0 ** min(request.failures, 10))
        next_try = self._clock.now() + timedelta(seconds=pause)
        log.warning("open311_failed", extra={"partner": request.partner, "order": request.number})
        await self._outside.keep(replace(request, failures=request.failures + 1, next_try=next_try, reason=reason))


def fields_of(order: LivingOrder, draft: WorkOrder, codes: Sequence[str]) -> dict[str, str]:
    """Return what is sent of an order; the citizen's name and number only when they agreed."""
    told = draft.draft
    words = told.value(FieldName.SUMMARY) or told.value(FieldName.TITLE)
    names = {
        "service_code": order.category if order.category in codes else next(iter(codes), ""),
        "external_id": order.number,
        "address_string": told.value(FieldName.PLACE) or told.value(FieldName.PLACE_STANDARD),
        "description": words if order.consents else _without_citizen(words, told),
        "last_name": (told.value(FieldName.NAME) or told.value(FieldName.SURNAME)) if order.consents else HOTLINE,
        "phone": (told.value(FieldName.PHONE) or told.value(FieldName.CALLER_NUMBER)) if order.consents else "",
    }
    return {name: value for name, value in names.items() if value}


def _without_citizen(words: str, told: Draft) -> str:
    """Return the words without the citizen's names and any private number."""
    for name in (FieldName.NAME, FieldName.SURNAME, FieldName.PHONE, FieldName.CALLER_NUMBER):
        if value := told.value(name):
            words = words.replace(value, "＊＊")
    return redact(words, frozenset(PrivateKind))


def _key_of(partner: Partner) -> str:
    return Path(partner.key_file).read_text(encoding="utf-8").strip()


async def run_handing_over(handing: HandingOver, every_seconds: float = EVERY_SECONDS) -> None:
    """Hand over until cancelled; a database that is away is waited for."""
    while True:
        try:
            await handing.round()
        except StoreError as error:
            log.warning("open311_waits", extra={"reason": str(error)[:200]})
        await asyncio.sleep(every_seconds)
