"""An admin's queues.yaml either works or says at once everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import routing
from ivr.call import CallId, QueueName
from ivr.commands import Enqueue
from ivr.events import QueueLeft
from routing.plan import overflow_after, place_in_queue
from routing.queue import Queues, load_queues

CALL = CallId("hl-1.1")
SHIPPED = Path(routing.__file__).parent / "queues.yaml"


def shipped() -> Queues:
    queues, problems = load_queues(SHIPPED.read_bytes(), "queues.yaml")
    assert queues is not None
    assert problems == ()
    return queues


def head(body: str) -> str:
    return f"queues_version: 1\nqueues:\n{body}"


def test_the_shipped_queues_answer_within_fifteen_seconds() -> None:
    assert shipped().service_level_seconds == 15


def test_a_seat_serves_the_queues_whose_skills_it_has() -> None:
    names = {queue.name for queue in shipped().serving(frozenset({"complaint"}))}
    assert names == {"general", "complaint"}


@pytest.mark.parametrize(
    ("body", "line", "word"),
    [
        ("  general: {title: 综合, stratgy: random}\n", 3, "strategy"),
        ("  general: {title: 综合, overflow: {to: genral}}\n", 3, "general"),
        ("  a: {title: 甲, overflow: {to: b}}\n  b: {title: 乙, overflow: {to: a}}\n", 3, "绕了一圈"),
        ("  综合: {title: 综合}\n", 3, "小写字母"),
        ("  general: {title: 综合, ring_seconds: 0}\n", 3, "5 到 120"),
        ("  general: 5\n", 3, "title"),
        ("  {}\n", 3, "至少写一个队列"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_remedy(body: str, line: int, word: str) -> None:
    queues, problems = load_queues(head(body), "q.yaml")
    assert queues is None
    assert any(word in str(problem) and problem.place.line == line for problem in problems), problems


@given(st.binary(max_size=200))
def test_no_bytes_ever_break_the_reader(raw: bytes) -> None:
    queues, problems = load_queues(raw, "q.yaml")
    assert queues is not None or problems


def test_a_caller_overflows_once_and_keeps_the_place_earned() -> None:
    wish = Enqueue(CALL, QueueName("elder"))
    placed = place_in_queue(wish, shipped())
    assert (placed.queue, placed.priority, placed.wait_seconds) == ("elder", 5, 30)
    left = QueueLeft(CALL, placed.queue, "timeout")
    onward = overflow_after(wish, left, frozenset({placed.queue}), shipped())
    assert onward is not None
    assert (onward.queue, onward.priority) == ("general", 5)
    again = QueueLeft(CALL, onward.queue, "timeout")
    assert overflow_after(wish, again, frozenset({placed.queue, onward.queue}), shipped()) is None


def test_a_caller_who_chose_to_leave_is_not_pushed_on() -> None:
    left = QueueLeft(CALL, QueueName("elder"), "key", "1")
    assert overflow_after(Enqueue(CALL, QueueName("elder")), left, frozenset(), shipped()) is None


@pytest.mark.requirement("Y-19")
def test_help_with_farming_has_a_queue_of_its_own_and_nobody_is_lost_where_no_expert_sits() -> None:
    queues = shipped()
    farming = queues.by_name[QueueName("agri_tech")]
    assert farming.takes(frozenset({"agri-tech", "complaint"}))
    assert not farming.takes(frozenset({"complaint"}))
    assert farming in queues.serving(frozenset({"agri-tech"}))
    wish = Enqueue(CALL, QueueName("agri_tech"))
    assert place_in_queue(wish, queues).queue == "agri_tech"
    on = overflow_after(wish, QueueLeft(CALL, QueueName("agri_tech"), "timeout"), frozenset(), queues)
    assert on is not None
    assert on.queue == queues.default.name


def test_an_unknown_queue_becomes_the_default_one() -> None:
    assert place_in_queue(Enqueue(CALL, QueueName("gone")), shipped()).queue == "general"
