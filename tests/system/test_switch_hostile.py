"""Strangers on the line: odd numbers, hostile names, floods of keys, vanishing phones. Nobody gets out or stays."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.adapters.simulator.call_plan import Dialling
from ivr.adapters.simulator.phone_errors import CallRefusedError, CallTimeoutError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from tests.system.running_switch import IMPATIENT_IP, RawAmi, RunningSwitch, until
from tests.system.test_switch_nets import controller, dial

OWNED = Path("/tmp/hl-owned")
HOSTILE_FROMS = [
    '"x" <sip:,Playback(a)@127.0.0.2>',
    '"${SHELL(touch /tmp/hl-owned)}" <sip:${SHELL(id)}@127.0.0.2>',
    '"a,b|c&PJSIP/110@emergency" <sip:13800000000&PJSIP%2f110%40emergency@127.0.0.2>',
    '"\\" Application: System" <sip:%0d%0aAction:%20Originate@127.0.0.2>',
    '"$[1+1]" <sip:801@127.0.0.2>',
    f'"{"甲" * 300}" <sip:{"9" * 300}@127.0.0.2>',
    "<sip:@127.0.0.2>",
    "<sip:anonymous@anonymous.invalid>",
    '"；DROP TABLE" <sip:\'--@127.0.0.2>',
]


async def channels(ami: RawAmi) -> list[str]:
    return [entry["Channel"] for entry in await ami.listed("CoreShowChannels") if entry["Event"] == "CoreShowChannel"]


async def taken(call: SipCall) -> bool:
    try:
        await call.answered(30)
    except (CallRefusedError, CallTimeoutError):
        return False
    return True


@pytest.fixture
async def sink(switch: RunningSwitch) -> AsyncIterator[SipPhone]:
    """What stands where the carrier and the emergency service would be: it counts who calls."""
    trunk = switch.config.trunks[0]
    async with SipPhone(bind_ip=trunk.host, number="carrier", port=trunk.port) as phone:
        yield phone


@pytest.mark.parametrize("raw_from", HOSTILE_FROMS, ids=range(len(HOSTILE_FROMS)))
async def test_a_hostile_caller_is_a_caller_like_any_other(
    switch: RunningSwitch, ami: RawAmi, sink: SipPhone, raw_from: str
) -> None:
    async with switch.caller() as phone:
        call = await phone.call("12345", "127.0.0.1", switch.sip_port, Dialling(raw_from=raw_from))
        if await taken(call):  # what is not well-formed SIP never becomes a call
            await ami.event("QueueCallerJoin")
            assert len(await channels(ami)) == 1
            await call.hang_up()
    assert not OWNED.exists()  # noqa: ASYNC240  (a look at the disk, once)
    assert sink.calls == []


@pytest.mark.parametrize("number", ["99999", "110", "13900000000", "+8612345", "9" * 200, "*43", "801", "0,1", "s"])
async def test_an_unknown_called_number_is_answered_and_leads_nowhere_else(
    switch: RunningSwitch, ami: RawAmi, sink: SipPhone, number: str
) -> None:
    async with switch.caller() as phone, controller(switch, "hold") as one:
        call = await phone.call(number, "127.0.0.1", switch.sip_port)
        if await taken(call):
            assert (await one.line()).startswith("CALL unknown")
            assert len(await channels(ami)) == 1
            await call.hang_up()
    assert sink.calls == []


async def test_two_hundred_keys_disturb_nobody(switch: RunningSwitch, ami: RawAmi) -> None:
    earlier = switch.log_lines("ERROR")  # other tests on this switch provoke some
    async with switch.caller() as phone, controller(switch, "speak"):
        call = await dial(switch, phone)
        for _ in range(10):
            await call.press("1234567890*#12345678", 40)
        assert len(await channels(ami)) == 1
        assert switch.log_lines("ERROR") == earlier
        await call.hang_up()


async def test_a_seat_can_reach_only_seats_and_allowed_numbers(
    switch: RunningSwitch, ami: RawAmi, sink: SipPhone
) -> None:
    password = switch.config.seats[0].password
    async with SipPhone(bind_ip="127.0.0.1", number="801", password=password) as seat:
        await seat.register("127.0.0.1", switch.sip_port)
        for number in ("110", "119", "120", "122", "12345", "0931110", "00441234567890", "1", "999"):
            call = await seat.call(number, "127.0.0.1", switch.sip_port)
            await asyncio.wait_for(call.ended(), 10)
        assert sink.calls == []
        call = await seat.call("13800001234", "127.0.0.1", switch.sip_port)
        arrived = await sink.next_call(30)
        assert arrived.invitation is not None
        assert arrived.invitation.uri.startswith("sip:13800001234@")
        assert "12345" in arrived.invitation.get("From")
        await call.hang_up()


async def test_a_stranger_cannot_register_or_call_as_a_seat(switch: RunningSwitch) -> None:
    async with SipPhone(bind_ip="127.0.0.1", number="801", password="guessed-wrong") as stranger:
        with pytest.raises(CallRefusedError):
            await stranger.register("127.0.0.1", switch.sip_port)
        call = await stranger.call("12345", "127.0.0.1", switch.sip_port)
        with pytest.raises(CallRefusedError):
            await call.answered(30)
    async with SipPhone(bind_ip="127.0.0.9", number="nobody") as stranger:
        call = await stranger.call("12345", "127.0.0.1", switch.sip_port)
        with pytest.raises((CallRefusedError, CallTimeoutError)):
            await call.answered(5)


async def test_a_phone_that_vanishes_leaves_no_zombie(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.caller(ip=IMPATIENT_IP) as phone:
        call = await dial(switch, phone)
        await asyncio.sleep(0.5)
        call.vanish()
        gone = time.monotonic()

        async def empty() -> bool:
            return await channels(ami) == []

        await until(empty, 40)
        assert time.monotonic() - gone < 30  # the trunk's rtp_timeout is 3 s in this test


async def test_without_a_writable_recordings_folder_the_call_goes_on(switch: RunningSwitch, ami: RawAmi) -> None:
    recordings = switch.config.recordings
    aside = recordings.with_name("aside")
    recordings.rename(aside)
    recordings.write_text("a file where the folder was: nobody, not even root, can write below it")
    try:
        async with switch.seat(ami, "801") as seat, switch.caller() as phone:
            call = await dial(switch, phone)
            await (await seat.next_call(30)).answered(30)
            await asyncio.sleep(0.5)
            assert call.ending is None
            await call.hang_up()
    finally:
        recordings.unlink()
        aside.rename(recordings)


async def test_both_legs_are_recorded_below_the_day_of_the_call(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.caller() as phone:
        call = await dial(switch, phone)
        unique = (await ami.event("Newchannel"))["Uniqueid"]
        await asyncio.sleep(3.0)
        await call.hang_up()
    stamp = float(unique.split("-")[1])
    day = time.strftime("%Y/%m/%d", time.gmtime(stamp + 8 * 3600))
    base = switch.config.recordings / day / unique

    async def written() -> bool:
        return all(_seconds(Path(f"{base}{leg}.wav")) > 1 for leg in ("-mix", "-caller", "-agent"))

    await until(written, 40)


def _seconds(file: Path) -> float:
    return (file.stat().st_size - 44) / 16000 if file.is_file() else 0.0
