"""The manager user has every right that the product uses, and a prompt ends when we say so."""

from __future__ import annotations

import asyncio

import pytest

from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.tones import tone
from tests.system.running_switch import RawAmi, RunningSwitch
from tests.system.test_switch_nets import controller, dial


async def test_a_prompt_is_stopped_from_outside(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.caller() as phone, controller(switch, "speak") as one:
        call = await dial(switch, phone)
        await one.line()
        ours = await ami.event(lambda e: e.get("Event") == "Newchannel" and e.get("CallerIDNum") == phone.number)
        channel = ours["Channel"]
        answer = asyncio.ensure_future(one.line())
        for _ in range(20):  # a stop that comes before the switch has begun to play is lost
            said = await ami.act("ControlPlayback", Channel=channel, Control="stop")
            assert said["Response"] == "Success", said
            await asyncio.wait([answer], timeout=0.5)
            if answer.done():
                break
        assert (await answer).startswith("200 result=0 endpos=")  # the file lasts a minute: it did not end by itself
        assert "REMOTESTOPPED" in await one.line()
        await call.ended(30)


@pytest.mark.parametrize(
    ("action", "headers"),
    [
        ("QueueAdd", {"Queue": "q_enterprise", "Interface": "PJSIP/803", "MemberName": "张三"}),
        ("QueuePause", {"Interface": "PJSIP/803", "Paused": "true", "Reason": "小休"}),
        ("QueuePenalty", {"Interface": "PJSIP/803", "Penalty": "2"}),
        ("QueueRemove", {"Queue": "q_enterprise", "Interface": "PJSIP/803"}),
        ("QueueStatus", {}),
        ("QueueReload", {"Parameters": "yes"}),
        ("CoreShowChannels", {}),
        ("BridgeList", {}),
        ("Setvar", {"Channel": "CHANNEL", "Variable": "HL_NODE", "Value": "menu"}),
        ("Setvar", {"Channel": "CHANNEL", "Variable": "TIMEOUT(absolute)", "Value": "60"}),
        ("MixMonitorMute", {"Channel": "CHANNEL", "Direction": "both", "State": "1"}),
        (
            "Originate",
            {
                "Channel": "PJSIP/110@emergency",
                "Application": "BridgeAdd",
                "Data": "CHANNEL",
                "ChannelId": "em-test-1",
                "Async": "true",
            },
        ),
        ("Redirect", {"Channel": "CHANNEL", "Context": "hl-done", "Exten": "s", "Priority": "1"}),
        ("Hangup", {"Channel": "CHANNEL"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_manager_user_may_do_what_the_product_does(
    switch: RunningSwitch, ami: RawAmi, action: str, headers: dict[str, str]
) -> None:
    async with switch.caller() as phone:
        call = await dial(switch, phone)
        channel = (await ami.event("Newchannel"))["Channel"]
        await ami.event("MixMonitorStart")
        if action in ("QueuePause", "QueuePenalty", "QueueRemove"):
            await ami.act("QueueAdd", Queue="q_enterprise", Interface="PJSIP/803")
        filled = {key: value.replace("CHANNEL", channel) for key, value in headers.items()}
        said = await ami.act(action, **filled)
        assert said["Response"] == "Success", said
        await ami.act("QueueRemove", Queue="q_enterprise", Interface="PJSIP/803")
        await call.hang_up()


async def test_the_emergency_leg_carries_the_citizens_number_and_joins_the_call(
    switch: RunningSwitch, ami: RawAmi
) -> None:
    trunk = switch.config.emergency
    async with (
        SipPhone(bind_ip=trunk.host, number="110", port=trunk.port) as service,
        switch.seat(ami, "801") as seat,
        switch.caller("13812345678") as phone,
    ):
        call = await dial(switch, phone)
        talk = await seat.next_call(30)
        await talk.answered(30)
        channel = (await ami.event("Newchannel"))["Channel"]
        # the two are connected a moment after the seat has picked up; before that there is no bridge to be added to
        await ami.event(lambda event: event["Event"] == "BridgeEnter" and event["BridgeNumChannels"] == "2")
        await ami.act(
            "Originate",
            Channel="PJSIP/110@emergency",
            Application="BridgeAdd",
            Data=channel,
            ChannelId="em-test-2",
            CallerID='"12345" <13812345678>',
            Variable="PJSIP_HEADER(add,X-12345-Order)=WO1",
            Async="true",
        )
        leg = await service.next_call(30)
        assert leg.invitation is not None
        while leg.invitation.get("X-12345-Order") != "WO1":  # an INVITE of an earlier test may still be repeated
            leg = await service.next_call(30)
            assert leg.invitation is not None
        assert "13812345678" in leg.invitation.get("From")
        assert "13812345678" in leg.invitation.get("P-Asserted-Identity")
        joined = await ami.event(lambda event: event["Event"] == "BridgeEnter" and event["Uniqueid"] == "em-test-2")
        assert joined["BridgeNumChannels"] == "3"
        await talk.hang_up()
        await asyncio.sleep(0.5)
        leg.start_saying(tone(600, 20.0))
        await call.wait_for_tone(600, 20)  # the agent has left; caller and emergency service are still together
        assert not [event for event in ami.events if event.get("UserEvent") == "SafetyNet" and event["Why"] == "lost"]
        await leg.hang_up()
        await call.wait_for_tone(440, 20)  # hl/net-goodbye, for there is no controller in this test
        await call.ended(30)


async def test_a_call_can_be_moved_out_of_the_flow_into_a_queue(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.caller() as phone, controller(switch, "speak") as one:
        call = await dial(switch, phone)
        await one.line()
        channel = (await ami.event("Newchannel"))["Channel"]
        for name, value in (("HL_DO", "queue"), ("HL_QUEUE", "enterprise")):
            await ami.act("Setvar", Channel=channel, Variable=name, Value=value)
        await ami.act("Redirect", Channel=channel, Context="hl-done", Exten="s", Priority="1")
        assert (await ami.event("QueueCallerJoin"))["Queue"] == "q_enterprise"
        await call.hang_up()


async def test_queues_are_changed_without_disturbing_who_waits(switch: RunningSwitch, ami: RawAmi) -> None:
    file = switch.rendered.main_file.parent / "queues.conf"
    before = file.read_text(encoding="utf-8")
    async with switch.caller() as phone:
        call = await dial(switch, phone)
        await ami.event("QueueCallerJoin")
        file.write_text(before + "\n[q_new](queue)\nstrategy=rrmemory\n", encoding="utf-8")
        await ami.act("QueueReload", Members="no", Rules="no", Parameters="yes")
        names = {entry["Queue"] for entry in await ami.listed("QueueStatus") if entry["Event"] == "QueueParams"}
        waiting = [e for e in await ami.listed("QueueStatus", Queue="q_general") if e["Event"] == "QueueEntry"]
        file.write_text(before, encoding="utf-8")
        await ami.act("QueueReload", Members="no", Rules="no", Parameters="yes")
        assert "q_new" in names
        assert len(waiting) == 1
        await call.hang_up()
