"""A caller's steps over FastAGI, against an Asterisk that answers as scripted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from ivr.adapters.asterisk.agi_server import AgiCall
from ivr.adapters.asterisk.agi_turn import outcome_of, turn_of
from ivr.adapters.asterisk.steps import AgiSteps, StepSettings
from ivr.call import CallId, QueueName
from ivr.commands import Enqueue, PlayPrompt
from ivr.errors import SwitchError, SwitchLostError
from ivr.events import (
    CallerHungUp,
    DialEnded,
    DigitPressed,
    FlowEvent,
    QueueLeft,
    StepFailed,
    VoicemailLeft,
    WaitExpired,
    WordsHeard,
)
from tests.ivr.asterisk.fake_agi import CALL_ID, FakeCaller, calling, serving

CALL = CallId(CALL_ID)
MENU = PlayPrompt(CALL, ("welcome", "menu"), "123", 7.5)
WORDS = WordsHeard(CALL, "我要投诉")


class Stopper:
    """Stands for AMI ControlPlayback stop; `obeyed` by whoever plays the switch."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.fails = False

    async def __call__(self) -> None:
        self.asked.set()
        if self.fails:
            raise SwitchLostError("AMI is away")


@contextlib.asynccontextmanager
async def turn(settings: StepSettings | None = None) -> AsyncIterator[tuple[AgiSteps, FakeCaller, Stopper]]:
    ready: asyncio.Future[AgiCall] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def handler(line: AgiCall) -> None:
        ready.set_result(line)
        await over.wait()

    stopper = Stopper()
    async with serving(handler) as (_, port), calling(port) as caller:
        yield AgiSteps(await ready, CALL, stopper, settings), caller, stopper
        over.set()


async def perform(steps: AgiSteps, prompt: PlayPrompt = MENU) -> FlowEvent:
    return await asyncio.wait_for(steps.perform(prompt), 30)


def played(caller: FakeCaller) -> list[tuple[str, str]]:
    """Sound and starting place (ms) of each CONTROL STREAM FILE."""
    words = [command.split('"') for command in caller.commands if command.startswith("CONTROL STREAM FILE")]
    return [(parts[1], parts[-2]) for parts in words]


async def test_sounds_follow_each_other_and_the_wait_is_silence_of_just_that_length() -> None:
    async with turn() as (steps, caller, _):
        ended, _ = await asyncio.gather(perform(steps), answer(caller, *["200 result=0 endpos=-1"] * 4))
        assert ended == WaitExpired(CALL)
        assert played(caller) == [("welcome", "0"), ("menu", "0"), ("hl/silence", "55000"), ("hl/silence", "57500")]
        assert caller.commands[0] == 'CONTROL STREAM FILE "welcome" "123" "3000" "x" "x" "" "0"'


async def answer(caller: FakeCaller, *lines: str) -> None:
    for line in lines:
        await caller.command()
        for part in line.split("|"):
            caller.say(part)


async def test_a_key_ends_the_step_at_once() -> None:
    async with turn() as (steps, caller, _):
        ended, _ = await asyncio.gather(perform(steps), answer(caller, "200 result=50 endpos=420"))
        assert ended == DigitPressed(CALL, "2")
        assert len(caller.commands) == 1


async def test_a_missing_sound_fails_the_step_quickly() -> None:
    async with turn() as (steps, caller, _):
        replies = ("200 result=-1 endpos=-1", "200 result=6")
        ended, _ = await asyncio.gather(perform(steps), answer(caller, *replies))
        assert ended == StepFailed(CALL, "cannot play welcome")


@pytest.mark.parametrize(
    "replies",
    [
        ("HANGUP|200 result=-1 endpos=0",),
        ("200 result=-1 endpos=0", "HANGUP|511 Command Not Permitted on a dead channel or intercept routine"),
        ("200 result=-1 endpos=0\nHANGUP",),
        ("511 Command Not Permitted on a dead channel or intercept routine",),
    ],
)
async def test_a_caller_who_hangs_up_is_an_event_not_an_error(replies: tuple[str, ...]) -> None:
    async with turn() as (steps, caller, _):
        ended, _ = await asyncio.gather(perform(steps), answer(caller, *replies))
        assert ended == CallerHungUp(CALL)


