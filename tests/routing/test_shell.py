"""The seats as the switch tells of them: reconciled at start, moved by events, put on a break after three misses."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ivr.call import CallId, ChannelName, QueueName, SeatId
from ivr.events import MemberChanged, SeatAnswered, SeatMissed, SeatRang, SwitchEvent, SwitchReady, TalkEnded
from ivr.ports import QueueMember, SwitchSnapshot
from routing.agent import AgentState
from routing.membership import Place, SeatSkills, compare, wanted_places
from routing.queue import Queue, Queues
from routing.reasons import MISSED_REASON
from routing.shell import SeatDesk
from tests.fakes import NOON, FakeSwitch

CALL, CHANNEL = CallId("hl-1.1"), ChannelName("PJSIP/801-1")
GENERAL, ELDER = QueueName("general"), QueueName("elder")
QUEUES = Queues(
    {
        GENERAL: Queue(GENERAL, "综合", after_call_seconds=0),
        ELDER: Queue(ELDER, "长者", skills=frozenset({"elder"})),
    }
)
ANNA, BERT = SeatSkills(SeatId("801"), "甲", frozenset({"elder"})), SeatSkills(SeatId("802"), "乙")


def member(queue: QueueName, seat: str, device: str = "not in use", penalty: int = 0) -> QueueMember:
    return QueueMember(queue, SeatId(seat), penalty, False, "", device)


def desk_with(*members: QueueMember) -> tuple[SeatDesk, FakeSwitch]:
    switch = FakeSwitch()
    switch.state = SwitchSnapshot(1, (), members, ())
    return SeatDesk(switch, [ANNA, BERT], lambda: QUEUES), switch


def seen(seat: SeatId, device: str) -> MemberChanged:
    return MemberChanged(GENERAL, seat, False, "", device, True, NOON)


async def test_stale_members_go_real_ones_stay_missing_ones_come() -> None:
    desk, switch = desk_with(member(GENERAL, "801"), member(ELDER, "801"), member(GENERAL, "999"))
    await desk.take(SwitchReady(1, NOON))
    places = {(each.queue, each.seat) for each in switch.state.members}
    assert places == {("general", "801"), ("elder", "801"), ("general", "802")}
    assert not any("801" in map(str, asked) for asked in switch.asked)  # who was right was left alone


SEATS = st.lists(
    st.builds(
        SeatSkills,
        st.sampled_from([SeatId(str(number)) for number in range(801, 806)]),
        st.just("某"),
        st.frozensets(st.sampled_from(["elder", "law"])),
        st.integers(0, 2),
    ),
    unique_by=lambda seat: seat.seat,
)
MEMBERS = st.lists(
    st.builds(
        member,
        st.sampled_from([GENERAL, ELDER]),
        st.sampled_from([str(number) for number in range(801, 808)]),
        penalty=st.integers(0, 2),
    ),
    unique_by=lambda each: (each.queue, each.seat),
)


@given(SEATS, MEMBERS)
def test_after_the_difference_is_carried_out_nothing_differs(
    seats: list[SeatSkills], members: list[QueueMember]
) -> None:
    difference = compare(seats, QUEUES, members)
    left = [each for each in members if Place(each.queue, each.seat) not in difference.stale]
    came = [member(place.queue, place.seat, penalty=penalty) for place, _, penalty in difference.missing]
    again = compare(seats, QUEUES, [*left, *came])
    assert (again.stale, again.missing) == ((), ())
    assert {Place(each.queue, each.seat) for each in [*left, *came]} == set(wanted_places(seats, QUEUES))


async def test_a_seat_is_ready_as_soon_as_its_telephone_is_reachable() -> None:
    desk, _ = desk_with()
    assert desk.ready == 0
    await desk.take(seen(SeatId("801"), "not in use"))
    assert desk.desks[SeatId("801")].state is AgentState.READY
    assert (desk.ready_in(GENERAL), desk.ready_in(ELDER)) == (1, 1)
    await desk.take(seen(SeatId("801"), "unavailable"))
    assert desk.ready == 0


async def test_a_talk_moves_the_seat_through_ringing_talking_and_after_call() -> None:
    desk, _ = desk_with()
    seat = SeatId("801")
    states = []
    for event in (
        seen(seat, "not in use"),
        SeatRang(CALL, GENERAL, seat, CHANNEL, NOON),
        SeatAnswered(CALL, GENERAL, seat, CHANNEL, 3, 1, NOON),
        TalkEnded(CALL, GENERAL, seat, "caller", 9, NOON),
    ):
        await desk.take(event)
        states.append(desk.desks[seat].state)
    assert states == [AgentState.READY, AgentState.RINGING, AgentState.TALKING, AgentState.AFTER_CALL]


async def test_a_break_asked_for_in_a_talk_begins_after_the_order_whatever_the_switch_tells_first() -> None:
    """The telephone's standing and the end of the talk come from two threads of the switch."""
    seat, paused = SeatId("801"), MemberChanged(ELDER, SeatId("801"), True, "小休", "not in use", True, NOON)
    told: tuple[SwitchEvent, ...] = (TalkEnded(CALL, ELDER, seat, "caller", 9, NOON), paused)
    for first, second in itertools.permutations(told):
        desk, _ = desk_with()
        await desk.take(seen(seat, "not in use"))
        await desk.take(SeatAnswered(CALL, ELDER, seat, CHANNEL, 3, 1, NOON))
        assert (await desk.make_not_ready(seat, "小休"))[0]
        await desk.take(replace(paused, device="in use"))
        await desk.take(first)
        await desk.take(second)
        assert desk.desks[seat].state is AgentState.AFTER_CALL, first
    await desk.take(replace(paused, reason="培训"))
    assert desk.desks[seat].state is AgentState.NOT_READY, "asked for now, it begins now"


