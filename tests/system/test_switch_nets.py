"""Whatever becomes of our controller, a caller reaches a person: the dialplan's three nets, on the real switch."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.line import EndedBy
from ivr.adapters.simulator.phone_errors import CallOverError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from tests.system.running_switch import Message, RawAmi, RunningSwitch

ROOT = Path(__file__).resolve().parents[2]


class Controller:
    """The fake controller's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self, within: float = 20) -> str:
        """The next thing it says; `CALL called did result` for each call handed to it."""
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), within)).decode().strip()


@asynccontextmanager
async def controller(switch: RunningSwitch, mode: str) -> AsyncIterator[Controller]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.system.fake_controller", str(switch.agi_port), mode,
        cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    one = Controller(process)
    try:
        assert await one.line(15) == "READY"
        yield one
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def dial(switch: RunningSwitch, phone: SipPhone, number: str = "12345") -> SipCall:
    call = await phone.call(number, "127.0.0.1", switch.sip_port)
    await call.answered(30)
    return call


def net(why: str) -> Callable[[Message], bool]:
    return lambda event: event.get("UserEvent") == "SafetyNet" and event["Why"] == why


async def test_without_a_controller_the_caller_reaches_a_seat_at_once(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.seat(ami, "801") as seat, switch.caller() as phone:
        began = time.monotonic()
        call = await dial(switch, phone)
        ringing = await seat.next_call(30)
        await ringing.answered(30)
        assert time.monotonic() - began < 10  # the greeting of the net is played first; no lease is waited for
        assert net("refused")(await ami.event("UserEvent"))
        await call.hang_up()


async def test_a_caller_in_the_net_hears_something_all_the_time(switch: RunningSwitch) -> None:
    async with switch.caller() as phone:
        call = await dial(switch, phone)
        await call.wait_for_tone(440, 20)  # hl/net-wait in this test
        await asyncio.sleep(0.6)
        await call.wait_for_audio(30)  # music
        await call.hang_up()


async def test_a_controller_that_returns_gets_the_caller_back(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.caller() as phone:
        async with controller(switch, "hold") as first:
            call = await dial(switch, phone)
            assert await first.line() == "CALL 12345 None None"
            first.process.kill()
            await first.process.wait()
        await asyncio.sleep(0.7)  # of the three seconds in which one may come back; it has to start yet
        async with controller(switch, "hold") as second:
            assert (await second.line()).startswith("CALL 12345")
            assert not [event for event in ami.events if event.get("UserEvent") == "SafetyNet"]
            await call.hang_up()


async def test_a_controller_that_stays_away_leaves_the_caller_to_the_queue(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.seat(ami, "801") as seat, switch.caller() as phone:
        async with controller(switch, "hold") as gone:
            call = await dial(switch, phone)
            await gone.line()
            killed = time.monotonic()
            gone.process.kill()
            await gone.process.wait()
        assert net("lost")(await ami.event("UserEvent")) or net("refused")(await ami.event("UserEvent"))
        assert 2.5 < time.monotonic() - killed < 20
        await (await seat.next_call(30)).answered(30)
        await call.hang_up()


async def test_a_controller_that_dies_at_each_attempt_cannot_keep_the_caller(
    switch: RunningSwitch, ami: RawAmi
) -> None:
    """A call that crashes us must not crash us for ever."""
    ends = time.monotonic() + 20

    async def crash_again_and_again() -> None:
        while time.monotonic() < ends:
            async with controller(switch, "crash") as one:
                await one.process.wait()

    crashing = asyncio.create_task(crash_again_and_again())
    try:
        await asyncio.sleep(0.5)
        async with switch.caller() as phone:
            call = await dial(switch, phone)
            await ami.event(lambda event: event.get("Event") == "QueueCallerJoin", 20)
            await call.hang_up()
    finally:
        crashing.cancel()
        await asyncio.gather(crashing, return_exceptions=True)


async def test_a_frozen_controller_loses_its_caller_when_the_lease_ends(switch: RunningSwitch, ami: RawAmi) -> None:
    async with (
        switch.globals(ami, HL_LEASE="3"),
        switch.seat(ami, "801") as seat,
        switch.caller() as phone,
        controller(switch, "speak") as frozen,
    ):
        began = time.monotonic()
        frozen.process.send_signal(signal.SIGSTOP)
        try:
            call = await dial(switch, phone)
            await ami.event(net("lease"))
            assert 2.5 < time.monotonic() - began < 20
            await (await seat.next_call(30)).answered(30)
            await call.hang_up()
        finally:
            frozen.process.send_signal(signal.SIGCONT)


async def test_the_lease_ends_also_in_the_middle_of_a_prompt(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.globals(ami, HL_LEASE="3"), switch.caller() as phone, controller(switch, "speak") as frozen:
        call = await dial(switch, phone)
        await frozen.line()
        frozen.process.send_signal(signal.SIGSTOP)
        try:
            await ami.event(net("lease"))
            await call.hang_up()
        finally:
            frozen.process.send_signal(signal.SIGCONT)


async def test_the_lease_can_be_renewed_from_outside(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.globals(ami, HL_LEASE="5"), switch.caller() as phone, controller(switch, "speak") as one:
        call = await dial(switch, phone)
        await one.line()
        channel = (await ami.event("Newchannel"))["Channel"]
        for _ in range(8):  # longer than a lease, and each time with much of it left
            await asyncio.sleep(0.8)
            said = await ami.act("Setvar", Channel=channel, Variable="TIMEOUT(absolute)", Value="5")
            assert said["Response"] == "Success", said
        assert not [event for event in ami.events if event.get("UserEvent") == "SafetyNet"]
        await ami.event(net("lease"))
        await call.hang_up()


async def test_a_stale_heartbeat_sends_new_callers_past_a_hung_controller(switch: RunningSwitch, ami: RawAmi) -> None:
    async with (
        switch.globals(ami, HL_BEAT=str(int(time.time()) - 60)),
        switch.caller() as phone,
        controller(switch, "hold"),
    ):
        call = await dial(switch, phone)
        await ami.event(net("heartbeat"))
        await call.hang_up()
    async with (
        switch.globals(ami, HL_BEAT=str(int(time.time()))),
        switch.caller() as phone,
        controller(switch, "hold") as fresh,
    ):
        call = await dial(switch, phone)
        assert (await fresh.line()).startswith("CALL")
        await call.hang_up()


async def test_the_controllers_wish_is_carried_out_and_reported_back(switch: RunningSwitch, ami: RawAmi) -> None:
    async with (
        switch.seat(ami, "802", "enterprise") as seat,
        switch.caller() as phone,
        controller(switch, "queue") as one,
    ):
        call = await dial(switch, phone, "12320")
        assert await one.line() == "CALL 12320 None None"
        talk = await seat.next_call(30)
        await talk.answered(30)
        await asyncio.sleep(0.5)
        await talk.hang_up()
        assert await one.line() == "CALL 12320 queue CONTINUE"  # the caller is still there: a survey can follow
        assert (await call.ended(30)).by is EndedBy.THERE


async def test_a_queue_that_does_not_exist_becomes_the_default_queue(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.caller() as phone, controller(switch, "HL_DO=queue,HL_QUEUE=no_such;queue"):
        call = await dial(switch, phone)
        assert (await ami.event("QueueCallerJoin"))["Queue"] == "q_general"
        await call.hang_up()


async def test_an_unheard_of_wish_leads_to_a_person(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.caller() as phone, controller(switch, "HL_DO=sing"):
        call = await dial(switch, phone)
        assert (await ami.event(net("wish")))["CallId"].startswith("hl-")
        await ami.event("QueueCallerJoin")
        await call.hang_up()


async def test_a_caller_nobody_takes_may_leave_a_message(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.globals(ami, HL_NET_WAIT="1"), switch.caller() as phone:
        call = await dial(switch, phone)
        await call.wait_for_tone(1000, 20)  # the beep
        await asyncio.sleep(1)
        await call.press("#")
        left = await ami.event(lambda event: event.get("UserEvent") == "MessageLeft")
        assert left["Status"] == "DTMF"
        assert _size(left["File"]) > 8000
        await call.ended(30)


async def test_an_agent_who_hangs_up_in_the_net_ends_the_call_kindly(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.seat(ami, "801") as seat, switch.caller() as phone:
        call = await dial(switch, phone)
        talk = await seat.next_call(30)
        await talk.answered(30)
        await asyncio.sleep(0.3)
        await talk.hang_up()
        await call.wait_for_tone(440, 20)  # hl/net-goodbye
        assert (await call.ended(30)).by is EndedBy.THERE


async def test_a_key_leads_out_of_the_queue_only_when_it_is_wanted(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.caller() as phone, controller(switch, "HL_DO=queue,HL_QUEUE=general,HL_KEYS=0#") as one:
        call = await dial(switch, phone)
        await one.line()
        await ami.event("QueueCallerJoin")
        await asyncio.sleep(0.3)
        await call.press("5")
        with suppress(CallOverError):  # the controller hangs up while the key is still held
            await call.press("0")
        assert await one.line() == "CALL 12345 queue KEY"
        await call.ended(30)


async def test_the_wait_in_a_queue_is_bounded_as_the_controller_wishes(switch: RunningSwitch, ami: RawAmi) -> None:
    wish = "HL_DO=queue,HL_QUEUE=enterprise,HL_WAIT=4,HL_PRIO=7"
    async with switch.caller() as phone, controller(switch, wish) as one:
        call = await dial(switch, phone)
        await one.line()
        await ami.event("QueueCallerJoin")
        waiting = await ami.listed("QueueStatus", Queue="q_enterprise")
        assert [entry["Priority"] for entry in waiting if entry["Event"] == "QueueEntry"] == ["7"]
        assert await one.line() == "CALL 12345 queue TIMEOUT"
        await call.ended(30)


async def test_an_empty_strict_queue_gives_the_caller_back_at_once(switch: RunningSwitch) -> None:
    async with switch.caller() as phone, controller(switch, "HL_DO=queue,HL_QUEUE=strict") as one:
        call = await dial(switch, phone)
        await one.line()
        assert await one.line() == "CALL 12345 queue JOINEMPTY"
        await call.ended(30)


@pytest.mark.parametrize("refusal", [486, 603, 480])
async def test_a_seat_that_refuses_does_not_lose_the_caller(switch: RunningSwitch, ami: RawAmi, refusal: int) -> None:
    async with switch.seat(ami, "801") as first, switch.caller() as phone:
        first.answering = Answering(refuse_with=refusal)
        call = await dial(switch, phone)
        await first.next_call(30)
        first.answering = Answering()
        again = await first.next_call(30)
        while again.ending is not None:
            again = await first.next_call(30)
        await again.answered(30)
        await call.hang_up()


def _size(file: str) -> int:
    return Path(file).stat().st_size
