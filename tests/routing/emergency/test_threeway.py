"""The three-way machine keeps its promises, whatever the switch and the people do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.call import CallId, ChannelName, Leg, PhoneNumber, SeatId
from ivr.events import BridgeEntered, LegDown, LegUp, OriginateEnded, SwitchLost
from ivr.ports import LiveChannel, SwitchSnapshot
from routing.emergency import spoken
from routing.emergency.kinds import Kind
from routing.emergency.policy import Mode, Plan, Policy, Rule, Source, Start, Target
from routing.emergency.threeway import advance, begin
from routing.emergency.threeway_journal import line_of, our_leg, rebuild, resynced
from routing.emergency.threeway_state import Calling, Closed, Joined, Raise, Suggested, ThreeWay, Unreached
from routing.emergency.threeway_words import (
    Acknowledged,
    AgentJoined,
    AgentLeaves,
    BringHuman,
    Confirmed,
    Dismissed,
    EmergencyRang,
    FreeAgent,
    HangUpLeg,
    InviteAgent,
    LookAtSwitch,
    Mark,
    MarkForSupervisor,
    NotifyUnit,
    Originate,
    OriginateRefused,
    OriginateSent,
    RaisedAgain,
    Resynced,
    StartTimer,
    TellAgent,
    TellCaller,
    ThreeWayCommand,
    ThreeWayEvent,
    TimerExpired,
    TurnsHeard,
    UnitNews,
    VerifiedByClick,
    Where,
    WriteMark,
)

CALL = CallId("hl-1.1")
CALLER, AGENT, SEAT = ChannelName("PJSIP/trunk-00000001"), ChannelName("PJSIP/801-00000002"), SeatId("801")
EMERGENCY = ChannelName("PJSIP/emergency-00000003")
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
FIRE = Target("fire", "119 消防", ("119", "2119"), ("emergency", "main"))
POLICE = Target("police", "110 报警服务台", ("110",))
UNIT = Target("utility", "抢修值班", ("02900000001",))


def raised(
    where: Where = Where.TALK,
    start: Start = Start.GO,
    mode: Mode = Mode.THREE_WAY,
    targets: tuple[Target, ...] = (FIRE,),
) -> Raise:
    notify = (UNIT,) if mode is Mode.PARALLEL_NOTIFY else ()
    plan = Plan(Kind.FIRE, mode, start, targets, notify, "请拨打 119", "L-05")
    is_talk = where is Where.TALK
    return Raise(
        CALL, "c1", plan, Source.CLICK, "801", where, CALLER, AT,
        AGENT if is_talk else None, SEAT if is_talk else None, "我家着火了", AT - timedelta(seconds=1), "13800000000",
    )  # fmt: skip


def leg_up(attempt: int = 1) -> LegUp:
    return leg_of(f"em-c1-{attempt}")


def leg_of(unique_id: str) -> LegUp:
    return LegUp(CALL, Leg.EMERGENCY, EMERGENCY, PhoneNumber("119"), AT, unique_id=unique_id)


def leg_down(attempt: int = 1, cause: int = 17, tech: str = "486") -> LegDown:
    return LegDown(CALL, EMERGENCY, cause, tech, AT, f"em-c1-{attempt}")


def gone(channel: ChannelName) -> LegDown:
    return LegDown(CALL, channel, 16, "", AT, "other")


def joined(attempt: int = 1) -> BridgeEntered:
    return BridgeEntered(CALL, EMERGENCY, f"em-c1-{attempt}", "b", 3, AT)


def play(first: Raise, *events: ThreeWayEvent) -> tuple[ThreeWay, list[ThreeWayCommand]]:
    state, commands = begin(first)
    told = list(commands)
    for event in events:
        state, commands = advance(state, event)
        told.extend(commands)
    return state, told


def marks(commands: list[ThreeWayCommand]) -> list[Mark]:
    return [command.mark for command in commands if isinstance(command, WriteMark)]


def dialled(commands: list[ThreeWayCommand]) -> list[tuple[str, str]]:
    return [(command.number, command.trunk) for command in commands if isinstance(command, Originate)]


TURNS = TurnsHeard((Leg.CALLER, Leg.EMERGENCY), AT)
UP = (OriginateSent("em-c1-1", AT), leg_up(), EmergencyRang("em-c1-1", AT))
ANSWERED = OriginateEnded("a", "em-c1-1", True, 4, AT)


def test_in_a_talk_the_third_voice_joins_and_the_agent_leaves_once_both_were_heard() -> None:
    state, told = play(raised(), *UP, ANSWERED, joined(), TURNS, AgentLeaves(AT))
    assert isinstance(state, Joined)
    assert state.is_verified
    assert marks(told) == [
        Mark.WORD_ENDED, Mark.DETECTED, Mark.INVITE_SENT, Mark.RINGING, Mark.ANSWERED, Mark.JOINED, Mark.VERIFIED,
        Mark.AGENT_LEFT,
    ]  # fmt: skip
    originate = next(command for command in told if isinstance(command, Originate))
    assert (originate.channel_id, originate.into, originate.number) == ("em-c1-1", CALLER, "119")
    assert told[-1] == FreeAgent(CALL, AGENT)


def test_a_suggestion_waits_for_the_agent_and_starts_with_one_key() -> None:
    state, told = play(raised(start=Start.SUGGEST))
    assert isinstance(state, Suggested)
    assert dialled(told) == []
    state, told = play(raised(start=Start.SUGGEST), Confirmed("801", AT))
    assert isinstance(state, Calling)
    assert dialled(told) == [("119", "emergency")]


def test_a_dismissed_suggestion_calls_nobody() -> None:
    state, told = play(raised(start=Start.SUGGEST), Dismissed("801", "误报", AT), Confirmed("801", AT))
    assert isinstance(state, Closed)
    assert dialled(told) == []


@pytest.mark.parametrize("where", [Where.FLOW, Where.QUEUE])
def test_without_an_agent_the_caller_goes_to_the_head_of_the_queue_meanwhile(where: Where) -> None:
    _, told = play(raised(where))
    assert dialled(told) == [("119", "emergency")]
    assert BringHuman(CALL) in told
    state, told = play(raised(where), *UP, ANSWERED, joined())
    assert InviteAgent(CALL) in told
    state, commands = advance(state, AgentJoined(SEAT, AGENT, AT))
    assert isinstance(state, Joined)
    assert isinstance(commands[0], TellAgent)


@pytest.mark.parametrize(
    ("rang", "seconds", "then"),
    [(False, 20, ("119", "main")), (True, 20, ("2119", "emergency")), (False, 3, ("2119", "emergency"))],
    ids=["silence", "rang unanswered", "said at once that nobody answers"],
)
def test_a_line_that_gives_no_sign_is_left_for_the_other_trunk(rang: bool, seconds: int, then: tuple[str, str]) -> None:
    ended = replace(leg_down(cause=19, tech="480"), at=AT + timedelta(seconds=seconds))
    _, told = play(raised(), *UP[: 3 if rang else 2], ended)
    assert dialled(told)[1:] == [then]


def test_busy_tries_the_next_number_then_the_other_trunk_then_says_so() -> None:
    events: list[ThreeWayEvent] = []
    for attempt in range(1, 5):
        events += [OriginateSent(f"em-c1-{attempt}", AT), leg_up(attempt), leg_down(attempt)]
    state, told = play(raised(), *events)
    assert dialled(told) == [("119", "emergency"), ("2119", "emergency"), ("119", "main"), ("2119", "main")]
    assert isinstance(state, Unreached)
    assert any(isinstance(command, TellAgent) and "占线" in command.text for command in told)
    assert any(isinstance(command, TellCaller) for command in told)
    assert any(isinstance(command, MarkForSupervisor) for command in told)
    failures = [c.detail for c in told if isinstance(c, WriteMark) and c.mark is Mark.ATTEMPT_FAILED]
    assert failures[0] == "fire emergency busy"


def test_a_trunk_that_is_down_is_left_for_the_other_one() -> None:
    _, told = play(raised(), OriginateSent("em-c1-1", AT), leg_up(), leg_down(1, 34, "503"))
    assert dialled(told) == [("119", "emergency"), ("119", "main")]


def test_an_originate_that_was_not_taken_counts_as_a_trunk_that_is_down() -> None:
    _, told = play(raised(), OriginateSent("em-c1-1", AT), OriginateRefused("em-c1-1", AT))
    assert dialled(told) == [("119", "emergency"), ("119", "main")]


FAILED = OriginateEnded("a", "em-c1-1", False, 0, AT)


def test_an_originate_that_made_no_leg_at_all_is_known_to_half_a_second_later() -> None:
    _, told = play(raised(), OriginateSent("em-c1-1", AT), FAILED)
    assert told[-1] == StartTimer(CALL, "gone:em-c1-1", 0.5)
    _, told = play(raised(), OriginateSent("em-c1-1", AT), FAILED, TimerExpired("gone:em-c1-1", AT))
    assert dialled(told) == [("119", "emergency"), ("119", "main")]
    assert LookAtSwitch(CALL) not in told


@pytest.mark.parametrize("before", [(), (leg_up(),)])
def test_the_switch_may_tell_that_a_call_failed_before_it_tells_of_the_leg_that_was_busy(
    before: tuple[LegUp, ...],
) -> None:
    late = () if before else (leg_up(),)
    _, told = play(raised(), OriginateSent("em-c1-1", AT), *before, FAILED, *late, leg_down())
    assert dialled(told) == [("119", "emergency"), ("2119", "emergency")], "a busy number, not a dead trunk"


def test_a_line_that_is_told_twice_to_ring_rings_once() -> None:
    _, told = play(raised(), *UP)
    assert told == play(raised(), *UP, EmergencyRang("em-c1-1", AT), leg_up())[1]


def test_a_leg_that_is_told_of_too_late_is_not_taken_for_the_next_one() -> None:
    over = (OriginateSent("em-c1-1", AT), FAILED, TimerExpired("gone:em-c1-1", AT))
    state, told = play(raised(), *over, leg_up(), leg_down())
    assert isinstance(state, Calling)
    assert (state.channel_id, state.is_sent, state.channel) == ("em-c1-2", False, None)
    assert len(dialled(told)) == 2


def test_a_number_that_two_targets_share_is_called_once() -> None:
    both = (Target("traffic", "122", ("122", "110")), POLICE)
    events = [each for n in (1, 2) for each in (OriginateSent(f"em-c1-{n}", AT), leg_up(n), leg_down(n))]
    state, told = play(raised(targets=both), *events)
    assert dialled(told) == [("122", "emergency"), ("110", "emergency")]
    assert isinstance(state, Unreached)


def test_a_silent_far_end_is_hung_up_before_the_next_is_called() -> None:
    state, told = play(raised(), *UP, TimerExpired("ring:em-c1-1", AT))
    assert HangUpLeg(CALL, "em-c1-1") in told
    assert len(dialled(told)) == 1
    state, commands = advance(state, leg_down(1, 16, ""))
    assert len(dialled(list(commands))) == 1


def test_a_leg_that_does_not_go_is_looked_for_in_the_switch() -> None:
    _, told = play(raised(), *UP, TimerExpired("ring:em-c1-1", AT), TimerExpired("gone:em-c1-1", AT))
    assert LookAtSwitch(CALL) in told


def test_an_agent_who_wants_to_leave_too_early_is_asked_and_freed_only_when_they_insist() -> None:
    state, told = play(raised(), *UP, ANSWERED, joined(), AgentLeaves(AT))
    assert not any(isinstance(command, FreeAgent) for command in told)
    state, commands = advance(state, AgentLeaves(AT, insists=True))
    assert FreeAgent(CALL, AGENT) in commands
    assert any(isinstance(command, MarkForSupervisor) for command in commands)


def test_the_emergency_side_leaves_first_and_caller_and_agent_stay() -> None:
    state, told = play(raised(), *UP, ANSWERED, joined(), VerifiedByClick("801", AT), leg_down(1, 16, ""))
    assert isinstance(state, Closed)
    assert not any(isinstance(command, FreeAgent | HangUpLeg) for command in told)


def test_the_emergency_side_leaves_unverified_and_a_supervisor_is_told() -> None:
    state, told = play(raised(), *UP, ANSWERED, joined(), leg_down(1, 16, ""))
    assert isinstance(state, Unreached)
    assert any(isinstance(command, MarkForSupervisor) for command in told)


def test_a_caller_alone_with_the_emergency_side_gets_a_human_when_it_leaves() -> None:
    _, told = play(raised(Where.QUEUE), *UP, ANSWERED, joined(), leg_down(1, 16, ""))
    assert told.count(BringHuman(CALL)) == 2


def test_the_caller_lost_first_leaves_agent_and_emergency_with_the_number_on_the_screen() -> None:
    state, told = play(raised(), *UP, ANSWERED, joined(), gone(CALLER))
    assert isinstance(state, Joined)
    assert any(isinstance(command, TellAgent) and "13800000000" in command.text for command in told)
    state, _ = advance(state, AgentLeaves(AT, insists=True))
    assert isinstance(state, Closed)


def test_a_caller_lost_while_it_rings_ends_our_leg() -> None:
    state, told = play(raised(), *UP, gone(CALLER))
    assert isinstance(state, Closed)
    assert HangUpLeg(CALL, "em-c1-1") in told


def test_an_agent_cut_off_unverified_leaves_the_two_joined_and_another_is_invited() -> None:
    state, told = play(raised(), *UP, ANSWERED, joined(), gone(AGENT))
    assert isinstance(state, Joined)
    assert told.count(InviteAgent(CALL)) == 1


def test_a_city_that_only_guides_calls_nobody() -> None:
    state, told = play(raised(Where.FLOW, mode=Mode.GUIDE))
    assert isinstance(state, Closed)
    assert TellCaller(CALL, "请拨打 119") in told
    assert dialled(told) == []


def test_transfer_frees_the_agent_as_soon_as_it_is_verified() -> None:
    _, told = play(raised(mode=Mode.TRANSFER), *UP, ANSWERED, joined(), TURNS)
    assert FreeAgent(CALL, AGENT) in told


@pytest.mark.requirement("Y-28")
def test_parallel_notice_starts_both_contacts_in_one_step() -> None:
    _, commands = begin(raised(mode=Mode.PARALLEL_NOTIFY))
    assert NotifyUnit(CALL, UNIT) in commands
    assert any(isinstance(command, Originate) for command in commands)


def test_a_second_raise_of_the_same_call_dials_nobody_again() -> None:
    _, told = play(raised(), *UP, RaisedAgain(Source.WORDS_IN_TALK, "ears", AT), RaisedAgain(Source.CLICK, "801", AT))
    assert len(dialled(told)) == 1


def test_an_agent_cut_off_while_it_rings_leaves_the_caller_told_and_first_in_the_queue() -> None:
    state, told = play(raised(), *UP, gone(AGENT))
    assert isinstance(state, Calling)
    assert told.index(BringHuman(CALL)) < told.index(TellCaller(CALL, spoken.agent_lost(Kind.FIRE)))
    after, commands = advance(state, joined())
    assert isinstance(after, Joined)
    assert InviteAgent(CALL) in commands


def test_a_unit_nobody_answers_for_is_a_supervisors_matter_even_after_the_case_was_closed() -> None:
    missed = UnitNews("utility", Mark.UNIT_MISSED, "", AT)
    state, told = play(raised(mode=Mode.PARALLEL_NOTIFY), *UP, gone(CALLER), missed)
    assert isinstance(state, Closed)
    assert marks(told)[-1] is Mark.UNIT_MISSED
    assert isinstance(told[-1], MarkForSupervisor)
    assert "抢修值班" in told[-1].reason


# ------------------------------------------------------------------------------------------------ after a restart


def live(channel: ChannelName, unique_id: str, leg: Leg, bridge: str, seat: SeatId | None = None) -> LiveChannel:
    return LiveChannel(CALL, channel, unique_id, PhoneNumber(""), "", bridge, 1.0, {}, leg, seat)


def snapshot(*channels: LiveChannel) -> SwitchSnapshot:
    return SwitchSnapshot(2, channels, (), ())


CALLER_LIVE = live(CALLER, "hl-1.1", Leg.CALLER, "b")
AGENT_LIVE = live(AGENT, "hl-1.2", Leg.AGENT, "b", SEAT)


def restarted(events: tuple[ThreeWayEvent, ...], *channels: LiveChannel) -> tuple[ThreeWay, list[ThreeWayCommand]]:
    lines = [line_of(raised(), "c1"), {"name": "other"}, *(line_of(event, "c1") for event in events)]
    states = rebuild(json.loads(json.dumps(lines)))
    state, commands = advance(states["c1"], resynced(states["c1"], snapshot(*channels), AT))
    return state, list(commands)


def test_killed_before_the_originate_left_it_is_sent_once() -> None:
    state, told = restarted((), CALLER_LIVE, AGENT_LIVE)
    assert isinstance(state, Calling)
    assert dialled(told) == [("119", "emergency")]


def test_killed_while_it_rang_the_leg_is_adopted_and_none_is_dialled() -> None:
    state, told = restarted(UP, CALLER_LIVE, AGENT_LIVE, live(EMERGENCY, "em-c1-1", Leg.EMERGENCY, ""))
    assert isinstance(state, Calling)
    assert dialled(told) == []


def test_killed_and_meanwhile_joined_the_three_are_adopted() -> None:
    state, told = restarted(UP, CALLER_LIVE, AGENT_LIVE, live(EMERGENCY, "em-c1-1", Leg.EMERGENCY, "b"))
    assert isinstance(state, Joined)
    assert dialled(told) == []
    state, told = restarted((*UP, joined()), CALLER_LIVE, AGENT_LIVE, live(EMERGENCY, "em-c1-1", Leg.EMERGENCY, "b"))
    assert isinstance(state, Joined)
    assert marks(told) == [Mark.ADOPTED]


def test_killed_and_meanwhile_failed_the_same_route_is_not_dialled_again() -> None:
    _, told = restarted(UP, CALLER_LIVE, AGENT_LIVE)
    assert dialled(told) == [("2119", "emergency")]


def test_killed_while_the_agent_left_the_two_stay_joined() -> None:
    events = (*UP, joined(), TURNS, AgentLeaves(AT))
    state, told = restarted(events, CALLER_LIVE, live(EMERGENCY, "em-c1-1", Leg.EMERGENCY, "b"))
    assert isinstance(state, Joined)
    assert state.is_verified
    assert dialled(told) == []
    assert InviteAgent(CALL) not in told, "the two understand each other"


def test_killed_before_it_was_known_how_the_leg_ended_the_reason_is_not_made_up() -> None:
    _, told = restarted((OriginateSent("em-c1-1", AT),), CALLER_LIVE, AGENT_LIVE)
    details = [each.detail for each in told if isinstance(each, WriteMark) and each.mark is Mark.ATTEMPT_FAILED]
    assert details == ["fire emergency unknown"]


@pytest.mark.parametrize("was_called", [False, True])
def test_killed_before_a_unit_was_called_it_is_called_once(was_called: bool) -> None:
    first = raised(mode=Mode.PARALLEL_NOTIFY)
    news = (UnitNews("utility", Mark.UNIT_CALLED, "emergency", AT),) if was_called else ()
    lines = [line_of(first, "c1"), *(line_of(each, "c1") for each in (*UP, *news))]
    state = rebuild(json.loads(json.dumps(lines)))["c1"]
    channels = (CALLER_LIVE, AGENT_LIVE, live(EMERGENCY, "em-c1-1", Leg.EMERGENCY, ""))
    _, told = advance(state, resynced(state, snapshot(*channels), AT))
    assert [each.target for each in told if isinstance(each, NotifyUnit)] == ([] if was_called else [UNIT])


# ---------------------------------------------------------------------------------------------------- properties


@dataclass
class World:
    """A switch and people in miniature: who lives, what was dialled, who was let go and why.

    `failed`: our leg is no more, and what the switch tells of it may come in any order.
    """

    state: ThreeWay
    caller: bool = True
    agent: bool = False
    ours: str = ""
    failed: str = ""
    in_bridge: bool = False
    with_machine: bool = False
    routes: list[tuple[str, str]] = field(default_factory=list)
    verified: bool = False
    insisted: bool = False

    def obey(self, commands: tuple[ThreeWayCommand, ...]) -> None:
        for command in commands:
            match command:
                case Originate(number=number, trunk=trunk, channel_id=channel_id):
                    assert (number, trunk) not in self.routes, "the same route twice"
                    assert not self.ours, "two legs at a time"
                    assert self.caller
                    self.routes.append((number, trunk))
                    self.ours = channel_id
                case HangUpLeg():
                    pass  # its LegDown is an event like any other; it may be late
                case FreeAgent():
                    assert self.verified or self.insisted or isinstance(self.state, Suggested)
                    self.agent = False
                case BringHuman():
                    self.with_machine = True
                case TellCaller(text=words):
                    assert words in KNOWN_WORDS, "its sound would be missing"
                case WriteMark(mark=Mark.VERIFIED):
                    self.verified = True
                case _:
                    pass

    def check(self) -> None:
        if self.caller:
            assert self.agent or self.with_machine or (self.ours and self.in_bridge), "alone on a silent line"


RULES = tuple(Rule(kind, Mode.THREE_WAY, ("fire",), guide="请拨打 119") for kind in Kind)
KNOWN_WORDS = frozenset(spoken.words_known(Policy("x", "1", RULES, {"fire": FIRE})))
HAPPENINGS = """
sent up rang answered refused failed joined down caller agent_gone agent leaves insists turns click
ring_timer join_timer gone_timer verify_timer resync dismiss confirm again lost
"""
STEPS = st.sampled_from(HAPPENINGS.split())


def happen(world: World, step: str) -> ThreeWayEvent | None:
    """Return the event, having changed the world; None when it cannot happen now."""
    ours = world.ours
    match step:
        case "sent" if ours:
            return OriginateSent(ours, AT)
        case "up" if ours or world.failed:
            return leg_of(ours or world.failed)
        case "rang" if ours:
            return EmergencyRang(ours, AT)
        case "answered" if ours:
            return OriginateEnded("a", ours, True, 4, AT)
        case "refused" if ours and isinstance(world.state, Calling) and world.state.channel is None:
            if world.in_bridge:
                return None
            world.ours = ""
            return OriginateRefused(ours, AT)
        case "failed" if ours and not world.in_bridge:
            world.ours, world.failed = "", ours
            return OriginateEnded("a", ours, False, 0, AT)
        case "joined" if ours and world.caller and not world.in_bridge:
            world.in_bridge = True
            world.with_machine = False
            return BridgeEntered(CALL, EMERGENCY, ours, "b", 2, AT)
        case "down" if ours or world.failed:
            ended = ours or world.failed
            world.ours, world.failed, world.in_bridge = "", "", False
            return LegDown(CALL, EMERGENCY, 17, "486", AT, ended)
        case "caller" if world.caller:
            world.caller = False
            return gone(CALLER)
        case "agent_gone" if world.agent:
            world.agent = False
            return gone(AGENT)
        case "agent" if not world.agent and world.caller:
            world.agent, world.with_machine = True, False
            return AgentJoined(SEAT, AGENT, AT)
        case "leaves" if world.agent:
            return AgentLeaves(AT)
        case "insists" if world.agent:
            world.insisted = True
            return AgentLeaves(AT, insists=True)
        case "turns":
            return TURNS
        case "click":
            return VerifiedByClick("801", AT)
        case "ring_timer" | "join_timer" | "gone_timer" | "verify_timer":
            return TimerExpired(f"{step.removesuffix('_timer')}:{ours or world.failed}", AT)
        case "resync":
            if ours and isinstance(world.state, Calling) and not world.state.is_sent:
                world.routes.pop()
                world.ours = ""  # journalled, never sent
            seen = world.ours if world.ours else ""
            channel = EMERGENCY if seen else None
            agent, seat = (AGENT, SEAT) if world.agent else (None, None)
            return Resynced(world.caller, agent, seat, channel, seen, world.in_bridge, AT)
        case "dismiss":
            return Dismissed("801", "误报", AT)
        case "confirm":
            return Confirmed("801", AT)
        case "again":
            return RaisedAgain(Source.CLICK, "801", AT)
        case "lost":
            return SwitchLost("cut", AT)
        case _:
            return None


@settings(max_examples=600, deadline=None)
@given(
    where=st.sampled_from([Where.FLOW, Where.QUEUE, Where.TALK]),
    start=st.sampled_from(list(Start)),
    mode=st.sampled_from([Mode.THREE_WAY, Mode.TRANSFER, Mode.PARALLEL_NOTIFY]),
    steps=st.lists(STEPS, max_size=40),
)
def test_whatever_happens_nobody_is_alone_called_twice_or_let_go_too_early(
    where: Where, start: Start, mode: Mode, steps: list[str]
) -> None:
    state, commands = begin(raised(where, start, mode))
    world = World(state, agent=where is Where.TALK, with_machine=where is not Where.TALK)
    world.obey(commands)
    world.check()
    lines = [line_of(raised(where, start, mode), "c1")]
    for step in steps:
        event = happen(world, step)
        if event is None:
            continue
        lines.append(line_of(event, "c1"))
        after, commands = advance(world.state, event)
        if isinstance(world.state, Closed):
            assert commands == ()
            break
        world.obey(commands)
        world.state = after
        if isinstance(after, Closed) and after.why == "dismissed":
            break  # a person said it is none: an ordinary call from here on
        world.check()
        if isinstance(after, Unreached | Suggested | Closed):
            assert not world.ours or any(isinstance(c, HangUpLeg) for c in commands)
    assert rebuild(json.loads(json.dumps(lines)))["c1"] == world.state


@settings(max_examples=200, deadline=None)
@given(where=st.sampled_from([Where.FLOW, Where.QUEUE, Where.TALK]), steps=st.lists(STEPS, max_size=25))
def test_every_path_ends_once_everybody_has_hung_up(where: Where, steps: list[str]) -> None:
    state, _ = begin(raised(where))
    world = World(state, agent=where is Where.TALK, with_machine=True)
    for step in steps:
        event = happen(world, step)
        if event is not None:
            world.state, commands = advance(world.state, event)
            world.obey(commands) if not isinstance(world.state, Closed) else None
    state = world.state
    for event in (gone(CALLER), gone(AGENT)):
        state, _ = advance(state, event)
    for _ in range(6):
        if our_leg(state):
            state, _ = advance(state, LegDown(CALL, EMERGENCY, 16, "", AT, our_leg(state)))
    assert isinstance(state, Closed)


@pytest.mark.requirement("Y-42")
def test_a_unit_that_acknowledges_is_written_down() -> None:
    _, told = play(raised(mode=Mode.PARALLEL_NOTIFY), Acknowledged("utility", "值班员", AT))
    assert marks(told)[-1] is Mark.ACKNOWLEDGED


def test_the_order_of_numbers_survives_a_restart() -> None:
    first = raised()
    again = rebuild(json.loads(json.dumps([line_of(first, "c1")])))["c1"]
    assert again == begin(first)[0]
    assert replace(first, case="c2") != first
