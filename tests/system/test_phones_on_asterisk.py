"""Simulated callers, seats and a real Asterisk between them: everyone hears whom they should."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr.adapters.asterisk.private import PartName, ensure, parts_folder
from ivr.adapters.simulator.call_plan import Answering, Dialling
from ivr.adapters.simulator.phone_errors import CallOverError, CallRefusedError
from ivr.adapters.simulator.pyvoip_seat import PyVoipSeat, SeatScript
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.tones import hears_tone, signal_to_noise_db, tone
from ivr.adapters.voice.espeak import Espeak
from ivr.adapters.voice.prompts import prepare
from ivr.flow.prompt import PromptText
from ivr.speech.audio import rms_dbfs
from tests.system.running_switch import RawAmi, RunningSwitch


async def test_a_caller_from_the_public_network_talks_to_a_seat_with_a_pyvoip_phone(
    switch: RunningSwitch, ami: RawAmi
) -> None:
    agent_says, caller_says = tone(700, 1.5), tone(530, 2.0)
    script = SeatScript((agent_says,), answer_after_seconds=0.3, quiet_seconds=0.8)
    seat = PyVoipSeat(
        seat="801", password=_password(switch, "801"), host="127.0.0.1", port=switch.sip_port, script=script
    )
    async with seat, switch.caller() as phone:
        await ami.act("QueueAdd", Queue=_queue(switch), Interface="PJSIP/801", MemberName="801")
        try:
            call = await phone.call("12345", "127.0.0.1", switch.sip_port)
            await call.answered(30)
            answered = await seat.next_call(within_seconds=30)
            await call.wait_for_tone(700, 15)
            await asyncio.sleep(1.6)
            await call.say(caller_says)
            ending = await call.ended(30)
        finally:
            await ami.act("QueueRemove", Queue=_queue(switch), Interface="PJSIP/801")
    assert ending.by.name == "THERE", "the agent's goodbye ends the call on the caller's side too"
    assert signal_to_noise_db(caller_says, answered.heard_pcm()) > 30
    assert signal_to_noise_db(agent_says, call.heard_pcm()) > 25
    assert not hears_tone(call.heard_pcm(), 530), "nobody hears himself"


async def test_a_refused_seat_password_is_told_and_not_repeated_without_end(switch: RunningSwitch) -> None:
    async with SipPhone(bind_ip="127.0.0.1", number="802", password="wrong") as phone:
        with pytest.raises(CallRefusedError) as refusal:
            await phone.register("127.0.0.1", switch.sip_port)
    assert refusal.value.status in (401, 403)


async def test_the_switch_answers_when_a_phone_asks_whether_it_is_there(switch: RunningSwitch) -> None:
    async with switch.caller() as phone:
        assert await phone.options("127.0.0.1", switch.sip_port) in (200, 401, 404)


STRANGE = {
    "no number": Dialling(raw_from="<sip:127.0.0.2>"),
    "a thousand characters": Dialling(raw_from=f'"{"长" * 1000}" <sip:{"1" * 900}@127.0.0.2>'),
    "dialplan words": Dialling(raw_from='"${SHELL(id)},1,2&|" <sip:138;DROP@127.0.0.2>'),
    "an identity asserted": Dialling(asserted_identity='"甲" <sip:+8613912345678@127.0.0.2>'),
    "no audio": Dialling(sends_audio=False),
}


@pytest.mark.parametrize("how", STRANGE.values(), ids=STRANGE)
async def test_a_caller_with_a_strange_identity_is_answered(switch: RunningSwitch, how: Dialling) -> None:
    async with switch.caller() as phone:
        call = await phone.call("12345", "127.0.0.1", switch.sip_port, how)
        await call.answered(30)
        await call.hang_up()


async def test_an_invitation_that_is_not_sip_does_the_switch_no_harm(switch: RunningSwitch) -> None:
    """Asterisk's parser drops it without an answer; the caller's exchange gives up, other calls go on."""
    how = Dialling(raw_from='"x" <sip:"<sip:1>"@127.0.0.2>', give_up_seconds=1.5)
    async with switch.caller() as phone:
        hostile = await phone.call("12345", "127.0.0.1", switch.sip_port, how)
        with pytest.raises((CallOverError, CallRefusedError)):
            await hostile.answered(5)
        call = await phone.call("12345", "127.0.0.1", switch.sip_port)
        await call.answered(30)
        await call.hang_up()


async def test_keys_pressed_by_a_caller_reach_a_seat_one_by_one(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.seat(ami, "803") as seat, switch.caller() as phone:
        call = await phone.call("12345", "127.0.0.1", switch.sip_port)
        at_seat = await seat.next_call(20)
        await at_seat.answered(30)
        await at_seat.say(tone(600, 0.3))
        await call.press("159#", 100)
        async with asyncio.timeout(30):
            while at_seat.heard_keys != "159#":  # noqa: ASYNC110  # the wire rings no bell
                await asyncio.sleep(0.05)
        await call.hang_up()


async def test_a_seat_that_refuses_is_rung_again_and_the_caller_waits_on(switch: RunningSwitch, ami: RawAmi) -> None:
    async with switch.seat(ami, "804") as seat, switch.caller() as phone:
        seat.answering = Answering(refuse_with=486)
        call = await phone.call("12345", "127.0.0.1", switch.sip_port)
        await seat.next_call(20)
        seat.answering = Answering()
        while True:
            at_seat = await seat.next_call(20)
            if at_seat.invitation is not None and at_seat.ending is None:
                break
        await at_seat.answered(30)
        assert call.ending is None
        await call.hang_up()


@pytest.fixture(scope="session")
def espeak() -> Espeak:
    part = ensure(PartName.ESPEAK, parts_folder(Path.home()), print)
    return Espeak(part.command, part.env, part.folders.get("data"))


async def test_the_switch_plays_what_prepare_wrote(switch: RunningSwitch, ami: RawAmi, espeak: Espeak) -> None:
    """The names that flows use are found in the language folder, in both formats."""
    made = await prepare((PromptText("words/test-one", "您好，请稍候"),), switch.config.sounds, espeak)
    assert made.problems == ()
    async with (
        SipPhone(bind_ip="127.0.0.1", number="801", password=_password(switch, "801")) as seat,
    ):
        await seat.register("127.0.0.1", switch.sip_port)
        await ami.act(
            "Originate",
            Channel="PJSIP/801",
            Application="Playback",
            Data="words/test-one",
            Async="true",
            Timeout="5000",
        )
        call = await seat.next_call(30)
        await call.answered(30)
        await call.ended(30)
    assert rms_dbfs(call.heard_pcm()) > -40
    assert len(call.heard_pcm()) / 16000 == pytest.approx(made.seconds["words/test-one"], abs=0.2)


def _password(switch: RunningSwitch, seat_id: str) -> str:
    return next(seat.password for seat in switch.config.seats if seat.id == seat_id)


def _queue(switch: RunningSwitch) -> str:
    return f"q_{switch.config.default_queue}"  # queues.conf keeps the name `general` for itself