async def test_a_talk_that_begins_while_seats_are_compared_is_not_taken_for_one_that_is_over() -> None:
    desk, switch = desk_with(member(GENERAL, "801"), member(GENERAL, "802"), member(ELDER, "801"))
    await desk.take(SwitchReady(1, NOON))
    await desk.take(SeatAnswered(CALL, GENERAL, SeatId("801"), CHANNEL, 3, 1, NOON))
    await desk.follow([ANNA, BERT])  # what the switch says of its channels may be older than what it told
    assert desk.desks[SeatId("801")].state is AgentState.TALKING
    switch.state = replace(switch.state, epoch=2)
    await desk.take(SwitchReady(2, NOON))
    assert desk.desks[SeatId("801")].state is AgentState.AFTER_CALL, (
        "after a login nobody talks whom the switch has not"
    )


async def test_three_misses_in_a_row_are_a_break_but_not_with_an_answer_between() -> None:
    desk, switch = desk_with()
    seat = SeatId("801")
    await desk.take(seen(seat, "not in use"))
    rang, missed = SeatRang(CALL, GENERAL, seat, CHANNEL, NOON), SeatMissed(CALL, GENERAL, seat, NOON)
    for event in (rang, missed, rang, missed, rang, SeatAnswered(CALL, GENERAL, seat, CHANNEL, 3, 1, NOON)):
        await desk.take(event)
    assert not any(MISSED_REASON in map(str, asked) for asked in switch.asked)
    for event in (TalkEnded(CALL, GENERAL, seat, "caller", 9, NOON), rang, missed, rang, missed, rang, missed):
        await desk.take(event)
    assert any(MISSED_REASON in map(str, asked) for asked in switch.asked)


async def test_a_switch_that_is_lost_costs_nothing_here() -> None:
    desk, switch = desk_with()
    switch.lost = True
    await desk.take(SwitchReady(1, NOON))
    await desk.take(seen(SeatId("801"), "not in use"))
    assert desk.ready == 1


async def test_new_seats_come_gone_ones_are_offered_nothing_more_and_skills_count_at_once() -> None:
    desk, switch = desk_with()
    await desk.take(SwitchReady(1, NOON))
    new = SeatSkills(SeatId("803"), "丙", frozenset({"elder"}))
    await desk.follow([replace(ANNA, skills=frozenset()), new])
    assert {(each.queue, each.seat) for each in switch.state.members} == {
        ("general", "801"), ("general", "803"), ("elder", "803"),
    }  # fmt: skip
    assert desk.desks.keys() == {"801", "803"}
    assert (await desk.sign_in(SeatId("802"), "乙"))[0] is False
    assert (await desk.sign_in(SeatId("803"), "丙"))[0] is True
