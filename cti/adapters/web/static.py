"""The built pages: hashed files that never change, and one page for every address that the program in it knows."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from cti.adapters.web.errors import refused

DIST = Path(__file__).with_name("dist")
FOREVER = "public, max-age=31536000, immutable"
_NOT_BUILT = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>hotline12345</title>
<p>页面还没有构建。改法：在源码目录运行 make web。</p></html>"""


def routes(dist: Path = DIST) -> APIRouter:
    """Return the routes of the pages; they must come last, for they answer every address that is not under /api."""
    router = APIRouter(include_in_schema=False)
    root = dist.resolve()

    @router.get("/{path:path}")
    async def page(path: str) -> Response:
        first = path.partition("/")[0]
        if first in ("api", "ws", "sip", "q"):
            raise refused(404)
        file = (root / path).resolve() if path and "\0" not in path else root
        if file.is_file() and file.is_relative_to(root) and file.suffix != ".sha256":
            is_hashed = path.startswith("assets/")
            return FileResponse(file, headers={"cache-control": FOREVER if is_hashed else "no-cache"})
        if first == "assets" or "." in path.rpartition("/")[2]:
            raise refused(404)
        index = root / "index.html"
        if not index.is_file():
            return HTMLResponse(_NOT_BUILT, 503)
        return FileResponse(index, media_type="text/html", headers={"cache-control": "no-cache"})

    return router
