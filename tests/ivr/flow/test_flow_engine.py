"""The flow engine: whatever a caller does, the call ends or is with a person, in a bounded number of steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.call import CallId, PhoneNumber, QueueName
from ivr.commands import (
    Command,
    Enqueue,
    HangUp,
    PlayPrompt,
    RequestCallback,
    SaveSurvey,
    StartListening,
    StepCommand,
    StopListening,
)
from ivr.events import (
    CallerHungUp,
    CallOffered,
    DialEnded,
    DigitPressed,
    EmergencyEnded,
    FlowEvent,
    QueueLeft,
    Resumed,
    StepFailed,
    VoicemailLeft,
    WaitExpired,
    WordsHeard,
)
from ivr.flow.book import FlowBook, make_book
from ivr.flow.engine import advance, begin_call, open_session
from ivr.flow.load import load_flow
from ivr.flow.session import Phase, Session, told
from ivr.flow.switch_cases import QueueFacts
from tests.ivr.flow import shipped

CALL = CallId("hl-1.1")
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SILENCE = WaitExpired(CALL)
GENERAL = QueueName("general")


def offered(caller: str = "13812345678", called: str = "12345", line: str = "", at: datetime = AT) -> CallOffered:
    return CallOffered(CALL, PhoneNumber.parse(caller), called, at, line)


def book_of(text: str) -> FlowBook:
    flow, problems = load_flow(text, "test.yaml")
    assert flow is not None, problems
    return make_book([flow], GENERAL)


def play(
    book: FlowBook, flow: str, *events: FlowEvent, offer: CallOffered | None = None
) -> tuple[Session, list[Command]]:
    session, commands = begin_call(book, flow, offer or offered())
    asked = list(commands)
    for event in events:
        session, commands = advance(session, event)
        asked += commands
    return session, asked


def steps(commands: Sequence[Command]) -> list[Command]:
    return [command for command in commands if isinstance(command, StepCommand)]


def queue_left(outcome: str, digit: str = "") -> QueueLeft:
    return QueueLeft(CALL, GENERAL, outcome, digit)


FLOW_NAMES = ("main", "menu", "after_hours", "elder", "survey")
EVENTS: st.SearchStrategy[FlowEvent] = st.one_of(
    st.sampled_from("0123456789*#").map(lambda key: DigitPressed(CALL, key)),
    st.just(SILENCE),
    st.sampled_from(["人工", "我要投诉", "不要", "", "[unk]", "对"]).map(lambda text: WordsHeard(CALL, text)),
    st.just(StepFailed(CALL, "x")),
    st.just(Resumed(CALL, AT)),
    st.builds(queue_left, st.sampled_from(["timeout", "full", "empty", "failed", "key", "?"]), st.sampled_from("12")),
    st.just(DialEnded(CALL, "busy")),
    st.floats(0, 60).map(lambda seconds: VoicemailLeft(CALL, "m", seconds)),
    st.just(offered()),
)


@pytest.mark.parametrize("flow", FLOW_NAMES)
def test_a_silent_caller_reaches_a_person_or_the_end(flow: str) -> None:
    session, _ = play(shipped.book(), flow)
    for _ in range(40):
        if session.is_over or session.is_with_people:
            return
        session, _ = advance(session, SILENCE)
    pytest.fail("still waiting")


@pytest.mark.parametrize("flow", ["main", "menu", "after_hours", "elder"])
@pytest.mark.parametrize("key", "0123456789*#")
def test_a_caller_who_presses_two_hundred_keys_reaches_a_person(flow: str, key: str) -> None:
    session, _ = play(shipped.book(), flow, *[DigitPressed(CALL, key)] * 200)
    for _ in range(20):
        if session.is_with_people or session.is_over:
            break
        session, _ = advance(session, SILENCE)
    assert session.is_with_people


@settings(max_examples=300, deadline=None)
@given(flow=st.sampled_from(FLOW_NAMES), events=st.lists(EVENTS, max_size=80))
def test_after_any_events_silence_leads_to_a_person_or_the_end(flow: str, events: list[FlowEvent]) -> None:
    session, asked = play(shipped.book(), flow, *events)
    for _ in range(60):
        if session.is_over or session.is_with_people:
            break
        if session.phase is Phase.RECORDING:
            session, commands = advance(session, VoicemailLeft(CALL, "m", 3.0))
        else:
            session, commands = advance(session, SILENCE)
        assert commands
        asked += commands
    assert session.is_over or session.is_with_people


@settings(max_examples=200, deadline=None)
@given(flow=st.sampled_from(FLOW_NAMES), events=st.lists(EVENTS, max_size=40))
def test_each_step_asks_for_at_most_one_thing_that_takes_time_and_last(flow: str, events: list[FlowEvent]) -> None:
    session, commands = begin_call(shipped.book(), flow, offered())
    is_listening = False
    for event in [None, *events]:
        if event is not None:
            session, commands = advance(session, event)
        assert len(steps(commands)) <= 1
        assert not steps(commands) or commands[-1] in steps(commands)
        assert all(command.call == CALL for command in commands)
        for command in commands:
            if isinstance(command, StartListening | StopListening):
                is_listening = isinstance(command, StartListening)
        assert is_listening == session.listening
        assert len(session.path) <= 200


@settings(max_examples=200, deadline=None)
@given(flow=st.sampled_from(FLOW_NAMES), events=st.lists(EVENTS, max_size=30), after=st.lists(EVENTS, max_size=5))
def test_a_caller_who_hung_up_is_asked_nothing_more(flow: str, events: list[FlowEvent], after: list[FlowEvent]) -> None:
    session, _ = play(shipped.book(), flow, *events)
    session, commands = advance(session, CallerHungUp(CALL))
    assert commands == ()
    for event in after:
        session, commands = advance(session, event)
        assert commands == ()
    assert session.phase is Phase.GONE


def test_hanging_up_at_every_node_of_every_flow_ends_the_session() -> None:
    night = offered(at=datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    keyed_in = [DigitPressed(CALL, key) for key in "320261122001#"]
    starts = [play(shipped.book(), flow, offer=night)[0] for flow in FLOW_NAMES]
    waiting = [*starts, play(shipped.book(), "menu", *keyed_in)[0]]
    visited: set[tuple[str, str]] = set()
    seen: set[tuple[object, ...]] = set()
    while waiting:
        session = waiting.pop()
        visited.add((session.flow, session.node))
        gone, commands = advance(session, CallerHungUp(CALL))
        assert commands == ()
        assert gone.phase is Phase.GONE
        for event in _every_event():
            after, _ = advance(session, event)
            mark = (after.flow, after.node, after.phase, after.tries, after.question, len(after.digits), after.stack)
            if mark not in seen and not after.is_over:
                seen.add(mark)
                waiting.append(after)
    instant = ("SetNode", "HoursNode", "SwitchNode", "GotoNode", "SubflowNode", "ReturnNode")
    flows = shipped.book().flows.values()
    nodes = [(flow.name, node) for flow in flows for node in flow.nodes.values()]
    assert {(flow, node.id) for flow, node in nodes if type(node).__name__ not in instant} == visited


def _every_event() -> list[FlowEvent]:
    keys: list[FlowEvent] = [DigitPressed(CALL, key) for key in "01234*"]
    ways: list[FlowEvent] = [queue_left(outcome) for outcome in ("answered", "timeout", "failed")]
    ways += [queue_left("key", key) for key in "12"]
    ways += [EmergencyEnded(CALL, outcome) for outcome in ("joined", "failed")]
    return [*keys, SILENCE, *ways, VoicemailLeft(CALL, "m", 9.0), VoicemailLeft(CALL, "m", 0.0)]


def test_a_resumed_session_begins_its_present_step_again() -> None:
    session, asked = play(shipped.book(), "menu", SILENCE)
    again, commands = advance(session, Resumed(CALL, AT))
    assert steps(commands) == steps(asked)[-1:]
    assert isinstance(commands[0], StartListening)
    assert again.node == session.node


@settings(max_examples=100, deadline=None)
@given(flow=st.sampled_from(FLOW_NAMES), events=st.lists(EVENTS, max_size=20))
def test_resuming_anywhere_always_gives_a_step(flow: str, events: list[FlowEvent]) -> None:
    session, _ = play(shipped.book(), flow, *events)
    _, commands = advance(session, Resumed(CALL, AT))
    assert len(steps(commands)) == 1


def test_a_resumed_session_that_had_asked_to_hang_up_asks_again() -> None:
    session, _ = play(shipped.book(), "elder", SILENCE, queue_left("answered"), SILENCE)
    assert session.phase is Phase.BYE
    assert advance(session, Resumed(CALL, AT))[1] == (HangUp(CALL),)


def test_an_unknown_flow_brings_the_caller_to_the_default_queue() -> None:
    session, asked = play(shipped.book(), "不存在")
    assert asked == [Enqueue(CALL, GENERAL)]
    assert session.is_with_people


def test_when_even_the_last_queue_fails_the_caller_hears_why_and_is_noted_for_a_callback() -> None:
    session, asked = play(shipped.book(), "不存在", queue_left("failed"), SILENCE)
    assert [type(command) for command in asked] == [Enqueue, RequestCallback, PlayPrompt, HangUp]
    assert session.is_over


def test_events_of_another_call_are_ignored() -> None:
    session, _ = play(shipped.book(), "menu")
    assert advance(session, CallerHungUp(CallId("other"))) == (session, ())


def test_events_before_the_offer_are_ignored_but_a_resume_begins() -> None:
    session = open_session(shipped.book(), "main", CALL)
    assert advance(session, SILENCE) == (session, ())
    assert steps(advance(session, Resumed(CALL, AT))[1])


SWITCH = """
flow: 1
start: test
nodes:
  test:
    kind: switch
    cases:
      - {caller: ["0931*", "13800000000"], to: near}
      - {caller: unknown, to: hidden}
      - {original_line: 12319, to: old_line}
      - {queue: general, waiting_at_least: 5, to: long}
      - {time: 18:00-24:00, weekday: 周一至周五, to: evening}
    else: human
  near: {kind: queue, queue: near, otherwise: end}
  hidden: {kind: queue, queue: hidden, otherwise: end}
  old_line: {kind: queue, queue: old, otherwise: end}
  long: {kind: queue, queue: long, otherwise: end}
  evening: {kind: queue, queue: evening, otherwise: end}
  human: {kind: queue, queue: general, otherwise: end}
