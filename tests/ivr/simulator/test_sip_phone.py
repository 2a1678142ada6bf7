"""Two simulated phones talk over loopback: the telephone behaves as a telephone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from ivr.adapters.simulator.call_plan import Dialling, Manner, answering
from ivr.adapters.simulator.line import EndedBy
from ivr.adapters.simulator.phone_errors import CallOverError, CallRefusedError, CallTimeoutError, NotLoopbackError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_message import SipRequest
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.tones import hears_tone, signal_to_noise_db, tone

Pair = tuple[SipPhone, SipPhone]


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with (
        SipPhone(bind_ip="127.0.0.2", number="13800001234") as caller,
        SipPhone(bind_ip="127.0.0.3", number="120") as service,
    ):
        yield caller, service


async def connected(pair: Pair, how: Dialling | None = None) -> tuple[SipCall, SipCall]:
    caller, service = pair
    call = await caller.call("120", *service.address, how)
    await call.answered(30)
    return call, await service.next_call(30)


async def until(true: Callable[[], bool]) -> None:
    """Wait until what was sent has come: a packet on loopback is quick, a starved machine is not."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # the wire rings no bell
            await asyncio.sleep(0.02)


async def hears_well(call: SipCall, sound: bytes) -> None:
    await until(lambda: signal_to_noise_db(sound, call.heard_pcm()) > 30)


async def test_both_hear_each_other_and_not_themselves(pair: Pair) -> None:
    call, other = await connected(pair)
    await asyncio.gather(call.say(tone(440, 1.0)), other.say(tone(1000, 1.0)))
    await hears_well(other, tone(440, 1.0))
    await hears_well(call, tone(1000, 1.0))
    assert not hears_tone(call.heard_pcm(), 440)
    await call.hang_up()
    assert (await other.ended(30)).by is EndedBy.THERE


async def test_keys_arrive(pair: Pair) -> None:
    call, other = await connected(pair)
    await call.press("12#", 60)
    await until(lambda: other.heard_keys == "12#")


