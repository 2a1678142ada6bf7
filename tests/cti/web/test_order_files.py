"""Attachments: told by their content, bounded before they are read, given out as downloads to whoever may see them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from cti.adapters.web.uploads import MOST_BYTES
from tests.cti.web.order_site import ROADS, WATER, OrderSite, order_site
from tests.cti.web.site import Page

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF"


def office(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name in names:
            packed.writestr(zipfile.ZipInfo(name), "x")
    return out.getvalue()


DOCX = office("[Content_Types].xml", "word/document.xml")


async def gives(page: Page, number: str, name: str, content: bytes) -> httpx.Response:
    return await page.request("POST", f"/api/orders/{number}/files?name={quote(name)}", content=content)


@pytest.mark.requirement("Y-44")
async def test_a_unit_attaches_its_written_opinion_and_replies_with_it(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number, unit = await here.with_unit(), await here.unit()
        kept = await gives(unit, number, "../../办理意见.docx", DOCX)
        assert kept.status_code == 201
        assert kept.json()["name"] == "办理意见.docx"
        await here.does(unit, number, "reply", text="见附件。", attachments=[kept.json()["id"]])
        agent = await here.agent()
        listed = (await agent.get(f"/api/orders/{number}/files")).json()["files"]
        assert [each["name"] for each in listed] == ["办理意见.docx"]
        taken = await agent.get(f"/api/orders/{number}/files/{listed[0]['id']}")
        assert taken.content == DOCX
        assert taken.headers["content-disposition"].startswith("attachment;")
        assert "sandbox" in taken.headers["content-security-policy"]
        stranger = await here.unit(ROADS)
        assert (await stranger.get(f"/api/orders/{number}/files")).status_code == 403
        assert (await gives(stranger, number, "a.pdf", PDF)).status_code == 403


WRONG_FILES = [
    ("a.exe", b"MZ", "不收这种文件"),
    ("a.svg", b"<svg/>", "不收这种文件"),
    ("a.png", b"<script>alert(1)</script>", "内容不是 png"),
    ("a.pdf", PNG, "内容不是 pdf"),
    ("a.pdf", b"%PDF-1.4 /OpenAction << /JavaScript (x) >>", "脚本"),
    ("a.docx", b"PK\x03\x04broken", "内容不是 docx"),
    ("a.xlsx", DOCX, "内容不是 xlsx"),
    ("a.docx", office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "宏"),
    ("a.png", b"", "空的"),
    ("noname", PNG, "不收这种文件"),
]


async def test_what_is_not_what_it_says_is_refused_in_words(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number, agent = await here.opened(), await here.agent()
        for name, content, words in WRONG_FILES:
            answer = await gives(agent, number, name, content)
            assert (answer.status_code, answer.json()["code"]) == (415, "wrong_kind"), name
            assert words in answer.json()["error"]
        assert (await agent.get(f"/api/orders/{number}/files")).json()["files"] == []


async def test_two_gigabytes_are_refused_before_they_are_read_whatever_they_say_of_themselves(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number, agent = await here.opened(), await here.agent()
        read = 0

        async def endless() -> object:
            nonlocal read
            for _ in range(2048):
                read += 1
                yield PNG.ljust(1024 * 1024, b"\0")

        told = await agent.request(
            "POST",
            f"/api/orders/{number}/files?name=a.png",
            content=b"x",
            headers={"content-length": str(2 * 1024**3)},
        )
        assert told.status_code == 413
        silent = await agent.request("POST", f"/api/orders/{number}/files?name=a.png", content=endless())
        assert silent.status_code == 413
        assert read <= MOST_BYTES // 1024**2 + 3
        assert not list(here.site.deps.orders.files.glob("*"))


async def test_the_unit_complained_about_does_not_get_what_the_citizen_attached(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number = await _complained(here)
        unit = await here.unit()
        assert (await gives(await here.agent(), number, "身份证.png", PNG)).status_code == 201
        own = await gives(unit, number, "现场.png", PNG)
        listed = (await unit.get(f"/api/orders/{number}/files")).json()["files"]
        assert [each["id"] for each in listed] == [own.json()["id"]]
        theirs = (await (await here.agent()).get(f"/api/orders/{number}/files")).json()["files"]
        citizens = next(each["id"] for each in theirs if each["name"] == "身份证.png")
        assert (await unit.get(f"/api/orders/{number}/files/{citizens}")).status_code == 404


async def _complained(here: OrderSite) -> str:
    return await here.with_unit(subject_unit=WATER)
