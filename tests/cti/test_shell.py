"""One task per call: it hears the switch, the flow and the ears, and whatever is away costs its own part only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from cti import shell
from cti.call.shell import INBOX, MOST_TAPS
from cti.conversation import Outcome
from cti.finish import ABANDONED_REASON
from cti.shell import INTERRUPTED_REASON, CallDesk
from cti.world import World
from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.commands import Note, RequestCallback, SaveSurvey
from ivr.errors import EarsError
from ivr.events import (
    CallerAbandoned,
    CallerQueued,
    CallOffered,
    LegDown,
    LegUp,
    SeatAnswered,
    SwitchEvent,
    SwitchReady,
)
from ivr.flow.serialise import event_to_plain, to_plain
from ivr.ports import Heard, HeardWord, LiveChannel, SwitchSnapshot
from ivr.recording import Part, Recording
from tests.fakes import (
    NOON,
    FakeCallStore,
    FakeClock,
    FakeDatabase,
    FakeEars,
    FakeJournal,
    FakeOrderStore,
    FakePublisher,
    FakeSwitch,
)
from workorder.call_record import CallRecord
from workorder.draft import Draft, FieldName

CALL, CHANNEL, SEAT_CHANNEL = CallId("hl-1795312728.0"), ChannelName("PJSIP/pstn-0000000a"), ChannelName("PJSIP/801-0b")
CALLER, GENERAL, SEAT = PhoneNumber("13812345678"), QueueName("general"), SeatId("801")
OFFERED = CallOffered(CALL, CALLER, "12345", NOON, "12319")
UP = LegUp(CALL, Leg.CALLER, CHANNEL, CALLER, NOON)
QUEUED = CallerQueued(CALL, GENERAL, 1, CHANNEL, NOON)
ANSWERED = SeatAnswered(CALL, GENERAL, SEAT, SEAT_CHANNEL, 3.0, 1.0, NOON)
DOWN, SEAT_DOWN = LegDown(CALL, CHANNEL, 16, "", NOON), LegDown(CALL, SEAT_CHANNEL, 16, "", NOON)
WORDS = Heard(CALL, Leg.CALLER, "路灯坏了", True, 1.0, 2.0)


def tape(part: Part, call: CallId = CALL, seconds: float = 9.0) -> Recording:
    return Recording(call, part, f"{call}-{part}.wav", seconds, -20.0, "0" * 64, "")


@dataclass
class FakeTapes:
    """`Tapes` whose files are what the test says."""

    tapes: dict[CallId, tuple[Recording, ...]] = field(default_factory=dict)

    async def measure(self, call: CallId) -> tuple[Recording, ...]:
        return self.tapes.get(call, ())

    def path(self, recording: Recording) -> Path:
        return Path(recording.file)

    async def calls_since(self, since: datetime) -> tuple[CallId, ...]:
        return tuple(sorted(self.tapes))


class DeafEars(FakeEars):
    async def expect(self, call: CallId, leg: Leg, begun_at_s: float) -> str:
        raise EarsError("没有模型")

    async def recognise(
        self, call: CallId, leg: Leg, recording: Path, holes: Sequence[tuple[float, float]]
    ) -> tuple[Heard, ...]:
        raise EarsError("没有模型")


class Office:
    """A desk with fakes for everything around it."""

    def __init__(self, tasks: asyncio.TaskGroup, ears: FakeEars | None = None) -> None:
        self.switch, self.ears, self.database = FakeSwitch(), ears or FakeEars(), FakeDatabase()
        self.publisher, self.journal, self.tapes, self.clock = FakePublisher(), FakeJournal(), FakeTapes(), FakeClock()
        self.undraftable: set[CallId] = set()
        self.over: list[CallId] = []
        calls, orders = FakeCallStore(self.database), FakeOrderStore(self.database)
        self.world = World(
            self.switch, self.ears, calls, orders, self.publisher, self.journal, self.tapes, self._draft, self.clock
        )
        self.desk = CallDesk(self.world, tasks, self.over.append)

    async def _draft(self, call: CallId, caller: PhoneNumber, heard: Sequence[Heard], begun_at: datetime) -> Draft:
        if call in self.undraftable:
            raise ValueError("a mistake of ours")
        return Draft(call)

    async def take(self, *events: object) -> None:
        for event in events:
            await self.desk.take(event)  # type: ignore[arg-type]
            await settle()

    async def whole_call(self) -> None:
        self.desk.opened(OFFERED, "main")
        await self.take(UP, QUEUED, ANSWERED)
        self.ears.say(WORDS)
        self.desk.hear(WORDS)
        self.clock.pass_seconds(9)
        await self.take(DOWN, SEAT_DOWN)

    def told(self, call: CallId = CALL) -> list[str]:
        return [envelope.type for envelope in self.publisher.announced if envelope.call == call]


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


@asynccontextmanager
async def an_office(ears: FakeEars | None = None) -> AsyncIterator[Office]:
    async with asyncio.TaskGroup() as tasks:
        office = Office(tasks, ears)
        yield office
        for task in office.desk.live.values():  # a call that the test leaves up ends here
            for channel in list(task.here.legs):
                task.inbox.put_nowait(LegDown(task.here.call, channel, 16, "", NOON))


async def test_a_call_leaves_record_words_recording_and_one_order() -> None:
    async with an_office() as office:
        office.tapes.tapes[CALL] = (tape(Part.CALLER), tape(Part.AGENT), tape(Part.MIX))
        office.ears.covered[CALL, Leg.CALLER] = office.ears.covered[CALL, Leg.AGENT] = ((0.0, 9.0),)
        await office.whole_call()
    database = office.database
    record = database.calls[CALL]
    assert (record.caller, record.called, record.original_line, record.flow) == (CALLER, "12345", "12319", "main")
    assert (record.queue, record.seat, record.outcome, record.ended) == (GENERAL, SEAT, Outcome.ANSWERED, NOON)
    assert [heard.text for heard in database.turns[CALL]] == ["路灯坏了"]
    assert len(database.recordings[CALL]) == 3
    assert list(database.orders) == [CALL]
    assert office.over == [CALL]
    assert office.desk.live == {}
    assert office.told() == ["offered_to_flow", "queued", "answered", "heard", "ended"]


async def test_without_ears_the_call_goes_on_and_is_written_down_without_words() -> None:
    async with an_office(DeafEars()) as office:
        office.tapes.tapes[CALL] = (tape(Part.CALLER),)
        await office.whole_call()
    assert office.database.turns[CALL] == (WORDS,)  # what was heard before is kept
    assert list(office.database.orders) == [CALL]


async def test_with_the_switch_away_the_tap_is_missed_and_the_call_is_not() -> None:
    async with an_office() as office:
        office.desk.opened(OFFERED, "main")
        office.switch.lost = True
        await office.take(UP, QUEUED)
        office.switch.lost = False
        await office.take(DOWN)
    assert office.database.calls[CALL].ended == NOON


async def test_with_the_store_away_a_call_ends_without_an_end_and_is_finished_at_the_next_start() -> None:
    async with an_office() as office:
        journal_of(office)
        office.tapes.tapes[CALL] = (tape(Part.CALLER),)
        office.database.away = True
        await office.whole_call()
        assert office.desk.live == {}
        assert office.database.orders == {}
        office.database.away = False
        assert await office.desk.recover() == 1
        assert await office.desk.recover() == 0
    record = office.database.calls[CALL]
    assert list(office.database.orders) == [CALL]
    assert (record.caller, record.called, record.seat, record.outcome) == (CALLER, "12345", SEAT, Outcome.ANSWERED)
    assert record.ended is not None


async def test_words_that_the_live_ears_missed_come_from_the_recording() -> None:
    async with an_office() as office:
        caller = tape(Part.CALLER)
        office.tapes.tapes[CALL] = (caller,)
        office.ears.covered[CALL, Leg.CALLER] = ((0.0, 4.0),)
        missed = Heard(CALL, Leg.CALLER, "已经三天了", True, 5.0, 7.0, (HeardWord("已经三天了", 5.0, 7.0, 1.0),))
        office.ears.in_recordings[Path(caller.file)] = (WORDS, missed)
        await office.whole_call()
    assert [heard.text for heard in office.database.turns[CALL]] == ["路灯坏了", "已经三天了"]


async def test_the_ears_come_to_their_end_while_the_recordings_are_measured() -> None:
    both = asyncio.Barrier(2)

    class SlowEars(FakeEars):
        async def finish(self, call: CallId) -> tuple[Heard, ...]:
            await both.wait()
            return await super().finish(call)

    class SlowTapes(FakeTapes):
        async def measure(self, call: CallId) -> tuple[Recording, ...]:
            await both.wait()
            return (tape(Part.CALLER),)

    async with asyncio.timeout(30), an_office(SlowEars()) as office:
        office.desk._world = replace(office.world, tapes=SlowTapes())
        office.ears.covered[CALL, Leg.CALLER] = ((0.0, 9.0),)
        await office.whole_call()
    assert [heard.text for heard in office.database.turns[CALL]] == ["路灯坏了"]
    assert office.database.recordings[CALL] == (tape(Part.CALLER),)


async def test_an_emergency_services_words_are_not_written_down_as_the_agents() -> None:
    """The agent's tape is what the caller heard: after the agent has left, that is the emergency service alone."""
    async with an_office() as office:
        agent = tape(Part.AGENT, seconds=9.0)
        office.tapes.tapes[CALL] = (agent,)
        office.ears.covered[CALL, Leg.AGENT] = ((0.0, 4.0),)
        office.ears.covered[CALL, Leg.EMERGENCY] = ((3.0, 9.0),)
        words = (HeardWord("消防车马上到", 5.0, 7.0, 1.0),)
        theirs = Heard(CALL, Leg.AGENT, "消防车马上到", True, 5.0, 7.0, words)
        office.ears.in_recordings[Path(agent.file)] = (theirs,)
        await office.whole_call()
    assert [heard.text for heard in office.database.turns[CALL]] == ["路灯坏了"]