"""


@pytest.mark.parametrize(
    ("offer", "waiting", "queue"),
    [
        (offered("09318888888"), 0, "near"),
        (offered("+8613800000000"), 0, "near"),
        (offered(""), 0, "hidden"),
        (offered('"x"<sip:y>'), 0, "hidden"),
        (offered(line="12319"), 0, "old"),
        (offered(), 5, "long"),
        (offered(at=datetime(2026, 11, 23, 10, 30, tzinfo=UTC)), 0, "evening"),
        (offered(at=datetime(2026, 11, 22, 10, 30, tzinfo=UTC)), 0, "general"),
        (offered(), 4, "general"),
    ],
)
def test_a_switch_sends_the_caller_where_the_first_true_case_says(offer: CallOffered, waiting: int, queue: str) -> None:
    session = told(open_session(book_of(SWITCH), "test", CALL), {"general": QueueFacts(waiting, 1)})
    _, commands = advance(session, offer)
    last = commands[-1]
    assert isinstance(last, Enqueue)
    assert last.queue == queue


LISTEN = """
flow: 1
start: ask
anytime: {"0": {to: human, words: [人工]}}
nodes:
  ask: {kind: listen, say: 请说您的诉求。, into: request, heard: human, nothing: human}
  human: {kind: queue, queue: general, otherwise: end}
