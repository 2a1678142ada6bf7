"""The register of cameras in SQL; every change stands in the audit trail with what it was before."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_orders import cameras
from cti.adapters.sql.statements import put_row
from cti.adapters.sql.types import storable_json
from ivr.errors import ChangedMeanwhileError
from workorder.audit import AuditRow, Person
from workorder.cameras import Camera, Site


class SqlCameras:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, camera: Camera, seen: int, person: Person, at: datetime, act: str) -> Camera:
        """Keep a camera that nobody changed since revision `seen` (0: a new one); ChangedMeanwhileError otherwise."""

        async def work(connection: AsyncConnection) -> Camera:
            chosen = select(cameras).where(cameras.c.id == camera.id).with_for_update()
            row = (await connection.execute(chosen)).one_or_none()
            if (row.revision if row is not None else 0) != seen:
                raise ChangedMeanwhileError("别人刚刚登记或改动了这个摄像头。改法：刷新后再做")
            new = replace(camera, revision=seen + 1)
            await put_row(connection, cameras, _row(new))
            before = dict(row.site) if row is not None else None
            detail = {"before": before, "after": asdict(new.site), "wanted": asdict(new.wanted) if new.wanted else None}
            await put_audit(connection, AuditRow(at, person, act, camera.id, detail))
            return new

        return await self._database.write("登记摄像头", work)

    async def one(self, id: str) -> Camera | None:
        async def work(connection: AsyncConnection) -> Camera | None:
            row = (await connection.execute(select(cameras).where(cameras.c.id == id))).one_or_none()
            return None if row is None else _camera(row)

        return await self._database.read("读取摄像头", work)

    async def all(self, most: int = 1000) -> tuple[Camera, ...]:
        async def work(connection: AsyncConnection) -> tuple[Camera, ...]:
            rows = await connection.execute(select(cameras).order_by(cameras.c.owner, cameras.c.id).limit(most))
            return tuple(_camera(row) for row in rows)

        return await self._database.read("读取摄像头", work)


def _row(camera: Camera) -> dict[str, Any]:
    return {
        "id": camera.id,
        "owner": camera.owner,
        "site": storable_json(asdict(camera.site)),
        "by": camera.by,
        "at": camera.at,
        "revision": camera.revision,
        "wanted": storable_json(asdict(camera.wanted)) if camera.wanted else null(),
        "wanted_by": camera.wanted_by,
        "why": camera.why,
    }


def _camera(row: Row[Any]) -> Camera:
    return Camera(
        row.id, row.owner, Site(**row.site), row.by, row.at, row.revision, Site(**row.wanted) if row.wanted else None,
        row.wanted_by, row.why,
    )  # fmt: skip
