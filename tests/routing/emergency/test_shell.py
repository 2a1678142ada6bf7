"""The emergency desk against a switch in memory: one call, once, to the simulator's trunk, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from cti.server.installation import queues_of, switch_config
from cti.settings import default_settings
from ivr.adapters.asterisk.wire_actions import target
from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.errors import UnsafeHeaderError
from ivr.events import (
    BridgeEntered,
    CallerQueued,
    LegDown,
    LegRang,
    LegUp,
    OriginateEnded,
    QueueLeftBySwitch,
    SeatAnswered,
    SwitchEvent,
    SwitchLost,
    SwitchReady,
)
from ivr.ports import Heard, LiveChannel, QueueMember, SwitchSnapshot
from routing.adapters.emergency_policies import load_city
from routing.adapters.emergency_words import load_spotter
from routing.emergency.kinds import Confidence, Kind
from routing.emergency.policy import Mode, Policy, Rule, Source, Start, Target
from routing.emergency.shell import EmergencyDesk
from routing.emergency.spoken import calling, sound_of
from tests.fakes import NOON, FakeClock, FakeJournal, FakeSwitch

CALL = CallId("hl-1.1")
CALLER, AGENT, EMERGENCY = (
    ChannelName("PJSIP/pstn-00000001"),
    ChannelName("PJSIP/801-00000002"),
    ChannelName("PJSIP/emergency-00000003"),
)
SEAT, GENERAL = SeatId("801"), QueueName("general")
FIRST = f"em-{CALL}-1-1"
FIRE = Target("fire", "119 消防", ("119", "110"))
_RULES = tuple(Rule(kind, Mode.THREE_WAY, ("fire",)) for kind in Kind)
POLICY = Policy(
    "默认", "1", _RULES, {"fire": FIRE},
    {
        (Source.WORDS_IN_QUEUE, Confidence.CONFIRMED): Start.GO,
        (Source.WORDS_IN_FLOW, Confidence.CONFIRMED): Start.GO,
    },
)  # fmt: skip


SAID = {"emergency_told", "emergency_to_say"}


@dataclass
class FakeTeller:
    told: list[tuple[str, Mapping[str, object], bool]] = field(default_factory=list)

    def tell(self, call: CallId, name: str, at: datetime, data: Mapping[str, object], *, lasting: bool) -> None:
        assert call == CALL
        self.told.append((name, data, lasting))

    def names(self) -> list[str]:
        return [name for name, _, _ in self.told]


@dataclass
class Scene:
    desk: EmergencyDesk
    switch: FakeSwitch
    journal: FakeJournal
    teller: FakeTeller

    async def tell(self, *events: SwitchEvent) -> None:
        """Events as the controller tells them, and time for what follows."""
        for event in events:
            for each in self.desk.ours(event):
                await self.desk.take(each)
            await self.settle()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    def dialled(self) -> list[str]:
        return [str(asked[0]) for asked in self.asked("originate")]

    def asked(self, what: str) -> list[tuple[object, ...]]:
        """What the switch was asked for, apart from the words said to callers."""
        wishes = [asked[1:] for asked in self.switch.asked if asked[0] == what]
        return [wish for wish in wishes if what != "originate" or "@hl-say" not in str(wish[0])]

    def said(self) -> list[str]:
        """The sounds that were said to the caller."""
        sounds = [
            str(asked[1]) for asked in self.switch.asked if asked[0] == "originate" and "@hl-say" in str(asked[1])
        ]
        return [f"emergency/{sound.removeprefix('Local/').partition('@')[0]}" for sound in sounds]


@asynccontextmanager
async def scene(
    journal: FakeJournal | None = None, switch: FakeSwitch | None = None, policy: Policy = POLICY
) -> AsyncIterator[Scene]:
    async with asyncio.TaskGroup() as tasks:
        switch, journal, teller = switch or FakeSwitch(), journal or FakeJournal(), FakeTeller()
        desk = EmergencyDesk(switch, journal, FakeClock(), load_spotter(), policy, teller, lambda: GENERAL, tasks)
        yield Scene(desk, switch, journal, teller)


UP = LegUp(CALL, Leg.CALLER, CALLER, PhoneNumber("13812345678"), NOON)
QUEUED = CallerQueued(CALL, GENERAL, 1, CALLER, NOON)
ANSWERED = SeatAnswered(CALL, GENERAL, SEAT, AGENT, 3.0, 1.0, NOON)
TALK = (UP, QUEUED, QueueLeftBySwitch(CALL, GENERAL, NOON), ANSWERED)
OUR_LEG = LegUp(CallId(FIRST), Leg.EMERGENCY, EMERGENCY, PhoneNumber(""), NOON, unique_id=FIRST)
TAKEN = OriginateEnded(FIRST, FIRST, True, 4, NOON)
JOINED = BridgeEntered(CALL, EMERGENCY, FIRST, "b", 3, NOON)


def heard(text: str, leg: Leg = Leg.CALLER, is_final: bool = True) -> Heard:
    return Heard(CALL, leg, text, is_final, 1.0, 3.0)


async def test_a_click_calls_once_on_the_emergency_trunk_with_the_citizens_number() -> None:
    async with scene() as here:
        await here.tell(*TALK)
        assert here.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801", "着火").is_done
        await here.settle()
        ((channel, leg, application, place, number, variables, seconds),) = here.asked("originate")
        assert (channel, leg, application, place) == ("PJSIP/119@emergency", FIRST, "Goto", "hl-join,s")
        assert isinstance(number, PhoneNumber)
        assert number.digits == "13812345678"
        assert isinstance(variables, dict)
        assert variables["PJSIP_HEADER(add,X-12345-Type)"] == "119"
        assert (variables["HL_CALLID"], variables["HL_INTO"], seconds) == (CALL, CALLER, 20)


async def test_the_clock_has_every_moment_whichever_the_switch_tells_first() -> None:
    async with scene() as here:
        await here.tell(*TALK)
        here.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801")
        await here.settle()
        ringing = LegRang(CallId(FIRST), EMERGENCY, FIRST, NOON)
        await here.tell(OUR_LEG, ringing, JOINED, TAKEN)
        assert [name.removeprefix("emergency_") for name in here.teller.names() if name not in SAID] == [
            "detected", "invite_sent", "ringing", "answered", "joined",
        ]  # fmt: skip


async def test_the_journal_knows_of_a_call_before_the_switch_does() -> None:
    known_before: list[bool] = []

    class Watchful(FakeSwitch):
        async def originate(self, **wish: object) -> None:  # type: ignore[override]
            lines = journal.read(CALL)
            if "@hl-say" in str(wish["channel"]):
                return
            known_before.append(any(line.get("name") == "emergency.OriginateSent" for line in lines))

    journal = FakeJournal()
    async with scene(journal, Watchful()) as here:
        await here.tell(*TALK)
        here.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801")
        await here.settle()
    assert known_before == [True]


async def test_the_same_danger_raised_again_calls_nobody_again() -> None:
    async with scene() as here:
        await here.tell(*TALK)
        for source, by in ((Source.CLICK, "801"), (Source.SUPERVISOR, "900"), (Source.CLICK, "801")):
            here.desk.raise_case(CALL, Kind.FIRE, source, by)
            await here.settle()
        here.desk.hear(heard("我家着火了快来人"))
        await here.settle()
        assert here.dialled() == ["PJSIP/119@emergency"]


async def test_words_in_a_talk_ask_and_the_confirmation_calls() -> None:
    async with scene() as here:
        await here.tell(*TALK)
        here.desk.hear(heard("我家着火了快来人"))
        await here.settle()
        assert here.dialled() == []
        assert any(name == "emergency_told" and data["asks"] == "confirm" for name, data, _ in here.teller.told)
        assert here.desk.confirm(CALL, "801").is_done
        await here.settle()
        assert here.dialled() == ["PJSIP/119@emergency"]
        assert not here.desk.confirm(CALL, "801").is_done


async def test_an_agents_words_and_ordinary_words_raise_nothing() -> None:
    async with scene() as here:
        await here.tell(*TALK)
        here.desk.hear(heard("我家着火了快来人", Leg.AGENT))
        here.desk.hear(heard("我想问一下公积金怎么提取"))
        await here.settle()
        assert here.desk.status() == ()


async def test_words_in_the_queue_call_at_once_and_the_caller_comes_first() -> None:
    async with scene() as here:
        await here.tell(UP, QUEUED)
        here.desk.hear(heard("我家着火了快来人"))
        await here.settle()
        assert here.dialled() == ["PJSIP/119@emergency"]
        assert here.asked("prioritise") == [(CALL, CALLER, GENERAL, 100)]
        assert here.said() == [sound_of(calling(Kind.FIRE))]
        await here.tell(OUR_LEG, TAKEN)
        assert here.asked("redirect") == []  # it joins them by itself


async def test_an_agent_who_was_quicker_than_the_service_stays_in() -> None:
    async with scene() as here:
        await here.tell(UP, QUEUED)
        here.desk.raise_case(CALL, Kind.FIRE, Source.SUPERVISOR, "900")
        await here.settle()
        await here.tell(OUR_LEG, ANSWERED, TAKEN)
        assert here.asked("hang_up") == []
        await here.tell(replace(JOINED, legs=3))
        assert [(case["state"], case["seat"]) for case in here.desk.status()] == [("joined", "801")]


async def test_words_in_a_flow_bring_the_caller_to_the_head_of_the_human_queue() -> None:
    async with scene() as here:
        await here.tell(UP)
        here.desk.hear(heard("我家着火了快来人"))
        await here.settle()
        assert here.switch.channel_variables[CALLER, "HL_PRIO"] == "100"
        assert here.switch.channel_variables[CALLER, "HL_DO"] == "queue"
        assert here.asked("redirect") == [(CALLER, "hl-done", "s", 1)]


async def test_with_the_two_alone_a_free_seat_is_invited_and_a_refusal_goes_to_the_next() -> None:
    async with scene() as here:
        here.switch.state = SwitchSnapshot(
            1, (), tuple(QueueMember(GENERAL, SeatId(seat), 0, False, "", "not in use") for seat in ("801", "802")), ()
        )
        await here.tell(UP, QUEUED)
        here.desk.raise_case(CALL, Kind.FIRE, Source.SUPERVISOR, "900")
        await here.settle()
        await here.tell(OUR_LEG, TAKEN, replace(JOINED, legs=2))
        assert here.dialled()[1:] == ["PJSIP/801"]
        first = f"ag-{CALL}-1-1"
        await here.tell(OriginateEnded(first, "", False, 0, NOON))
        await asyncio.sleep(0.2)
        await here.settle()
        assert here.dialled()[1:] == ["PJSIP/801", "PJSIP/802"]
        other = ChannelName("PJSIP/802-00000009")
        (_, told) = here.desk.ours(BridgeEntered(CALL, other, f"ag-{CALL}-1-2", "b", 3, NOON))
        assert isinstance(told, SeatAnswered)
        await here.desk.take(told)
        assert here.desk.status()[0]["seat"] == "802"


async def test_nobody_leaves_before_it_is_verified_unless_they_insist() -> None:
    async with scene() as here:
        await here.tell(*TALK)
        here.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801")
        await here.settle()
        await here.tell(OUR_LEG, TAKEN, JOINED)
        assert not here.desk.leave(CALL).is_done
        assert here.asked("hang_up") == []
        here.desk.hear(heard("这里是消防请讲", Leg.EMERGENCY))
        here.desk.hear(heard("在人民路一号"))
        assert here.desk.status()[0]["is_verified"]
        assert here.desk.leave(CALL).is_done
        await here.settle()
        assert here.asked("hang_up") == [(AGENT, 16)]


async def test_a_restart_while_it_rings_adopts_the_leg_and_calls_nobody() -> None:
    journal = FakeJournal()
    async with scene(journal) as before:
        await before.tell(*TALK)
        before.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801")
        await before.settle()
    switch = FakeSwitch()

    def live(channel: ChannelName, unique_id: str, leg: Leg, bridge: str) -> LiveChannel:
        seat = SEAT if leg is Leg.AGENT else None
        return LiveChannel(CALL, channel, unique_id, PhoneNumber("13812345678"), "", bridge, 9.0, {}, leg, seat)

    channels = (
        live(CALLER, CALL, Leg.CALLER, "b"),
        live(AGENT, "hl-1.2", Leg.AGENT, "b"),
        live(EMERGENCY, FIRST, Leg.EMERGENCY, ""),
    )
    switch.state = SwitchSnapshot(1, channels, (), ())
    async with scene(journal, switch) as after:
        await after.tell(SwitchReady(1, NOON))
        assert after.dialled() == []
        assert [case["state"] for case in after.desk.status()] == ["calling"]
        await after.tell(JOINED)
        assert [case["state"] for case in after.desk.status()] == ["joined"]
        assert not after.desk.raise_case(CallId("hl-9.9"), Kind.FIRE, Source.CLICK, "801").is_done


async def test_a_restart_after_the_leg_was_refused_goes_on_with_the_next_number() -> None:
    journal = FakeJournal()
    async with scene(journal) as before:
        await before.tell(*TALK)
        before.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801")
        await before.settle()
    switch = FakeSwitch()
    caller = LiveChannel(CALL, CALLER, CALL, PhoneNumber("13812345678"), "", "b", 9.0, {}, Leg.CALLER, None)
    switch.state = SwitchSnapshot(1, (caller, replace(caller, channel=AGENT, leg=Leg.AGENT, seat=SEAT)), (), ())
    async with scene(journal, switch) as after:
        await after.tell(SwitchReady(1, NOON))
        assert after.dialled() == ["PJSIP/110@emergency"]


async def test_when_nobody_can_be_reached_a_supervisor_is_told_for_sure() -> None:
    async with scene() as here:
        await here.tell(*TALK)
        here.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801")
        await here.settle()
        for attempt in (1, 2):
            leg = f"em-{CALL}-1-{attempt}"
            await here.tell(replace(OUR_LEG, call=CallId(leg)), LegDown(CallId(leg), EMERGENCY, 17, "486", NOON, leg))
        assert here.dialled() == ["PJSIP/119@emergency", "PJSIP/110@emergency"]
        assert ("emergency_supervisor", True) in [(name, lasting) for name, _, lasting in here.teller.told]
        assert here.asked("hang_up") == []


@pytest.mark.parametrize("kind", Kind)
async def test_with_default_settings_every_raise_ends_at_the_simulators_address(kind: Kind, tmp_path: Path) -> None:
    """The shipped policy, the interlock, and where the one trunk leads that a leg of ours may take."""
    async with scene(policy=load_city()) as here:
        await here.tell(*TALK)
        here.desk.raise_case(CALL, kind, Source.CLICK, "801")
        await here.settle()
        attempt = 1
        while here.asked("originate")[attempt:] or len(here.dialled()) == attempt:
            leg = CallId(f"em-{CALL}-1-{attempt}")
            await here.tell(replace(OUR_LEG, call=leg), LegDown(leg, EMERGENCY, 17, "486", NOON, leg))
            attempt += 1
        dialled = here.dialled()
    assert dialled[0] == f"PJSIP/{kind.value}@emergency"
    assert all(target(channel).endswith("@emergency") for channel in dialled)
    trunk = switch_config(
        default_settings(tmp_path, tmp_path), queues_of(default_settings(tmp_path, tmp_path))
    ).emergency
    assert (trunk.name, trunk.host, trunk.port) == ("emergency", "127.0.0.3", 5080)
    with pytest.raises(UnsafeHeaderError):
        target(f"PJSIP/{kind.value}@pstn")


async def test_the_number_of_a_target_on_another_trunk_is_never_dialled() -> None:
    elsewhere = Target("fire", "119", ("119",), ("pstn",))
    async with scene(policy=replace(POLICY, targets={"fire": elsewhere})) as here:
        await here.tell(*TALK)
        here.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801")
        await here.settle()
        assert here.dialled() == []
        assert "emergency_supervisor" in here.teller.names()


async def test_with_no_seat_free_a_supervisor_is_told_once() -> None:
    async with scene() as here:
        await here.tell(UP, QUEUED)
        here.desk.raise_case(CALL, Kind.FIRE, Source.SUPERVISOR, "900")
        await here.settle()
        await here.tell(OUR_LEG, TAKEN, replace(JOINED, legs=2))
        await here.desk._deeds.invite(f"{CALL}-1")
        reasons = [data["reason"] for name, data, _ in here.teller.told if name == "emergency_supervisor"]
        assert reasons == ["没有空闲坐席，请班长加入三方通话"]


async def test_raised_while_the_link_is_down_it_is_called_as_soon_as_the_link_is_up() -> None:
    async with scene() as here:
        await here.tell(*TALK, SwitchLost("cut", NOON))
        here.desk.raise_case(CALL, Kind.POLICE, Source.CLICK, "801")
        await here.settle()
        assert here.dialled() == []
        caller = LiveChannel(CALL, CALLER, CALL, PhoneNumber("13812345678"), "", "b", 9.0, {}, Leg.CALLER, None)
        agent = replace(caller, channel=AGENT, unique_id="hl-1.2", leg=Leg.AGENT, seat=SEAT)
        here.switch.state = SwitchSnapshot(2, (caller, agent), (), ())
        await here.tell(SwitchReady(2, NOON))
        assert here.dialled() == ["PJSIP/119@emergency"]


async def test_a_category_that_the_policy_calls_an_emergency_is_suggested_with_who_why_and_when() -> None:
    async with scene(policy=load_city("default")) as here:
        await here.tell(*TALK)
        assert here.desk.raise_category(CALL, "公共安全/燃气泄漏", "801", "楼道有味").is_done
        await here.settle()
        _, facts, is_lasting = next(told for told in here.teller.told if told[0] == "emergency_suggested")
        assert (facts["kind"], facts["source"], facts["by"], is_lasting) == ("119", "category", "801", True)
        assert facts["why"] == "事项“公共安全/燃气泄漏”：楼道有味"
        assert facts["second"] == 0.0
        assert here.dialled() == []
        assert here.desk.confirm(CALL, "801").is_done
        await here.settle()
        assert here.dialled() == ["PJSIP/119@emergency"]


async def test_an_ordinary_category_raises_nothing_and_says_so() -> None:
    async with scene(policy=load_city("default")) as here:
        await here.tell(*TALK)
        answer = here.desk.raise_category(CALL, "城乡建设/环境卫生", "801")
        assert (answer.is_done, "环境卫生" in answer.text) == (False, True)
        assert here.desk.status() == ()


async def test_a_supervisors_raise_goes_at_once_and_tells_their_role() -> None:
    async with scene(policy=load_city("default")) as here:
        await here.tell(*TALK)
        assert here.desk.raise_case(CALL, Kind.MEDICAL, Source.SUPERVISOR, "班长 900", "监听到").is_done
        await here.settle()
        assert here.dialled() == ["PJSIP/120@emergency"]
        (status,) = here.desk.status()
        assert (status["source"], status["by"]) == ("supervisor", "班长 900")


async def test_a_key_calls_at_once_and_leaves_the_caller_to_the_flow_that_brings_them() -> None:
    async with scene(policy=load_city("default")) as here:
        await here.tell(UP)
        assert here.desk.call_for_help(CALL, Kind.FIRE)
        await here.settle()
        assert here.dialled() == ["PJSIP/119@emergency"]
        assert here.asked("redirect") == []
        assert (here.desk.status()[0]["source"], here.desk.status()[0]["by"]) == ("key", "caller")
        assert here.desk.call_for_help(CALL, Kind.FIRE)  # the flow began the step again
        await here.tell(QUEUED, TAKEN, JOINED)
        assert here.dialled() == ["PJSIP/119@emergency"]


async def test_a_key_for_a_caller_who_is_gone_calls_nobody() -> None:
    async with scene(policy=load_city("default")) as here:
        assert not here.desk.call_for_help(CALL, Kind.FIRE)
        assert here.dialled() == []


async def test_words_wait_until_the_words_before_them_were_said() -> None:
    async with scene() as here:
        await here.tell(*TALK)
        here.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801")
        await here.settle()
        first = sound_of(calling(Kind.FIRE))
        assert here.said() == [first, first]  # the agent hears it too, or would talk against it
        await here.tell(LegDown(CALL, AGENT, 16, "", NOON, "hl-1.2"))
        assert here.said() == [first, first]


async def test_a_restart_while_an_invited_seat_rings_invites_nobody_again_and_knows_who_came() -> None:
    journal = FakeJournal()
    free = tuple(QueueMember(GENERAL, SeatId(seat), 0, False, "", "not in use") for seat in ("801", "802"))
    async with scene(journal) as before:
        before.switch.state = SwitchSnapshot(1, (), free, ())
        await before.tell(UP, QUEUED)
        before.desk.raise_case(CALL, Kind.FIRE, Source.SUPERVISOR, "900")
        await before.settle()
        await before.tell(OUR_LEG, TAKEN, replace(JOINED, legs=2))
        assert before.dialled()[-1] == "PJSIP/801"
    caller = LiveChannel(CALL, CALLER, CALL, PhoneNumber("13812345678"), "", "b", 9.0, {}, Leg.CALLER, None)
    emergency = replace(caller, channel=EMERGENCY, unique_id=FIRST, leg=Leg.EMERGENCY)
    invited = f"ag-{CALL}-1-1"
    seat = replace(caller, channel=AGENT, unique_id=invited, leg=Leg.AGENT, bridge="", seat=SEAT)
    switch = FakeSwitch()
    switch.state = SwitchSnapshot(1, (caller, emergency, seat), free, ())
    async with scene(journal, switch) as after:
        await after.tell(SwitchReady(1, NOON))
        assert after.dialled() == []
        await after.tell(BridgeEntered(CALL, AGENT, invited, "b", 3, NOON))
        assert [(case["state"], case["seat"]) for case in after.desk.status()] == [("joined", "801")]


async def test_a_unit_is_called_beside_the_service_and_its_second_number_when_the_first_does_not_answer() -> None:
    unit = Target("rescue", "专业救援", ("02900000001", "02900000002"))
    other = Target("civil", "民政", ("02900000005",), ("main",))
    rules = tuple(Rule(kind, Mode.PARALLEL_NOTIFY, ("fire",), ("rescue", "civil")) for kind in Kind)
    policy = replace(POLICY, rules=rules, targets={"fire": FIRE, "rescue": unit, "civil": other})
    async with scene(policy=policy) as here:
        await here.tell(*TALK)
        here.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801")
        await here.settle()
        first = ["PJSIP/119@emergency", "PJSIP/02900000001@emergency", "Local/02900000005@hl-notice/n"]
        assert here.dialled() == first
        assert all(target(channel) == channel for channel in first)
        await here.tell(OriginateEnded(f"nt-{CALL}-1-1", "", False, 5, NOON))
        assert here.dialled() == [*first, "PJSIP/02900000002@emergency"]
        await here.tell(OriginateEnded(f"nt-{CALL}-1-2", "", True, 4, NOON))
        await here.tell(OriginateEnded(f"nt-{CALL}-1-101", "", False, 5, NOON))
        named = [(name, data.get("detail")) for name, data, _ in here.teller.told if name.startswith("emergency_unit_")]
        assert ("emergency_unit_answered", "rescue") in named
        assert ("emergency_unit_missed", "civil") in named
        assert "emergency_supervisor" in here.teller.names()


async def test_the_last_marks_of_a_call_are_told_although_nobody_is_left() -> None:
    async with scene() as here:
        await here.tell(*TALK)
        here.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801")
        await here.settle()
        await here.tell(LegDown(CALL, AGENT, 16, "", NOON, "hl-1.2"), LegDown(CALL, CALLER, 16, "", NOON, CALL))
        assert {"emergency_caller_lost", "emergency_closed"} <= set(here.teller.names())


WORDS = ChannelName("Local/0a@hl-say-00000001;1")
SAYING = f"say-{CALL}-1795312728000-1"
WORDS_BEGIN = OriginateEnded(SAYING, SAYING, True, 4, NOON, WORDS)


@pytest.mark.parametrize("told", [(WORDS_BEGIN, OUR_LEG, TAKEN, JOINED), (OUR_LEG, TAKEN, JOINED, WORDS_BEGIN)])
async def test_words_end_once_the_service_is_in_the_talk_though_they_begin_late(told: tuple[SwitchEvent, ...]) -> None:
    async with scene() as here:
        await here.tell(*TALK)
        here.desk.raise_case(CALL, Kind.FIRE, Source.CLICK, "801")
        await here.settle()
        await here.tell(*told[:-1])
        assert here.asked("hang_up") == []
        await here.tell(told[-1])
        assert here.asked("hang_up") == [(WORDS, 16)]