"""


def test_what_a_caller_says_is_kept_and_an_agent_may_be_asked_for_instead() -> None:
    session, _ = play(book_of(LISTEN), "test", WordsHeard(CALL, "路灯 不亮 了。"))
    assert session.variables == {"request": "路灯不亮了"}
    assert session.is_with_people
    session, _ = play(book_of(LISTEN), "test", WordsHeard(CALL, "人工"))
    assert session.variables == {}
    assert session.is_with_people


def test_noise_while_listening_counts_as_silence() -> None:
    session, _ = play(book_of(LISTEN), "test", WordsHeard(CALL, "[unk]"))
    assert session.node == "ask"
    session, _ = play(book_of(LISTEN), "test", WordsHeard(CALL, "[unk]"), SILENCE)
    assert session.is_with_people


def test_tones_heard_as_words_do_not_disturb_a_number_being_keyed_in() -> None:
    typed = [DigitPressed(CALL, "3"), *(DigitPressed(CALL, key) for key in "202611")]
    session, _ = play(shipped.book(), "menu", *typed, WordsHeard(CALL, "嗯"))
    assert (session.phase, session.digits) == (Phase.MORE, "202611")
    assert advance(session, DigitPressed(CALL, "#"))[0].node == "order_read_back"


def test_a_greeting_cut_short_by_other_words_is_said_once_more_and_no_more() -> None:
    session, asked = play(shipped.book(), "main", WordsHeard(CALL, "喂你好"))
    first, again = [command for command in asked if isinstance(command, PlayPrompt)]
    assert first == again
    session, _ = advance(session, WordsHeard(CALL, "喂喂"))
    assert session.is_with_people


def test_survey_answers_are_saved_even_when_the_caller_leaves_half_way_to_a_person() -> None:
    text = """
