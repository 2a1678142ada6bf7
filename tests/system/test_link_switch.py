"""The guarded link against the real switch: members, snapshots, injection, restart."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.adapters.asterisk.link import AsteriskLink, LinkSettings
from ivr.adapters.asterisk.private import Part
from ivr.call import ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.errors import SwitchLostError, SwitchRefusedError, UnsafeHeaderError
from ivr.events import (
    BridgeEntered,
    LegDown,
    LegUp,
    MemberChanged,
    OriginateEnded,
    SeatRegistered,
    SwitchLost,
    SwitchReady,
)
from tests.system.agi_scene import Scene, link_to, scene
from tests.system.running_switch import RawAmi, RunningSwitch, start_switch, until, write_tone

GENERAL = QueueName("general")


@pytest.fixture
async def stage(switch: RunningSwitch) -> AsyncIterator[Scene]:
    write_tone(switch.config.sounds / "long.wav", 400, 6.0)
    async with scene(switch) as stage:
        yield stage


async def test_a_seat_joins_pauses_and_leaves_its_queue(stage: Scene) -> None:
    link, seat = stage.link, SeatId("804")
    await link.add_member(GENERAL, seat, "张三", 3)
    await link.pause_member(seat, True, "小休")
    (member,) = [one for one in (await link.snapshot()).members if one.seat == seat]
    assert (member.queue, member.penalty, member.paused, member.reason) == (GENERAL, 3, True, "小休")
    await link.pause_member(seat, False)
    await link.remove_member(GENERAL, seat)
    assert not [one for one in (await link.snapshot()).members if one.seat == seat]

    async def has_left() -> bool:
        return bool(told()) and not told()[-1].present

    def told() -> list[MemberChanged]:
        return [one for one in stage.facts if isinstance(one, MemberChanged) and one.seat == seat]

    await stage.fact(MemberChanged)
    await until(has_left)
    assert (told()[0].present, told()[0].paused) == (True, False)
    assert ("小休", True) in [(one.reason, one.paused) for one in told()]


async def test_what_the_switch_refuses_is_said_in_its_words(stage: Scene) -> None:
    with pytest.raises(SwitchRefusedError, match="Interface not found"):
        await stage.link.pause_member(SeatId("899"), True)
    with pytest.raises(SwitchRefusedError, match="No such channel"):
        await stage.link.hang_up(ChannelName("PJSIP/nobody-00000001"))
    await stage.link.reload_queues()


async def test_a_seat_that_registers_is_told(stage: Scene, ami: RawAmi) -> None:
    async with stage.switch.seat(ami, "802"):
        told = await stage.fact(SeatRegistered)
    assert isinstance(told, SeatRegistered)
    assert (told.seat, told.reachable) == ("802", True)


async def test_no_second_action_can_be_smuggled_into_the_real_switch(stage: Scene) -> None:
    hostile = "bob\r\n\r\nAction: Originate\r\nChannel: Local/801@from-seat\r\nApplication: Wait\r\nData: 5\r\n\r\n"
    async with stage.caller() as (_, line):
        for ask in (
            stage.link.set_variable(line.turn.channel, "HL_NODE", hostile),
            stage.link.pause_member(SeatId("801"), True, hostile),
            stage.link.add_member(GENERAL, SeatId("801"), hostile),
        ):
            with pytest.raises(UnsafeHeaderError):
                await ask
        await asyncio.sleep(0.2)
        assert len((await stage.link.snapshot()).channels) == 1


async def test_the_place_in_the_flow_is_seen_in_the_snapshot(stage: Scene) -> None:
    async with stage.caller("13812345678") as (_, line):
        await line.steps.set_variable("HL_NODE", "main_menu")
        (live,) = (await stage.link.snapshot()).channels
        assert (live.call, live.leg, live.number.digits) == (line.turn.call, Leg.CALLER, "13812345678")
        assert (live.variables["HL_NODE"], live.variables["HL_CALLID"]) == ("main_menu", line.turn.call)


async def test_a_leg_is_asked_for_with_its_own_id_and_joins_by_itself(stage: Scene, ami: RawAmi) -> None:
    """The emergency leg's way: fixed channel id, own variables, BridgeAdd; the same id twice makes one leg."""
    async with stage.switch.seat(ami, "801"), stage.caller() as (call, line):
        from ivr.commands import Enqueue

        await line.steps.hand_over(Enqueue(line.turn.call, GENERAL))
        line.over.set()
        await stage.fact(BridgeEntered)
        async with stage.switch.seat(ami, "803", "enterprise"):
            for _ in range(2):
                await stage.link.originate(
                    channel="PJSIP/803",
                    channel_id="em-case-1",
                    application="BridgeAdd",
                    data=line.turn.channel,
                    caller=PhoneNumber("13812345678"),
                    variables={"HL_CALLID": line.turn.call, "HL_NODE": '31.2304,121.4737 (a "b" \\c); 东方红广场'},
                    timeout_seconds=10,
                )
            ended = await stage.fact(OriginateEnded)
            assert isinstance(ended, OriginateEnded)
            assert ended.action == "em-case-1"

            def third() -> list[int]:
                entered = [one for one in stage.facts if isinstance(one, BridgeEntered)]
                return [one.legs for one in entered if one.unique_id == "em-case-1"]

            async def has_entered() -> bool:
                return bool(third())

            await until(has_entered)
            await asyncio.sleep(0.5)  # twice would show now
            assert third() == [3]
            up = [one for one in stage.facts if isinstance(one, LegUp) and one.leg is Leg.EMERGENCY]
            assert len({one.channel for one in up}) == 1  # the switch may say twice that the one channel is new
            live = {one.leg: one for one in (await stage.link.snapshot()).channels}
            assert live[Leg.EMERGENCY].variables["HL_NODE"] == '31.2304,121.4737 (a "b" \\c); 东方红广场'
            assert {one.call for one in live.values()} == {line.turn.call}
            await stage.link.hang_up(live[Leg.EMERGENCY].channel)
            down = await stage.fact(LegDown)
            assert isinstance(down, LegDown)
            assert (down.unique_id, down.call) == ("em-case-1", line.turn.call)
        await call.hang_up()


