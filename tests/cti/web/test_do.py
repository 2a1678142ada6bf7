"""What people ask of the controller through their page: their own things, under their own name, and it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cti.access import ROLES, Permission, Role
from cti.verbs import VERBS
from tests.cti.web.site import Site, site

CALL = "hl-1795312728.0"
OTHER = "hl-1795312729.1"


def rings(here: Site, call: str, seat: str) -> None:
    row = {"call": call, "caller": "13812345678", "seat": seat, "state": "talking"}
    here.deps.hub.reset("e", 1, {**here.deps.hub.board, "calls": {**here.deps.hub.board["calls"], call: row}})


async def test_the_server_says_who_asks_and_at_which_seat(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = await here.sign_in("xiaomei", seat="801")
        answer = await page.post("/api/do/seat.ready", {"seat": "802", "by": "boss", "verb": "seat.force"})
        assert (answer.status_code, answer.json()) == (200, {"ok": True, "text": "好。"})
        asked = {"verb": "seat.ready", "seat": "801", "by": "xiaomei", "user": "xiaomei"}
        assert here.door.of("seat.ready") == [asked]


async def test_an_agent_acts_on_their_own_calls_only(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = await here.sign_in("xiaomei", seat="801")
        rings(here, CALL, "801")
        rings(here, OTHER, "802")
        assert (await page.post("/api/do/call.hangup", {"call": CALL})).status_code == 200
        theirs = await page.post("/api/do/call.hangup", {"call": OTHER})
        assert (theirs.status_code, theirs.json()["code"]) == (403, "not_own_call")
        for call in ("hl-1.9", "../../etc", "", "x" * 200):
            assert (await page.post("/api/do/call.hangup", {"call": call})).status_code in (403, 404)
        assert (await page.post("/api/do/call.hangup", {})).status_code == 422
        assert [each["call"] for each in here.door.of("call.hangup")] == [CALL]


@pytest.mark.parametrize("verb", ["monitor.listen", "seat.force", "queue.move", "emergency.status"])
async def test_an_agent_steers_nobody_else_and_a_supervisor_does_it_on_the_record(tmp_path: Path, verb: str) -> None:
    async with site(tmp_path) as here:
        agent = await here.sign_in("xiaomei", seat="801")
        assert (await agent.post(f"/api/do/{verb}", {"call": CALL})).status_code == 403
        boss = await here.sign_in("zhang", Role.SUPERVISOR, seat="803")
        body = {"call": CALL, "seat": "801", "state": "not_ready", "reason": "会议，电话 13812345678"}
        assert (await boss.post(f"/api/do/{verb}", body)).status_code == 200
        kept = [row for row in await here.trail() if row.action == verb]
        if VERBS[verb].is_audited:
            assert [(row.person.name, row.subject) for row in kept] == [("zhang", CALL)]
            assert "13812345678" not in str(kept[0].detail)


async def test_an_agent_cannot_raise_an_emergency_in_a_supervisors_name(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = await here.sign_in("xiaomei", seat="801")
        rings(here, CALL, "801")
        body = {"call": CALL, "kind": "fire", "supervisor": True}
        assert (await page.post("/api/do/emergency.raise", body)).status_code == 200
        assert here.door.of("emergency.raise")[0]["supervisor"] is False


async def test_what_the_controller_tells_is_masked_for_who_asks(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = await here.sign_in("xiaomei", seat="801")
        rings(here, CALL, "801")
        said = "我的身份证是110101199003078515，电话13812345678"
        here.door.answers["call.words"] = lambda _request: {
            "ok": True,
            "text": "",
            "words": [{"leg": "caller", "text": said}],
        }
        words = (await page.post("/api/do/call.words", {"call": CALL})).json()["words"]
        assert "110101199003078515" not in words[0]["text"]
        assert "13812345678" in words[0]["text"]  # whom they talk to, they may call back
        assert "call.words" in [row.action for row in await here.trail()]


async def test_without_the_controller_or_a_seat_it_says_so(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        nowhere = await here.sign_in("a")
        told = await nowhere.post("/api/do/seat.ready", {})
        assert (told.status_code, told.json()["code"]) == (409, "no_seat")
        page = await here.sign_in("xiaomei", seat="801")
        await here.door.close()
        away = await page.post("/api/do/seat.ready", {})
        assert (away.status_code, away.json()["code"]) == (503, "controller_away")
        assert (await page.post("/api/do/nothing.here", {})).status_code == 404


@pytest.mark.parametrize(
    "body", [[], "x", 3, None, {"call": {}}, {"call": []}, {"a": "x" * 9000}, {str(n): 1 for n in range(30)}]
)
async def test_what_is_no_request_is_refused_in_words(tmp_path: Path, body: Any) -> None:
    async with site(tmp_path) as here:
        page = await here.sign_in("xiaomei", seat="801")
        answer = await page.post("/api/do/seat.ready", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_every_verb_needs_a_right_that_some_role_has() -> None:
    granted: set[Permission] = set().union(*ROLES.values())
    assert {asked.permission for asked in VERBS.values()} <= granted
    assert all(
        asked.is_audited for verb, asked in VERBS.items() if verb.startswith(("monitor.", "queue.", "seat.force"))
    )
