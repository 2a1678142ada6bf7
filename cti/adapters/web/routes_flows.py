"""`/api/flows`: the flow editor: problems while typing, picture, a call on trial, prompts to hear, publication."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cti.access import Account, Permission
from cti.adapters.web.admin_bodies import (
    AnyJson,
    FlowToDraw,
    FlowToPlay,
    HeardBody,
    PictureBody,
    PlayedBody,
    ProblemBody,
    WordsToSay,
)
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.sessions import require
from cti.adapters.web.shelf_routes import fit, shelf_routes
from cti.file_versions import Shelf
from cti.flow_trial import Trial
from ivr.adapters.voice.sound_file import BadSoundError
from ivr.call import PhoneNumber
from ivr.flow.calls import Opening
from ivr.flow.schema import flow_schema

MOST_WAV_BYTES = 8_000_000
Reader = Annotated[Account, Depends(require(Permission.FLOWS_READ))]


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    desk, outer = deps.admin, APIRouter()
    router = APIRouter(prefix="/api/flows", tags=["flows"], responses=answers(401, 403, 503))

    @router.get("/schema")
    async def schema(who: Reader) -> AnyJson:
        """Return the JSON Schema of a flow file, for completion."""
        return flow_schema()

    @router.post("/picture", responses=answers(413))
    async def picture(body: FlowToDraw, who: Reader) -> PictureBody:
        """Return the boxes and arrows of a flow, each with its lines."""
        return PictureBody(picture=await desk.picture(fit(body.files), body.flow))

    @router.post("/play", responses=answers(413, 422))
    async def play(body: FlowToPlay, who: Reader) -> PlayedBody:
        """Play a call by what was done so far; nothing is kept here between two of them."""
        files = fit(body.files) if body.files is not None else (await desk.standing(Shelf.FLOWS)).files
        at = body.at if body.at is not None else deps.clock.now()
        if at.tzinfo is None or not 2000 <= at.year <= 2100:
            raise refused(422, "来电时间看不懂，或没有写时区。改法：写成 2026-11-22T10:00:00+08:00", "bad_time")
        opening = Opening(body.flow, at, PhoneNumber.parse(body.caller).digits, body.called)
        found = await desk.play(files, opening, tuple(body.lines))
        if isinstance(found, Trial):
            return PlayedBody(trial=found, problems=[])
        return PlayedBody(trial=None, problems=[ProblemBody.of(problem) for problem in found])

    @router.post("/say", response_class=Response, responses={200: {"content": {"audio/wav": {}}}})
    async def say(body: WordsToSay, who: Reader) -> Response:
        """Return words as callers will hear them, spoken by the synthesiser."""
        return Response(await desk.say(body.words, body.speed), media_type="audio/wav")

    @router.post("/hear", responses=answers(413, 422))
    async def hear(request: Request, who: Reader) -> HeardBody:
        """Return what the speech model hears in a WAV file, to try a flow by voice."""
        try:
            return HeardBody(text=await desk.hear(await wav_of(request)))
        except BadSoundError as error:
            raise refused(422, str(error), "bad_sound") from None

    outer.include_router(router)
    outer.include_router(
        shelf_routes(
            desk, Shelf.FLOWS, "/api/flows", Permission.FLOWS_READ, Permission.FLOWS_EDIT, Permission.FLOWS_PUBLISH
        )
    )
    return outer


async def wav_of(request: Request) -> bytes:
    """Return the body of a request that is a sound."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_WAV_BYTES:
            raise refused(413, f"录音超过 {MOST_WAV_BYTES // 1_000_000} MB。改法：截短，或另存为单声道 8000 Hz")
        parts.append(part)
    return b"".join(parts)