async def test_a_recording_that_ends_with_the_caller_is_whole_though_others_talk_on() -> None:
    """Caller lost, agent and emergency service still there: their talk is not on the caller's tape."""
    other = ChannelName("PJSIP/emergency-00000009")
    async with an_office() as office:
        office.tapes.tapes[CALL] = (tape(Part.CALLER, seconds=3.5),)
        office.desk.opened(OFFERED, "main")
        lost, over = (datetime.fromtimestamp(NOON.timestamp() + second, NOON.tzinfo) for second in (4, 60))
        await office.take(UP, LegUp(CALL, Leg.EMERGENCY, other, PhoneNumber("119"), NOON))
        await office.take(LegDown(CALL, CHANNEL, 16, "", lost), LegDown(CALL, other, 16, "", over))
    assert [recording.problem for recording in office.database.recordings[CALL]] == [""]


async def test_a_recording_much_shorter_than_the_call_is_noted() -> None:
    async with an_office() as office:
        office.tapes.tapes[CALL] = (tape(Part.CALLER, seconds=1.0), tape(Part.MIX, seconds=8.5))
        office.desk.opened(OFFERED, "main")
        await office.take(UP, LegDown(CALL, CHANNEL, 16, "", datetime.fromtimestamp(NOON.timestamp() + 9, NOON.tzinfo)))
    problems = {recording.part: recording.problem for recording in office.database.recordings[CALL]}
    assert "1.0 秒" in problems[Part.CALLER]
    assert problems[Part.MIX] == ""


