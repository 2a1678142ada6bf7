"""A pyVoIP phone at a seat: every known fault of version 1.6.8 stays mended."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest

from ivr.adapters.simulator.call_plan import Dialling
from ivr.adapters.simulator.line import EndedBy
from ivr.adapters.simulator.phone_errors import CallOverError, CallRefusedError, CallTimeoutError, NotLoopbackError
from ivr.adapters.simulator.pyvoip_guard import unsigned_8bit
from ivr.adapters.simulator.pyvoip_seat import PyVoipSeat, SeatScript
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_message import SipRequest, respond
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.sip_wire import Address
from ivr.adapters.simulator.tones import signal_to_noise_db, tone

ELSEWHERE = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)


class Registrar(SipPhone):
    """A telephone that is also a small switch: it accepts every REGISTER after a challenge."""

    challenges = 0
    refuses = 0

    def _on_request(self, request: SipRequest, sender: Address) -> None:
        if request.method != "REGISTER":
            super()._on_request(request, sender)
        elif self.refuses > 0:
            self.refuses -= 1
            self._wire.send(respond(request, 503, "Service Unavailable", "r"), sender)
        elif "Authorization" not in dict(request.headers):
            self.challenges += 1
            challenge = ("WWW-Authenticate", 'Digest realm="hl",nonce="n",algorithm=MD5,qop="auth"')
            self._wire.send(respond(request, 401, "Unauthorized", "r", (challenge,)), sender)
        else:
            self._wire.send(respond(request, 200, "OK", "r"), sender)


@pytest.fixture
async def switch() -> AsyncIterator[Registrar]:
    async with Registrar(bind_ip="127.0.0.1", number="13800001234") as phone:
        yield phone


def seat_at(switch: Registrar, *lines: bytes, hangs_up: bool = True, refuses: bool = False) -> PyVoipSeat:
    script = SeatScript(lines, answer_after_seconds=0.1, quiet_seconds=0.4, hangs_up=hangs_up, refuses=refuses)
    return PyVoipSeat(seat="801", password="p", host="127.0.0.1", port=switch.address[1], script=script)


async def test_a_conversation_takes_turns_and_both_sides_hear_well(switch: Registrar) -> None:
    """1.6.8 sends PCMA as µ-law: -2 dB. Mended it is as good as eight bits allow."""
    greeting, answer, words = tone(700, 0.8, 0.5), tone(900, 0.8, 0.5), tone(440, 0.8)
    async with seat_at(switch, greeting, answer) as seat:
        call = await switch.call("801", *seat.address)
        await call.answered(30)
        await call.wait_for_tone(700, 20)
        await asyncio.sleep(0.9)
        await call.say(words)
        await call.wait_for_tone(900, 20)
        await asyncio.sleep(0.9)
        await call.say(words)
        assert (await call.ended(30)).by is EndedBy.THERE, "the agent hangs up"
        at_seat = await seat.next_call()
    assert signal_to_noise_db(words, at_seat.heard_pcm()) > 30
    assert signal_to_noise_db(greeting, call.heard_pcm()) > 30
    assert signal_to_noise_db(answer, call.heard_pcm()) > 30
    assert len(at_seat.spoken_at) == 2


async def test_audio_leaves_at_fifty_packets_a_second(switch: Registrar) -> None:
    """1.6.8 never catches up: 44 to 48 packets a second on a busy machine."""
    async with seat_at(switch, hangs_up=False) as seat:
        call = await switch.call("801", *seat.address)
        await call.answered(30)
        await asyncio.sleep(3.2)
        await call.hang_up()
        arrivals = call.heard_arrivals
    assert 48.1 < (len(arrivals) - 1) / (arrivals[-1] - arrivals[0]) < 60  # more when the first was late


async def test_a_call_that_nobody_waits_for_is_not_answered(switch: Registrar) -> None:
    async with seat_at(switch) as seat:
        seat.script = SeatScript(answer_after_seconds=2.0)
        call = await switch.call("801", *seat.address)
        await asyncio.sleep(0.2)
        await call.hang_up()
        at_seat = await seat.next_call()
        await at_seat.ended(30)
        await asyncio.sleep(2.0)
        assert at_seat.answered_at == 0.0
        assert call.statuses[-1] == 487


async def test_a_seat_may_refuse(switch: Registrar) -> None:
    async with seat_at(switch, refuses=True) as seat:
        call = await switch.call("801", *seat.address)
        with pytest.raises(CallRefusedError):
            await call.answered(30)


async def test_the_switch_may_ask_whether_the_phone_is_there(switch: Registrar) -> None:
    async with seat_at(switch) as seat:
        assert await switch.options(*seat.address) == 200


async def test_keys_are_heard(switch: Registrar) -> None:
    async with seat_at(switch, hangs_up=False) as seat:
        call = await switch.call("801", *seat.address)
        await call.answered(30)
        await call.press("42", 80)
        at_seat = await seat.next_call()
        async with asyncio.timeout(30):
            while at_seat.heard_keys != "42":  # noqa: ASYNC110  # the wire rings no bell
                await asyncio.sleep(0.02)


async def test_a_renewed_agreement_does_not_break_the_audio(switch: Registrar) -> None:
    async with seat_at(switch, hangs_up=False) as seat:
        call = await switch.call("801", *seat.address)
        await call.answered(30)
        assert call._dialog is not None
        call._dialog = call._dialog.next()
        again = call._dialog.request("INVITE", via=call._via(), body=call._sdp())
        answer = await switch._wire.ask(again, seat.address, within_seconds=20)
        call.acknowledge(answer)
        assert answer.status == 200
        await call.say(tone(440, 0.5))
        at_seat = await seat.next_call()
        async with asyncio.timeout(30):
            while signal_to_noise_db(tone(440, 0.5), at_seat.heard_pcm()) <= 30:  # noqa: ASYNC110  # no bell here
                await asyncio.sleep(0.02)


async def test_registration_is_tried_again_without_an_end(switch: Registrar) -> None:
    """1.6.8 gives up for good after three failures."""
    switch.refuses = 4
    started = time.monotonic()
    async with seat_at(switch) as seat:
        assert seat.is_registered
        assert switch.challenges == 1
    assert time.monotonic() - started > 3


async def test_a_call_whose_audio_is_on_another_machine_is_not_taken(
    switch: Registrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SipCall, "_sdp", lambda *_: ELSEWHERE)
    async with seat_at(switch) as seat:
        call = await switch.call("801", *seat.address, Dialling(give_up_seconds=0.6))
        with pytest.raises((CallTimeoutError, CallOverError)):
            await call.answered(1.5)
        assert seat.calls == []


def test_no_seat_registers_at_another_machine() -> None:
    with pytest.raises(NotLoopbackError):
        PyVoipSeat(seat="801", password="p", host="192.0.2.1", port=5060)


def test_its_threads_do_not_keep_a_program_from_ending() -> None:
    program = (
        "import asyncio\n"
        "from ivr.adapters.simulator.pyvoip_seat import PyVoipSeat\n"
        "seat = PyVoipSeat(seat='801', password='p', host='127.0.0.1', port=9)\n"
        "try:\n    asyncio.run(seat.start(0.1))\nexcept Exception as error:\n    print(type(error).__name__)\n"
    )
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=20)
    assert run.stdout.strip() == "CallTimeoutError"
    assert run.returncode == 0


def test_eight_bits_are_rounded_not_cut() -> None:
    sound = np.array([0, 127, 128, -128, -129, 32767, -32768], "<i2").tobytes()
    assert list(unsigned_8bit(sound)) == [128, 128, 129, 128, 127, 255, 0]
