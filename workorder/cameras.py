"""The register of cameras (视频资源登记): where they may stand, whose they are, what for; changes need approval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from workorder.cities.pack import Pack
from workorder.life.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Site:
    """What of a camera may only change with approval: its purpose, its place and what it sees."""

    place_type: str
    place: str
    purpose: str
    view: str


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera; `wanted` is a change that waits for another person's approval."""

    id: str
    owner: str
    site: Site
    by: str
    at: datetime
    revision: int = 1
    wanted: Site | None = None
    wanted_by: str = ""
    why: str = ""


def refused_site(site: Site, owner: str, pack: Pack) -> Refusal | None:
    """Return why a camera may not stand there; private places never have one."""
    forbidden, allowed = pack.lists.get("camera_forbidden"), pack.lists.get("camera_places")
    for what, text in (("归属单位", owner), ("位置", site.place), ("用途", site.purpose), ("镜头所及范围", site.view)):
        if not text.strip():
            return Refusal(f"没有写{what}。", f"写明{what}。")
    for name in forbidden.items if forbidden else ():
        if name == site.place_type or name in f"{site.place}{site.view}":
            clause = forbidden.clause if forbidden else ""
            return Refusal(f"“{name}”涉及个人隐私，禁止安装视频监控。", "换地方，或调整镜头。", clause)
    if allowed is not None and site.place_type not in allowed.items:
        return Refusal(
            f"“{site.place_type}”不在可以安装的场所里。", f"可以写：{'、'.join(allowed.items)}。", allowed.clause
        )
    return None


def asked(camera: Camera, site: Site, by: str, why: str, pack: Pack) -> Camera | Refusal:
    """Return the camera with a change that waits; Refusal when it may not be, or nothing changes."""
    if not why.strip():
        return Refusal("没有写变更的理由。", "写明理由，审批的人要看。")
    if site == camera.site:
        return Refusal("没有变更。", "改了用途、位置或镜头范围再提交。")
    return refused_site(site, camera.owner, pack) or replace(camera, wanted=site, wanted_by=by, why=why)


def approved(camera: Camera, by: str, at: datetime) -> Camera | Refusal:
    """Return the camera after its change was approved by somebody else."""
    if camera.wanted is None:
        return Refusal("没有等待审批的变更。", "刷新后再看。")
    if camera.wanted_by == by:
        return Refusal("自己提出的变更不能自己审批。", "请另一位有权的人审批。")
    return replace(camera, site=camera.wanted, wanted=None, by=by, at=at)