async def test_who_gives_up_waiting_is_called_back() -> None:
    async with an_office() as office:
        office.desk.opened(OFFERED, "main")
        await office.take(UP, QUEUED, CallerAbandoned(CALL, GENERAL, 1, 20.0, NOON), DOWN)
    assert office.database.callbacks[CALL].number == CALLER
    assert office.database.callbacks[CALL].reason == ABANDONED_REASON


async def test_what_the_flow_asks_beyond_the_call_is_kept() -> None:
    async with an_office() as office:
        office.desk.opened(OFFERED, "main")
        await office.take(UP)
        office.desk.told(RequestCallback(CALL, "13900000000", "忙"))
        office.desk.told(SaveSurvey(CALL, {"满意度": "1"}))
        office.desk.told(Note(CALL, "special", {"a": "b"}))
        await office.take(DOWN)
    assert office.database.callbacks[CALL].number == PhoneNumber("13900000000")
    assert office.database.surveys[CALL].answers == {"满意度": "1"}
    assert "special" in office.told()


async def test_a_tap_that_is_lost_is_asked_for_again_while_the_leg_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "RETAP_SECONDS", 0.0)
    async with an_office() as office:
        office.desk.opened(OFFERED, "main")
        await office.take(UP)
        for _ in range(MOST_TAPS + 20):
            office.desk.tap_lost(CALL, Leg.CALLER)
            await settle()
        taps = [asked for asked in office.switch.asked if asked[0] == "tap"]
        assert len(taps) == MOST_TAPS  # patient, but not for ever
        await office.take(DOWN)
        office.desk.tap_lost(CALL, Leg.CALLER)
        await settle()
        assert len([asked for asked in office.switch.asked if asked[0] == "tap"]) == len(taps)


