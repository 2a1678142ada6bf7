"""Signing in to the pages: who gets in, who is slowed, what a stolen or forgotten browser can still do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cti.access import Role
from cti.adapters.web import security
from cti.adapters.web.security import HEADERS
from cti.pages_settings import PagesSettings
from tests.cti.web.site import PASSWORD, site

AGENT = {"name": "xiaomei", "password": PASSWORD, "seat": "801"}
WRONG = {"name": "xiaomei", "password": "猜一个"}


async def test_an_agent_signs_in_to_a_seat_and_gets_the_telephone_of_that_seat(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await here.account("xiaomei")
        page = here.visitor()
        body = (await page.post("/api/session", AGENT)).json()
        assert body["seat"] == "801"
        assert body["sip"] == {"uri": "sip:801@127.0.0.1", "password": here.deps.seat_password("801"), "ws": "/sip"}
        assert "desk" in body["user"]["permissions"]
        assert (await page.get("/api/session")).json() == body
        assert [(each["seat"], each["user"]) for each in here.door.of("seat.sign_in")] == [("801", "xiaomei")]
        assert [row.action for row in await here.trail()] == ["session.opened"]


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(tmp_path: Path) -> None:
    async with site(tmp_path, PagesSettings(address="https://hotline.test")) as here:
        await here.account("xiaomei")
        page = here.visitor()
        answer = await page.post("/api/session", AGENT, headers={"origin": "https://hotline.test"})
        cookies = {each.partition("=")[0]: each.lower() for each in answer.headers.get_list("set-cookie")}
        assert "httponly" in cookies["hl_session"]
        assert "httponly" not in cookies["hl_csrf"]
        for cookie in cookies.values():
            assert "samesite=strict" in cookie
            assert "secure" in cookie
        assert answer.headers["strict-transport-security"]


async def test_without_a_session_nothing_is_told_and_without_the_csrf_header_nothing_is_done(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        assert (await here.visitor().get("/api/session")).status_code == 401
        page = await here.sign_in("xiaomei")
        forged = await page.request("DELETE", "/api/session", headers={"x-csrf": "x"})
        assert (forged.status_code, forged.json()["code"]) == (403, "csrf")
        foreign = await page.request("DELETE", "/api/session", headers={"origin": "https://evil.test"})
        assert (foreign.status_code, foreign.json()["code"]) == (403, "wrong_origin")
        assert (await page.get("/api/session")).status_code == 200


async def test_a_hundred_wrong_passwords_slow_the_guesser_and_lock_nobody_out(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await here.account("xiaomei")
        guesser = here.visitor("198.51.100.9")
        answers = [await guesser.post("/api/session", WRONG) for _ in range(100)]
        assert [answer.status_code for answer in answers[:4]] == [401] * 4
        assert [answer.json()["code"] for answer in answers[4:]] == ["too_many_guesses"] * 96
        right = await guesser.post("/api/session", AGENT)
        assert right.status_code == 429  # even the right one: or it would be told apart
        assert (await here.visitor("192.0.2.1").post("/api/session", AGENT)).status_code == 200
        here.clock.at += timedelta(seconds=31)
        assert (await guesser.post("/api/session", AGENT)).status_code == 200


async def test_a_hundred_tries_at_the_same_moment_are_no_way_around(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await here.account("xiaomei")
        guesser = here.visitor()
        answers = await asyncio.gather(*(guesser.post("/api/session", WRONG) for _ in range(100)))
        codes = [answer.status_code for answer in answers]
        assert (codes.count(401), codes.count(429)) == (4, 96)


async def test_a_session_that_asks_without_end_is_slowed_and_its_neighbours_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "REQUESTS_OF_ONE_PER_MINUTE", 60)
    async with site(tmp_path) as here:
        page, other = await here.sign_in("a"), await here.sign_in("b")
        codes = [(await page.get("/icon.svg")).status_code for _ in range(70)]
        assert codes[-1] == 429
        assert (await other.get("/api/session")).status_code == 200
        here.clock.at += timedelta(seconds=5)
        assert (await page.get("/api/session")).status_code == 200


async def test_one_address_that_tries_many_names_is_slowed_too(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        guesser = here.visitor()
        codes = [(await guesser.post("/api/session", {**WRONG, "name": f"n{n}"})).status_code for n in range(40)]
        assert codes[0] == 401
        assert codes[-1] == 429


async def test_an_unknown_name_and_a_disabled_account_are_told_like_a_wrong_password(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await here.account("xiaomei")
        await here.account("gone", is_disabled=True)
        page = here.visitor()
        told = [
            (await page.post("/api/session", {"name": name, "password": password})).json()
            for name, password in (("xiaomei", "x"), ("nobody", "x"), ("gone", PASSWORD), ("", ""))
        ]
        assert all(each == told[0] for each in told)


async def test_a_one_time_password_opens_nothing_but_its_own_change(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = await here.sign_in("xiaomei", seat="801", must_change=True)
        body = (await page.get("/api/session")).json()
        assert (body["user"]["permissions"], body["seat"], body["sip"]) == ([], "", None)
        for new, code in ((PASSWORD, "weak_password"), ("short", "weak_password"), ("aaaaaaaaaaaa", "weak_password")):
            answer = await page.post("/api/session/password", {"old": PASSWORD, "new": new})
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        wrong = await page.post("/api/session/password", {"old": "x", "new": "另一个够长的口令-1"})
        assert wrong.status_code == 403
        other = await here.sign_in("xiaomei")
        changed = await page.post("/api/session/password", {"old": PASSWORD, "new": "另一个够长的口令-1"})
        assert changed.status_code == 204
        assert (await page.get("/api/session")).json()["user"]["must_change"] is False
        assert (await other.get("/api/session")).status_code == 401  # the other browsers are out


async def test_a_session_idles_out_ends_with_the_shift_and_ends_when_the_account_is_changed(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        idle = await here.sign_in("a")
        here.clock.at += timedelta(minutes=31)
        assert (await idle.get("/api/session")).status_code == 401
        busy = await here.sign_in("b")
        for _ in range(40):
            here.clock.at += timedelta(minutes=24)
            status = (await busy.get("/api/session")).status_code
        assert status == 401  # sixteen hours are over
        page = await here.sign_in("c")
        record = await here.deps.accounts.account("c")
        assert record is not None
        await here.deps.accounts.change(replace(record, roles=(Role.REVIEWER,)))
        assert (await page.get("/api/session")).status_code == 401


async def test_signing_out_ends_the_session_for_good_and_frees_the_seat(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = await here.sign_in("xiaomei", seat="801")
        stolen = page.client.cookies["hl_session"]
        assert (await page.delete("/api/session")).status_code == 204
        thief = here.visitor()
        thief.client.cookies.set("hl_session", stolen)
        assert (await thief.get("/api/session")).status_code == 401
        assert [each["seat"] for each in here.door.of("seat.sign_out")] == ["801"]


async def test_a_seat_that_is_not_there_and_a_role_without_a_desk_are_refused_in_words(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await here.account("xiaomei")
        await here.account("unit", Role.UNIT, unit="水务局")
        page = here.visitor()
        unknown = await page.post("/api/session", {**AGENT, "seat": "999"})
        assert (unknown.status_code, unknown.json()["code"]) == (422, "no_such_seat")
        unit = await page.post("/api/session", {"name": "unit", "password": PASSWORD, "seat": "801"})
        assert (unit.status_code, unit.json()["code"]) == (403, "no_desk")


async def test_who_left_a_desk_without_signing_out_has_lost_it_when_another_sits_there(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before, after = await here.sign_in("a", seat="801"), await here.sign_in("b", seat="801")
        assert (await before.get("/api/session")).json()["seat"] == ""
        told = await before.post("/api/do/seat.ready", {})
        assert (told.status_code, told.json()["code"]) == (409, "no_seat")
        assert (await after.get("/api/session")).json()["seat"] == "801"


async def test_without_the_controller_people_still_sign_in(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await here.door.close()
        page = await here.sign_in("xiaomei", seat="801")
        assert (await page.get("/api/session")).json()["seat"] == "801"


async def test_every_answer_carries_the_headers_and_a_refusal_its_words_and_code(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = here.visitor()
        for answer in (
            await page.get("/api/session"),
            await page.get("/api/nothing"),
            await page.get("/"),
            await page.post("/api/session", {"name": 3}),
            await page.post("/api/session", content=b"{", headers={"content-type": "application/json"}),
        ):
            for name, value in HEADERS.items():
                assert answer.headers[name] == value
            if answer.headers["content-type"] == "application/json":
                assert set(answer.json()) == {"error", "code"}
                assert "改法" in answer.json()["error"]
        assert "unsafe-eval" not in HEADERS["content-security-policy"]
        assert "script-src 'self';" in HEADERS["content-security-policy"]


async def test_too_large_a_body_is_not_read(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        answer = await here.visitor().post("/api/session", content=b"x" * (13 * 1024 * 1024))
        assert answer.status_code == 413
