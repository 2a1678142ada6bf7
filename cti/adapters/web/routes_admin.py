"""`/api/admin`: queues, holidays and words to publish; prompts, cities, seats, settings and health to see."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from cti.access import Account, Permission
from cti.adapters.control.visit import ControllerAwayError
from cti.adapters.web.admin_bodies import ProblemBody, Strict
from cti.adapters.web.admin_desk import CityLine
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.routes_flows import Reader, wav_of
from cti.adapters.web.sessions import require
from cti.adapters.web.shelf_routes import fit, shelf_routes
from cti.file_versions import Shelf
from cti.settings_view import SettingLine
from cti.verdict import Verdict
from ivr.adapters.voice.sound_file import BadSoundError
from routing.queue import load_queues
from workorder.audit import AuditRow

Admin = Annotated[Account, Depends(require(Permission.ADMIN_SETTINGS))]
Editor = Annotated[Account, Depends(require(Permission.FLOWS_EDIT))]
Auditor = Annotated[Account, Depends(require(Permission.AUDIT_READ))]
Watchman = Annotated[Account, Depends(require(Permission.HEALTH))]
SHELVES = (Shelf.QUEUES, Shelf.SEATS, Shelf.CALENDAR, Shelf.WORDS, Shelf.DANGER)
_RECORDING_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


class PromptBody(BaseModel):
    """What a caller may hear: the words, or the recording that replaces them; `sound` is what to ask the sound by."""

    sound: str
    words: str
    speed: float
    audio: str
    is_named: bool = Field(description="Stands in prompts.yaml; the others are written in the flows themselves")


class RecordingBody(BaseModel):
    """A recording that prompts may name in `audio`."""

    file: str
    seconds: float


class TextToJudge(Strict):
    """A text, and words that are not published yet (left out: those in use)."""

    text: str = Field(min_length=1, max_length=4000)
    files: dict[str, str] | None = None
    danger_words: dict[str, str] | None = None


class Judged(BaseModel):
    """What the hotline would make of it, or why these words cannot be used."""

    verdict: Verdict | None
    problems: list[ProblemBody]


class FindingBody(BaseModel):
    """One part: found or not, fine or not, and the remedy."""

    part: str
    found: bool
    version: str
    where: str
    ok: bool
    remedy: str


class CityBody(BaseModel):
    """A city's pack; `in_use`: it is this installation's city."""

    name: str
    title: str
    in_use: bool


class AuditBody(BaseModel):
    """One act: who, in what role, did what to what; numbers in `detail` are masked."""

    at: datetime
    who: str
    role: str
    action: str
    subject: str
    detail: dict[str, Any]


class SeatBody(BaseModel):
    """A seat in use, and the queues that its skills serve."""

    seat: str
    agent: str
    skills: list[str]
    penalty: int
    queues: list[str]
    phone: str = Field(description="browser or sip")


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    desk, settings = deps.admin, deps.settings
    router = APIRouter(prefix="/api/admin", tags=["admin"], responses=answers(401, 403, 404, 503))

    @router.get("/prompts")
    async def prompts(who: Reader) -> list[PromptBody]:
        """Return every prompt of the flows in use."""
        found = await desk.prompts((await desk.standing(Shelf.FLOWS)).files)
        return [
            PromptBody(
                sound=each.name,
                words=each.words,
                speed=each.speed,
                audio=each.audio,
                is_named=each.name.startswith("prompts/"),
            )
            for each in found
        ]

    @router.get("/recordings")
    async def recordings(who: Reader) -> list[RecordingBody]:
        """Return the recordings that prompts may name."""
        return [RecordingBody(file=file, seconds=seconds) for file, seconds in (await desk.recordings()).items()]

    @router.get("/sound", response_class=Response, responses={200: {"content": {"audio/wav": {}}}})
    async def sound(name: Annotated[str, Query(max_length=120)], who: Reader) -> Response:
        """Return a recording, or the sound of a prompt as callers hear it now."""
        found = await desk.recording(name)
        if found is None:
            raise refused(404, "没有这个录音，或者它还没有合成。改法：稍等几秒，或用“试听合成”")
        return Response(found, media_type="audio/wav")

    @router.post("/recordings", status_code=201, responses=answers(413, 422))
    async def keep(name: Annotated[str, Query(max_length=60)], request: Request, who: Editor) -> RecordingBody:
        """Keep a WAV as a recording for prompts: checked, made mono 8 kHz, levelled; it gets a name of its own."""
        if not _RECORDING_NAME.fullmatch(name):
            raise refused(422, "录音名不能用。改法：用字母开头的字母、数字、_ 和 -，最多 40 个", "bad_name")
        try:
            file, seconds = await desk.keep_recording(name, await wav_of(request))
        except BadSoundError as error:
            raise refused(422, str(error), "bad_sound") from None
        detail = {"seconds": seconds}
        await deps.audit.note(AuditRow(deps.clock.now(), who.person, "recording.add", file, detail))
        return RecordingBody(file=file, seconds=seconds)

    @router.post("/judge", responses=answers(413))
    async def judge(body: TextToJudge, who: Admin) -> Judged:
        """What would this text be? Category, unit, urgency and danger, each with the words that say so."""
        files = (await desk.standing(Shelf.WORDS)).files if body.files is None else fit(body.files)
        danger = (await desk.standing(Shelf.DANGER)).files if body.danger_words is None else fit(body.danger_words)
        found = await desk.judge(files, danger, body.text)
        if isinstance(found, Verdict):
            return Judged(verdict=found, problems=[])
        return Judged(verdict=None, problems=[ProblemBody.of(problem) for problem in found])

    @router.get("/cities")
    async def cities(who: Admin) -> list[CityBody]:
        """Return the cities' packs."""
        found = await desk.cities()
        return [CityBody(name=name, title=title, in_use=name == settings.city) for name, title in found.items()]

    @router.get("/cities/{name}")
    async def city(name: str, who: Admin) -> list[CityLine]:
        """Return every rule of a city with its source."""
        found = await desk.city(name)
        if found is None:
            raise refused(404, "没有这个城市政策包。改法：从列表里选")
        return list(found)

    @router.get("/seats/shown")
    async def seats(who: Admin) -> list[SeatBody]:
        """Return the seats in use with the queues that they serve."""
        text = (await desk.standing(Shelf.QUEUES)).files.get("queues.yaml", "")
        queues, _ = load_queues(text, "queues.yaml")
        return [
            SeatBody(
                seat=str(seat.id),
                agent=seat.agent,
                skills=sorted(seat.skills),
                penalty=seat.penalty,
                phone="browser" if seat.in_browser else "sip",
                queues=[queue.title for queue in queues.serving(seat.skills)] if queues is not None else [],
            )
            for seat in deps.seats()
        ]

    @router.get("/audit")
    async def audit(
        auditor: Auditor,
        who: Annotated[str, Query(max_length=60)] = "",
        subject: Annotated[str, Query(max_length=200)] = "",
    ) -> list[AuditBody]:
        """Return who saw or changed what, newest first (300 at most); that somebody looked is kept as well."""
        found = await deps.audit.rows(who, subject)
        detail = {"who": who, "subject": subject}
        await deps.audit.note(AuditRow(deps.clock.now(), auditor.person, "audit.read", "audit", detail))
        return [
            AuditBody(
                at=row.at,
                who=row.person.name,
                role=row.person.role,
                action=row.action,
                subject=row.subject,
                detail=dict(row.detail),
            )
            for row in found
        ]

    @router.get("/settings")
    async def as_they_are(who: Admin) -> list[SettingLine]:
        """Return every setting with where it was set; passwords are not among them."""
        return list(desk.settings())

    @router.get("/health")
    async def health(who: Watchman) -> list[FindingBody]:
        """Return a finding for every part, the controller first."""
        parts = [
            FindingBody(
                part=each.part,
                found=each.found,
                version=each.version,
                where=each.where,
                ok=each.ok,
                remedy=each.remedy,
            )
            for each in await desk.health()
        ]
        return [await controller(), await flows(), *parts]

    async def controller() -> FindingBody:
        try:
            await deps.door.ask("emergency.status", 3.0)
        except ControllerAwayError as away:
            return _finding("控制器", str(away), is_ok=False)
        return _finding("控制器", "")

    async def flows() -> FindingBody:
        standing = await desk.standing(Shelf.FLOWS)
        if standing.is_taken is False:
            why = "控制器还没有采用现在的流程。改法：等几秒；仍是这样，就看程序日志 controller.log 里的 file_problem"
            return _finding("语音流程", why, is_ok=False)
        return _finding("语音流程", "")

    router_of_all = APIRouter()
    router_of_all.include_router(router)
    for shelf in SHELVES:
        right = Permission.ADMIN_SETTINGS
        router_of_all.include_router(shelf_routes(desk, shelf, f"/api/admin/{shelf.value}", right, right, right))
    return router_of_all


def _finding(part: str, remedy: str, *, is_ok: bool = True) -> FindingBody:
    return FindingBody(part=part, found=is_ok, version="", where="", ok=is_ok, remedy=remedy)