async def test_a_full_inbox_loses_letters_not_the_call() -> None:
    async with an_office() as office:
        office.desk.opened(OFFERED, "main")
        for _ in range(INBOX + 50):
            office.desk.hear(WORDS)
        await office.take(UP, DOWN)
        await office.take(UP, DOWN)
    assert office.database.calls[CALL].ended is not None


async def test_events_of_calls_that_nobody_opened_are_ignored() -> None:
    async with an_office() as office:
        await office.take(QUEUED, ANSWERED, DOWN, LegUp(CALL, Leg.AGENT, SEAT_CHANNEL, PhoneNumber("801"), NOON, SEAT))
        office.desk.hear(WORDS)
        office.desk.tap_lost(CALL, Leg.CALLER)
        assert office.desk.live == {}


async def test_a_flow_that_hears_late_of_a_caller_who_hung_up_at_once_opens_no_second_call() -> None:
    async with an_office() as office:
        await office.take(UP, DOWN)
        while office.desk.live:
            await settle()
        ended = office.database.calls[CALL].ended
        office.desk.opened(OFFERED, "main")
        assert office.desk.live == {}, "it would never end: nobody is left to hang up"
        assert office.database.calls[CALL].ended == ended


# -------------------------------------------------------------------------------------------------- after a restart


def channel(leg: Leg, name: ChannelName, bridge: str = "") -> LiveChannel:
    number, seat = (CALLER, None) if leg is Leg.CALLER else (PhoneNumber("801"), SEAT)
    return LiveChannel(CALL, name, "u", number, "Queue", bridge, 7.0, {}, leg, seat)


def journal_of(office: Office, *facts: SwitchEvent) -> None:
    """What a controller that was killed had written."""
    office.journal.append(CALL, {"flow": "menu", "digest": "d"})
    commands = [{"kind": "RememberPlace", "call": CALL, "node": "main_menu"}]
    office.journal.append(CALL, {"event": event_to_plain(OFFERED), "commands": commands})
    for fact in facts:
        office.journal.append(CALL, {"at": NOON.isoformat(), "heard_of": dict(to_plain(fact))})