async def test_a_line_that_breaks_after_the_hang_up_is_still_a_hang_up() -> None:
    async with turn() as (steps, caller, _):

        async def hang_up() -> None:
            await caller.command()
            caller.say("HANGUP")
            await caller.writer.drain()
            caller.writer.close()

        ended, _ = await asyncio.gather(perform(steps), hang_up())
        assert ended == CallerHungUp(CALL)


async def test_a_line_that_breaks_without_a_hang_up_is_a_lost_switch() -> None:
    async with turn() as (steps, caller, _):

        async def break_it() -> None:
            await caller.command()
            caller.vanish()

        with pytest.raises(SwitchLostError):
            await asyncio.gather(perform(steps), break_it())


async def interrupted(steps: AgiSteps, caller: FakeCaller, stopper: Stopper, *replies: str) -> tuple[bool, str]:
    """Words come while the first sound plays; the switch answers with `replies` once it was asked to stop."""
    await caller.command()
    taken = await steps.interrupt_with_words(WORDS)
    await stopper.asked.wait()
    caller.say(replies[0])
    await answer(caller, *replies[1:])
    return taken, caller.commands[-1]


async def test_words_end_the_prompt_they_interrupt() -> None:
    async with turn() as (steps, caller, stopper):
        ended, (taken, _) = await asyncio.gather(
            perform(steps),
            interrupted(steps, caller, stopper, "200 result=0 endpos=520", "200 result=1 (REMOTESTOPPED)"),
        )
        assert (ended, taken) == (WORDS, True)
        assert played(caller) == [("welcome", "0")]


async def test_a_stop_that_came_too_late_is_taken_off_the_channel_before_it_hits_the_next_prompt() -> None:
    async with turn() as (steps, caller, stopper):
        replies = ("200 result=0 endpos=-1", "200 result=1 (SUCCESS)", "200 result=1000")
        ended, (_, last) = await asyncio.gather(perform(steps), interrupted(steps, caller, stopper, *replies))
        assert ended == WORDS
        assert last == 'WAIT FOR DIGIT "20"'


async def test_a_key_that_was_first_wins_over_the_words() -> None:
    async with turn() as (steps, caller, stopper):
        replies = ("200 result=49 endpos=100", "200 result=1 (USERSTOPPED)", "200 result=1000")
        ended, _ = await asyncio.gather(perform(steps), interrupted(steps, caller, stopper, *replies))
        assert ended == DigitPressed(CALL, "1")


async def test_a_key_pressed_while_we_tidy_up_answers_the_next_prompt() -> None:
    async with turn() as (steps, caller, stopper):
        replies = ("200 result=0 endpos=-1", "200 result=1 (SUCCESS)", "200 result=51")
        ended, _ = await asyncio.gather(perform(steps), interrupted(steps, caller, stopper, *replies))
        assert ended == WORDS
        assert await perform(steps) == DigitPressed(CALL, "3")


async def test_words_end_the_step_even_when_the_prompt_cannot_be_stopped() -> None:
    async with turn() as (steps, caller, stopper):
        stopper.fails = True
        ended, _ = await asyncio.gather(perform(steps), interrupted(steps, caller, stopper, "200 result=0 endpos=-1"))
        assert ended == WORDS
        assert played(caller) == [("welcome", "0")]


async def test_words_between_two_steps_steer_nothing() -> None:
    async with turn() as (steps, caller, stopper):
        assert await steps.interrupt_with_words(WORDS) is False
        assert not stopper.asked.is_set()
        ended, _ = await asyncio.gather(perform(steps), answer(caller, "200 result=49 endpos=1"))
        assert ended == DigitPressed(CALL, "1")


