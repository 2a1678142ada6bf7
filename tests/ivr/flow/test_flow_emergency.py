"""The emergency node and the emergency key: help from everywhere, and a file that says what is wrong with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ivr.call import CallId, PhoneNumber
from ivr.commands import CallForHelp, Enqueue, PlayPrompt
from ivr.events import (
    CallOffered,
    DigitPressed,
    EmergencyEnded,
    QueueLeft,
    Resumed,
    StepFailed,
    WaitExpired,
    WordsHeard,
)
from ivr.flow.book import make_book
from ivr.flow.check import check_files
from ivr.flow.engine import advance, begin_call
from ivr.flow.replay import opening_line, replay, step_line
from ivr.flow.session import Session
from tests.ivr.flow import shipped

CALL = CallId("c")
STAR = DigitPressed(CALL, "*")
FLOW = """flow: 1
name: random
start: first
anytime: {"0": human}
emergency_key: {key: "*", to: fire, words: [着火]}
nodes:
  first: {kind: goto, to: here}
  HERE
  fire: {kind: emergency, service: 119, joined: bye, answered: bye, failed: human, no_policy: human}
  human: {kind: queue, queue: general, otherwise: bye}
  bye: {kind: hangup}
"""
NODES = {
    "say": "here: {kind: say, say: 您好, then: human}",
    "menu": 'here: {kind: menu, say: 请按1, choices: {"1": human}, no_input: human, no_match: human}',
    "collect": "here: {kind: collect, say: 请输入, into: x, then: human, no_input: human, no_match: human}",
    "listen": "here: {kind: listen, say: 请说, into: x, heard: human, nothing: human}",
    "callback": "here: {kind: callback, requested: bye, declined: human}",
    "survey": 'here: {kind: survey, questions: [{name: q, say: 请按1, keys: "1"}], then: human}',
}


def offered() -> CallOffered:
    return CallOffered(CALL, PhoneNumber("13812345678"), "12345", datetime(2026, 11, 23, 2, tzinfo=UTC))


def book(node: str, flow: str = FLOW) -> Session:
    checked = check_files({"random.yaml": flow.replace("HERE", node)}, shipped.catalogue())
    errors = [problem for problem in checked.problems if problem.is_error]
    assert errors == []
    return begin_call(make_book(checked.flows, shipped.book().default_queue), "random", offered())[0]


@pytest.mark.parametrize("kind", NODES)
def test_the_emergency_key_is_heard_at_every_kind_of_question(kind: str) -> None:
    session = book(NODES[kind])
    _, commands = advance(session, STAR)
    assert commands[-1] == CallForHelp(CALL, "119")


def test_it_is_heard_between_two_digits_and_while_a_number_to_call_back_is_keyed_in() -> None:
    for kind, keys in (("collect", "12"), ("callback", "213")):
        session = book(NODES[kind])
        for key in keys:
            session, commands = advance(session, DigitPressed(CALL, key))
            assert isinstance(commands[-1], PlayPrompt)
            assert "*" in commands[-1].keys
        assert advance(session, STAR)[1][-1] == CallForHelp(CALL, "119")


def test_its_words_are_heard_as_well() -> None:
    session = book(NODES["say"])
    assert advance(session, WordsHeard(CALL, "着火了"))[1][-1] == CallForHelp(CALL, "119")


def test_it_leads_out_of_the_queue() -> None:
    session, commands = advance(book(NODES["say"]), WaitExpired(CALL))
    assert isinstance(commands[-1], Enqueue)
    assert commands[-1].exit_keys == "*"
    left = QueueLeft(CALL, commands[-1].queue, "key", "*")
    assert advance(session, left)[1][-1] == CallForHelp(CALL, "119")


@pytest.mark.parametrize(
    ("ended", "node"),
    [
        (EmergencyEnded(CALL, "joined"), "bye"),
        (EmergencyEnded(CALL, "answered"), "bye"),
        (EmergencyEnded(CALL, "failed"), "human"),
        (EmergencyEnded(CALL, "no_policy"), "human"),
        (EmergencyEnded(CALL, "never heard of"), "human"),
        (StepFailed(CALL, "switch"), "human"),
    ],
)
def test_every_end_of_a_call_for_help_leads_somewhere(ended: EmergencyEnded | StepFailed, node: str) -> None:
    session, _ = advance(book(NODES["say"]), STAR)
    assert session.is_with_people
    after, _ = advance(session, ended)
    assert after.path[-1] == node


def test_a_node_that_names_only_its_service_hangs_up_after_help_and_else_goes_to_a_person() -> None:
    flow = FLOW.replace(", joined: bye, answered: bye, failed: human, no_policy: human", "")
    session, _ = advance(book(NODES["say"], flow), STAR)
    assert advance(session, EmergencyEnded(CALL, "joined"))[0].is_over
    assert advance(session, EmergencyEnded(CALL, "failed"))[0].path[-1] == "human"


def test_what_is_said_first_is_a_chance_to_change_ones_mind() -> None:
    flow = FLOW.replace("service: 119", "service: 119, say: 正在接通消防，误按请按0")
    session, commands = advance(book(NODES["say"], flow), STAR)
    assert isinstance(commands[-1], PlayPrompt)
    assert advance(session, DigitPressed(CALL, "0"))[0].path[-1] == "human"
    assert advance(session, WaitExpired(CALL))[1][-1] == CallForHelp(CALL, "119")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("service: 119", "service: 911", "可以写：110、119、120、122"),
        ("service: 119, ", "", "缺少“service”"),
        ("joined: bye", "joined: by", "节点“fire”的 joined 指向不存在的节点“by”"),
        ("to: fire", "to: fir", "emergency_key 指向不存在的节点“fir”"),
        ("to: fire", "to: human", "还到不了 emergency 节点"),
        ('key: "*"', 'key: "1"', "把紧急键 1 用作别的"),
        ('key: "*"', 'key: "**"', "不是电话按键"),
        ('{key: "*", to: fire, words: [着火]}', '"*"', "指向不存在的节点“emergency”"),
        ('anytime: {"0": human}', 'anytime: {"*": human}', "anytime 也用了紧急键 *"),
        ("words:", "word:", "没有“word”"),
    ],
)
def test_a_wrong_emergency_key_or_node_is_told_with_a_remedy(old: str, new: str, told: str) -> None:
    text = FLOW.replace("HERE", NODES["menu"])
    assert old in text
    checked = check_files({"random.yaml": text.replace(old, new, 1)}, shipped.catalogue())
    assert not checked.is_sound
    assert any(told in str(problem) for problem in checked.problems), [str(each) for each in checked.problems]
    assert all(problem.remedy and problem.place.line for problem in checked.problems)


def test_the_emergency_key_is_no_way_to_a_person() -> None:
    menu = 'here: {kind: menu, say: 请按1, choices: {"1": here}, no_input: bye, no_match: bye}'
    flow = FLOW.replace('anytime: {"0": human}\n', "")
    checked = check_files({"random.yaml": flow.replace("HERE", menu)}, shipped.catalogue())
    assert any("到不了人工" in problem.what for problem in checked.problems)


def test_a_caller_who_called_for_help_before_a_restart_calls_again_and_the_journal_replays() -> None:
    session = book(NODES["say"])
    lines = [
        opening_line("random", session.book),
        step_line(offered(), begin_call(session.book, "random", offered())[1]),
    ]
    for event in (STAR, Resumed(CALL, offered().at), EmergencyEnded(CALL, "failed")):
        session, commands = advance(session, event)
        lines.append(step_line(event, commands))
    assert [command["kind"] for line in lines for command in line.get("commands", ())].count("CallForHelp") == 2
    replayed = replay(json.loads(json.dumps(lines)), session.book, CALL)
    assert (replayed.difference, replayed.events, replayed.session.path[-1]) == (None, 4, "human")