async def test_a_talk_that_outlived_the_controller_is_adopted_and_finished() -> None:
    async with an_office() as office:
        journal_of(office, QUEUED)
        office.switch.state = SwitchSnapshot(
            1, (channel(Leg.CALLER, CHANNEL, "b"), channel(Leg.AGENT, SEAT_CHANNEL, "b")), (), ()
        )
        await office.take(SwitchReady(1, NOON))
        assert list(office.desk.live) == [CALL]
        assert len([asked for asked in office.switch.asked if asked[0] == "tap"]) == 2  # both are heard again
        await office.take(SEAT_DOWN, DOWN)
    record = office.database.calls[CALL]
    assert (record.caller, record.called, record.flow, record.path) == (CALLER, "12345", "menu", ("main_menu",))
    assert (record.seat, record.outcome) == (SEAT, Outcome.ANSWERED)
    assert record.queue == GENERAL, "where the caller had waited is still known"
    assert record.ended is not None


async def test_adopting_many_calls_asks_a_store_that_is_away_only_once(caplog: pytest.LogCaptureFixture) -> None:
    async with an_office() as office:
        office.database.away = True
        channels = tuple(
            LiveChannel(
                CallId(f"hl-1795312728.{n}"), ChannelName(f"PJSIP/pstn-{n:08x}"), "u", CALLER, "Queue", "", 1.0, {}
            )
            for n in range(20)
        )
        office.switch.state = SwitchSnapshot(1, channels, (), ())
        await office.take(SwitchReady(1, NOON))
        assert len(office.desk.live) == 20
    assert [record.message for record in caplog.records].count("calls_not_looked_up") == 1


async def test_a_call_that_ended_while_nobody_looked_is_finished_when_the_switch_is_back() -> None:
    async with an_office() as office:
        office.desk.opened(OFFERED, "main")
        await office.take(UP, QUEUED)
        office.switch.state = SwitchSnapshot(2, (), (), ())
        await office.take(SwitchReady(2, NOON))
        await settle()
        assert office.desk.live == {}
    assert office.database.calls[CALL].ended is not None


async def test_recovery_knows_the_caller_from_the_journal_alone() -> None:
    async with an_office() as office:
        journal_of(office)
        office.tapes.tapes[CALL] = (tape(Part.MIX, seconds=12.0),)
        office.clock.pass_seconds(3600)
        assert await office.desk.recover() == 1
    record = office.database.calls[CALL]
    assert (record.caller, record.called, record.original_line, record.flow) == (CALLER, "12345", "12319", "menu")
    assert record.started == NOON
    assert record.ended is not None
    assert (record.ended - NOON).total_seconds() == 12.0  # as long as its recording, not until now
    assert office.database.recordings[CALL][0].problem == ""


async def test_a_call_that_left_no_audio_is_recovered_from_its_journal() -> None:
    async with an_office() as office:
        journal_of(office)
        assert await office.desk.recover() == 1
        assert await office.desk.recover() == 0
    assert office.database.calls[CALL].ended is not None
    assert list(office.database.orders) == [CALL]


async def test_an_event_told_after_a_restart_never_takes_the_key_of_one_told_before() -> None:
    keys = []
    for _ in range(2):
        async with an_office() as office:
            office.clock.pass_seconds(len(keys))  # the second controller starts later
            office.desk.opened(OFFERED, "main")
            await office.take(UP, QUEUED, ANSWERED)
            office.desk.hear(WORDS)
            await settle()
            keys += [each.key for each in office.publisher.announced if each.type == "heard"]
            await office.take(DOWN, SEAT_DOWN)
    assert len(keys) == len(set(keys)) == 2


async def test_who_waited_when_the_system_went_down_is_called_back() -> None:
    async with an_office() as office:
        journal_of(office, QUEUED)
        office.tapes.tapes[CALL] = (tape(Part.MIX),)
        await office.desk.recover()
    assert office.database.callbacks[CALL].reason == INTERRUPTED_REASON


