"""The journal of a flow: events and commands make the round trip, and a replay asks for the same again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.call import CallId, NodeId, PhoneNumber, QueueName
from ivr.commands import (
    Command,
    Dial,
    Enqueue,
    HangUp,
    Note,
    PlayPrompt,
    RecordMessage,
    RememberPlace,
    RequestCallback,
    SaveSurvey,
    StartListening,
    StopListening,
)
from ivr.events import (
    CallerHungUp,
    CallOffered,
    DialEnded,
    DigitPressed,
    FlowEvent,
    QueueLeft,
    Resumed,
    StepFailed,
    VoicemailLeft,
    WaitExpired,
    WordsHeard,
)
from ivr.flow.engine import advance
from ivr.flow.replay import opening_line, queues_line, replay, step_line
from ivr.flow.serialise import (
    command_from_plain,
    command_to_plain,
    event_from_plain,
    event_to_plain,
    facts_from_plain,
    facts_to_plain,
)
from ivr.flow.session import open_session, told
from ivr.flow.switch_cases import QueueFacts
from tests.ivr.flow import shipped

CALL = CallId("hl-1.1")
AT = datetime(2026, 11, 23, 2, 0, 0, 123456, tzinfo=UTC)

texts = st.text(max_size=20)
finite = st.floats(allow_nan=False, allow_infinity=False)
moments = st.datetimes(timezones=st.just(UTC))
pairs = st.dictionaries(texts, texts, max_size=3)
EVENTS: st.SearchStrategy[FlowEvent] = st.one_of(
    st.builds(CallOffered, st.just(CALL), st.builds(PhoneNumber, texts), texts, moments, texts),
    st.builds(Resumed, st.just(CALL), moments),
    st.builds(DigitPressed, st.just(CALL), texts),
    st.builds(WaitExpired, st.just(CALL)),
    st.builds(WordsHeard, st.just(CALL), texts, finite, finite),
    st.builds(StepFailed, st.just(CALL), texts),
    st.builds(QueueLeft, st.just(CALL), texts.map(QueueName), texts, texts),
    st.builds(DialEnded, st.just(CALL), texts),
    st.builds(VoicemailLeft, st.just(CALL), texts, finite),
    st.builds(CallerHungUp, st.just(CALL)),
)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(PlayPrompt, st.just(CALL), st.lists(texts, max_size=3).map(tuple), texts, finite),
    st.builds(Enqueue, st.just(CALL), texts.map(QueueName), st.integers(), st.integers(), texts),
    st.builds(Dial, st.just(CALL), texts, st.integers()),
    st.builds(RecordMessage, st.just(CALL), st.integers(), st.integers()),
    st.builds(HangUp, st.just(CALL), st.integers()),
    st.builds(StartListening, st.just(CALL)),
    st.builds(StopListening, st.just(CALL)),
    st.builds(RememberPlace, st.just(CALL), texts.map(NodeId)),
    st.builds(RequestCallback, st.just(CALL), texts, texts, pairs),
    st.builds(SaveSurvey, st.just(CALL), pairs),
    st.builds(Note, st.just(CALL), texts, pairs),
)


def through_json(plain: Mapping[str, object]) -> Mapping[str, object]:
    return cast("Mapping[str, object]", json.loads(json.dumps(plain)))


@given(EVENTS)
def test_every_event_makes_the_round_trip(event: FlowEvent) -> None:
    assert event_from_plain(through_json(event_to_plain(event))) == event


@given(COMMANDS)
def test_every_command_makes_the_round_trip(command: Command) -> None:
    assert command_from_plain(through_json(command_to_plain(command))) == command


def test_facts_make_the_round_trip() -> None:
    facts = {"general": QueueFacts(3, 0)}
    assert facts_from_plain(through_json(facts_to_plain(facts))) == facts


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"kind": "HangUp"},
        {"kind": "WaitExpired", "call": 3} | {"kind": "?"},
        {"kind": "Resumed", "at": "?", "call": "x"},
    ],
)
def test_a_broken_line_is_refused(plain: Mapping[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the text is ours and may change)
        event_from_plain(plain)


def written(flow: str, events: list[FlowEvent]) -> list[Mapping[str, object]]:
    facts = {"general": QueueFacts(2, 1)}
    lines = [opening_line(flow, shipped.book()), queues_line(facts), {"note": "another line"}]
    session = told(open_session(shipped.book(), flow, CALL), facts)
    for event in (CallOffered(CALL, PhoneNumber("13812345678"), "12345", AT), *events):
        session, commands = advance(session, event)
        lines.append(step_line(event, commands))
    return [through_json(line) for line in lines]


@settings(max_examples=100, deadline=None)
@given(flow=st.sampled_from(sorted(shipped.book().flows)), events=st.lists(EVENTS, max_size=25))
def test_a_journal_replays_to_the_same_commands(flow: str, events: list[FlowEvent]) -> None:
    found = replay(written(flow, events), shipped.book(), CALL)
    assert found.difference is None
    assert found.events == len(events) + 1


def test_a_restarted_controller_finds_the_session_where_it_was() -> None:
    events: list[FlowEvent] = [WaitExpired(CALL), DigitPressed(CALL, "3"), DigitPressed(CALL, "2")]
    session = replay(written("menu", events), shipped.book(), CALL).session
    assert (session.node, session.digits, session.path) == (
        "order_number",
        "2",
        ("greeting", "main_menu", "order_number"),
    )


def test_the_first_difference_is_named_with_its_line() -> None:
    lines = written("main", [WaitExpired(CALL)])
    text = json.dumps(lines[-1], ensure_ascii=False).replace('"general"', '"other"')
    found = replay([*lines[:-1], json.loads(text)], shipped.book(), CALL)
    assert found.difference is not None
    assert found.difference.line == 5
    assert "第 5 行不一致" in str(found.difference)


def test_a_journal_without_its_first_line_is_refused() -> None:
    with pytest.raises(ValueError, match="流程名"):
        replay([{"event": {}}], shipped.book(), CALL)
