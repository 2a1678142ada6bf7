"""A caller speaks Mandarin into a real telephone line, the switch taps it, and the words arrive while he speaks."""

from __future__ import annotations

import asyncio
import contextlib
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ivr.adapters.asterisk.link import AsteriskLink, LinkSettings
from ivr.adapters.vosk.ears import VoskEars
from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.call import CallId, ChannelName, Leg
from ivr.ports import Heard
from ivr.speech.transcript import text_of
from ivr.speech.transcript_cer import character_error_rate
from ivr.speech.transcript_mend import holes_to_mend, mend
from tests.ivr.vosk.speech import MODEL, QUIET, spoken
from tests.system.running_switch import Message, RawAmi, RunningSwitch, until

CALLER_SAYS = "我家楼下的路灯坏了好几天了"
THEN_SAYS = "我们小区从昨天晚上开始停水"
AGENT_SAYS = "您好请问有什么可以帮您"
APART = 0.35
"""Of the other's sentence all is wrong; how well is heard is `make bench`'s: here four telephones share the machine."""


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return LoadedModel(MODEL)


@asynccontextmanager
async def linked(switch: RunningSwitch) -> AsyncIterator[AsteriskLink]:
    """Our own link to the switch, logged in."""
    config = switch.config
    link = AsteriskLink(LinkSettings("127.0.0.1", config.ports.ami, config.ami_user, config.ami_secret))
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(30):
            while not link.epoch:  # noqa: ASYNC110  (the link rings no bell of its own)
                await asyncio.sleep(0.02)
        yield link
    finally:
        running.cancel()


async def collect(ears: VoskEars, into: list[Heard]) -> None:
    async for heard in ears.heard():
        into.append(heard)


def is_channel_of(prefix: str, message: Message) -> bool:
    return message.get("Event") == "Newchannel" and message.get("Channel", "").startswith(prefix)


async def test_both_sides_of_a_real_call_are_heard_live_and_apart(
    switch: RunningSwitch, ami: RawAmi, model: LoadedModel
) -> None:
    heard: list[Heard] = []
    before = len(ami.events)
    async with VoskEars(model) as ears, linked(switch) as link, switch.seat(ami, "801") as seat:
        reader = asyncio.create_task(collect(ears, heard))
        async with switch.caller() as phone:
            call = await phone.call("12345", "127.0.0.1", switch.sip_port)
            await call.answered(30)
            at_seat = await seat.next_call(20)
            await at_seat.answered(30)
            for prefix, leg in (("PJSIP/pstn", Leg.CALLER), ("PJSIP/801", Leg.AGENT)):
                channel = await ami.event(lambda e, p=prefix: is_channel_of(p, e), after=before)
                hotline_call = CallId(channel["Linkedid"])
                stream = await ears.expect(hotline_call, leg, 0.0)
                await link.tap(ChannelName(channel["Channel"]), stream, *ears.address)
            await asyncio.sleep(0.3)
            await at_seat.say(spoken(AGENT_SAYS, "m3") + QUIET)
            await call.say(spoken(CALLER_SAYS) + QUIET)
            live = list(heard)
            await call.hang_up()
        finals = await ears.finish(hotline_call)
        reader.cancel()
    assert any(not one.is_final for one in live), "words must come while the caller speaks"
    assert character_error_rate(CALLER_SAYS, text_of(finals, Leg.CALLER)) <= APART
    assert character_error_rate(AGENT_SAYS, text_of(finals, Leg.AGENT)) <= APART
    assert list(dict.fromkeys(one.leg for one in finals)) == [Leg.AGENT, Leg.CALLER]  # a stall may split a sentence
    assert ears.coverage(hotline_call, Leg.CALLER), "the tap's seconds are on the books"


async def test_what_the_caller_said_before_the_tap_comes_from_the_switch_s_own_recording(
    switch: RunningSwitch, ami: RawAmi, model: LoadedModel
) -> None:
    before = len(ami.events)
    async with VoskEars(model) as ears, linked(switch) as link, switch.caller() as phone:
        loop = asyncio.get_running_loop()
        call = await phone.call("12345", "127.0.0.1", switch.sip_port)
        await call.answered(30)
        answered_at = loop.time()
        await call.say(QUIET[:8000] + spoken(CALLER_SAYS) + QUIET)  # nobody listens yet
        channel = await ami.event(lambda e: is_channel_of("PJSIP/pstn", e), after=before)
        hotline_call = CallId(channel["Linkedid"])
        stream = await ears.expect(hotline_call, Leg.CALLER, loop.time() - answered_at)
        await link.tap(ChannelName(channel["Channel"]), stream, *ears.address)
        await asyncio.sleep(0.3)
        await call.say(spoken(THEN_SAYS) + QUIET)
        whole = (0.0, loop.time() - answered_at)
        await call.hang_up()
        live = await ears.finish(hotline_call)
        assert character_error_rate(THEN_SAYS, text_of(live)) <= APART

        recordings = sorted(switch.config.recordings.rglob(f"*{hotline_call}*caller.wav"))
        assert len(recordings) == 1, list(switch.config.recordings.rglob("*"))

        async def is_closed() -> bool:  # a moment after the channel; only then its header tells how long it is
            with contextlib.suppress(OSError, EOFError, wave.Error), wave.open(str(recordings[0])) as file:
                return file.getnframes() > 8000
            return False

        await until(is_closed)
        holes = holes_to_mend(live, ears.coverage(hotline_call, Leg.CALLER), whole)
        found = await ears.recognise(hotline_call, Leg.CALLER, recordings[0], holes)
        mended = mend(live, found, holes)
    assert character_error_rate(CALLER_SAYS + THEN_SAYS, text_of(mended)) <= 0.3


async def test_a_call_goes_on_when_its_ears_die(switch: RunningSwitch, ami: RawAmi, model: LoadedModel) -> None:
    before = len(ami.events)
    async with linked(switch) as link, switch.seat(ami, "802") as seat, switch.caller() as phone:
        call = await phone.call("12345", "127.0.0.1", switch.sip_port)
        await call.answered(30)
        at_seat = await seat.next_call(20)
        await at_seat.answered(30)
        channel = await ami.event(lambda e: is_channel_of("PJSIP/pstn", e), after=before)
        async with VoskEars(model) as ears:
            stream = await ears.expect(CallId(channel["Linkedid"]), Leg.CALLER, 0.0)
            await link.tap(ChannelName(channel["Channel"]), stream, *ears.address)
            await call.say(spoken(CALLER_SAYS))
        address = ears.address
        await link.tap(ChannelName(channel["Channel"]), "0b5f2d0e-6a51-4c3e-9a3e-3f1f6d1c2b4a", *address)
        heard_until_now = len(at_seat.heard_pcm())
        await call.say(spoken(CALLER_SAYS))
        assert len(at_seat.heard_pcm()) - heard_until_now > 16_000, "the agent still hears the caller"
        await call.hang_up()
        await at_seat.ended(30)
