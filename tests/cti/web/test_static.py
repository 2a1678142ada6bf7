"""The built pages as they go over the wire: small, unchanging, and never a file from elsewhere."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from cti.adapters.web.errors import tell_errors
from cti.adapters.web.static import FOREVER, routes

SCRIPT = "export const words = '" + "坐席" * 500 + "'\n"


@pytest.fixture
def pages(tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<!doctype html><title>页</title>" + " " * 999, encoding="utf-8")
    (tmp_path / "dist" / "assets" / "a-1.js").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "dist" / "assets" / "b-1.png").write_bytes(b"\x89PNG")
    (tmp_path / "dist" / "source.sha256").write_text("0")
    (tmp_path / "secret.txt").write_text("no")
    app = FastAPI()
    tell_errors(app)
    app.include_router(routes(tmp_path / "dist"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pages")


async def test_text_goes_compressed_to_whoever_takes_it_and_plain_to_others(pages: httpx.AsyncClient) -> None:
    small = await pages.get("/assets/a-1.js")
    assert (small.headers["content-encoding"], small.headers["vary"]) == ("gzip", "accept-encoding")
    assert small.headers["content-type"].partition(";")[0] in ("text/javascript", "application/javascript")
    assert small.headers["cache-control"] == FOREVER
    assert int(small.headers["content-length"]) < len(SCRIPT.encode()) / 10
    assert small.text == SCRIPT
    plain = await pages.get("/assets/a-1.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == SCRIPT
    assert "content-encoding" not in (await pages.get("/assets/b-1.png")).headers


async def test_a_page_that_was_built_anew_is_not_the_old_one(pages: httpx.AsyncClient, tmp_path: Path) -> None:
    before = await pages.get("/desk")
    assert before.headers["cache-control"] == "no-cache"
    (tmp_path / "dist" / "index.html").write_text("<!doctype html><title>新</title>", encoding="utf-8")
    assert "新" in (await pages.get("/desk")).text


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/source.sha256"])
async def test_only_what_is_built_is_served(pages: httpx.AsyncClient, path: str) -> None:
    answer = await pages.get(path)
    assert answer.status_code == 404 or "<title>" in answer.text
    assert answer.text != "no"
