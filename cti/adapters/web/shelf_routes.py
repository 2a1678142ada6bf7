"""The same routes for every shelf: what is in use, check, publish, versions, compare, roll back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse

from cti.access import Account, Permission
from cti.adapters.web.admin_bodies import (
    Checked,
    Comparison,
    DiffBody,
    FileDiffBody,
    FilesToCheck,
    ProblemBody,
    StandingBody,
    VersionBody,
    VersionWithFiles,
    WayBack,
    Wish,
)
from cti.adapters.web.admin_desk import AdminDesk, NotPublishedError
from cti.adapters.web.errors import ErrorBody, answers, refused
from cti.adapters.web.sessions import require
from cti.file_versions import Publication, Refusal, Shelf, digest_of, misfit
from ivr.problems import Problem

_STATUS = {Refusal.CHANGED_MEANWHILE: 409, Refusal.NOTHING_CHANGED: 409, Refusal.TOO_MUCH: 413}


class NotPublished(ErrorBody):
    """Why nothing was published, with the problems that stand in the way."""

    problems: list[ProblemBody]


def fit(files: dict[str, str]) -> dict[str, str]:
    """Return `files` if they are few, small and well named enough to be looked at; else they are refused in words."""
    unfit = misfit(files)
    if unfit is not None:
        raise refused(_STATUS.get(unfit, 422), unfit.value, unfit.code)
    return files


def not_published(refusal: Refusal, problems: tuple[Problem, ...] = ()) -> JSONResponse:
    """Return the answer to a publication that was refused."""
    body = NotPublished(
        error=refusal.value, code=refusal.code, problems=[ProblemBody.of(problem) for problem in problems]
    )
    return JSONResponse(body.model_dump(), _STATUS.get(refusal, 422))


Number = Annotated[int, Path(ge=1, le=10**9)]


def shelf_routes(
    desk: AdminDesk, shelf: Shelf, prefix: str, read: Permission, edit: Permission, publish: Permission
) -> APIRouter:
    """Return the routes of one shelf under `prefix`."""
    router = APIRouter(
        prefix=prefix,
        tags=[shelf.value],
        responses=answers(401, 403, 404, 503),
    )
    reader, editor, publisher = (Depends(require(each)) for each in (read, edit, publish))
    may_refuse = answers(409, 413, 422, model=NotPublished)

    @router.get("")
    async def in_use(who: Account = reader) -> StandingBody:
        """Return the files in use."""
        now = await desk.standing(shelf)
        return StandingBody(
            files=dict(now.files),
            digest=now.digest,
            newest=VersionBody.of(now.newest) if now.newest else None,
            is_taken=now.is_taken,
            is_changed_by_hand=now.is_changed_by_hand,
        )

    @router.post("/check", responses=answers(413))
    async def check(body: FilesToCheck, who: Account = editor) -> Checked:
        """Return every problem that these files would have: the rules of `hotline check`."""
        files = fit(body.files)
        return Checked.of(await desk.check(shelf, files), digest_of(files))

    @router.post("/publish", response_model=VersionBody, responses=may_refuse)
    async def publish_files(body: Wish, who: Account = publisher) -> VersionBody | JSONResponse:
        """Publish; new calls follow within a second or two. Errors forbid, warnings need a reason."""
        return await published(Publication(body.files, body.based_on, who.name, body.note, body.reason), who)

    @router.post("/roll-back", response_model=VersionBody, responses=may_refuse)
    async def roll_back(body: WayBack, who: Account = publisher) -> VersionBody | JSONResponse:
        """Publish an older version again; it is checked as any other."""
        old = await desk.version(shelf, body.number)
        if old is None:
            raise refused(404, f"没有第 {body.number} 版。改法：从版本列表里选一个")
        note = body.note.strip() or f"换回第 {old.number} 版（{old.note}）"[:500]
        reason = old.reason or f"换回用过的第 {old.number} 版"
        return await published(Publication(old.files, body.based_on, who.name, note, reason, old.number), who)

    async def published(wish: Publication, who: Account) -> VersionBody | JSONResponse:
        try:
            return VersionBody.of(await desk.publish(shelf, wish, who))
        except NotPublishedError as error:
            return not_published(error.refusal, error.problems)

    @router.get("/versions")
    async def versions(who: Account = reader) -> list[VersionBody]:
        """Return who changed what, newest first."""
        return [VersionBody.of(version) for version in await desk.versions(shelf)]

    @router.get("/versions/{number}")
    async def version(number: Number, who: Account = reader) -> VersionWithFiles:
        """Return one version with its files."""
        found = await desk.version(shelf, number)
        if found is None:
            raise refused(404, f"没有第 {number} 版。改法：从版本列表里选一个")
        return VersionWithFiles(**VersionBody.of(found).model_dump(), files=dict(found.files))

    @router.post("/compare", responses=answers(413))
    async def compare(body: Comparison, who: Account = reader) -> DiffBody:
        """Compare two versions, or one with files that are not published yet."""
        new = await files_of(body.new_number) if body.new_files is None else fit(body.new_files)
        found = await desk.compare(await files_of(body.old_number), new)
        return DiffBody(files=[FileDiffBody.of(each) for each in found])

    async def files_of(number: int) -> dict[str, str]:
        if not number:
            return dict((await desk.standing(shelf)).files)
        found = await desk.version(shelf, number)
        if found is None:
            raise refused(404, f"没有第 {number} 版。改法：从版本列表里选一个")
        return dict(found.files)

    return router
