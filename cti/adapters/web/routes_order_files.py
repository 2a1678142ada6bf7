"""`/api/orders/{number}/files`: attachments, streamed in with a bound, checked by content, given out as downloads."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import FileResponse, Response

from cti.access import Account, Permission
from cti.adapters.files.attachments import keep_content
from cti.adapters.sql.file_rows import OrderFile, SqlOrderFiles
from cti.adapters.sql.order_rows import SqlOrderRows
from cti.adapters.sql.sealed_files import SealedFiles
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import is_sealed_order, number_of, opened
from cti.adapters.web.sessions import require
from cti.adapters.web.uploads import KINDS, MOST_BYTES, safe_name, wrong_file
from cti.order_view import is_complained_about

Reader = Annotated[Account, Depends(require(Permission.ORDERS_READ, Permission.ORDERS_UNIT))]
Giver = Annotated[Account, Depends(require(Permission.ORDERS_HANDLE, Permission.ORDERS_UNIT))]
MOST_FILES = 20
_TOO_LARGE = f"附件太大。改法：每个不超过 {MOST_BYTES // 1024 // 1024} MB，可以分成几个"


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/orders", tags=["orders"], responses=answers(403))
    rows, files, folder = SqlOrderRows(deps.database), SqlOrderFiles(deps.database), deps.orders.files
    sealed = SealedFiles(deps.database, folder, deps.orders.sealing.box)

    @router.post("/{number}/files", status_code=201, responses=answers(413, 415))
    async def attach(
        number: str, me: Giver, request: Request, name: Annotated[str, Query(min_length=1, max_length=200)]
    ) -> dict[str, Any]:
        """Attach a file, sent as the request's body; what is too large is refused before it is read."""
        order, clean = number_of(number), safe_name(name)
        length = request.headers.get("content-length", "")
        if length.isdigit() and int(length) > MOST_BYTES:
            raise refused(413, _TOO_LARGE)
        found = await opened(await rows.one(order), order, me, deps.audit.note, deps.clock.now(), "order.attaching")
        if len(await files.of(order)) >= MOST_FILES:
            raise refused(409, f"附件太多。改法：一张工单最多 {MOST_FILES} 个", "too_many_files")
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            if len(content) > MOST_BYTES:
                raise refused(413, _TOO_LARGE)
        wrong = await asyncio.to_thread(wrong_file, clean, bytes(content))
        if wrong:
            raise refused(415, wrong)
        media = KINDS[clean.rpartition(".")[2].lower()]
        file = OrderFile(
            secrets.token_hex(8), order, clean, media, len(content), "", me.name, me.unit, deps.clock.now()
        )
        if is_sealed_order(found):
            file = await sealed.sealed(file, bytes(content))
        else:
            file = replace(file, sha256=await asyncio.to_thread(keep_content, folder, bytes(content)))
        await files.add(file, me.person)
        return _plain(file, me)

    @router.get("/{number}/files")
    async def listed(number: str, me: Reader) -> dict[str, Any]:
        """Return what is attached to an order."""
        return {"files": [_plain(each, me) for each in await seen(number, me)]}

    @router.get("/{number}/files/{id}")
    async def download(number: str, id: str, me: Reader) -> Response:
        """Return a file as a download; a browser never shows it as a page of ours."""
        file = next((each for each in await seen(number, me) if each.id == id), None)
        if file is None or not (folder / file.sha256).is_file():
            raise refused(404, "没有这个附件。改法：刷新后再看", "no_such_file")
        name = file.name
        if file.key_name:
            if await deps.orders.sealing.open(file.number, me.person, deps.clock.now()) is None:
                raise refused(403, "敏感工单的附件只有指定的人可以看。改法：请督办员指定", "not_a_reader")
            name, content = await sealed.opened(file)
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "content-security-policy": "sandbox; default-src 'none'",
        }
        if file.key_name:
            return Response(content, media_type=file.media, headers=headers)
        return FileResponse(folder / file.sha256, media_type=file.media, headers=headers)

    async def seen(number: str, me: Account) -> list[OrderFile]:
        """What the citizen attached may show who they are: the unit complained about sees only its own files."""
        order = number_of(number)
        found = await opened(await rows.one(order), order, me, deps.audit.note, deps.clock.now(), "order.files")
        hides = found.life is not None and is_complained_about(me, found.life)
        return [each for each in await files.of(order) if not hides or each.unit == me.unit]

    return router


def _plain(file: OrderFile, me: Account) -> dict[str, Any]:
    is_strange = not me.may(Permission.ORDERS_HANDLE) and file.unit != me.unit
    return {
        "id": file.id,
        "name": file.name,
        "media": file.media,
        "bytes": file.bytes,
        "who": (file.unit or "热线中心") if is_strange else file.who,
        "at": file.at.isoformat(),
    }
