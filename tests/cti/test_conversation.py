"""A conversation lasts from its first leg to its last, whoever leaves first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cti.adoption import begun_seconds_ago, ended_legs, strangers
from cti.conversation import Conversation, Finish, Outcome, Publish, Tap, advance, conversation_of, record_of, with_wish
from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.commands import Note
from ivr.events import (
    BridgeEntered,
    CallerAbandoned,
    CallerQueued,
    LegDown,
    LegUp,
    SeatAnswered,
    SeatMissed,
    SeatRang,
    SwitchEvent,
    TalkEnded,
)
from ivr.ports import LiveChannel, SwitchSnapshot, WaitingCaller

CALL = CallId("hl-1795312728.0")
CALLER, SEAT, EMERGENCY = ChannelName("PJSIP/pstn-01"), ChannelName("PJSIP/801-02"), ChannelName("PJSIP/emergency-03")
GENERAL, DESK = QueueName("general"), SeatId("801")
NUMBER = PhoneNumber("13812345678")
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def leg_up(channel: ChannelName, leg: Leg, at: float = 0) -> LegUp:
    return LegUp(CALL, leg, channel, NUMBER, after(at))


def leg_down(channel: ChannelName, at: float) -> LegDown:
    return LegDown(CALL, channel, 16, "", after(at))


def play(*events: SwitchEvent) -> tuple[Conversation, list[object]]:
    here, deeds = Conversation(CALL, NUMBER, "12345", NOON), []
    for event in events:
        here, more = advance(here, event)
        deeds += more
    return here, deeds


ANSWERED = SeatAnswered(CALL, GENERAL, DESK, SEAT, 4.0, 1.0, after(6))


def test_the_caller_is_tapped_from_the_first_moment_and_the_seat_from_its_answer() -> None:
    here, deeds = play(leg_up(CALLER, Leg.CALLER), leg_up(SEAT, Leg.AGENT, 5), ANSWERED)
    taps = [deed for deed in deeds if isinstance(deed, Tap)]
    assert taps == [Tap(CALL, Leg.CALLER, CALLER, 0.0), Tap(CALL, Leg.AGENT, SEAT, 6.0)]
    assert (here.outcome, here.seat, here.hold_seconds) == (Outcome.ANSWERED, "801", 4.0)


def test_the_popup_moment_is_told_before_the_answer() -> None:
    rang = SeatRang(CALL, GENERAL, DESK, SEAT, after(5))
    _, deeds = play(leg_up(CALLER, Leg.CALLER), CallerQueued(CALL, GENERAL, 1, CALLER, after(2)), rang, ANSWERED)
    assert [deed.name for deed in deeds if isinstance(deed, Publish)] == ["queued", "offered", "answered"]


def test_a_seat_that_only_rang_is_told_as_missed_and_never_tapped() -> None:
    missed = SeatMissed(CALL, GENERAL, DESK, after(20))
    here, deeds = play(leg_up(CALLER, Leg.CALLER), leg_up(SEAT, Leg.AGENT, 5), leg_down(SEAT, 20), missed)
    assert [deed.name for deed in deeds if isinstance(deed, Publish)] == ["missed"]
    assert not here.is_over
    assert not any(isinstance(deed, Tap) and deed.leg is Leg.AGENT for deed in deeds)


def test_a_caller_who_gives_up_has_abandoned() -> None:
    gone = CallerAbandoned(CALL, GENERAL, 3, 40.0, after(42))
    here, deeds = play(leg_up(CALLER, Leg.CALLER), gone, leg_down(CALLER, 42))
    assert here.outcome is Outcome.ABANDONED
    assert deeds[-1] == Finish(CALL)


def test_a_caller_who_left_a_message_has_got_that_but_one_who_spoke_with_a_person_got_more() -> None:
    message = Note(CALL, "voicemail_left", {"seconds": "9"})
    waited, _ = play(leg_up(CALLER, Leg.CALLER), CallerQueued(CALL, GENERAL, 1, CALLER, after(2)))
    assert with_wish(waited, message).outcome is Outcome.VOICEMAIL
    talked, _ = play(leg_up(CALLER, Leg.CALLER), ANSWERED)
    assert with_wish(talked, message).outcome is Outcome.ANSWERED
    assert with_wish(waited, Note(CALL, "else")) == waited


def test_when_the_caller_is_lost_the_seat_and_the_emergency_service_go_on() -> None:
    start = (leg_up(CALLER, Leg.CALLER), ANSWERED, leg_up(EMERGENCY, Leg.EMERGENCY, 8))
    joined = BridgeEntered(CALL, EMERGENCY, "em-1", "b", 3, after(9))
    here, deeds = play(*start, joined, leg_down(CALLER, 10))
    assert not here.is_over
    assert Tap(CALL, Leg.EMERGENCY, EMERGENCY, 9.0) in deeds
    over, last = advance(advance(here, leg_down(SEAT, 20))[0], leg_down(EMERGENCY, 25))
    assert over.ended_at == after(25)
    assert last[-1] == Finish(CALL)


def test_the_end_is_told_once_and_nothing_happens_after_it() -> None:
    over, deeds = play(leg_up(CALLER, Leg.CALLER), leg_down(CALLER, 3), leg_down(CALLER, 3), leg_up(SEAT, Leg.AGENT, 4))
    assert sum(isinstance(deed, Finish) for deed in deeds) == 1
    assert over.is_over


EVENTS = st.sampled_from(
    [
        leg_up(CALLER, Leg.CALLER),
        leg_up(SEAT, Leg.AGENT, 1),
        leg_up(EMERGENCY, Leg.EMERGENCY, 2),
        ANSWERED,
        CallerQueued(CALL, GENERAL, 1, CALLER, after(3)),
        TalkEnded(CALL, GENERAL, DESK, "agent", 3.0, after(9)),
        leg_down(CALLER, 10),
        leg_down(SEAT, 11),
        leg_down(EMERGENCY, 12),
    ]
)


@given(st.lists(EVENTS, max_size=30))
def test_a_call_is_finished_exactly_when_its_last_leg_is_gone(events: list[SwitchEvent]) -> None:
    here, deeds = play(*events)
    finished = sum(isinstance(deed, Finish) for deed in deeds)
    assert finished == (1 if here.is_over else 0)
    assert not (here.is_over and here.legs)


def test_what_the_store_keeps_gives_the_conversation_back() -> None:
    here, _ = play(leg_up(CALLER, Leg.CALLER), ANSWERED)
    again = conversation_of(record_of(here), NOON)
    assert record_of(again) == record_of(here)
    assert again.legs == {}


def channel(
    name: ChannelName, leg: Leg, bridge: str = "", seat: SeatId | None = None, call: CallId = CALL
) -> LiveChannel:
    return LiveChannel(call, name, "1.1", NUMBER, "Queue", bridge, 12.0, {"HL_QUEUE": "general"}, leg, seat)


def snapshot(*channels: LiveChannel, waiting: tuple[WaitingCaller, ...] = ()) -> SwitchSnapshot:
    return SwitchSnapshot(2, channels, (), waiting)


def test_a_talk_that_outlived_the_controller_is_adopted_with_both_legs() -> None:
    seen = snapshot(channel(SEAT, Leg.AGENT, "b", DESK), channel(CALLER, Leg.CALLER, "b"))
    letters = strangers(seen, (), NOON)[CALL]
    assert [type(letter).__name__ for letter in letters] == ["LegUp", "LegUp", "SeatAnswered"]
    here, deeds = play(*letters)
    assert {deed.leg for deed in deeds if isinstance(deed, Tap)} == {Leg.CALLER, Leg.AGENT}
    assert here.seat == "801"
    assert begun_seconds_ago(seen, CALL) == 12.0


def test_a_seat_that_rings_for_a_waiting_caller_is_not_taken_for_a_talk() -> None:
    waits = WaitingCaller(GENERAL, CALL, CALLER, 1, 3.0, 0)
    seen = snapshot(channel(CALLER, Leg.CALLER), channel(SEAT, Leg.AGENT, "", DESK), waiting=(waits,))
    assert all(isinstance(letter, LegUp) for letter in strangers(seen, (), NOON)[CALL])


def test_legs_that_went_while_the_link_was_down_have_ended() -> None:
    ended = ended_legs(snapshot(channel(SEAT, Leg.AGENT, "b", DESK)), {CALL: (CALLER, SEAT)}, NOON)
    assert [leg.channel for leg in ended] == [CALLER]
    assert strangers(snapshot(channel(SEAT, Leg.AGENT)), (CALL,), NOON) == {}
