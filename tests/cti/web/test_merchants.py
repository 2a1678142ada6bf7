"""Life services through the interface: recommended by quality, handed over in two ways, numbers only with consent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cti.access import Role
from cti.adapters.files.partner_file import PartnerFile
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.merchant_store import SqlMerchantOrders
from ivr.call import CallId, PhoneNumber
from tests.cti.web.order_site import CITIZEN, OrderSite, order_site
from tests.cti.web.site import Page
from tests.workorder.test_merchants import TEXT
from workorder.call_record import CallRecord
from workorder.merchants import Quality

CALL = "hl-1763827200.12"
WISH = {"name": "王小明", "phone": "13812345678", "place": "武威路9号", "wish": "门锁打不开，要开锁"}


@asynccontextmanager
async def merchant_site(folder: Path, city: str = "lanzhou", text: str = TEXT) -> AsyncIterator[OrderSite]:
    async with order_site(folder, city) as here:
        data = here.site.deps.settings.data_folder
        data.mkdir(parents=True, exist_ok=True)
        (data / "merchants.yaml").write_text(text, encoding="utf-8")
        yield here


async def merchant(here: OrderSite, identity: str = "M002") -> Page:
    return await here.site.sign_in(f"企业{identity}", Role.MERCHANT, unit=identity)


async def opened(page: Page, **more: Any) -> dict[str, Any]:
    answer = await page.post("/api/merchant-orders", {"service": "开锁", "citizen": WISH, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def does(page: Page, order: dict[str, Any], act: str, **body: Any) -> dict[str, Any]:
    answer = await tries(page, order, act, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def tries(page: Page, order: dict[str, Any], act: str, **body: Any) -> httpx.Response:
    seen = (await page.get(f"/api/merchant-orders/{order['id']}")).json()
    revision = seen.get("revision", order["revision"])
    return await page.post(f"/api/merchant-orders/{order['id']}/{act}", {"revision": revision, **body})


@pytest.mark.requirement("L-17")
async def test_the_merchant_of_the_best_stored_quality_is_offered_first_and_follow_ups_move_the_rank(
    tmp_path: Path,
) -> None:
    async with merchant_site(tmp_path) as here:
        agent = await here.agent()
        found = (await agent.get("/api/merchants?service=开锁")).json()
        assert [each["id"] for each in found["merchants"]] == ["M002", "M001", "M003"]
        assert found["weights"] == {"rating": 50, "completion": 30, "complaints": 20}
        assert found["names"] == {"M001": "甲", "M002": "乙", "M003": "丙"}
        order = await opened(agent)
        assert order["merchant"] == "M002"
        other = TEXT.replace("rating: 50, completion: 30, complaints: 20", "rating: 0, completion: 100, complaints: 0")
        other = other.replace("completed: 49", "completed: 30")
        file = here.site.deps.settings.data_folder / "merchants.yaml"
        file.write_text(other, encoding="utf-8")
        assert [each["id"] for each in (await agent.get("/api/merchants?service=开锁")).json()["merchants"]] == [
            "M001",
            "M002",
            "M003",
        ], "the rule is data"
        file.write_text(TEXT.replace("orders: 50", "orders: 1").replace("49", "1"), encoding="utf-8")
        order = await opened(agent, merchant="M002", consent="电话中口头同意")
        await does(agent, order, "handover", mode="ticket")
        await does(agent, order, "moves", move="contact")
        assert (await tries(agent, order, "verdict", rating=1, is_completed=False)).status_code == 409
        await does(agent, order, "moves", move="confirm", text="今天下午，80 元")
        await does(agent, order, "verdict", rating=1, is_completed=False, complaint="没有来")
        ranked = (await agent.get("/api/merchants?service=开锁")).json()["merchants"]
        assert [each["id"] for each in ranked] == ["M001", "M003", "M002"], "what a citizen said counts"
        assert (ranked[2]["orders"], ranked[2]["complaints"]) == (2, 1)


@pytest.mark.requirement("L-14")
async def test_a_life_service_order_is_handed_over_as_a_ticket_or_as_a_call_and_both_are_logged(
    tmp_path: Path,
) -> None:
    async with merchant_site(tmp_path) as here:
        site, agent = here.site, await here.site.sign_in("李晓梅", Role.AGENT, seat="801")
        here.pages["李晓梅"] = agent
        record = CallRecord(CallId(CALL), PhoneNumber("13812345678"), started=site.clock.at, seat="801")
        await SqlCallStore(site.deps.database).save_call(record)
        number = await here.opened(category="life_service")
        ticket = await opened(agent, work_order=number, citizen=None)
        assert (ticket["work_order"], ticket["citizen"]["phone"]) == (number, CITIZEN["phone"])
        assert (await tries(agent, ticket, "handover", mode="call")).status_code == 404, "which call?"
        ticket = await does(agent, ticket, "handover", mode="ticket")
        assert (ticket["handover_title"], ticket["call"], ticket["recording"]) == ("转交", "", "")
        call = await opened(agent)
        call = await does(agent, call, "handover", mode="call", call=CALL, transfer=True)
        assert (call["handover_title"], call["call"]) == ("转接", CALL)
        assert call["recording"] == f"/api/calls/{CALL}/recording/mix"
        asked = site.door.of("call.transfer_blind")
        assert [(each["call"], each["seat"], each["to"]) for each in asked] == [(CALL, "801", "13900000002")]
        logged = {row.subject: row.detail for row in await site.trail() if "handover" in row.action}
        assert logged == {
            ticket["id"]: {"state": "proposed", "merchant": "M002", "handover": "ticket"},
            call["id"]: {"state": "proposed", "merchant": "M002", "handover": "call", "call": CALL},
        }
        assert [step["what"] for step in call["steps"]] == ["handover_call"]
        site.door.answers["call.transfer_blind"] = lambda _: {"ok": False, "text": "演练状态，不呼叫外部号码。"}
        held = await opened(agent)
        refused = await tries(agent, held, "handover", mode="call", call=CALL, transfer=True)
        assert refused.status_code == 409
        assert "不呼叫外部号码" in refused.json()["error"]
        seen = (await agent.get(f"/api/merchant-orders/{held['id']}")).json()
        assert seen["handover"] == "", "what the interlock did not let out is not logged as put through"
        other = await site.sign_in("别人", Role.AGENT, seat="802")
        assert (await tries(other, held, "handover", mode="call", call=CALL)).status_code == 403, "not their call"


@pytest.mark.requirement("L-15")
async def test_a_merchant_sees_the_number_only_after_the_citizens_consent_was_recorded(tmp_path: Path) -> None:
    async with merchant_site(tmp_path) as here:
        agent, theirs, others = await here.agent(), await merchant(here), await merchant(here, "M001")
        order = await opened(agent)
        assert order["state"] == "proposed"
        path = f"/api/merchant-orders/{order['id']}"
        assert (await theirs.get(path)).status_code == 403, "not handed over yet"
        assert (await theirs.get("/api/merchant-orders")).json()["total"] == 0
        await does(agent, order, "handover", mode="ticket")
        seen = await theirs.get(path)
        assert seen.json()["citizen"]["phone"] == "138****5678"
        for private in ("13812345678", "王小明", "武威路"):
            assert private not in seen.text
        assert "没有同意" in (await tries(theirs, order, "moves", move="contact")).json()["error"]
        assert (await tries(theirs, order, "consent", consents=True, how="我说的")).status_code == 403
        await does(agent, order, "consent", consents=True, how="电话中口头同意")
        assert (await theirs.get(path)).json()["citizen"] == WISH
        assert (await others.get(path)).status_code == 403
        assert (await others.get("/api/merchant-orders")).json()["total"] == 0
        moved = await does(theirs, order, "moves", move="contact")
        assert moved["state"] == "contacted"
        assert (await tries(theirs, order, "moves", move="confirm")).status_code == 409, "what was agreed?"
        assert (await does(theirs, order, "moves", move="confirm", text="下午三点，80 元"))["state"] == "confirmed"
        await does(agent, order, "consent", consents=False, how="来电撤回")
        assert (await theirs.get(path)).json()["citizen"]["phone"] == "138****5678"
        assert (await does(agent, order, "moves", move="cancel", text="市民不要了"))["state"] == "cancelled"
        shown = [row.detail["phone_shown"] for row in await here.site.trail() if row.action == "merchant_order.seen"
                 and row.person.role == "merchant"]  # fmt: skip
        assert True in shown
        assert shown[0] is False
        assert shown[-1] is False, "after it was taken back"
        stale = await agent.post(f"{path}/moves", {"revision": 1, "move": "cancel", "text": "再取消"})
        assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")


async def test_where_the_city_has_no_merchants_nothing_is_opened_and_government_matters_are_refused(
    tmp_path: Path,
) -> None:
    async with merchant_site(tmp_path / "jinan", "jinan") as here:
        answer = await (await here.agent()).post("/api/merchant-orders", {"service": "开锁", "citizen": WISH})
        assert answer.status_code == 409
        assert "没有加盟企业" in answer.json()["error"]
        assert (await here.site.visitor().get("/q/booking")).status_code == 404
    async with merchant_site(tmp_path / "lanzhou") as here:
        agent = await here.agent()
        refused = await agent.post("/api/merchant-orders", {"service": "开锁", "work_order": await here.opened()})
        assert "不是生活类服务" in refused.json()["error"]
        assert (await agent.post("/api/merchant-orders", {"service": "月嫂", "citizen": WISH})).status_code == 409
        assert (await agent.post("/api/merchant-orders", {"service": "开锁"})).status_code == 422
        assert (await (await here.host()).post("/api/merchant-orders", {})).status_code == 403


async def books(page: Page, here: OrderSite, wait: float = 10.0, **change: str) -> httpx.Response:
    token = re.search(r'name="token" value="([^"]+)"', (await page.get("/q/booking")).text)
    assert token
    here.site.clock.at += timedelta(seconds=wait)
    form = {"choice": "开锁/M001", "name": "王小明", "phone": "138 1234 5678", "place": "武威路9号"}
    words = {"text": "门锁打不开，今天能来吗", "consents": "yes", "token": token[1]}
    return await page.request("POST", "/q/booking", data=form | words | change)


@pytest.mark.requirement("L-16")
async def test_a_booking_on_the_web_is_the_same_order_with_channel_web(tmp_path: Path) -> None:
    async with merchant_site(tmp_path) as here:
        citizen, agent = here.site.visitor(), await here.agent()
        assert "/q/booking" in (await citizen.get("/q")).text
        receipt = await books(citizen, here)
        assert receipt.status_code == 201, receipt.text
        number = re.search(r"SH\d{8}-[0-9A-F]{8}", receipt.text)
        assert number
        booked = (await agent.get(f"/api/merchant-orders/{number[0]}")).json()
        assert (booked["channel"], booked["merchant"], booked["state"]) == ("web", "M001", "proposed")
        assert booked["citizen"] == {**WISH, "wish": "门锁打不开，今天能来吗"}
        by_phone = await opened(agent)
        assert set(by_phone) == set(booked)
        assert (by_phone["channel"], by_phone["service_line"]) == ("call", "life")
        theirs = (await (await merchant(here, "M001")).get(f"/api/merchant-orders/{number[0]}")).json()
        assert theirs["citizen"]["phone"] == "13812345678", "they agreed in the form"
        without = await books(citizen, here, consents="")
        number = re.search(r"SH\d{8}-[0-9A-F]{8}", without.text)
        assert number
        assert (await agent.get(f"/api/merchant-orders/{number[0]}")).json()["consent"] is None
        token, _ = PartnerFile(here.site.deps.orders.partners).add("便民服务网", ["intake"], "app")
        website, headers = here.site.visitor(), {"authorization": f"Bearer {token}"}
        body = {**WISH, "their_id": "B-1", "service": "开锁", "consents": True}
        first, again = [await website.post("/api/partner/bookings", body, headers=headers) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert (first.json()["channel"], first.json()["merchant"]) == ("web", "M002")
        assert (await agent.get("/api/merchant-orders")).json()["total"] == 4, "three before, and one"
        assert (await website.post("/api/partner/bookings", body)).status_code == 401


async def test_the_open_booking_form_reads_what_citizens_said_once_however_many_services_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with merchant_site(tmp_path) as here:
        asked, read = [], SqlMerchantOrders.quality

        async def counted(store: SqlMerchantOrders) -> Mapping[str, Quality]:
            asked.append(store)
            return await read(store)

        monkeypatch.setattr(SqlMerchantOrders, "quality", counted)
        form = (await here.site.visitor().get("/q/booking")).text
        assert form.count("<optgroup") > 1, "several services are offered"
        assert len(asked) == 1


async def test_the_booking_form_keeps_the_rules_of_public_forms(tmp_path: Path) -> None:
    async with merchant_site(tmp_path) as here:
        citizen, agent = here.site.visitor(), await here.agent()
        assert (await books(citizen, here, wait=1.0)).status_code == 409, "no person writes that fast"
        assert (await books(citizen, here, token="1.a.b")).status_code == 409
        foreign = await citizen.request("POST", "/q/booking", data={}, headers={"origin": "https://evil.example"})
        assert foreign.status_code == 403
        wrong = await books(citizen, here, phone="12", choice="", name="<script>")
        assert wrong.status_code == 422
        assert "请选一项服务" in wrong.text
        assert "<script>" not in wrong.text
        assert (await books(citizen, here, website="http://spam.example")).status_code == 200
        assert (await books(citizen, here, choice="开锁/M999")).status_code == 409
        assert (await agent.get("/api/merchant-orders")).json()["total"] == 0
        sent = [(await books(citizen, here)).status_code for _ in range(11)]
        assert sent == [201] * 10 + [429]