async def test_recovery_leaves_living_and_finished_calls_alone_and_does_not_wait_for_a_bad_one() -> None:
    bad, ended, alive = CallId("hl-1.1"), CallId("hl-1.2"), CallId("hl-1.3")
    async with an_office() as office:
        office.tapes.tapes = {call: (tape(Part.MIX, call),) for call in (CALL, bad, ended, alive)}
        office.undraftable = {bad}
        office.database.calls[ended] = CallRecord(ended, CALLER, ended=NOON)
        living = LiveChannel(alive, CHANNEL, "u", CALLER, "Queue", "", 1.0, {}, Leg.CALLER)
        office.switch.state = SwitchSnapshot(1, (living,), (), ())
        assert await office.desk.recover() == 1
    assert list(office.database.orders) == [CALL]


async def test_a_mistake_of_ours_ends_one_call_and_the_next_start_writes_it_down() -> None:
    async with an_office() as office:
        office.tapes.tapes[CALL] = (tape(Part.CALLER),)
        office.undraftable = {CALL}
        await office.whole_call()
        assert office.over == [CALL]
        office.undraftable = set()
        assert await office.desk.recover() == 1
    assert list(office.database.orders) == [CALL]


@pytest.mark.parametrize(("taps", "text"), [(1, "丙丁戊"), (2, "丙丁己")])
async def test_after_a_new_tap_the_recording_is_heard_from_the_break_to_its_end(taps: int, text: str) -> None:
    """The clock of a new tap is not quite the recording's: what came after the break is not pieced together."""

    def said(words: str, at_s: float) -> Heard:
        word = HeardWord(words, at_s, at_s + 1.0, 1.0)
        return Heard(CALL, Leg.CALLER, words, True, at_s, at_s + 1.0, (word,))

    async with an_office() as office:
        tape_ = tape(Part.CALLER, seconds=30.0)
        office.tapes.tapes[CALL] = (tape_,)
        office.ears.covered[CALL, Leg.CALLER] = ((0.0, 8.0), (12.0, 30.0))
        office.ears.in_recordings[Path(tape_.file)] = (said("丁", 10.0), said("己", 20.0))
        office.desk.opened(OFFERED, "main")
        await office.take(UP)
        for _ in range(taps - 1):
            office.journal.append(CALL, {"at": "", "asked": {"call": CALL, "leg": "caller", "begun_at_s": 12.0}})
        for heard in (said("丙", 2.0), said("戊", 20.4)):
            office.ears.say(heard)
        await office.take(DOWN)
    assert "".join(turn.text for turn in office.database.turns[CALL]) == text


