"""`/api/partner/heartbeat` and `/moves`: a unit's own system says that it is there, and makes its moves, signed."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from cti.action_json import action_of
from cti.adapters.sql.unit_systems import Answered, SqlUnitSystems
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import NOT_YOURS, number_of, refusal_told
from cti.adapters.web.partner_door import PartnerDoor
from cti.partners import Partner, is_signature, works_on
from workorder.audit import AuditRow, Person
from workorder.life.actors import Actor, Role
from workorder.life.refusal import Refusal
from workorder.order import OrderNumber

OLDEST = timedelta(minutes=5)
"""A signature is as good as its time is near ours: an old message that somebody kept is refused."""
_MOST_BYTES = 64 * 1024


class UnitMove(BaseModel):
    """One move of the unit: as on the page, with the version of the order that its system saw."""

    model_config = ConfigDict(extra="forbid")
    order: str = Field(max_length=24)
    action: str = Field(max_length=40)
    fields: dict[str, Any] = Field(default_factory=dict, max_length=20)
    version: StrictInt | None = Field(default=None, ge=1)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/partner", tags=["partner"], responses=answers(401, 403, 409, 413, 422, 429))
    door, systems, lives = PartnerDoor(deps), SqlUnitSystems(deps.database), deps.orders.lives
    under_way: set[tuple[str, str]] = set()  # a system that lost patience asks again while we are still at it

    @router.post("/heartbeat")
    async def heartbeat(request: Request) -> dict[str, Any]:
        """Say that the unit's system is connected; once a minute is enough, a slot has five."""
        partner, now = door.admit(request, "heartbeat"), deps.clock.now()
        return {"unit": partner.unit, "slot": (await systems.beat(partner.unit, now)).isoformat()}

    @router.post(
        "/moves",
        response_model=None,
        openapi_extra={"requestBody": {"content": {"application/json": {"schema": UnitMove.model_json_schema()}}}},
    )
    async def move(request: Request) -> JSONResponse:
        """Make a move of the unit. The message is signed, young, and under an id of its own: told twice, done once."""
        partner = door.admit(request, "moves")
        body = await _body(request)
        identity = _proved(request, partner, body)
        if (partner.name, identity) in under_way:
            raise refused(409, "这条消息正在办理。改法：稍后用同一个编号再问一次", "under_way")
        under_way.add((partner.name, identity))
        try:
            return await _once(partner, identity, body)
        finally:
            under_way.discard((partner.name, identity))

    async def _once(partner: Partner, identity: str, body: bytes) -> JSONResponse:
        digest, now = hashlib.sha256(body).hexdigest(), deps.clock.now()
        known = await systems.answered(partner.name, identity)
        if known is not None and known.body_sha256 != digest:
            raise refused(409, "这个编号已经用过，内容不同。改法：每条消息用新的 X-Hotline-Id", "id_used")
        if known is not None:
            return JSONResponse(dict(known.answer), known.status)
        answer = await _done(partner, body)
        await systems.keep(partner.name, identity, Answered(digest, 200, answer), now)
        return JSONResponse(answer, 200)

    def _proved(request: Request, partner: Partner, body: bytes) -> str:
        """Return the message's id; 401 when the signature does not prove it."""
        headers, now = request.headers, deps.clock.now()
        stamp, identity = headers.get("x-hotline-time", ""), headers.get("x-hotline-id", "")
        is_young = (
            stamp.isascii() and stamp.isdigit() and abs(now.timestamp() - int(stamp[:12])) <= OLDEST.total_seconds()
        )
        try:
            secret = Path(partner.secret_file).read_text(encoding="ascii").strip().encode()
        except (OSError, ValueError):
            raise refused(503, "签名密钥读不到。改法：请管理员重新登记这个系统", "no_secret") from None
        if not is_young or not is_signature(headers.get("x-hotline-signature", ""), secret, stamp, body):
            raise refused(
                401, "签名不对，或时间差超过五分钟。改法：用登记时的密钥对“时间.正文”签名，并校准时钟", "bad_signature"
            )
        if not 1 <= len(identity) <= 80 or not identity.isascii() or not identity.isprintable():
            raise refused(422, "没有 X-Hotline-Id。改法：每条消息写一个不重复的编号", "no_id")
        return identity

    async def _done(partner: Partner, body: bytes) -> dict[str, Any]:
        try:
            wish = UnitMove.model_validate_json(body)
        except ValidationError:
            raise refused(422, "看不懂的消息。改法：写 order、action、fields", "invalid") from None
        number, now = number_of(wish.order), deps.clock.now()
        order = await lives.order(number)
        if order is None or not works_on(partner, order):
            raise refused(403, NOT_YOURS, "not_your_order")
        action = action_of(wish.action, wish.fields)
        if isinstance(action, str):
            raise refused(422, action, "invalid")
        await deps.audit.note(AuditRow(now, Person(partner.name, "unit"), f"order.act.{wish.action}"[:40], number))
        found = await lives.act(
            OrderNumber(number), action, Actor(partner.name, Role.UNIT, partner.unit), now, wish.version
        )
        if isinstance(found, Refusal):
            raise refusal_told(found)
        return {"number": found.number, "state": found.state.value, "version": found.version, "owner": found.owner}

    return router


async def _body(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _MOST_BYTES:
            raise refused(413)
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        raise refused(422, "正文不是 JSON。改法：发 JSON", "invalid") from None
    return bytes(content)
