"""`/api/do/<verb>`: what people ask of the running controller, with their rights checked and their acts kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from cti.access import Account, Permission, hidden_from, mask_plain
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.own_calls import call_of, must_be_own
from cti.adapters.web.pace import Pace
from cti.adapters.web.sessions import require
from cti.verbs import VERBS, detail_of, subject_of
from cti.words_seen import words_for
from workorder.audit import AuditRow

MOST_KEYS, LONGEST_VALUE = 20, 8000
ACTS_PER_MINUTE = 600
SECONDS = 12.0
"""The controller itself gives up earlier, and says why."""

Word = Annotated[StrictStr, Field(max_length=LONGEST_VALUE)] | StrictBool | StrictInt | StrictFloat | None
Words = Annotated[dict[str, Word], Body(max_length=MOST_KEYS, examples=[{"call": "hl-1795312728.0"}])]
SignedIn = Annotated[Account, Depends(require())]


class Answer(BaseModel):
    """What the controller said; more keys come with some verbs."""

    model_config = ConfigDict(extra="allow")
    ok: bool
    text: str = ""


def routes(deps: PagesDeps) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=["live"], responses=answers(401, 403, 404, 409, 429, 503))
    pace = Pace(ACTS_PER_MINUTE, deps.clock.monotonic)

    @router.post("/api/do/{verb}")
    async def do(verb: Annotated[str, Path(max_length=40)], words: Words, account: SignedIn) -> Answer:
        """Ask the controller for something, such as `seat.ready` or `call.transfer_blind`."""
        asked = VERBS.get(verb)
        if asked is None:
            raise refused(404, f"没有这个动作“{verb}”。改法：刷新页面后再试", "no_such_verb")
        if not account.may(asked.permission):
            raise refused(403)
        if not pace.allows(account.name):
            raise refused(429, headers={"retry-after": "1"})
        body: dict[str, Any] = {**words, "by": account.name, "user": account.name}
        body.pop("verb", None)
        if asked.at_own_seat:
            if not account.seat:
                raise refused(409, "您还没有签入席位，或席位已在别处登录。改法：重新登录并选择席位", "no_seat")
            body["seat"] = account.seat
        if asked.of_own_call and body.get("call") is not None:
            await must_be_own(deps, account, call_of(str(body["call"])))
        elif asked.of_own_call and not verb.startswith("order."):
            raise refused(422, "缺少 call（通话编号）。改法：刷新页面后再试", "invalid")
        elif asked.of_own_call and not account.may(Permission.ORDERS_HANDLE):
            raise refused(403)
        if verb.startswith("emergency."):
            body["supervisor"] = account.may(Permission.MONITOR) and bool(body.get("supervisor"))
        if asked.is_audited:
            row = AuditRow(deps.clock.now(), account.person, verb, subject_of(body), detail_of(words))
            await deps.audit.note(row)
        told = await deps.door.ask(verb, SECONDS, **body)
        hidden = hidden_from(account, deps.masking)
        if verb == "call.words":
            told["words"] = words_for(told.get("words") or [], hidden)
        seen = mask_plain(told, hidden)
        assert isinstance(seen, dict)
        return Answer.model_validate({"text": "", **seen, "ok": seen.get("ok") is True})

    return router
