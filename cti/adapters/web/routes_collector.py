"""`/api/partner/collector`: the collector's device: on and off duty, where it is, and reports with photo and place.

A token speaks for the collectors whose row in the roster names its partner; the token of another company's devices
cannot speak for them.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field

from cti.adapters.sql.file_rows import SqlOrderFiles
from cti.adapters.sql.track_store import SqlTracks
from cti.adapters.web.case_bodies import Body, Position
from cti.adapters.web.case_desk import CaseDesk, collector_person
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import refusal_told
from cti.adapters.web.partner_door import PartnerDoor
from cti.adapters.web.photos import checked_photo, keep_photo
from workorder.grid.cases import Found
from workorder.grid.city_map import Collector
from workorder.grid.shapes import Point
from workorder.grid.tracks import MOST_LATE, Duty, TrackPoint, kept, refused_duty

Id = Annotated[str, Field(min_length=1, max_length=40)]
MOST_POINTS = 500
MOST_BASE64 = 11_000_000
"""A photo of 8 MB; the whole request is bounded anyway."""
WORST_ACCURACY = 200.0
"""Metres: a place less exact than this may lie in another grid."""


class OnDuty(Body):
    """Go on duty or off; `notice` is the edition of the privacy notice that the collector has read and agreed to."""

    collector: Id
    is_on: bool
    notice: str = Field(default="", max_length=40)


class Photo(Body):
    """A picture: its file's name, and its content in base64."""

    name: str = Field(min_length=1, max_length=200)
    content: str = Field(max_length=MOST_BASE64)


class Report(Position):
    """What a collector found: a type of matter of the tree, in words, where and when, with a photo."""

    collector: Id
    their_id: str = Field(min_length=1, max_length=80)
    matter: str = Field(min_length=1, max_length=80)
    text: str = Field(min_length=2, max_length=2000)
    asset: str = Field(default="", max_length=40)
    photo: Photo


class Track(Body):
    """Where a collector was since the device last told."""

    collector: Id
    points: list[Position] = Field(min_length=1, max_length=MOST_POINTS)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(
        prefix="/api/partner/collector", tags=["partner"], responses=answers(401, 403, 409, 413, 415, 422)
    )
    door, desk = PartnerDoor(deps), CaseDesk(deps)
    tracks, files, folder = SqlTracks(deps.database), SqlOrderFiles(deps.database), deps.orders.files

    async def speaking(request: Request, id: str) -> tuple[Collector, str]:
        partner = door.admit(request, "collect")
        known = (await desk.city()).collector(id)
        if known is None or known.partner != partner.name:
            raise refused(403, "这个令牌不代表这位采集员。改法：在 collectors.yaml 里写对 partner", "not_yours")
        return known, partner.name

    @router.get("/me")
    async def me(request: Request, collector: Annotated[str, Query(max_length=40)]) -> dict[str, Any]:
        """Return what a device shows before duty: whose grids, the hours, and the privacy notice in full."""
        known, _ = await speaking(request, collector)
        city, now = await desk.city(), deps.clock.now()
        open_ = [each for each in await tracks.duties(known.id, now) if each.ended is None]
        return {
            "collector": known.id,
            "grids": list(known.grids),
            "hours": f"{known.begins:%H:%M}-{known.ends:%H:%M}",
            "is_on_duty": bool(open_),
            "notice": {"version": city.roster.notice_version, "text": city.roster.notice},
            "retention_days": city.roster.retention_days,
            "matters": list(city.tree.matters),
        }

    @router.post("/duty")
    async def duty(request: Request, body: OnDuty) -> dict[str, Any]:
        """Go on duty, with the notice agreed to and within the hours of the roster; or off, at any time."""
        known, _ = await speaking(request, body.collector)
        now, person = deps.clock.now(), collector_person(known)
        if not body.is_on:
            await tracks.end(known.id, person, now)
            return {"collector": known.id, "is_on_duty": False}
        refusal = refused_duty(known, (await desk.city()).roster, body.notice, now)
        if refusal is not None:
            raise refusal_told(refusal)
        await tracks.begin(Duty(known.id, now, None, body.notice), person)
        return {"collector": known.id, "is_on_duty": True}

    @router.post("/tracks")
    async def track(request: Request, body: Track) -> dict[str, Any]:
        """Keep where a collector was; what was off duty is dropped and never stored."""
        known, _ = await speaking(request, body.collector)
        city, now = await desk.city(), deps.clock.now()
        if any(each.at.tzinfo is None for each in body.points):
            raise refused(422, "时间没有写时区。改法：写成 2026-11-22T10:00:00+08:00", "invalid")
        points = []
        for each in body.points:
            place = Point(each.lon, each.lat)
            grid = city.grid_at(place)
            points.append(TrackPoint(known.id, each.at, place, each.accuracy, grid.id if grid else ""))
        good, dropped = kept(points, known, await tracks.duties(known.id, now - MOST_LATE), now)
        await tracks.add(good)
        return {"kept": len(good), "dropped": dropped}

    @router.post("/reports", status_code=201)
    async def report(request: Request, body: Report) -> dict[str, Any]:
        """Take in a report with its photo and place; the same `their_id` of a collector again is the same case."""
        known, partner = await speaking(request, body.collector)
        now = deps.clock.now()
        if body.at.tzinfo is None or not timedelta(0) <= now - body.at <= MOST_LATE:
            raise refused(422, "拍摄时间没有写时区、晚于现在，或在一天以前。改法：现场拍照后当天上报", "invalid")
        if body.accuracy > WORST_ACCURACY:
            raise refused(
                422,
                f"定位误差 {body.accuracy:.0f} 米，太大。改法：到室外重新定位，{WORST_ACCURACY:.0f} 米以内",
                "invalid",
            )
        try:
            content = base64.b64decode(body.photo.content, validate=True)
        except ValueError:
            raise refused(422, "照片不是 base64。改法：把图片文件的内容按 base64 编码", "invalid") from None
        name = await checked_photo(body.photo.name, content)
        place = Point(body.lon, body.lat)
        grid = (await desk.city()).grid_at(place)
        where = f"{grid.name if grid else '不在任何网格'}（{place}）"
        found = Found(body.matter.strip(), place, body.asset.strip())
        contact = f"{partner}\0{known.id}\0{body.their_id}"  # devices count for themselves
        case = await desk.report(found, known, body.text, where, contact, body.at, now)
        file = await keep_photo(files, folder, case.number, name, content, collector_person(known), now)
        return {
            "number": case.number,
            "their_id": body.their_id,
            "grid": case.grid,
            "in_own_grid": case.grid in known.grids,
            "photo": file.id,
        }

    return router