async def test_a_paused_recording_is_mute_for_tape_and_ears_and_the_transcript_says_so() -> None:
    async with an_office() as office:
        office.tapes.tapes[CALL] = (tape(Part.CALLER),)
        office.desk.opened(OFFERED, "main")
        await office.take(UP, QUEUED, ANSWERED)
        assert await office.desk.pause(CALL, True, "801") == (True, "录音与转写已暂停，最多 180 秒。")
        assert (await office.desk.pause(CALL, True, "801"))[0], "asked twice it is paused all the same"
        assert office.ears.paused[CALL]
        office.clock.pass_seconds(5)
        assert (await office.desk.pause(CALL, False, "801"))[0]
        assert not office.ears.paused[CALL]
        await office.take(DOWN, SEAT_DOWN)
    muted = [asked[2] for asked in office.switch.asked if asked[0] == "mute_recording"]
    assert muted == [True] * (len(muted) // 2) + [False] * (len(muted) // 2)
    assert muted
    assert [turn.text for turn in office.database.turns[CALL]] == ["（录音暂停 5 秒）"]
    assert {"recording_paused", "recording_resumed"} <= set(office.told())


async def test_a_number_that_is_not_to_be_recorded_is_not_for_the_whole_call() -> None:
    async with an_office() as office:
        office.world = replace(office.world, unrecorded=frozenset({OFFERED.called}), longest_pause_seconds=1)
        office.desk._world = office.world
        office.tapes.tapes[CALL] = (tape(Part.CALLER),)
        await office.take(UP)
        office.desk.opened(OFFERED, "main")
        await office.take(QUEUED, ANSWERED)
        assert office.ears.paused[CALL]
        assert ("mute_recording", UP.channel, True) in office.switch.asked
        done, text = await office.desk.pause(CALL, False, "801")
        assert (done, "按规定" in text) == (False, True)
        assert (await office.desk.pause(CALL, True, "801"))[0]
        office.clock.pass_seconds(5)
        await asyncio.sleep(0.05)
        assert office.ears.paused[CALL], "no limit ends it"
        now = office.clock.now()
        await office.take(replace(DOWN, at=now), replace(SEAT_DOWN, at=now))
    assert [turn.text for turn in office.database.turns[CALL]] == ["（按规定不录音 5 秒）"]
    assert "recording_paused" in office.told()


async def test_an_emergency_is_recorded_on_every_line() -> None:
    async with an_office() as office:
        office.world = replace(office.world, unrecorded=frozenset({OFFERED.called}))
        office.desk._world = office.world
        office.desk.opened(OFFERED, "main")
        await office.take(UP, QUEUED, ANSWERED)
        assert office.ears.paused[CALL]
        await office.take(replace(UP, leg=Leg.EMERGENCY, channel=ChannelName("PJSIP/119-1")))
        assert not office.ears.paused[CALL]
        await office.take(DOWN, SEAT_DOWN)


async def test_a_recording_that_cannot_be_paused_is_said_not_to_be() -> None:
    async with an_office() as office:
        office.desk.opened(OFFERED, "main")
        await office.take(UP, QUEUED, ANSWERED)
        office.switch.lost = True
        done, text = await office.desk.pause(CALL, True, "801")
        assert (done, "请勿说出敏感信息" in text) == (False, True)
        assert not office.ears.paused[CALL]
        office.switch.lost = False
        assert (await office.desk.pause(CallId("hl-1.9"), True, "801"))[0] is False


async def test_a_controller_that_comes_back_knows_of_the_pause_and_ends_it_in_time() -> None:
    async with an_office() as office:
        office.world = replace(office.world, longest_pause_seconds=20)
        office.desk._world = office.world
        office.journal.append(CALL, {"at": "", "paused": True, "by": "801", "at_s": 0.0})
        office.clock.pass_seconds(60)
        office.desk.opened(OFFERED, "main")
        await office.take(UP)
        async with asyncio.timeout(30):
            while office.ears.paused.get(CALL, True):  # noqa: ASYNC110  (the limit is a timer)
                await asyncio.sleep(0.01)
        assert ("mute_recording", UP.channel, False) in office.switch.asked
        assert [line["by"] for line in office.journal.read(CALL) if "paused" in line] == ["801", "limit"]


async def test_text_that_is_late_is_told_as_such() -> None:
    async with an_office() as office:
        office.desk.opened(OFFERED, "main")
        await office.take(UP)
        office.desk.text_late(CALL, Leg.CALLER, 5.0)
        await settle()
    (late,) = (envelope for envelope in office.publisher.announced if envelope.type == "text_late")
    assert late.data == {"leg": Leg.CALLER, "shed_seconds": 5.0}


async def test_what_110_tells_of_a_call_is_told_on_and_stands_in_its_order() -> None:
    sent = {"from": "110", "id": "110-7", "type": "noise", "place": "东岗西路56号"}
    async with an_office() as office:
        office.desk.opened(replace(OFFERED, their_id="110-7", context=sent), "main")
        await office.take(UP, QUEUED, ANSWERED, DOWN, SEAT_DOWN)
    told = {envelope.type: envelope.data for envelope in office.publisher.announced}
    assert told["referred"] == sent
    assert (told["queued"]["source"], told["queued"]["their_id"]) == ("110", "110-7")
    assert office.database.calls[CALL].their_id == "110-7"
    draft = office.database.orders[CALL].draft
    assert (draft.their_id, draft.value(FieldName.PLACE)) == ("110-7", "东岗西路56号")
