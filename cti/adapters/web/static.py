"""The built pages: hashed files that never change, and one page for every address that the program in it knows."""

from __future__ import annotations

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, HTMLResponse, Response

from cti.adapters.web.errors import refused

DIST = Path(__file__).with_name("dist")
COMPRESSED = frozenset({".css", ".html", ".js", ".json", ".map", ".svg", ".txt"})
"""What is text: an asset is compressed once, then kept."""
FOREVER = "public, max-age=31536000, immutable"
_NOT_BUILT = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>hotline12345</title>
<p>页面还没有构建。改法：在源码目录运行 make web。</p></html>"""


def routes(dist: Path = DIST) -> APIRouter:
    """Return the routes of the pages; they must come last, for they answer every address that is not under /api."""
    router = APIRouter(include_in_schema=False)
    root = dist.resolve()

    @router.get("/{path:path}")
    async def page(path: str, request: Request) -> Response:
        first = path.partition("/")[0]
        if first in ("api", "ws", "sip", "q"):
            raise refused(404)
        file = (root / path).resolve() if path and "\0" not in path else root
        if file.is_file() and file.is_relative_to(root) and file.suffix != ".sha256":
            is_hashed = path.startswith("assets/")
            return _file(file, request, FOREVER if is_hashed else "no-cache")
        if first == "assets" or "." in path.rpartition("/")[2]:
            raise refused(404)
        index = root / "index.html"
        if not index.is_file():
            return HTMLResponse(_NOT_BUILT, 503)
        return _file(index, request, "no-cache")

    return router


def _file(file: Path, request: Request, cache: str) -> Response:
    headers = {"cache-control": cache}
    if file.suffix not in COMPRESSED:
        return FileResponse(file, headers=headers)
    headers["vary"] = "accept-encoding"
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return FileResponse(file, headers=headers)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    content = _gzipped(file, file.stat().st_mtime_ns)
    return Response(content, media_type=kind, headers={**headers, "content-encoding": "gzip"})


@lru_cache(maxsize=256)
def _gzipped(file: Path, _changed: int) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)
