"""From AMI to our words: two real calls as recorded, and everything an event may be wrong in."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.asterisk.translate import TRANSLATIONS, device_state, translate
from ivr.adapters.asterisk.wire import AmiMessage, MessageSplitter, parse_message
from ivr.events import (
    BridgeEntered,
    BridgeLeft,
    CallerAbandoned,
    CallerQueued,
    LegDown,
    LegUp,
    MemberChanged,
    OriginateEnded,
    QueueLeftBySwitch,
    SeatAnswered,
    SeatMissed,
    SeatRang,
    SwitchEvent,
    TalkEnded,
    UserNoted,
)

CAPTURES = Path(__file__).parents[2] / "captures"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PARTY = {"Channel": "PJSIP/pstn-00000001", "Uniqueid": "hl-1.1", "Linkedid": "hl-1.1"}


def recorded(name: str) -> list[SwitchEvent]:
    messages = [parse_message(raw) for raw in MessageSplitter().feed((CAPTURES / f"{name}.ami").read_bytes())]
    return [event for message in messages if (event := translate(message, NOW)) is not None]


def message(**headers: str) -> AmiMessage:
    return AmiMessage(tuple(headers.items()))


def story(events: list[SwitchEvent], *kinds: type[SwitchEvent]) -> list[str]:
    return [type(event).__name__ for event in events if isinstance(event, kinds)]


def test_a_queue_call_with_an_emergency_leg_is_told_in_our_words() -> None:
    events = recorded("queue_call_with_emergency")
    assert story(events, CallerQueued, SeatRang, QueueLeftBySwitch, SeatAnswered, OriginateEnded, TalkEnded) == [
        "CallerQueued",
        "SeatRang",
        "QueueLeftBySwitch",
        "SeatAnswered",
        "OriginateEnded",
        "OriginateEnded",
        "TalkEnded",
    ]
    queued = next(event for event in events if isinstance(event, CallerQueued))
    rang = next(event for event in events if isinstance(event, SeatRang))
    answered = next(event for event in events if isinstance(event, SeatAnswered))
    assert {queued.call, rang.call, answered.call} == {queued.call}
    assert (rang.seat, answered.seat, answered.channel, queued.position) == ("801", "801", rang.channel, 1)
    legs = [(event.leg.value, event.seat, event.number.digits) for event in events if isinstance(event, LegUp)]
    assert legs == [
        ("caller", None, "13812345678"),
        ("agent", "801", "801"),
        ("emergency", None, "803"),
        ("emergency", None, "804"),
    ]
    bridged = [(event.unique_id, event.legs) for event in events if isinstance(event, BridgeEntered)]
    assert [legs for _, legs in bridged] == [1, 2, 3]
    assert bridged[-1][0] == "em-case-1"
    assert [event.legs for event in events if isinstance(event, BridgeLeft)] == [2, 1, 0]
    ended = [(event.action, event.succeeded) for event in events if isinstance(event, OriginateEnded)]
    assert ended == [("em-case-1", True), ("em-case-2", False)]
    busy = next(event for event in events if isinstance(event, LegDown) and event.unique_id == "em-case-2")
    assert (busy.cause, busy.tech_cause, busy.call) == (17, "486", queued.call)
    talk = next(event for event in events if isinstance(event, TalkEnded))
    assert (talk.by, talk.talk_seconds) == ("caller", 2.0)
    assert all(event.at != NOW for event in events if event.at is not None), "the switch's own time stamp wins"


def test_a_seat_that_refuses_and_a_caller_who_gives_up_are_told() -> None:
    events = recorded("missed_and_abandoned")
    assert story(events, SeatRang, SeatMissed, CallerAbandoned, QueueLeftBySwitch) == [
        "SeatRang",
        "SeatMissed",
        "SeatRang",
        "SeatMissed",
        "CallerAbandoned",
        "QueueLeftBySwitch",
    ]
    members = [event for event in events if isinstance(event, MemberChanged)]
    assert (members[0].seat, members[0].present, members[-1].present) == ("802", True, False)


@pytest.mark.parametrize(
    "channel",
    ["AudioSocket/127.0.0.1:9092-40325ec2", "Local/801@from-seat-00000001;1", "PJSIP/other-00000009", "", "x"],
)
def test_taps_local_halves_and_other_parties_are_no_legs_of_ours(channel: str) -> None:
    for name in ("Newchannel", "Hangup", "BridgeEnter", "BridgeLeave"):
        event = message(Event=name, Channel=channel, Uniqueid="hl-1.9", Linkedid="hl-1.1", BridgeNumChannels="2")
        assert translate(event, NOW) is None


def test_the_dialplan_can_tell_us_things_in_its_own_words() -> None:
    told = translate(message(Event="UserEvent", **PARTY, UserEvent="SafetyNet", CallId="hl-1.1", Why="lease"), NOW)
    assert isinstance(told, UserNoted)
    assert (told.call, told.name, dict(told.fields)) == ("hl-1.1", "SafetyNet", {"CallId": "hl-1.1", "Why": "lease"})


def test_a_hostile_caller_number_becomes_unknown() -> None:
    up = translate(message(Event="Newchannel", **PARTY, CallerIDNum='"><script>${EXTEN}'), NOW)
    assert isinstance(up, LegUp)
    assert not up.number.is_known


def test_an_event_that_pretends_twice_counts_as_what_it_was_first() -> None:
    twice = AmiMessage((("Event", "Newchannel"), *PARTY.items(), ("Event", "Hangup"), ("Linkedid", "hl-9.9")))
    up = translate(twice, NOW)
    assert isinstance(up, LegUp)
    assert up.call == "hl-1.1"


@given(
    st.sampled_from([*TRANSLATIONS, "Unknown", ""]),
    st.dictionaries(
        st.sampled_from(
            (
                *("Channel", "Uniqueid", "Linkedid", "Queue", "Interface", "Position", "HoldTime", "RingTime"),
                *("TalkTime", "Reason", "Status", "Cause", "TechCause", "Timestamp", "BridgeNumChannels"),
                *("DestChannel", "Peer", "PeerStatus", "UserEvent", "HL_CALLID", "CallerIDNum"),
            )
        ),
        st.one_of(
            st.text(max_size=30), st.sampled_from(["PJSIP/801-0000000a", "PJSIP/801", "hl-1.1", "nan", "1e999", "-1"])
        ),
    ),
)
def test_whatever_an_event_holds_it_is_a_fact_or_nothing_or_counted(name: str, headers: dict[str, str]) -> None:
    with contextlib.suppress(ValueError, OverflowError, OSError):  # what the link counts as malformed
        translate(message(Event=name, **headers), NOW)


def test_device_states_are_words() -> None:
    assert [device_state(number) for number in ("1", "6", "99", "", "x", "²")] == [
        "not in use",
        "ringing",
        "unknown",
        "unknown",
        "unknown",
        "unknown",
    ]
