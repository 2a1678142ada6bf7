"""Agents' and supervisors' wishes at the control door, over a fake switch: what is asked of it, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.adapters.control.door import answer
from cti.server.call_places import Tools
from cti.server.monitoring import MonitorDesk
from cti.server.transfer.calls_out import CallsOut
from cti.server.transfer.desk import TransferDesk
from cti.server.transfer.verbs import TransferVerbs
from cti.server.watching import Watching
from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.events import BridgeEntered, LegDown, LegUp, OriginateEnded, SeatAnswered, SeatRang, SwitchEvent, TalkEnded
from ivr.ports import LiveChannel, QueueMember, SwitchSnapshot, WaitingCaller
from routing.agent import AgentState
from routing.membership import SeatSkills
from routing.queue import Queue, Queues
from routing.shell import SeatDesk
from tests.fakes import NOON, FakeClock, FakeJournal, FakePublisher, FakeSwitch
from workorder.call_record import CallRecord

CALL, WAITING, OLD = CallId("hl-1.1"), CallId("hl-1.5"), CallId("hl-1.9")
GENERAL, ELDER = QueueName("general"), QueueName("elder")
CALLER, AGENT, HELP = ChannelName("PJSIP/c-1"), ChannelName("PJSIP/801-00000001"), ChannelName("PJSIP/emergency-1")
QUEUES = Queues({GENERAL: Queue(GENERAL, "综合"), ELDER: Queue(ELDER, "长者", skills=frozenset({"elder"}))})


def channel(name: ChannelName, leg: Leg, bridge: str = "b0", seat: str = "") -> LiveChannel:
    number = PhoneNumber("13800001234")
    return LiveChannel(CALL, name, name, number, "", bridge, 9.0, MappingProxyType({}), leg, SeatId(seat) or None)


class Desks:
    """A caller who talks to 801; 802 and 803 are ready; somebody waits."""

    def __init__(self, in_emergency: bool = False) -> None:
        self.switch, self.journal = FakeSwitch(), FakeJournal()
        members = tuple(
            QueueMember(GENERAL, SeatId(each), 0, False, "", "not in use") for each in ("801", "802", "803")
        )
        channels = [channel(CALLER, Leg.CALLER), channel(AGENT, Leg.AGENT, seat="801")]
        if in_emergency:
            channels.append(channel(HELP, Leg.EMERGENCY))
        waiting = WaitingCaller(GENERAL, WAITING, ChannelName("PJSIP/c-5"), 1, 3.0, 7)
        self.switch.state = SwitchSnapshot(1, tuple(channels), members, (waiting,))
        skills = [SeatSkills(SeatId(each), each) for each in ("801", "802", "803")]
        self.seats = SeatDesk(self.switch, skills, lambda: QUEUES)
        for seat in ("801", "802", "803"):
            self.seats._seen(SeatId(seat), "not in use", False, "")
        self.told: list[SwitchEvent] = []
        self.watching = Watching(FakeClock())
        self.watching.take(LegUp(CALL, Leg.CALLER, CALLER, PhoneNumber("13800001234"), NOON))
        self.publisher = FakePublisher()
        tools = Tools(
            self.switch, self.journal, FakeClock(), self.publisher, self.seats, self.watching, lambda: QUEUES,
            lambda target: "不许" if target == "PJSIP/119" else "", self.tell, self.record,
        )  # fmt: skip
        self.transfers = TransferDesk(tools)
        self.monitors = MonitorDesk(tools, self.transfers)
        self.reached: list[str] = []
        self.out = CallsOut(tools, self.transfers.legs, self.done)
        agents = TransferVerbs(tools, self.transfers).verbs() | self.out.verbs()
        self.verbs = agents | self.monitors.verbs()

    async def tell(self, event: SwitchEvent) -> None:
        self.told.append(event)

    async def done(self, number: PhoneNumber, at: object) -> None:
        self.reached.append(number.digits)

    async def record(self, call: CallId) -> CallRecord | None:
        return CallRecord(call, PhoneNumber("13900000000")) if call == OLD else None

    async def happens(self, *events: SwitchEvent) -> list[SwitchEvent]:
        named = [each for event in events for each in self.transfers.ours(event)]
        for event in events:
            self.monitors.see(event)
        for each in named:
            await self.transfers.take(each)
        return named

    async def ask(self, verb: str, **words: object) -> dict[str, Any]:
        request = {"verb": verb, "by": "lixm", "call": CALL, "seat": "801", **words}
        told = await answer(self.verbs, json.dumps(request).encode())
        assert isinstance(told, dict)
        assert told["text"]
        return told

    def asked(self, what: str) -> list[tuple[object, ...]]:
        return [each[1:] for each in self.switch.asked if each[0] == what]

    def shown(self) -> Any:
        return self.watching.board.to_plain()["calls"][CALL]


async def test_a_transfer_rings_the_colleague_beside_the_talk_and_names_their_leg_after_the_call() -> None:
    desks = Desks()
    assert (await desks.ask("call.transfer_blind", to="802"))["ok"]
    (rung,) = desks.asked("originate")
    assert rung[0] == "PJSIP/802"
    assert rung[2:4] == ("Goto", "hl-back,s")
    assert desks.switch.channel_variables[CALLER, "HL_ASIDE"] == "1"
    assert desks.shown()["consult"] == {"seat": "802", "state": "ringing", "kind": "transfer"}
    leg, third = str(rung[1]), ChannelName("PJSIP/802-00000002")
    up = LegUp(CallId(leg), Leg.AGENT, third, PhoneNumber("802"), NOON, SeatId("802"))
    named = await desks.happens(up, BridgeEntered(CallId(leg), third, leg, "b0", 3, NOON))
    assert [type(each) for each in named] == [LegUp, SeatRang, BridgeEntered, SeatAnswered]
    assert {getattr(each, "call", None) for each in named} == {CALL}
    assert desks.asked("hang_up") == [(AGENT, 16)]
    assert desks.switch.channel_variables[CALLER, "HL_ASIDE"] == ""
    assert desks.shown()["consult"] is None
    ended = await desks.happens(LegDown(CALL, AGENT, 16, "", NOON), LegDown(CallId(leg), third, 16, "", NOON, leg))
    assert [each.seat for each in ended if isinstance(each, TalkEnded)] == ["801", "802"]


@pytest.mark.parametrize(
    ("verb", "words"),
    [("call.transfer_blind", {"to": "802"}), ("call.rejoin", {}), ("monitor.take_over", {"seat": "803"})],
)
async def test_a_switch_that_will_not_ring_leaves_everything_as_it_was(verb: str, words: dict[str, str]) -> None:
    desks = Desks()

    async def refuses(**_wish: object) -> None:
        desks.switch.lost = True
        await desks.switch.snapshot()

    desks.switch.originate = refuses  # type: ignore[method-assign]
    assert not (await desks.ask(verb, **words))["ok"]
    desks.switch.lost = False
    assert desks.shown()["consult"] is None
    assert desks.journal.read(CALL)[-1]["transfer_ended"] == "failed"
    del desks.switch.originate
    assert (await desks.ask("call.consult", to="802"))["ok"]  # nothing stands in the way of the next wish


async def test_a_consult_sends_the_agent_to_the_colleague_and_only_seats_hear_of_it() -> None:
    desks = Desks()
    assert (await desks.ask("call.consult", to="802"))["ok"]
    assert desks.asked("redirect") == [(AGENT, "hl-consult", "s", 1)]
    assert desks.switch.channel_variables[AGENT, "HL_DIAL"] == "802"
    third = ChannelName("PJSIP/802-00000002")
    named = await desks.happens(
        LegUp(CALL, Leg.AGENT, third, PhoneNumber("802"), NOON, SeatId("802")),
        BridgeEntered(CALL, third, "u", "b1", 1, NOON),
    )
    assert not any(isinstance(each, SeatAnswered) for each in named)
    assert desks.seats.desks[SeatId("802")].state is AgentState.TALKING
    assert not (await desks.ask("call.consult", to="803"))["ok"]
    assert not (await desks.ask("call.consult_cancel", seat="803"))["ok"]  # not theirs


@pytest.mark.parametrize("to", ["119", "nobody", "", "12", "+86138", "801", 5, "8" * 30])
@pytest.mark.parametrize("verb", ["call.transfer_blind", "call.consult"])
async def test_whom_one_may_not_or_cannot_reach_is_refused_and_nothing_is_asked_of_the_switch(
    verb: str, to: object
) -> None:
    desks = Desks()
    desks.seats.desks[SeatId("801")].state = AgentState.TALKING
    assert not (await desks.ask(verb, to=to))["ok"]
    assert [each[0] for each in desks.switch.asked if each[0] != "snapshot"] == []


async def test_while_help_is_on_the_line_the_caller_is_neither_queued_nor_cut_off() -> None:
    desks = Desks(in_emergency=True)
    assert not (await desks.ask("call.transfer_blind", to="elder"))["ok"]
    assert not (await desks.ask("call.hangup", seat=""))["ok"]
    assert (await desks.ask("call.hangup"))["ok"]  # the agent's own leg may go
    assert desks.asked("hang_up") == [(AGENT, 16)]


async def test_a_call_back_rings_the_seat_first_and_dials_what_the_store_knows() -> None:
    desks = Desks()
    assert (await desks.ask("call.call_back", seat="802", call=OLD))["ok"]
    (rung,) = desks.asked("originate")
    assert (rung[0], rung[3]) == ("PJSIP/802", "hl-call,13900000000")
    assert not (await desks.ask("call.call_back", seat="802", call="hl-7.7"))["ok"]
    assert not (await desks.ask("call.out", seat="802", number="119"))["ok"]
    assert not (await desks.ask("call.out", seat="999", number="13900000000"))["ok"]


async def test_a_supervisor_changes_how_they_listen_without_being_rung_again() -> None:
    desks = Desks()
    assert (await desks.ask("monitor.listen", seat="803"))["ok"]
    (rung,) = desks.asked("originate")
    leg, boss = str(rung[1]), ChannelName("PJSIP/803-00000003")
    assert dict(rung[5])["HL_SPY"] == AGENT  # type: ignore[call-overload]
    up = LegUp(CallId(leg), Leg.AGENT, boss, PhoneNumber("803"), NOON, SeatId("803"))
    assert await desks.happens(up, OriginateEnded(leg, leg, True, 4, NOON, boss)) == [
        OriginateEnded(leg, leg, True, 4, NOON, boss)
    ]  # who listens is no party
    assert desks.shown()["monitored_by"] == ["803"]
    assert (await desks.ask("monitor.whisper", seat="803"))["ok"]
    assert desks.switch.channel_variables[boss, "HL_HOW"] == "w"
    assert desks.asked("redirect") == [(boss, "hl-monitor", "s", 1)]
    assert (await desks.ask("monitor.take_over", seat="803"))["ok"]
    assert desks.asked("redirect")[-1] == (boss, "hl-back", "s", 1)
    assert desks.shown()["monitored_by"] == []
    named = await desks.happens(BridgeEntered(CallId(leg), boss, leg, "b0", 3, NOON))
    assert [type(each) for each in named] == [LegUp, BridgeEntered, SeatAnswered]
    assert desks.asked("hang_up") == [(AGENT, 16)]


async def test_who_stops_before_it_was_told_that_they_had_answered_listens_no_more() -> None:
    """What became of an Originate is told by another thread of the switch: perhaps late."""
    desks = Desks()
    assert (await desks.ask("monitor.listen", seat="803"))["ok"]
    leg, boss = str(desks.asked("originate")[0][1]), ChannelName("PJSIP/803-00000003")
    ear = replace(channel(boss, Leg.AGENT, "", "803"), unique_id=leg)
    desks.switch.state = replace(desks.switch.state, listening=(ear,))
    assert (await desks.ask("monitor.stop", seat="803"))["ok"]
    assert desks.asked("hang_up") == [(boss, 16)]
    await desks.happens(OriginateEnded(leg, leg, True, 4, NOON, boss), LegDown(CallId(leg), boss, 16, "", NOON, leg))
    assert desks.shown()["monitored_by"] == []


async def test_who_waits_is_moved_and_prioritised() -> None:
    desks = Desks()
    assert (await desks.ask("queue.move", call=WAITING, queue="elder"))["ok"]
    assert desks.switch.channel_variables[ChannelName("PJSIP/c-5"), "HL_PRIO"] == "7"
    assert (await desks.ask("queue.prioritise", call=WAITING, priority=50))["ok"]
    assert desks.asked("prioritise") == [(WAITING, "PJSIP/c-5", GENERAL, 50)]
    for words in ({"queue": "nowhere"}, {"call": CALL, "queue": "elder"}):
        assert not (await desks.ask("queue.move", **{"call": WAITING, **words}))["ok"]
    for priority in (-1, 100, True, "9", None):
        assert not (await desks.ask("queue.prioritise", call=WAITING, priority=priority))["ok"]


@given(
    st.sampled_from(sorted(Desks().verbs)),
    st.dictionaries(
        st.sampled_from(["call", "seat", "to", "number", "queue", "priority", "by"]),
        st.text(max_size=50) | st.integers() | st.none() | st.sampled_from([CALL, WAITING, "801", "802", "elder"]),
    ),
)
async def test_whatever_is_asked_is_answered(verb: str, words: dict[str, object]) -> None:
    told = await Desks().ask(verb, **words)
    assert isinstance(told["ok"], bool)


async def test_who_listens_is_on_the_board_again_after_a_restart_and_can_stop() -> None:
    desks = Desks()
    ear = replace(channel(ChannelName("PJSIP/803-00000007"), Leg.AGENT, "", "803"), unique_id=f"mo-{CALL}-17953127281")
    desks.switch.state = replace(desks.switch.state, listening=(ear,))
    assert not (await desks.ask("monitor.stop", seat="803"))["ok"], "this life knows nothing of it"
    desks.monitors.adopt(await desks.switch.snapshot())
    assert desks.shown()["monitored_by"] == ["803"]
    assert (await desks.ask("monitor.stop", seat="803"))["ok"]
    assert desks.asked("hang_up")[0][0] == ear.channel
    assert desks.shown()["monitored_by"] == []


async def test_who_stopped_listening_while_the_switch_was_not_heard_is_taken_off_the_board() -> None:
    desks = Desks()
    ear = replace(channel(ChannelName("PJSIP/803-00000007"), Leg.AGENT, "", "803"), unique_id=f"mo-{CALL}-17953127281")
    desks.monitors.adopt(replace(desks.switch.state, listening=(ear,)))
    desks.monitors.adopt(desks.switch.state)
    assert desks.shown()["monitored_by"] == []


async def test_a_callback_is_done_once_the_citizen_talks_and_not_when_nobody_answers() -> None:
    for is_answered in (False, True):
        desks = Desks()
        assert (await desks.ask("call.call_back", call=OLD, seat="802"))["ok"]
        leg = str(desks.asked("originate")[0][1])
        own = ChannelName("PJSIP/802-00000002")
        happened: list[SwitchEvent] = [LegUp(CallId(leg), Leg.AGENT, own, PhoneNumber("802"), NOON, SeatId("802"))]
        if is_answered:
            happened.append(BridgeEntered(CallId(leg), own, leg, "b1", 1, NOON))
            happened.append(BridgeEntered(CallId(leg), ChannelName("PJSIP/c-9"), "c-9", "b1", 2, NOON))
        happened.append(LegDown(CallId(leg), own, 16, "", NOON, leg))
        for event in happened:
            await desks.out.take(event)
        assert desks.reached == (["13900000000"] if is_answered else [])
