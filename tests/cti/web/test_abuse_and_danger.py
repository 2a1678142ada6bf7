"""Abuse of the line is noted by its kind; whoever is in danger is heard all the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cti.adapters.sql.caller_book import SqlCallerBook
from ivr.call import CallId, PhoneNumber
from routing.adapters.emergency_policies import load_city
from tests.cti.web.order_site import order_site
from tests.routing.emergency.test_shell import UP, heard, scene
from workorder.audit import Person

KINDS_OF_THE_RULES = {"捏造事实", "歪曲事实", "侮辱", "诽谤", "威胁", "诬告", "陷害"}
NUMBER = "13812345678"


@pytest.mark.requirement("J-38")
async def test_abuse_is_noted_by_its_kind_and_the_same_callers_danger_is_heard_at_once(tmp_path: Path) -> None:
    async with order_site(tmp_path, "jinan") as here:
        number = await here.opened(fields={"caller_number": NUMBER, "phone": NUMBER})
        agent = await here.agent()
        choices = (await agent.get(f"/api/order-marks/{number}")).json()["choices"]
        assert set(choices["abuses"]) >= KINDS_OF_THE_RULES
        for code in choices["abuses"]:
            body = {"kind": "abuse", "code": code, "reason": "见录音"}
            assert (await agent.post(f"/api/order-marks/{number}", body)).status_code == 201
        await agent.post(f"/api/order-marks/{number}", {"kind": "dissuaded", "reason": "已劝阻，仍辱骂"})
        await agent.post(f"/api/order-marks/{number}", {"kind": "referred", "reason": "移交公安机关"})
        marks = (await agent.get(f"/api/order-marks/{number}")).json()["marks"]
        assert {each["code"] for each in marks if each["kind"] == "abuse"} == set(choices["abuses"])
        book, now = SqlCallerBook(here.site.deps.database), here.site.clock.now()
        caller = PhoneNumber.parse(NUMBER)
        await book.mark_nuisance(CallId("hl-0.1"), caller, "侮辱", Person("801", "agent"), now)
        assert (await book.known(caller, CallId("hl-1.1"))).nuisances == 1

    async with scene(policy=load_city("default")) as danger:
        await danger.tell(replace(UP, number=caller))  # no agent yet: whatever the flow does with this caller
        danger.desk.hear(heard("救命，我家着火了，火很大"))
        await danger.settle()
        assert danger.dialled() == ["PJSIP/119@emergency"]
        assert danger.asked("redirect"), "and the caller is brought to the head of the queue of people"
