"""Reports, exports and information over the pages: who may, who must agree, and who has not sent in what they owe."""

from __future__ import annotations

import io
import wave
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from cti.access import Role
from cti.server.report_drafts import draft_due
from cti.server.reports import Reports
from ivr.call import CallId
from ivr.recording import Part, recording_file
from tests.cti.web.order_site import ROADS, WATER, OrderSite, order_site
from workorder.order import HOTLINE_TIME

CALL = CallId("hl-1763774000.12")
DAYS = {"since": "2026-11-16", "until": "2026-11-22"}
NOON = datetime(2026, 11, 22, 12, tzinfo=HOTLINE_TIME)


def recorded(here: OrderSite) -> bytes:
    file = here.site.deps.settings.recordings_folder / recording_file(CALL, Part.MIX)
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\x01\x02" * 800)
    return file.read_bytes()


@pytest.mark.requirement("Y-59")
async def test_recordings_orders_and_statistics_leave_through_one_gate(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        here.site.clock.at = NOON
        sound = recorded(here)
        await here.opened()
        supervisor, governing = await here.supervisor(), await here.governing()
        wishes = {
            "recording": ({"name": CALL}, "wav"),
            "orders": ({"words": ""}, "xlsx"),
            "report": ({"name": "kinds", **DAYS}, "pdf"),
            "bulletin": ({"name": "weekly", **DAYS}, "html"),
        }
        for what, (wanted, form) in wishes.items():
            body = {"what": what, "wanted": wanted}
            assert (await supervisor.post("/api/exports", body)).json()["code"] == "no_reason", what
            wish = (await supervisor.post("/api/exports", {**body, "reason": "向主管单位汇报"})).json()
            assert wish["state"] == "waiting", what
            path = f"/api/exports/{wish['id']}"
            assert (await supervisor.get(f"{path}/file.{form}")).json()["code"] == "export_refused", what
            assert (await supervisor.post(f"{path}/decision", {"approve": True})).status_code == 403, what
            assert (await governing.post(f"{path}/decision", {"approve": True})).status_code == 200, what
            taken = await supervisor.get(f"{path}/file.{form}")
            assert taken.status_code == 200, what
            assert "attachment" in taken.headers["content-disposition"]
            assert (await governing.get(f"{path}/file.{form}")).status_code == 403, "only who asked takes it"
            if what == "recording":
                assert taken.content == sound
            if what == "bulletin":
                assert "审批人 管委会办公室" in taken.text
                assert "热线周报" in taken.text
        trail = [row.action for row in await here.site.trail()]
        assert trail.count("export.taken") == len(wishes)
        refused = await supervisor.post("/api/exports", {"what": "recording", "wanted": {"name": "../../etc/passwd"}})
        assert refused.json()["code"] == "no_recording"


@pytest.mark.requirement("Y-06")
async def test_the_governing_body_supervises_and_approves_and_does_nothing_else(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        here.site.clock.at = NOON
        number = await here.with_unit(category="utilities")
        governing = await here.governing()
        await here.does(governing, number, "urge", why="市民催得急")
        await here.does(governing, number, "supervise", trigger="leader_assigned", opinion="请三日内办结")
        shown = (await governing.get(f"/api/orders/{number}")).json()
        assert shown["is_supervised"]
        assert "13812345678" not in str(shown), "the citizen stays masked"
        await here.does(
            await here.unit(), number, "request_extension", by={"amount": 1, "unit": "workdays"}, why="等配件"
        )
        assert (await here.tries(governing, number, "approve_extension")).status_code == 409, (
            "that is the host's (Y-07)"
        )
        assert (
            await here.tries(await here.agent(), number, "supervise", trigger="overdue", opinion="x")
        ).status_code == 409
        body = {"what": "bulletin", "wanted": {"name": "weekly", **DAYS}, "reason": "月度通报"}
        wish = (await (await here.supervisor()).post("/api/exports", body)).json()
        decided = await governing.post(f"/api/exports/{wish['id']}/decision", {"approve": True})
        assert (decided.json()["state"], decided.json()["decided_by"]) == ("approved", "管委会办公室")
        own = (await governing.post("/api/exports", body)).json()
        assert (await governing.post(f"/api/exports/{own['id']}/decision", {"approve": True})).status_code == 403
        for path in ("/api/recordings", "/api/search?words=路灯"):
            assert (await governing.get(path)).status_code == 403, path


@pytest.mark.requirement("L-27")
async def test_which_unit_sent_in_late_or_not_at_all_is_seen_per_unit(tmp_path: Path) -> None:
    async with order_site(tmp_path, "lanzhou") as here:
        clock = here.site.clock
        clock.at = datetime(2026, 11, 5, 23, 59, tzinfo=HOTLINE_TIME)
        october = {"duty": "work", "period": "2026-10", "title": "十月工作", "text": "办结 12 件。"}
        water, roads = await here.unit(WATER), await here.unit(ROADS)
        first = await water.post("/api/information", october)
        assert (first.status_code, first.json()["is_late"]) == (201, False)
        assert (await water.post("/api/information", october)).json()["code"] == "sent_already"
        for wrong, code in (("2026-13", "wrong_period"), ("2026-W40", "wrong_period")):
            assert (await water.post("/api/information", {**october, "period": wrong})).json()["code"] == code
        assert (await water.post("/api/information", {**october, "duty": "x"})).json()["code"] == "no_such_duty"
        clock.at += timedelta(minutes=1)
        assert (await roads.post("/api/information", october)).json()["is_late"]
        clock.at += timedelta(days=20)
        days = {"since": "2026-10-01", "until": "2026-10-31"}
        here.pages.clear()
        host = await here.host()
        told = (await host.get("/api/information", params=days)).json()
        units = {each["unit"]: each for each in told["units"]}
        assert (units[WATER]["in_time"], units[WATER]["late"], units[WATER]["missing"]) == (1, 0, 1)
        assert (units[ROADS]["in_time"], units[ROADS]["late"], units[ROADS]["missing"]) == (0, 1, 1)
        silent = next(each for name, each in units.items() if name not in (WATER, ROADS))
        assert silent["missing"] == 2, "a unit that sent nothing stands there too"
        states = {each["duty"]: each["stands_title"] for each in units[ROADS]["owed"]}
        assert states["work"] == "迟报"
        own = (await (await here.unit(WATER)).get("/api/information", params=days)).json()
        assert [each["unit"] for each in own["units"]] == [WATER], "a unit sees itself alone"
        assert (await (await here.agent()).get("/api/information")).status_code == 403
        bulletin = (await host.get("/api/bulletins/bulletin", params=days)).json()
        part = next(each for each in bulletin["parts"] if each["title"] == "资料信息报送情况")
        assert next(row for row in part["rows"] if row[0] == ROADS)[3:5] == [1, 1]


async def test_a_drafted_report_is_read_issued_once_and_leaves_as_it_was_issued(tmp_path: Path) -> None:
    async with order_site(tmp_path, "suqian") as here:
        here.site.clock.at = datetime(2026, 11, 12, 9, tzinfo=HOTLINE_TIME)
        await here.opened()
        here.site.clock.at = datetime(2026, 11, 16, 1, tzinfo=HOTLINE_TIME)
        here.pages.clear()
        deps = here.site.deps
        made = await draft_due(Reports(deps.settings, deps.database), deps.clock, "one")
        assert {each.name for each in made} == {"special", "analysis"}, "the month before was empty"
        supervisor, host = await here.supervisor(), await here.host()
        listed = (await host.get("/api/bulletins")).json()
        assert {each["name"] for each in listed["drafts"]} == {"special", "analysis"}
        assert {"weekly", "monthly", "flash", "daily", "public"} <= {each["name"] for each in listed["templates"]}
        path = "/api/bulletins/special/2026-11-09/2026-11-15"
        draft = (await host.get(path)).json()
        assert (draft["issued"], draft["is_sound"], draft["report"]["title"]) == (None, True, "热点专报")
        assert (await host.post(f"{path}/issue", {})).status_code == 403
        issued = await supervisor.post(f"{path}/issue", {})
        assert (issued.status_code, issued.json()["issued_by"]) == (200, "班长")
        assert (await supervisor.post(f"{path}/issue", {})).json()["code"] == "not_issued"
        assert (await supervisor.post("/api/bulletins/special/2026-11-02/2026-11-08/issue", {})).status_code == 404
        wanted = {"name": "special", "since": "2026-11-09", "until": "2026-11-15"}
        wish = (await supervisor.post("/api/exports", {"what": "bulletin", "wanted": wanted, "reason": "签发"})).json()
        book = await supervisor.get(f"/api/exports/{wish['id']}/file.xlsx")
        sheets = load_workbook(io.BytesIO(book.content))
        words = [str(cell.value) for row in sheets["概况"].iter_rows() for cell in row if cell.value is not None]
        assert any(draft["digest"][:16] in each for each in words)
        assert (await supervisor.get(f"/api/exports/{wish['id']}/file.wav")).json()["code"] == "no_such_form"


async def test_a_pivot_and_a_report_are_asked_for_and_refused_in_words(tmp_path: Path) -> None:
    async with order_site(tmp_path, "lanzhou") as here:
        here.site.clock.at = NOON
        await here.opened(fields={"title": "=1+1", "place": "安宁区银滩路9号"})
        host = await here.host()
        told = (await host.get("/api/pivot", params={"rows": "area", "columns": "channel", **DAYS})).json()
        assert told["rows"] == [["安宁区", 1, 1], ["合计", 1, 1]]
        for params in ({"rows": "x", "columns": "type"}, {"rows": "area", "columns": "type", "figure": "x"}):
            assert (await host.get("/api/pivot", params=params)).status_code == 422
        weekly = (await host.get("/api/bulletins/weekly", params=DAYS)).json()
        assert not weekly["is_empty"]
        assert len(weekly["digest"]) == 64
        assert (await host.get("/api/bulletins/none")).status_code == 404
        assert (await (await here.agent()).get("/api/bulletins")).status_code == 403
        empty = (await host.get("/api/bulletins/daily", params={"since": "2020-01-01", "until": "2020-01-01"})).json()
        assert empty["is_empty"]
        assert (await here.site.sign_in("平台", Role.UNIT, unit=WATER)) is not None


async def test_what_is_excluded_from_publication_or_protected_is_not_in_the_public_report(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        here.site.clock.at = NOON
        numbers = [await here.opened(category="utilities") for _ in range(6)]
        await here.opened(category="official_report")
        host = await here.host()

        async def opened(name: str) -> int:
            report = (await host.get(f"/api/bulletins/{name}", params=DAYS)).json()
            rows = next(part["rows"] for part in report["parts"] if part["part"] == "numbers")
            return next(int(row["value"]) for row in rows if row["title"] == "受理工单")

        assert await opened("weekly") == 7
        assert await opened("public") == 6, "a protected category is nobody's business"
        answer = await host.put(f"/api/orders/{numbers[0]}/publication", {"exclusion": "ethnic"})
        assert answer.status_code < 300, answer.text
        assert await opened("public") == 5
        assert await opened("weekly") == 7
