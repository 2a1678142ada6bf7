"""`/api/cameras`: the register of cameras, changes with another's approval, and problems that a camera found."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from cti.access import Account, Permission
from cti.adapters.sql.camera_store import SqlCameras
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import refusal_told
from cti.adapters.web.sessions import require
from workorder.cameras import Camera, Site, approved, asked, refused_site
from workorder.clock.due import spoken_instant
from workorder.draft import FieldName
from workorder.life.actors import Actor, Role
from workorder.life.opening import Opening
from workorder.life.refusal import Refusal

Reader = Annotated[Account, Depends(require(Permission.ORDERS_HANDLE, Permission.ORDERS_INSPECT))]
Keeper = Annotated[Account, Depends(require(Permission.ORDERS_INSPECT, Permission.ADMIN_SETTINGS))]
Finder = Annotated[Account, Depends(require(Permission.ORDERS_HANDLE))]
_ID = r"^[0-9A-Za-z_-]{1,40}$"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SiteBody(_Body):
    """Where a camera stands, what it sees, and what for."""

    place_type: str = Field(max_length=40)
    place: str = Field(max_length=200)
    purpose: str = Field(max_length=200)
    view: str = Field(max_length=200)

    def site(self) -> Site:
        return Site(self.place_type, self.place, self.purpose, self.view)


class NewCamera(SiteBody):
    """A camera and whose it is."""

    id: str = Field(pattern=_ID)
    owner: str = Field(max_length=120)


class Change(SiteBody):
    """Another site, and why."""

    why: str = Field(max_length=500)
    revision: int = Field(ge=1)


class Box(_Body):
    """What was framed in the picture, in shares of its width and height."""

    x: float = Field(ge=0, le=1)
    y: float = Field(ge=0, le=1)
    width: float = Field(gt=0, le=1)
    height: float = Field(gt=0, le=1)


class Found(_Body):
    """A problem in a picture: when the frame was taken, where in it, what it is."""

    frame_at: datetime
    box: Box
    text: str = Field(min_length=5, max_length=2000)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/cameras", tags=["cameras"], responses=answers(409))
    store = SqlCameras(deps.database)

    async def known(id: str) -> Camera:
        found = await store.one(id[:40].replace("\0", ""))
        if found is None:
            raise refused(404, "没有登记这个摄像头。改法：先登记", "no_such_camera")
        return found

    @router.get("")
    async def listed(me: Reader) -> dict[str, Any]:
        """Return the register."""
        return {"cameras": [_plain(each) for each in await store.all()]}

    @router.post("", status_code=201)
    async def register(body: NewCamera, me: Keeper) -> dict[str, Any]:
        """Register a camera; a private place is refused."""
        now = deps.clock.now()
        refusal = refused_site(body.site(), body.owner, await deps.orders.pack(now))
        if refusal is not None:
            raise refusal_told(refusal)
        camera = Camera(body.id, body.owner, body.site(), me.name, now)
        return _plain(await store.put(camera, 0, me.person, now, "camera.registered"))

    @router.put("/{id}")
    async def change(id: str, body: Change, me: Keeper) -> dict[str, Any]:
        """Ask for another purpose, place or view; it counts when somebody else has approved it."""
        now, camera = deps.clock.now(), await known(id)
        wanted = asked(camera, body.site(), me.name, body.why, await deps.orders.pack(now))
        if isinstance(wanted, Refusal):
            raise refusal_told(wanted)
        return _plain(await store.put(wanted, body.revision, me.person, now, "camera.change_asked"))

    @router.post("/{id}/approval")
    async def approve(id: str, me: Keeper) -> dict[str, Any]:
        """Approve the change that waits."""
        now, camera = deps.clock.now(), await known(id)
        done = approved(camera, me.name, now)
        if isinstance(done, Refusal):
            raise refusal_told(done)
        return _plain(await store.put(done, camera.revision, me.person, now, "camera.change_approved"))

    @router.post("/{id}/orders", status_code=201)
    async def found_problem(id: str, body: Found, me: Finder) -> dict[str, Any]:
        """Take in a problem that a camera found; without camera, time and frame there is none."""
        camera, now = await known(id), deps.clock.now()
        if body.frame_at.tzinfo is None or body.frame_at > now:
            raise refused(422, "画面时间没有写时区，或晚于现在。改法：写成 2026-11-22T10:00:00+08:00", "invalid")
        pack = await deps.orders.pack(now)
        box = f"{body.box.x:.3f},{body.box.y:.3f},{body.box.width:.3f},{body.box.height:.3f}"
        frame = f"摄像头 {camera.id}（{camera.owner}），画面 {spoken_instant(body.frame_at)}，框选 {box}"
        fields = {
            FieldName.TITLE: body.text[:30],
            FieldName.SUMMARY: f"{body.text}（{frame}）",
            FieldName.PLACE: camera.site.place,
            FieldName.REQUEST_TYPE: "求助",
            FieldName.TIME: body.frame_at.isoformat(),
        }
        category = "video_found" if pack.category("video_found") else ""
        wish = Opening(category=category, channel="video", upstream_id=camera.id)
        begun = await deps.orders.take_in(fields, wish, Actor(me.name, Role.AGENT), now)
        if isinstance(begun, Refusal):
            raise refusal_told(begun)
        return {"number": begun.number, "state": begun.state.value, "camera": camera.id}

    return router


def _plain(camera: Camera) -> dict[str, Any]:
    return {
        "id": camera.id,
        "owner": camera.owner,
        **asdict(camera.site),
        "revision": camera.revision,
        "wanted": asdict(camera.wanted) if camera.wanted else None,
        "wanted_by": camera.wanted_by,
        "why": camera.why,
    }