async def test_audio_keeps_its_pace_while_the_event_loop_is_busy(pair: Pair) -> None:
    call, other = await connected(pair)
    call.start_saying(tone(440, 1.0))
    until = time.monotonic() + 1.2
    while time.monotonic() < until:
        sum(range(200_000))  # a program that does not yield
    await hears_well(other, tone(440, 1.0))
    late = sorted(call.send_lateness)
    assert late[len(late) // 2] < 0.2


@pytest.mark.parametrize(("manner", "status"), [(Manner.BUSY, 486), (Manner.REFUSE, 603)])
async def test_a_refusal_is_told_with_its_reason(pair: Pair, manner: Manner, status: int) -> None:
    caller, service = pair
    service.answering = answering(manner)
    call = await caller.call("120", *service.address)
    with pytest.raises(CallRefusedError) as refusal:
        await call.answered(30)
    assert refusal.value.status == status


async def test_an_impatient_caller_cancels(pair: Pair) -> None:
    caller, service = pair
    service.answering = answering(Manner.NO_ANSWER)
    call = await caller.call("120", *service.address)
    with pytest.raises(CallTimeoutError):
        await call.answered(0.2)
    await call.hang_up()
    assert (await (await service.next_call(30)).ended(30)).by is EndedBy.CANCELLED


async def test_a_service_that_says_nothing_is_given_up(pair: Pair) -> None:
    caller, service = pair
    service.answering = answering(Manner.SILENT)
    call = await caller.call("120", *service.address, Dialling(give_up_seconds=0.8))
    with pytest.raises(CallOverError):
        await call.answered(30)
    assert call.ending is not None
    assert call.ending.by is EndedBy.NO_ANSWER
    assert service.invitations_ignored == 1, "repeats of the invitation are the same invitation"


async def test_a_mute_service_answers_and_sends_no_audio(pair: Pair) -> None:
    pair[1].answering = answering(Manner.MUTE)
    call, other = await connected(pair)
    await until(lambda: other.heard_pcm() != b"")
    assert call.heard_pcm() == b""


async def test_a_slow_service_rings_first(pair: Pair) -> None:
    pair[1].answering = answering(Manner.SLOW, slow_seconds=1.5)
    call, _ = await connected(pair)
    assert call.answered_at - call.ringing_at > 0.3
    assert call.statuses == [100, 180, 200]


async def test_a_phone_that_vanishes_sends_nothing_more(pair: Pair) -> None:
    call, other = await connected(pair)
    await asyncio.sleep(0.1)
    call.vanish()
    await asyncio.sleep(0.5)
    before = len(other.heard_arrivals)
    await other.hang_up()
    assert len(other.heard_arrivals) == before
    assert call.ending is not None
    assert call.ending.by is EndedBy.VANISHED, "it did not even hear the goodbye"


async def test_one_phone_has_many_calls_at_once(pair: Pair) -> None:
    caller, service = pair
    calls = [await caller.call("120", *service.address) for _ in range(8)]
    for call in calls:
        await call.answered(30)
    others = {other.invitation.call_id: other for other in service.calls if other.invitation}
    assert len(others) == 8
    await asyncio.gather(*(call.say(tone(400 + 100 * n, 0.5)) for n, call in enumerate(calls)))

    def heard(other: SipCall) -> list[int]:
        return [n for n in range(8) if hears_tone(other.heard_pcm(), 400 + 100 * n)]

    await until(lambda: all(heard(other) for other in others.values()))
    assert sorted(heard(other) for other in others.values()) == [[n] for n in range(8)], "no call hears another"


async def test_waiting_for_sound_tone_and_silence(pair: Pair) -> None:
    call, other = await connected(pair)
    other.start_saying(tone(600, 0.6))
    began = await call.wait_for_audio(30)
    ended = await call.wait_for_silence(0.4, 20)
    assert 0.3 < ended - began < 10
    other.start_saying(tone(800, 0.5))
    await call.wait_for_tone(800, 20)
    with pytest.raises(CallTimeoutError):
        await call.wait_for_tone(1500, 0.3)


async def test_a_hostile_name_travels_as_it_is(pair: Pair) -> None:
    hostile = '"${EXTEN}&|" <sip:1,2@127.0.0.2>'
    _, other = await connected(pair, Dialling(raw_from=hostile, asserted_identity="<sip:+8610@127.0.0.2>"))
    assert other.invitation is not None
    assert other.invitation.get("From").startswith(hostile)
    assert other.invitation.get("P-Asserted-Identity") == "<sip:+8610@127.0.0.2>"


async def test_a_repeated_invitation_does_not_ring_twice(pair: Pair) -> None:
    caller, service = pair
    call, _ = await connected(pair)
    invite = call._invite_sent
    assert isinstance(invite, SipRequest)
    caller._wire.send_raw(invite.encode(), service.address)
    await asyncio.sleep(0.1)
    assert len(service.calls) == 1


async def test_no_phone_dials_another_machine() -> None:
    async with SipPhone(bind_ip="127.0.0.2", number="1") as phone:
        with pytest.raises(NotLoopbackError):
            await phone.call("120", "192.0.2.1", 5060)
    with pytest.raises(NotLoopbackError):
        SipPhone(bind_ip="0.0.0.0", number="1")


async def test_speaking_after_the_end_is_told(pair: Pair) -> None:
    call, _ = await connected(pair)
    await call.hang_up()
    with pytest.raises(CallOverError):
        await call.say(tone(440, 0.1))
    await call.hang_up()


async def test_what_was_being_said_ends_with_the_call(pair: Pair) -> None:
    call, other = await connected(pair)
    speaking = asyncio.ensure_future(call.say(tone(440, 30.0)))
    await asyncio.sleep(0.1)
    await other.hang_up()
    await asyncio.wait_for(speaking, 20)