async def test_the_lease_is_renewed_before_it_can_run_out() -> None:
    async with turn(StepSettings(lease_seconds=0)) as (steps, caller, _):
        await asyncio.sleep(0.01)
        replies = ("200 result=1", "200 result=49 endpos=1")
        await asyncio.gather(perform(steps), answer(caller, *replies))
        assert caller.commands[0] == 'SET VARIABLE "TIMEOUT(absolute)" "0"'


async def test_handing_over_sets_the_done_flag_last_and_ends_the_turn() -> None:
    async with turn() as (steps, caller, _):
        await asyncio.gather(
            steps.hand_over(Enqueue(CALL, QueueName("general"), 9, 60, "0")), caller.obey(lambda _: "200 result=1")
        )
        assert caller.commands[-1] == 'SET VARIABLE "HL_DONE" "1"'
        assert 'SET VARIABLE "HL_QUEUE" "general"' in caller.commands
        with pytest.raises(SwitchLostError):
            await steps.set_variable("HL_NODE", "x")


async def test_a_hand_over_that_breaks_in_the_middle_never_looks_done() -> None:
    async with turn() as (steps, caller, _):

        async def break_it() -> None:
            await caller.command()
            caller.say("200 result=1")
            await caller.command()
            caller.vanish()

        with pytest.raises(SwitchError):
            await asyncio.gather(steps.hand_over(Enqueue(CALL, QueueName("general"))), break_it())
        assert not any("HL_DONE" in command for command in caller.commands)


@pytest.mark.parametrize(
    ("arguments", "variables", "expected"),
    [
        (("12345", "main", ""), {}, None),
        (
            ("12345", "", "", "queue", "TIMEOUT", ""),
            {"HL_QUEUE": "general"},
            QueueLeft(CALL, QueueName("general"), "timeout"),
        ),
        (
            ("12345", "", "", "queue", "KEY", "0"),
            {"HL_QUEUE": "general"},
            QueueLeft(CALL, QueueName("general"), "key", "0"),
        ),
        (
            ("12345", "", "", "queue", "WITHDRAW", ""),
            {"HL_QUEUE": "general"},
            QueueLeft(CALL, QueueName("general"), "failed"),
        ),
        (("12345", "", "", "dial", "CHANUNAVAIL", ""), {}, DialEnded(CALL, "failed")),
        (("12345", "", "", "dial", "REFUSED", ""), {}, DialEnded(CALL, "refused")),
        (
            ("12345", "", "", "record", "DTMF", ""),
            {"HL_FILE": "/r/a.wav", "HL_SECONDS": "12"},
            VoicemailLeft(CALL, "/r/a.wav", 12.0),
        ),
        (("12345", "", "", "record", "ERROR", ""), {}, StepFailed(CALL, "record: ERROR")),
    ],
)
async def test_the_next_turn_says_how_the_long_step_ended(
    arguments: tuple[str, ...], variables: dict[str, str], expected: FlowEvent | None
) -> None:
    told: list[FlowEvent | None] = []

    async def handler(line: AgiCall) -> None:
        told.append(await outcome_of(turn_of(line.request), line))

    async with serving(handler) as (_, port), calling(port, *arguments) as caller:
        await caller.obey(lambda command: f"200 result=1 ({variables[command.split(chr(34))[1]]})")
    assert told == [expected]


async def test_a_renewal_under_way_is_over_before_the_caller_is_handed_over() -> None:
    """A lease that was renewed after the hand-over would end the caller's wait in the queue."""
    async with turn(StepSettings(lease_seconds=0)) as (steps, caller, _):
        answered, asked = asyncio.Event(), asyncio.Event()

        async def renew() -> None:
            asked.set()
            await answered.wait()

        keeping = asyncio.ensure_future(steps.keep_lease(renew))
        await asked.wait()
        handing = asyncio.ensure_future(steps.hand_over(Enqueue(CALL, QueueName("general"))))
        await asyncio.sleep(0.05)
        assert caller.commands == []
        answered.set()
        await asyncio.gather(handing, caller.obey(), keeping)
        assert caller.commands[-1] == 'SET VARIABLE "HL_DONE" "1"'
