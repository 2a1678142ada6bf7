"""Prompts, keys, words and waits on the real switch, over FastAGI."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator

import pytest

from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.tones import hears_tone
from ivr.call import CallId, QueueName
from ivr.commands import Dial, Enqueue, HangUp, PlayPrompt, RecordMessage
from ivr.events import (
    CallerHungUp,
    CallerQueued,
    DialEnded,
    DigitPressed,
    QueueLeft,
    SeatAnswered,
    SeatRang,
    StepFailed,
    TalkEnded,
    VoicemailLeft,
    WaitExpired,
    WordsHeard,
)
from tests.system.agi_scene import Line, Scene, scene
from tests.system.running_switch import RawAmi, RunningSwitch, until, write_tone

LONG = 6.0
"""Seconds of the long sound: what ends well before has been ended, however slow the machine is."""


@pytest.fixture
async def stage(switch: RunningSwitch) -> AsyncIterator[Scene]:
    write_tone(switch.config.sounds / "long.wav", 400, LONG)
    write_tone(switch.config.sounds / "short.wav", 1000, 0.4)
    async with scene(switch) as stage:
        yield stage


def prompt(line: Line, *sounds: str, keys: str = "", wait: float = 0.0) -> PlayPrompt:
    return PlayPrompt(line.turn.call, sounds, keys, wait)


async def timed(line: Line, command: PlayPrompt) -> tuple[object, float]:
    begun = time.monotonic()
    event = await asyncio.wait_for(line.steps.perform(command), 15)
    return event, time.monotonic() - begun


async def test_the_first_turn_says_who_called_which_number(stage: Scene) -> None:
    async with stage.caller("13812345678") as (_, line):
        assert line.turn.caller.digits == "13812345678"
        assert (line.turn.called, line.turn.flow, line.turn.did) == ("12345", "", "")
        assert line.turn.channel.startswith("PJSIP/pstn-")


async def test_a_prompt_is_heard_and_the_wait_after_it_lasts_as_long_as_asked(stage: Scene) -> None:
    async with stage.caller() as (call, line):
        event, seconds = await timed(line, prompt(line, "short", "short", wait=0.7))
        assert event == WaitExpired(line.turn.call)
        assert 0.4 + 0.4 + 0.7 - 0.25 < seconds < LONG
        assert hears_tone(call.heard_pcm(), 1000, seconds=0.6)


@pytest.mark.parametrize("key", ["1", "0", "#", "*"])
async def test_every_key_of_the_telephone_can_be_a_choice(stage: Scene, key: str) -> None:
    async with stage.caller() as (call, line):
        playing = asyncio.ensure_future(timed(line, prompt(line, "long", keys="10#*")))
        await asyncio.sleep(0.3)
        await call.press(key)
        event, seconds = await playing
        assert event == DigitPressed(line.turn.call, key)
        assert seconds < LONG - 0.5


async def test_keys_that_are_no_choice_neither_stop_nor_wind_the_prompt(stage: Scene) -> None:
    async with stage.caller() as (call, line):
        playing = asyncio.ensure_future(timed(line, prompt(line, "long", keys="1")))
        await asyncio.sleep(0.2)
        await call.press("#*9")
        event, seconds = await playing
        assert event == WaitExpired(line.turn.call)
        assert LONG - 0.4 < seconds < LONG + 3.0


async def test_a_key_ends_the_wait_too(stage: Scene) -> None:
    async with stage.caller() as (call, line):
        playing = asyncio.ensure_future(timed(line, prompt(line, "short", keys="5", wait=8)))
        await asyncio.sleep(1.0)
        await call.press("5")
        event, seconds = await playing
        assert event == DigitPressed(line.turn.call, "5")
        assert seconds < 8.0


@pytest.mark.parametrize(("sound", "wait"), [("long", 0.0), ("short", 8.0)])
async def test_words_end_a_prompt_and_a_wait_alike(stage: Scene, sound: str, wait: float) -> None:
    async with stage.caller() as (_, line):
        playing = asyncio.ensure_future(timed(line, prompt(line, sound, keys="1", wait=wait)))
        await asyncio.sleep(1.0)
        words = WordsHeard(line.turn.call, "我要投诉")
        assert await line.steps.interrupt_with_words(words)
        event, seconds = await playing
        assert event == words
        assert seconds < LONG - 0.5


async def test_however_words_and_the_end_of_a_prompt_meet_the_next_prompt_is_heard_whole(stage: Scene) -> None:
    async with stage.caller() as (_, line):
        words = WordsHeard(line.turn.call, "我要投诉")
        for tenth in range(12):
            playing = asyncio.ensure_future(timed(line, prompt(line, "short", keys="1")))
            await asyncio.sleep(0.400 + tenth * 0.003)  # the file ends at about 0.418
            taken = await line.steps.interrupt_with_words(words)
            event, _ = await playing
            assert event == (words if taken else WaitExpired(line.turn.call))
            after, seconds = await timed(line, prompt(line, "short", keys="1"))
            assert after == WaitExpired(line.turn.call)
            assert seconds > 0.38


async def test_a_missing_sound_is_told_at_once(stage: Scene) -> None:
    async with stage.caller() as (_, line):
        event, seconds = await timed(line, prompt(line, "no-such-sound", wait=8))
        assert isinstance(event, StepFailed)
        assert seconds < 8.0
        assert (await timed(line, prompt(line, "short")))[0] == WaitExpired(line.turn.call)


async def test_a_caller_who_hangs_up_during_a_prompt_is_noticed(stage: Scene) -> None:
    async with stage.caller() as (call, line):
        playing = asyncio.ensure_future(timed(line, prompt(line, "long")))
        await asyncio.sleep(0.3)
        await call.hang_up()
        event, seconds = await playing
        assert event == CallerHungUp(line.turn.call)
        assert seconds < LONG - 0.5
        assert (await timed(line, prompt(line, "long")))[0] == CallerHungUp(line.turn.call)


async def test_handing_over_to_the_queue_brings_the_caller_to_a_seat_and_back(stage: Scene, ami: RawAmi) -> None:
    async with stage.switch.seat(ami, "801") as seat, stage.caller() as (_, line):
        await line.steps.hand_over(Enqueue(line.turn.call, QueueName("general"), 5, 30))
        line.over.set()
        talk = await seat.next_call(30)
        await talk.answered(30)
        answered = await stage.fact(SeatAnswered)
        rang = await stage.fact(SeatRang)
        queued = await stage.fact(CallerQueued)
        assert isinstance(answered, SeatAnswered)
        assert isinstance(rang, SeatRang)
        assert isinstance(queued, CallerQueued)
        assert {answered.call, rang.call, queued.call} == {line.turn.call}
        assert (answered.seat, answered.queue, rang.channel) == ("801", "general", answered.channel)

        async def talk_together() -> bool:  # the switch tells that the agent has answered before it joins the two
            channels = (await stage.link.snapshot()).channels
            assert {one.call for one in channels} == {line.turn.call}
            return len(channels) == 2 and len({one.bridge for one in channels} - {""}) == 1

        await until(talk_together)
        await talk.hang_up()
        again = await stage.next_turn()
        assert (again.turn.call, again.turn.did, again.turn.result) == (line.turn.call, "queue", "CONTINUE")
        assert (await stage.fact(TalkEnded)).by == "agent"  # type: ignore[union-attr]
        event, _ = await timed(again, prompt(again, "short"))
        assert event == WaitExpired(line.turn.call)
        again.over.set()


async def outcome(stage: Scene, line: Line) -> object:
    from ivr.adapters.asterisk.agi_turn import outcome_of

    line.over.set()
    again = await stage.next_turn()
    event = await outcome_of(again.turn, again.agi)
    again.over.set()
    return event


async def test_a_wait_without_seats_comes_back_as_a_fact(stage: Scene) -> None:
    async with stage.caller() as (_, line):
        await line.steps.hand_over(Enqueue(line.turn.call, QueueName("strict"), 0, 5))
        assert await outcome(stage, line) == QueueLeft(line.turn.call, QueueName("strict"), "empty")


async def test_a_number_that_must_not_be_dialled_is_refused_by_the_dialplan(stage: Scene) -> None:
    async with stage.caller() as (_, line):
        await line.steps.hand_over(Dial(line.turn.call, "110", 5))
        assert await outcome(stage, line) == DialEnded(line.turn.call, "refused")


async def test_a_message_is_recorded_and_its_file_told(stage: Scene) -> None:
    async with stage.caller() as (call, line):
        await line.steps.hand_over(RecordMessage(line.turn.call, 10, 5))
        line.over.set()
        await asyncio.sleep(3.0)
        await call.press("#")
        again = await stage.next_turn()
        from ivr.adapters.asterisk.agi_turn import outcome_of

        left = await outcome_of(again.turn, again.agi)
        again.over.set()
        assert isinstance(left, VoicemailLeft)
        assert left.file.endswith(".wav")
        assert left.seconds >= 1


async def test_the_flow_can_hang_up(stage: Scene) -> None:
    async with stage.caller() as (call, line):
        await line.steps.hand_over(HangUp(line.turn.call))
        line.over.set()
        await call.ended(30)


async def test_a_key_is_followed_by_the_next_prompt_within_milliseconds(stage: Scene) -> None:
    """Budget: 4 ms from the key's end to the first sound of the next prompt, the round trips of our side included."""
    async with stage.caller() as (call, line):
        trips = [await _round_trip(line) for _ in range(200)]
        turnarounds = [await _turnaround(call, line) for _ in range(15)]
        p50, worst = statistics.median(trips) * 1000, max(trips) * 1000
        print(f"AGI round trip p50 {p50:.2f} ms, max {worst:.2f} ms")
        print(
            f"reply to next sound p50 {statistics.median(turnarounds) * 1000:.2f} ms, max {max(turnarounds) * 1000:.2f}"
        )
        assert statistics.median(trips) < 0.005
        assert statistics.median(turnarounds) < 0.06


async def _round_trip(line: Line) -> float:
    begun = time.perf_counter()
    await line.agi.ask("NOOP")
    return time.perf_counter() - begun


async def _turnaround(call: SipCall, line: Line) -> float:
    """From the DigitPressed event to the first packet of the next prompt at the caller's telephone."""
    playing = asyncio.ensure_future(line.steps.perform(prompt(line, keys="1", wait=5)))
    await asyncio.sleep(0.15)
    await call.press("1", 100)
    event = await asyncio.wait_for(playing, 20)
    assert event == DigitPressed(CallId(line.turn.call), "1")
    heard = call.frames_before(time.monotonic())
    begun = time.monotonic()
    following = asyncio.ensure_future(line.steps.perform(prompt(line, "short")))
    while len(call.heard_arrivals) <= heard:  # noqa: ASYNC110 - a packet is no event of ours
        await asyncio.sleep(0.0002)
    arrived = call.heard_arrivals[heard]
    await following
    return arrived - begun
