"""The page that an emergency centre opens: what it shows, to whom, for how long, and who is told that it was opened."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from cti.adapters.web.link_files import AUDIT, LinkFiles, new_secret
from cti.adapters.web.link_page import link_app
from cti.adapters.web.pace import Pace
from cti.link_view import Grant
from ivr.call import CallId, Leg, PhoneNumber
from ivr.events import CallOffered
from ivr.flow.serialise import event_to_plain, to_plain
from ivr.ports import Heard
from routing.emergency.kinds import Kind
from tests.fakes import NOON, FakeJournal

CALL = CallId("hl-1795312728.0")
GRANT = Grant(CALL, Kind.FIRE, "119 消防", NOON + timedelta(hours=2))


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Centre:
    def __init__(self, folder: Path, client: httpx.AsyncClient, clock: Clock, journal: FakeJournal) -> None:
        self.links, self.client, self.clock, self.journal = LinkFiles(folder), client, clock, journal
        self.folder = folder

    def link(self, grant: Grant = GRANT) -> str:
        secret = new_secret()
        self.links.open(grant, secret)
        return f"/e/{secret}"

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.json"))

    def damage_the_newest(self) -> None:
        for file in self.files():
            if json.loads(file.read_text("utf-8"))["expires_at"] > NOON.isoformat():
                file.write_text("{", encoding="utf-8")

    def say(self, text: str, leg: Leg = Leg.CALLER, second: float = 1.0) -> None:
        heard = Heard(CALL, leg, text, True, second, second + 1)
        self.journal.append(CALL, {"at": NOON.isoformat(), "heard_of": dict(to_plain(heard))})

    def looks(self) -> list[dict[str, str]]:
        file = self.folder / AUDIT
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


@asynccontextmanager
async def centre(folder: Path, per_minute: int = 60) -> AsyncIterator[Centre]:
    clock, journal = Clock(), FakeJournal()
    offered = CallOffered(CALL, PhoneNumber("13812345678"), "12345", NOON)
    journal.append(CALL, {"event": dict(event_to_plain(offered)), "commands": []})
    transport = httpx.ASGITransport(link_app(LinkFiles(folder), journal, clock, per_minute))
    async with httpx.AsyncClient(transport=transport, base_url="http://link") as client:
        yield Centre(folder, client, clock, journal)


async def test_it_shows_type_place_number_order_and_the_words_so_far(tmp_path: Path) -> None:
    async with centre(tmp_path) as here:
        here.say("我家着火了，在城关区东岗西路五十六号", second=61)
        here.say("请您先离开房间", Leg.AGENT, 70)
        page = await here.client.get(here.link())
    assert page.status_code == 200
    for shown in ("119 消防", "东岗西路", "13812345678", CALL, "1:01 市民", "1:10 坐席", "请您先离开房间"):
        assert shown in page.text


async def test_every_look_is_written_down_before_it_is_shown(tmp_path: Path) -> None:
    async with centre(tmp_path) as here:
        link = here.link()
        await here.client.get(link, headers={"user-agent": "Mozilla\tx"})
        here.say("城关区东岗西路着火了")
        await here.client.get(f"{link}/place")
        first, second = here.looks()
        assert (first["call"], first["what"], first["address"], first["agent"]) == (
            CALL,
            "page",
            "127.0.0.1",
            "Mozilla?x",
        )
        assert second["what"] == "place"
        assert link.removeprefix("/e/") not in (tmp_path / AUDIT).read_text("utf-8")
        (tmp_path / AUDIT).unlink()
        (tmp_path / AUDIT).mkdir()  # nothing can be written down: nothing is shown
        refused = await here.client.get(link)
    assert refused.status_code == 503
    assert "东岗" not in refused.text


async def test_wrong_expired_and_unknown_links_all_get_the_same_answer(tmp_path: Path) -> None:
    async with centre(tmp_path) as here:
        expired = here.link(replace(GRANT, expires_at=NOON - timedelta(seconds=1)))
        broken = here.link()
        here.damage_the_newest()
        paths = [expired, f"{expired}/place", broken, f"/e/{new_secret()}", "/e/x", "/e/%00", f"/e/{'a' * 5000}",
                 "/e/..%2f..%2fetc", "/", "/docs", "/openapi.json", "/e/中文"]  # fmt: skip
        answers = [await here.client.get(path) for path in paths]
        posted = await here.client.post(expired)
    assert {(answer.status_code, answer.content, str(answer.headers)) for answer in [*answers, posted]} == {
        (404, answers[0].content, str(answers[0].headers))
    }
    assert here.looks() == []


async def test_a_link_ends_at_its_hour(tmp_path: Path) -> None:
    async with centre(tmp_path) as here:
        link = here.link()
        here.clock.at += timedelta(hours=2, seconds=-1)
        assert (await here.client.get(link)).status_code == 200
        here.clock.at += timedelta(seconds=1)
        assert (await here.client.get(link)).status_code == 404
        assert here.links.sweep(here.clock.at) == 1
        assert here.files() == []


async def test_what_the_policy_does_not_pass_is_not_shown(tmp_path: Path) -> None:
    async with centre(tmp_path) as here:
        here.say("我家着火了，在城关区东岗西路五十六号")
        link = here.link(replace(GRANT, shows_number=False, shows_place=False))
        page, place = await here.client.get(link), await here.client.get(f"{link}/place")
    assert "13812345678" not in page.text
    assert "东岗" not in page.text
    assert "按本地政策不提供" in page.text
    assert place.status_code == 404


async def test_what_was_said_cannot_become_markup_and_private_numbers_are_masked(tmp_path: Path) -> None:
    async with centre(tmp_path) as here:
        here.say("<script>alert(1)</script>&amp;")
        here.say("我的身份证号是110101199003071233", second=5)
        page = await here.client.get(here.link())
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "110101199003071233" not in page.text


async def test_the_place_is_a_location_object_for_machines(tmp_path: Path) -> None:
    async with centre(tmp_path) as here:
        link = here.link()
        assert (await here.client.get(f"{link}/place")).status_code == 404  # not known yet
        here.say("在城关区东岗西路五十六号，<着火了>")
        answer = await here.client.get(f"{link}/place")
    assert answer.headers["content-type"].startswith("application/pidf+xml")
    tree = ElementTree.fromstring(answer.content)
    civic = tree.find(".//{urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr}LOC")
    assert civic is not None
    assert "东岗西路" in (civic.text or "")
    assert tree.get("entity") == f"pres:{CALL}@12345.invalid"


async def test_every_answer_forbids_scripts_frames_caches_and_referrers(tmp_path: Path) -> None:
    async with centre(tmp_path) as here:
        for path in (here.link(), "/nothing", "/link.css"):
            headers = (await here.client.get(path)).headers
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert "script" not in headers["content-security-policy"]
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"
        page = await here.client.get(here.link())
    assert "<script" not in page.text
    assert "javascript:" not in page.text


async def test_who_asks_too_often_is_told_to_wait(tmp_path: Path) -> None:
    async with centre(tmp_path, per_minute=3) as here:
        link = here.link()
        codes = [(await here.client.get(link)).status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]
        here.clock.at += timedelta(seconds=21)
        assert (await here.client.get(link)).status_code == 200
    assert len(here.looks()) == 4


def test_the_pace_of_one_address_is_not_that_of_another_and_memory_is_bounded() -> None:
    pace = Pace(1, lambda: 0.0)
    assert pace.allows("a")
    assert not pace.allows("a")
    assert all(pace.allows(f"b{number}") for number in range(5000))
    assert len(pace._left) == 4096


def test_no_file_holds_the_secret_and_only_we_can_read_them(tmp_path: Path) -> None:
    secret = new_secret()
    assert len(secret) >= 32
    links = LinkFiles(tmp_path / "links")
    links.open(GRANT, secret)
    (file,) = (tmp_path / "links").iterdir()
    assert secret not in file.name + file.read_text("utf-8")
    assert file.stat().st_mode & 0o077 == 0
    assert links.find(secret, NOON) == GRANT


@pytest.mark.parametrize("secret", ["", "x" * 65, "中", "../x", "\x00"])
def test_no_odd_secret_opens_anything(tmp_path: Path, secret: str) -> None:
    assert LinkFiles(tmp_path).find(secret, NOON) is None