async def test_a_recogniser_that_is_away_is_told_and_the_call_goes_on(stage: Scene) -> None:
    async with stage.caller() as (_, line):
        stream = "40325ec2-5efd-4bd3-805f-53576e581d13"
        await stage.link.tap(line.turn.channel, stream, "127.0.0.1", 9)
        ended = await stage.fact(OriginateEnded)
        assert isinstance(ended, OriginateEnded)
        assert (ended.action, ended.succeeded) == (f"tap-{stream}", False)
        assert len((await stage.link.snapshot()).channels) == 1


async def test_a_wrong_password_is_named(switch: RunningSwitch) -> None:
    link = AsteriskLink(LinkSettings("127.0.0.1", switch.config.ports.ami, switch.config.ami_user, "wrong-password"))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(link.run())
        lost = await anext(link.events())
        running.cancel()
    assert isinstance(lost, SwitchLost)
    assert "Authentication failed" in lost.reason


def until_stopped(pid: int) -> None:
    """Return when every thread of the process is in state T."""
    while True:
        stats = [(thread / "stat").read_text(errors="replace") for thread in Path(f"/proc/{pid}/task").iterdir()]
        if all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats):
            return
        time.sleep(0.01)


async def test_a_switch_that_dies_and_comes_back_is_found_within_seconds(asterisk_part: Part) -> None:
    folder = Path(tempfile.mkdtemp(prefix="hl-link-"))
    own = await start_switch(asterisk_part, folder)
    link = link_to(own)
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(link.run())
            facts = link.events()
            assert isinstance(await anext(facts), SwitchReady)
            await link.add_member(GENERAL, SeatId("801"), "张三")
            assert own.process.pid is not None
            os.kill(own.process.pid, signal.SIGSTOP)  # half-open: the socket stays, nobody answers
            await asyncio.to_thread(until_stopped, own.process.pid)  # a thread that still runs would answer
            stopped = time.monotonic()
            late = asyncio.ensure_future(link.pause_member(SeatId("801"), True, "小休"))
            while not isinstance(await anext(facts), SwitchLost):
                pass
            assert time.monotonic() - stopped < 15
            with pytest.raises(SwitchLostError):
                await late
            os.kill(own.process.pid, signal.SIGKILL)
            await own.process.stop()
            await own.process.start()
            async with asyncio.timeout(30):
                while not isinstance(ready := await anext(facts), SwitchReady):
                    pass
            assert ready.epoch == 2
            assert (await link.snapshot()).channels == ()
            running.cancel()
    finally:
        await own.process.stop()
        shutil.rmtree(folder, ignore_errors=True)
