"""What a supervisor reads and takes out: reports, recordings, search, draws, exports that need a second person."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from cti.access import Role
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.web.order_deps import OrdersDeps
from ivr.call import CallId, Leg, PhoneNumber
from ivr.ports import Heard, HeardWord
from ivr.recording import Part, Recording
from tests.cti.web.site import Site, site
from tests.fakes import NOON
from workorder.call_record import CallRecord


async def some_calls(here: Site, count: int = 12) -> None:
    """Answered calls at two seats, one of four abandoned; each answered one is recorded and has words."""
    store = SqlCallStore(here.deps.database)
    for nth in range(count):
        call, began = CallId(f"hl-17953127{nth:02d}.0"), NOON - timedelta(minutes=10 * nth + 5)
        is_lost = nth % 4 == 3
        record = CallRecord(
            call,
            PhoneNumber("13812345678"),
            "12345",
            started=began,
            queued=began + timedelta(seconds=5),
            answered=None if is_lost else began + timedelta(seconds=5 + 10 * (nth % 3)),
            ended=began + timedelta(seconds=95),
            queue="general",
            seat="" if is_lost else ("801", "802")[nth % 2],
            outcome="abandoned" if is_lost else "answered",
        )
        await store.save_call(record)
        if is_lost:
            continue
        text = "武威路的井盖坏了"
        words = tuple(HeardWord(char, 3.0 + at / 4, 3.25 + at / 4, 1.0) for at, char in enumerate(text))
        await store.save_turns(call, [Heard(call, Leg.CALLER, text, True, 3.0, 5.0, words)])
        await store.save_recordings(call, [Recording(call, Part.MIX, f"{call}.wav", 90.0, -20.0, "0" * 64, "")])


async def test_a_report_counts_as_the_wallboard_does_and_carries_its_formulas(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await some_calls(here)
        page = await here.sign_in("zhang", Role.SUPERVISOR)
        told = (await page.get("/api/reports/queues")).json()
        names = [each["name"] for each in told["columns"]]
        row = dict(zip(names, told["rows"][0], strict=True))
        assert (row["name"], row["offered"], row["answered"], row["abandoned"]) == ("general", 12, 9, 3)
        assert row["within"] == 6  # nth % 3 in (0, 1): 0 and 10 seconds
        assert row["answer_rate"] == 0.75
        assert any("15 秒接听率 =" in note for note in told["notes"])
        for name in (await page.get("/api/reports")).json()["reports"]:
            answer = await page.get(f"/api/reports/{name['name']}")
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["rows"]) >= 1
        seats = (await page.get("/api/reports/seats")).json()
        assert sum(row[1] for row in seats["rows"]) == 9


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("since=2026-11-22&until=2026-11-01", "wrong_days"),
        ("since=2020-01-01&until=2026-11-01", "too_many_days"),
        ("since=tomorrow", "invalid"),
        ("since=0001-01-01&until=0001-01-02", "wrong_days"),
    ],
)
async def test_days_that_are_none_are_refused_in_words(tmp_path: Path, query: str, code: str) -> None:
    async with site(tmp_path) as here:
        page = await here.sign_in("zhang", Role.SUPERVISOR)
        answer = await page.get(f"/api/reports/days?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_search_hit_names_its_call_and_its_second_and_is_kept_in_the_trail(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await some_calls(here, 2)
        page = await here.sign_in("zhang", Role.SUPERVISOR)
        told = (await page.get("/api/search", params={"words": "井盖"})).json()
        hit = told["hits"][0]
        assert hit["text"][hit["begin"] : hit["end"]] == "井盖"
        assert hit["begun_s"] == pytest.approx(4.0, abs=0.3)
        assert told["calls"][hit["call"]]["recorded_s"] == 90.0
        assert "transcript.search" in [row.action for row in await here.trail()]
        assert (await page.get("/api/search", params={"words": "，。"})).json()["code"] == "no_words"
        agent = await here.sign_in("li", Role.AGENT)
        assert (await agent.get("/api/search", params={"words": "井盖"})).status_code == 403


async def test_recordings_are_listed_by_page_and_filter_with_numbers_as_the_role_may_see_them(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await some_calls(here)
        page = await here.sign_in("shen", Role.REVIEWER)
        told = (await page.get("/api/recordings?seat=801&size=2")).json()
        assert (told["total"], len(told["calls"])) == (6, 2)
        assert {each["seat"] for each in told["calls"]} == {"801"}
        assert "13812345678" not in str(told), "a reviewer sees no telephone numbers"
        assert (await page.get("/api/recordings", params={"seat": "8\x0001"})).status_code == 200
        assert "recording.list" in [row.action for row in await here.trail()]


def marks(form: dict[str, Any], lost: int = 0, fatal: str = "") -> dict[str, int]:
    given = {each["name"]: each["points"] for each in form["criteria"]}
    given["order"] -= lost
    return {**given, **({fatal: 1} if fatal else {})}


async def test_calls_are_drawn_judged_and_judged_again(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await some_calls(here)
        page = await here.sign_in("shen", Role.REVIEWER)
        made = (await page.post("/api/quality/draws", {"count": 2, "per_seat": True})).json()
        assert (made["population"], made["drawn"]) == (9, 4)
        assert sorted(each["seat"] for each in made["calls"]) == ["801", "801", "802", "802"]
        form = (await page.get("/api/quality/form")).json()
        call = made["calls"][0]["call"]
        for lost, fatal, total in ((5, "", 95), (0, "leak", 0), (7, "", 93)):
            body = {"form": form["version"], "marks": marks(form, lost, fatal), "remark": "要素不全"}
            told = await page.put(f"/api/quality/reviews/{call}", body)
            assert (told.status_code, told.json()["total"]) == (200, total)
        kept = (await page.get(f"/api/quality/reviews/{call}")).json()["reviews"]
        assert [each["total"] for each in kept] == [93], "one judgement of one person counts"
        again = (await page.get(f"/api/quality/draws/{made['id']}")).json()
        assert {each["call"]: each["total"] for each in again["calls"]}[call] == 93
        assert [row.action for row in await here.trail()].count("quality.review") == 3
        short = {name: value for name, value in marks(form).items() if name != "policy"}
        refused = await page.put(f"/api/quality/reviews/{call}", {"form": form["version"], "marks": short})
        assert (refused.status_code, refused.json()["code"]) == (422, "wrong_marks")
        old = await page.put(f"/api/quality/reviews/{call}", {"form": 99, "marks": marks(form)})
        assert old.json()["code"] == "old_form"


async def test_where_the_city_asks_for_nothing_an_export_is_taken_at_once(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await some_calls(here)
        page = await here.sign_in("zhang", Role.SUPERVISOR)
        wish = (await page.post("/api/exports", {"what": "report", "wanted": {"name": "queues"}})).json()
        assert wish["state"] == "approved"
        excel = await page.get(f"/api/exports/{wish['id']}/file.xlsx")
        sheet = load_workbook(io.BytesIO(excel.content)).active
        assert sheet is not None
        assert [cell.value for cell in sheet[4]][:2] == ["general", 12]
        pdf = await page.get(f"/api/exports/{wish['id']}/file.pdf")
        assert pdf.content.startswith(b"%PDF-")
        assert b"STSong-Light" in pdf.content
        assert [row.action for row in await here.trail()].count("export.taken") == 2


async def with_control(here: Site) -> None:
    """Let the city be one whose pack asks for approval (Y-57, Y-58)."""
    from dataclasses import replace

    orders: OrdersDeps = here.deps.orders
    plain = await orders.pack(NOON)

    async def pack(_at: object) -> Any:
        return replace(plain, lists={**plain.lists, "export_control": plain.lists.get("stages")})

    object.__setattr__(here.deps, "orders", replace(orders, pack=pack))


async def test_where_the_city_asks_for_it_a_second_person_must_agree(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await with_control(here)
        await some_calls(here)
        one, two = await here.sign_in("zhang", Role.SUPERVISOR), await here.sign_in("wang", Role.SUPERVISOR)
        body = {"what": "report", "wanted": {"name": "days"}}
        assert (await one.post("/api/exports", body)).json()["code"] == "no_reason"
        wish = (await one.post("/api/exports", {**body, "reason": "向分管领导汇报月度话务"})).json()
        assert wish["state"] == "waiting"
        address = f"/api/exports/{wish['id']}"
        early = await one.get(f"{address}/file.xlsx")
        assert (early.status_code, early.json()["code"]) == (403, "export_refused")
        own = await one.post(f"{address}/decision", {"approve": True})
        assert "自己" in own.json()["error"]
        assert (await two.post(f"{address}/decision", {"approve": False})).json()["code"] == "export_refused"
        assert (await two.post(f"{address}/decision", {"approve": True})).json()["state"] == "approved"
        assert (await two.get(f"{address}/file.xlsx")).status_code == 403, "only who asked takes it"
        assert (await one.get(f"{address}/file.xlsx")).status_code == 200
        here.clock.at += timedelta(days=2)
        assert "过期" in (await one.get(f"{address}/file.xlsx")).json()["error"]
        unit = await here.sign_in("unit", Role.UNIT)
        assert (await unit.post("/api/exports", body)).status_code == 403


ODD = ("0001-01-01", "9999-12-31", "", "%00", "' OR 1=1 --")


async def test_nothing_that_is_asked_makes_the_server_fail(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = await here.sign_in("zhang", Role.SUPERVISOR)

        async def sent(method: str, path: str, body: dict[str, Any]) -> int:
            """Send JSON as Python writes it: lone surrogates too, which no browser would send."""
            headers = {"content-type": "application/json"}
            return (await page.request(method, path, content=json.dumps(body), headers=headers)).status_code

        for odd in ODD:
            for path in ("search", "recordings", "reports/days", f"reports/{odd}", f"quality/draws/{odd}"):
                for name in ("since", "until", "seat", "words", "page"):
                    answer = await page.get(f"/api/{path}", params={"words": "井", name: odd})
                    assert answer.status_code < 500, (path, name, odd, answer.text)
        bodies: list[dict[str, Any]] = [
            {"count": 5, "seat": "\ud800\0"},
            {"count": 10**30},
            {"count": 1, "since": "0001-01-01"},
            {"count": 1, "until": "0001-01-01"},
        ]
        for body in bodies:
            assert await sent("POST", "/api/quality/draws", body) in (404, 422), body
        wish = {"what": "report", "wanted": {"name": "days", "words": "\ud800\0"}, "reason": "\ud800\0<b>"}
        assert await sent("POST", "/api/exports", wish) in (200, 422)
        assert (await page.get("/api/exports/x%00/file.pdf")).status_code == 404
        for marks in ({}, {"order": 10**30}, {"\0": 1}):
            assert await sent("PUT", "/api/quality/reviews/hl-1.1", {"form": 1, "marks": marks}) in (404, 422)