flow: 1
start: ask
anytime: {"0": human}
nodes:
  ask:
    kind: survey
    questions: [{name: a, say: 一, keys: "12"}, {name: b, say: 二, keys: "12"}]
    then: human
  human: {kind: queue, queue: general, otherwise: end}
"""
    _, asked = play(book_of(text), "test", DigitPressed(CALL, "1"), DigitPressed(CALL, "0"))
    assert SaveSurvey(CALL, {"a": "1"}) in asked


def test_a_dialled_number_that_is_busy_leads_to_its_outcome() -> None:
    text = """
flow: 1
start: other
nodes:
  other: {kind: dial, number: "09310001", otherwise: human, answered: end}
  human: {kind: queue, queue: general, otherwise: end}
"""
    assert play(book_of(text), "test", DialEnded(CALL, "busy"))[0].node == "human"
    assert play(book_of(text), "test", DialEnded(CALL, "answered"))[0].is_over
    assert play(book_of(text), "test", DialEnded(CALL, "什么"))[0].node == "human"


def test_an_instant_loop_that_got_past_the_check_still_brings_the_caller_to_a_person() -> None:
    text = """
flow: 1
start: a
nodes:
  a: {kind: goto, to: b}
  b: {kind: goto, to: a}
  human: {kind: queue, queue: general, otherwise: a}
"""
    session, _ = play(book_of(text), "test")
    assert session.is_with_people
    session, _ = play(book_of(text), "test", queue_left("timeout"))
    assert session.phase is Phase.NET


def test_a_target_that_got_past_the_check_still_brings_the_caller_to_a_person() -> None:
    text = "flow: 1\nstart: nowhere\nnodes:\n  human: {kind: queue, queue: general, otherwise: nowhere}\n"
    session, _ = play(book_of(text), "test", queue_left("full"))
    assert session.phase is Phase.NET


def test_a_caller_in_a_safety_net_who_was_served_is_not_greeted_again() -> None:
    session, asked = play(shipped.book(), "menu", SILENCE, queue_left("answered"))
    assert session.is_over
    assert isinstance(asked[-1], HangUp)
