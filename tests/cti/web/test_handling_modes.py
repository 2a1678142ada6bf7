"""The five modes in which a request is handled: chosen by name, or told by what was done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cti.web.order_site import order_site

FIVE = {
    "direct_answer": "直接解答",
    "three_way": "三方通话",
    "order_flow": "工单流转",
    "window": "专席窗口联动",
    "special_channel": "专项服务通道",
}


@pytest.mark.requirement("S-22")
async def test_an_order_says_in_which_of_the_five_modes_it_is_handled(tmp_path: Path) -> None:
    async with order_site(tmp_path, "suqian") as here:
        number, agent = await here.opened(), await here.agent()
        offered = (await agent.get(f"/api/orders/{number}/actions")).json()["actions"]
        (form,) = [each["fields"] for each in offered if each["name"] == "set_mode"]
        assert {each["value"]: each["title"] for each in form[0]["choices"]} == FIVE
        assert (await agent.get(f"/api/orders/{number}")).json()["mode"] == ""
        assert "没有这种办理方式" in await here.refuses(agent, number, "set_mode", mode="shouting")
        for mode, title in FIVE.items():
            await here.does(agent, number, "set_mode", mode=mode)
            order = (await agent.get(f"/api/orders/{number}")).json()
            assert (order["mode"], order["mode_title"]) == (mode, title)
        history = (await agent.get(f"/api/orders/{number}/history")).json()["events"]
        assert [each["words"]["mode"] for each in history if each["move"] == "SetMode"] == list(FIVE)


@pytest.mark.requirement("S-22")
async def test_what_nobody_named_is_told_by_the_dispatch_and_what_was_named_stays(tmp_path: Path) -> None:
    async with order_site(tmp_path, "suqian") as here:
        agent = await here.agent()
        assert (await agent.get(f"/api/orders/{await here.with_unit()}")).json()["mode"] == "order_flow"
        number = await here.opened()
        await here.does(agent, number, "accept")
        await here.does(agent, number, "set_mode", mode="window")
        await here.does(agent, number, "dispatch", unit="水务局")
        assert (await agent.get(f"/api/orders/{number}")).json()["mode"] == "window"
