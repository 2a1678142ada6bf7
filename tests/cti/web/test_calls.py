"""One call as a page reads it, live or kept; its recordings to those who may, in pieces, and never without a trace."""

from __future__ import annotations

import wave
from datetime import timedelta
from pathlib import Path
from typing import Any

from cti.access import Role
from cti.adapters.numbers.places import place_of_number
from cti.adapters.sql.call_store import SqlCallStore
from cti.live_reading import readable_fact
from ivr.call import CallId, Leg, PhoneNumber
from ivr.ports import Heard
from ivr.recording import Part, recording_file
from tests.cti.web.site import Site, site
from tests.fakes import NOON
from workorder.call_record import CallRecord

CALL = CallId("hl-1795312728.0")
NUMBER = "13812345678"


async def kept(here: Site, seat: str = "801") -> None:
    store = SqlCallStore(here.deps.database)
    await store.save_call(CallRecord(call=CALL, caller=PhoneNumber(NUMBER), called="12345", started=NOON, seat=seat))
    await store.save_turns(CALL, [Heard(CALL, Leg.CALLER, f"我的电话是{NUMBER}", True, 1.0, 3.0)])


def taped(here: Site, part: Part = Part.MIX) -> bytes:
    file = here.deps.settings.recordings_folder / recording_file(CALL, part)
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(range(250)) * 64)
    return file.read_bytes()


def live(here: Site, **row: Any) -> None:
    calls = {str(CALL): {"call": str(CALL), "caller": NUMBER, "state": "talking", "order": None, **row}}
    here.deps.hub.reset("e", 1, {**here.deps.hub.board, "calls": calls})


async def test_a_popup_gets_all_that_is_known_of_a_live_call(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = await here.sign_in("xiaomei", seat="801")
        live(here, ringing_seats=["801"])
        here.door.answers |= {
            "call.caller": lambda _r: {"ok": True, "text": "", "caller": "138****1234", "calls": 3, "orders": []},
            "call.words": lambda _r: {"ok": True, "words": [{"leg": "caller", "text": "路灯坏了"}]},
            "call.draft": lambda _r: {"ok": False, "text": "还没有草稿。", "draft": None},
            "call.similar": lambda _r: {"ok": True, "orders": [{"number": "WO1"}]},
        }
        body = (await page.get(f"/api/calls/{CALL}")).json()
        assert body["call"]["caller"] == NUMBER
        assert body["caller"] == {"caller": "138****1234", "calls": 3, "orders": []}
        assert body["words"][0]["text"] == "路灯坏了"
        assert (body["draft"], body["similar"], body["is_live"]) == (None, [{"number": "WO1"}], True)
        assert "call.read" in [row.action for row in await here.trail()]


async def test_with_the_controller_away_a_live_call_is_what_the_board_last_said(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = await here.sign_in("xiaomei", seat="801")
        live(here, seat="801", known={"calls": 2})
        await here.door.close()
        body = (await page.get(f"/api/calls/{CALL}")).json()
        assert (body["caller"], body["words"]) == ({"calls": 2}, [])


async def test_a_call_that_is_over_is_read_from_the_archive_masked_and_kept_in_the_trail(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await kept(here)
        here.clock.at = NOON + timedelta(hours=1)
        own = await here.sign_in("xiaomei", seat="801")
        body = (await own.get(f"/api/calls/{CALL}")).json()
        assert (body["is_live"], body["call"]["caller"]) == (False, NUMBER)
        reviewer = await here.sign_in("qi", Role.REVIEWER)
        assert NUMBER not in (await reviewer.get(f"/api/calls/{CALL}")).text
        boss = await here.sign_in("zhang", Role.SUPERVISOR)
        assert NUMBER in (await boss.get(f"/api/calls/{CALL}")).json()["words"][0]["text"]
        read = [row.person.name for row in await here.trail() if row.action == "transcript.read"]
        assert read == ["xiaomei", "qi", "zhang"]
        live(here, seat="801")
        assert (await reviewer.get(f"/api/calls/{CALL}")).status_code == 403


async def test_yesterdays_calls_of_a_seat_are_not_todays_agents(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await kept(here)
        here.clock.at = NOON + timedelta(hours=13)
        page = await here.sign_in("xiaomei", seat="801")
        assert (await page.get(f"/api/calls/{CALL}")).status_code == 403
        other = await here.sign_in("li", seat="802")
        assert (await other.get(f"/api/calls/{CALL}")).status_code == 403
        assert (await other.get("/api/calls/hl-1.1")).status_code == 404
        assert (await other.get("/api/calls/%2e%2e%2fx")).status_code == 404


async def test_a_recording_is_played_in_pieces_to_those_who_may_and_one_listening_is_one_row(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await kept(here)
        whole = taped(here)
        path = f"/api/calls/{CALL}/recording/mix"
        agent = await here.sign_in("li", seat="802")
        assert (await agent.get(path)).status_code == 403
        reviewer = await here.sign_in("qi", Role.REVIEWER)
        assert (await reviewer.get(path)).content == whole
        piece = await reviewer.get(path, headers={"range": "bytes=100-199"})
        assert (piece.status_code, piece.content) == (206, whole[100:200])
        assert piece.headers["content-range"] == f"bytes 100-199/{len(whole)}"
        assert (await reviewer.get(path, headers={"range": "bytes=999999-"})).status_code == 416
        heard = [row for row in await here.trail() if row.action == "recording.heard"]
        assert [(row.person.name, row.subject, row.detail) for row in heard] == [("qi", str(CALL), {"part": "mix"})]
        assert (await reviewer.get(f"/api/calls/{CALL}/recording/agent")).status_code == 404
        assert (await reviewer.get(f"/api/calls/{CALL}/recording/nothing")).status_code == 422
        assert (await reviewer.get(f"/api/calls/{CALL}/recording/..%2f..%2fx")).status_code in (404, 422)


async def test_nothing_is_played_when_the_trail_cannot_be_kept(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        taped(here)
        page = await here.sign_in("qi", Role.REVIEWER)

        class Broken:
            async def note(self, row: object) -> None:
                from ivr.errors import StoreAwayError

                raise StoreAwayError("审计写不进")

        object.__setattr__(here.deps, "audit", Broken())
        answer = await page.get(f"/api/calls/{CALL}/recording/mix")
        assert (answer.status_code, answer.json()["code"]) == (503, "store_away")


def test_what_was_just_said_is_told_as_one_reads_it_and_as_it_was_said() -> None:
    said = {"leg": "caller", "text": "我的电话是一三九零九三一零零零一", "begun_s": 1.0, "ended_s": 5.0}
    told = readable_fact({"type": "heard", "data": said}, str)["data"]
    assert told["text"] == said["text"]
    assert "13909310001" in told["reads"]
    for odd in (
        {"type": "heard", "data": {"text": 5}},
        {"type": "heard", "data": {"text": ""}},
        {"type": "hearing", "data": said},
    ):
        assert readable_fact(odd, str) == odd


def test_a_call_is_shown_with_the_place_of_its_number() -> None:
    rows = {"hl-1.1": {"caller": "13909310001"}, "hl-1.2": None}
    patch = readable_fact({"type": "board", "patch": {"calls": rows, "seats": {}}}, place_of_number)["patch"]
    assert patch == {
        "calls": {"hl-1.1": {"caller": "13909310001", "place": "甘肃省兰州市"}, "hl-1.2": None},
        "seats": {},
    }
    assert [place_of_number(number) for number in ("09318888888", "12345", "4001234567", "", "x", "1" * 40)] == [
        "甘肃省兰州市", "", "", "", "", "",
    ]  # fmt: skip
