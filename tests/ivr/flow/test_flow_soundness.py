"""What the check proves is true: a flow without findings brings even a silent caller to a person or the end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from ivr.call import CallId, PhoneNumber, QueueName
from ivr.commands import CallForHelp, Dial, Enqueue, PlayPrompt, RecordMessage
from ivr.events import (
    CallOffered,
    DialEnded,
    DigitPressed,
    EmergencyEnded,
    FlowEvent,
    QueueLeft,
    Resumed,
    VoicemailLeft,
    WaitExpired,
)
from ivr.flow.book import FlowBook, make_book
from ivr.flow.check import check_files
from ivr.flow.engine import advance, begin_call
from ivr.flow.session import Session
from tests.ivr.flow import shipped

CALL = CallId("c")
NAMES = ("human", "a", "b", "c", "d", "e")
TARGET = st.sampled_from((*NAMES, "end"))


def node(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(kind), **fields})


SAY = st.just("您好")
NODES = st.one_of(
    node("say", say=SAY, then=TARGET),
    node("menu", say=st.just("请按1"), choices=st.fixed_dictionaries({"1": TARGET}), no_input=TARGET, no_match=TARGET),
    node("collect", say=SAY, into=st.just("x"), then=TARGET, no_input=TARGET, no_match=TARGET),
    node("listen", say=SAY, into=st.just("y"), heard=TARGET, nothing=TARGET),
    node("hours", weekly=st.just({"mon-fri": "09:00-17:00"}), open=TARGET, closed=TARGET),
    node(
        "switch",
        cases=st.lists(st.fixed_dictionaries({"caller": st.just("138*"), "to": TARGET}), min_size=1),
        **{"else": TARGET},
    ),
    node("set", variables=st.just({"z": "1"}), then=TARGET),
    node("goto", to=TARGET),
    node("voicemail", say=SAY, recorded=TARGET, nothing=TARGET),
    node("survey", questions=st.just([{"name": "q", "say": "请按1", "keys": "1"}]), then=TARGET),
    node("dial", number=st.just("09310001"), answered=TARGET, otherwise=TARGET),
    node("queue", queue=st.just("general"), answered=TARGET, otherwise=TARGET),
    node("emergency", service=st.sampled_from(["110", "119"]), joined=TARGET, otherwise=TARGET),
    node("hangup"),
)
FLOWS = st.builds(
    lambda nodes, start, anytime, queue: {
        "flow": 1,
        "start": start,
        **({"anytime": {"0": "human"}, "emergency_key": {"key": "*", "to": "a"}} if anytime else {}),
        "nodes": {**{name: nodes[number] for number, name in enumerate(NAMES[1:])}, "human": queue},
    },
    st.lists(NODES, min_size=5, max_size=5),
    TARGET,
    st.booleans(),
    node("queue", queue=st.just("general"), answered=TARGET, otherwise=TARGET),
)


def sound_book(flow: dict[str, Any]) -> FlowBook | None:
    checked = check_files({"random.yaml": json.dumps(flow, ensure_ascii=False)}, shipped.catalogue())
    whats = [problem.what for problem in checked.problems if problem.is_error]
    if any("没有任何路径" not in what for what in whats):
        return None
    return make_book(checked.flows, QueueName("general"))


def begin(book: FlowBook) -> Session:
    offer = CallOffered(CALL, PhoneNumber("13812345678"), "12345", datetime(2026, 11, 23, 2, tzinfo=UTC))
    return begin_call(book, "random", offer)[0]


def is_safe(session: Session) -> bool:
    return session.is_over or session.is_with_people


def silently(session: Session) -> FlowEvent:
    again = advance(session, _resumed())[1][-1]
    match again:
        case RecordMessage():
            return VoicemailLeft(CALL, "m", 0.0)
        case Enqueue():
            return QueueLeft(CALL, QueueName("general"), "empty")
        case CallForHelp():
            return EmergencyEnded(CALL, "failed")
        case Dial():
            return DialEnded(CALL, "no_answer")
        case _:
            assert isinstance(again, PlayPrompt)
            return WaitExpired(CALL)


def _resumed() -> FlowEvent:
    return Resumed(CALL, datetime(2026, 11, 23, 2, tzinfo=UTC))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(FLOWS)
def test_in_a_sound_flow_a_silent_caller_comes_to_an_end_even_if_no_person_is_ever_there(flow: dict[str, Any]) -> None:
    book = sound_book(flow)
    assume(book is not None)
    assert book is not None
    session = begin(book)
    for _ in range(60):
        if session.is_over:
            break
        session, _ = advance(session, silently(session))
    event(f"steps {session.steps // 5 * 5}")
    assert session.is_over
    assert not session.rescued


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(FLOWS, st.lists(st.sampled_from("0123#"), max_size=12))
def test_in_a_sound_flow_two_keys_or_silence_reach_a_person_from_anywhere_before_one_was_met(
    flow: dict[str, Any], keys: list[str]
) -> None:
    book = sound_book(flow)
    assume(book is not None)
    assert book is not None
    session = begin(book)
    for key in keys:
        if is_safe(session):
            return
        session, _ = advance(session, DigitPressed(CALL, key))
    assert is_safe(session) or _reaches(session, 2)


def _reaches(session: Session, keys: int) -> bool:
    """Whether some choice of at most `keys` keys, and silence otherwise, brings the caller to a person (or the end)."""
    for _ in range(30):
        if is_safe(session):
            return True
        if keys and any(_reaches(advance(session, DigitPressed(CALL, key))[0], keys - 1) for key in "01"):
            return True
        session, _ = advance(session, silently(session))
    return is_safe(session)
