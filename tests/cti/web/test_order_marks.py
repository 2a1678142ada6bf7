"""Notes on orders: each reviewed by somebody else, dissuasion before referral, exemption only with every condition."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cti.access import Role
from tests.cti.web.order_site import OrderSite, order_site
from tests.cti.web.site import Page


async def marks(page: Page, number: str, kind: str, code: str = "", reason: str = "核实如此", status: int = 201) -> Any:
    answer = await page.post(f"/api/order-marks/{number}", {"kind": kind, "code": code, "reason": reason})
    assert answer.status_code == status, answer.text
    return answer.json()


async def reviews(page: Page, mark: dict[str, Any], state: str, **more: Any) -> Any:
    body = {"state": state, "finding": "已到现场核实", **more}
    return (await page.post(f"/api/order-marks/{mark['number']}/{mark['id']}/review", body)).json()


@pytest.mark.requirement("J-01")
async def test_what_is_said_to_be_untrue_is_reviewed_by_somebody_else(tmp_path: Path) -> None:
    async with order_site(tmp_path, "jinan") as here:
        number, agent, host = await here.opened(), await here.agent(), await here.host()
        await marks(agent, number, "untrue", reason=" ", status=409)
        made = await marks(host, number, "untrue")
        assert made["state"] == "open"
        assert "自己标记的" in (await reviews(host, made, "upheld"))["error"]
        inspector = await here.site.sign_in("另一位督办员", Role.INSPECTOR)
        done = await reviews(inspector, made, "upheld")
        assert (done["state"], done["reviewer"], done["finding"]) == ("upheld", "另一位督办员", "已到现场核实")
        assert "已经复核" in (await reviews(inspector, made, "dismissed"))["error"]
        assert (
            await agent.post(f"/api/order-marks/{number}/{made['id']}/review", {"state": "upheld", "finding": "x"})
        ).status_code == 403
        trail = [row.action for row in await here.site.trail() if row.subject == number]
        assert trail.count("order.mark_reviewed") == 1


@pytest.mark.requirement("J-32", "S-55")
async def test_a_reply_that_does_not_match_what_was_done_is_marked_and_checked_again(tmp_path: Path) -> None:
    async with order_site(tmp_path, "jinan") as here:
        number = await here.told()
        supervisor, host = await here.supervisor(), await here.host()
        made = await marks(supervisor, number, "not_done", reason="市民说没有人来过")
        assert (await supervisor.get(f"/api/order-marks/{number}")).json()["marks"][0]["kind_title"] == "没有实际办理"
        assert (await reviews(host, made, "upheld"))["state"] == "upheld"
        violation = await marks(host, number, "violation", "回复与实际不一致、弄虚作假")
        assert violation["code"] == "回复与实际不一致、弄虚作假"
        wrong = await marks(host, number, "violation", "长得不好看", status=409)
        assert "没有这种违规" in wrong["error"]


@pytest.mark.requirement("J-30")
async def test_redo_upon_redo_and_supervision_propose_a_violation_by_themselves(tmp_path: Path) -> None:
    async with order_site(tmp_path, "jinan") as here:
        number, host = await here.with_unit(), await here.host()

        async def proposal() -> str:
            return str((await host.get(f"/api/order-marks/{number}")).json()["proposed_violation"])

        for count in range(3):
            assert await proposal() == ""
            await here.does(host, number, "supervise", trigger="recurring", opinion="请抓紧")
            if count < 2:
                await here.does(host, number, "lift_supervision", finding="已答应")
        assert await proposal() == "多次重办督办仍未办结"
        await marks(host, number, "violation", await proposal())
        assert await proposal() == "", "it is noted now"


@pytest.mark.requirement("S-60")
async def test_a_violation_is_exempt_only_when_every_condition_of_the_city_holds(tmp_path: Path) -> None:
    async with order_site(tmp_path, "suqian") as here:
        number, host = await here.with_unit(), await here.host()
        made = await marks(await here.supervisor(), number, "violation", "办理不力")
        four = ["未违反禁止性规定", "未谋取不正当利益", "为公为民尽职尽责", "过错后积极纠正"]
        lacking = await reviews(host, made, "exempt", conditions=four[:3])
        assert "过错后积极纠正" in lacking["error"]
        done = await reviews(host, made, "exempt", conditions=four)
        assert (done["state"], done["conditions"]) == ("exempt", four)


@pytest.mark.requirement("J-36", "J-37")
async def test_a_nuisance_caller_is_counted_dissuaded_and_only_then_referred_with_evidence(tmp_path: Path) -> None:
    async with order_site(tmp_path, "jinan") as here:
        numbers = [await _from(here, "13900000001") for _ in range(3)]
        await _from(here, "13900000002")
        agent, host = await here.agent(), await here.host()
        refused = await marks(agent, numbers[2], "referred", status=409)
        assert "先劝阻" in refused["error"]
        await marks(agent, numbers[0], "abuse", "恶意反复拨打")
        here.site.clock.at += timedelta(seconds=1)
        await marks(agent, numbers[0], "abuse", "不喜欢", status=409)
        await marks(agent, numbers[1], "dissuaded", reason="已当面说明，仍辱骂")
        here.site.clock.at += timedelta(seconds=1)
        await marks(agent, numbers[2], "referred", reason="移交公安机关")
        bundle = (await host.get(f"/api/order-marks/{numbers[0]}/evidence")).json()
        assert bundle["count"] == 3
        assert {each["number"] for each in bundle["orders"]} == set(numbers)
        assert all(len(each["seal"]) == 64 and each["calls"] for each in bundle["orders"])
        assert [each["kind"] for each in bundle["marks"]] == ["abuse", "dissuaded", "referred"]
        assert (await agent.get(f"/api/order-marks/{numbers[0]}/evidence")).status_code == 403


async def _from(here: OrderSite, phone: str) -> str:
    return await here.opened(fields={"caller_number": phone, "phone": phone})
