"""Seats changed in the page: checked like every published file, and never taken from somebody who talks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from cti.access import Role
from cti.server.files.seat_file import seats_of
from tests.cti.web.site import Page, Site, site

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEW = '  - {seat: "899", agent: 新来的, skills: [complaint], phone: browser}\n'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(tmp_path_factory.mktemp("seats")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(here: Site) -> Page:
    return await here.sign_in("赵主任", Role.ADMIN)


async def test_a_new_seat_is_published_and_an_agent_signs_in_there(here: Site, admin: Page) -> None:
    now = (await admin.get("/api/admin/seats")).json()
    text = now["files"]["seats.yaml"]
    assert '"801"' in text, "the seats of the settings are what one begins from"
    agent = here.visitor()
    await here.account("new", Role.AGENT)
    wish = {"name": "new", "password": "一个够长的口令-2026", "seat": "899"}
    assert (await agent.post("/api/session", wish)).json()["code"] == "no_such_seat"
    body = {"files": {"seats.yaml": text + NEW}, "based_on": now["digest"], "note": "加一席"}
    done = await admin.post("/api/admin/seats/publish", body)
    assert done.status_code == 200, done.text
    signed = await agent.post("/api/session", wish)
    assert signed.status_code == 200, signed.text
    assert signed.json()["sip"]["password"], "its telephone is the page"
    shown = (await admin.get("/api/admin/seats/shown")).json()
    assert [each["seat"] for each in shown] == ["801", "802", "803", "899"]
    back = await admin.post("/api/admin/seats/roll-back", {"number": 1, "based_on": done.json()["digest"]})
    assert back.status_code == 200, back.text
    assert [seat.id for seat in seats_of(here.deps.settings)] == ["801", "802", "803"]


async def test_a_seat_in_a_talk_is_neither_taken_away_nor_given_another_telephone(here: Site, admin: Page) -> None:
    text = (await admin.get("/api/admin/seats")).json()["files"]["seats.yaml"]
    lines = text.splitlines(keepends=True)
    mine = next(line for line in lines if '"801"' in line)
    wishes = {
        "gone": "".join(line for line in lines if line is not mine),
        "disabled": text.replace(mine, mine.replace("}", ", disabled: true}")),
        "telephone": text.replace(mine, mine.replace("phone: browser", "phone: sip")),
        "name": text.replace("李晓梅", "李晓眉"),
    }

    async def refused(name: str) -> bool:
        told = (await admin.post("/api/admin/seats/check", {"files": {"seats.yaml": wishes[name]}})).json()
        return any("正在通话" in each["what"] for each in told["problems"] if each["severity"] == "error")

    assert not [name for name in wishes if await refused(name)], "nobody talks"
    here.deps.hub.board["seats"]["801"] = {"seat": "801", "state": "talking"}
    assert [name for name in wishes if await refused(name)] == ["gone", "disabled", "telephone"]
    here.deps.hub.board["seats"].clear()


@pytest.mark.parametrize(
    ("seat", "agent", "word"),
    [("110", "李", "紧急"), ("899", '李\\"<b>', "引号"), ("12", "李", "席位号")],
)
async def test_what_the_switch_would_not_take_is_an_error(admin: Page, seat: str, agent: str, word: str) -> None:
    text = (await admin.get("/api/admin/seats")).json()["files"]["seats.yaml"]
    wrong = f'{text}  - {{seat: "{seat}", agent: "{agent}", skills: [complaint]}}\n'
    told = (await admin.post("/api/admin/seats/check", {"files": {"seats.yaml": wrong}})).json()
    assert not told["may_publish"]
    assert any(word in each["what"] for each in told["problems"]), told["problems"]
