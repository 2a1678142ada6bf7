"""A recording may pause for a card number: it goes on by itself, says what is missing, and survives a restart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cti.pauses import Pause, is_paused, marked, pauses_in, spans_of, turned
from ivr.call import CallId, Leg
from ivr.ports import Heard

CALL = CallId("hl-1795312728.0")


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100))))
def test_pauses_never_overlap_and_the_journal_tells_them_again(turns: list[tuple[bool, float]]) -> None:
    pauses: tuple[Pause, ...] = ()
    journal = []
    for paused, at_s in sorted(turns, key=lambda turn: turn[1]):
        pauses = turned(pauses, paused, "801", at_s)
        journal.append({"at": "", "paused": paused, "by": "801", "at_s": at_s})
    assert pauses_in(journal) == pauses
    assert all(pause.ended_s is not None for pause in pauses[:-1])
    edges = [edge for pause in pauses for edge in (pause.begun_s, pause.ended_s) if edge is not None]
    assert edges == sorted(edges)


def test_lines_of_other_kinds_are_no_pauses() -> None:
    assert pauses_in([{"event": {}}, {"paused": "yes"}, {"paused": True}, {"heard_of": {"text": "paused"}}]) == ()


def test_the_transcript_says_where_something_is_missing() -> None:
    words = (Heard(CALL, Leg.CALLER, "我的卡号是", True, 1.0, 3.0), Heard(CALL, Leg.CALLER, "好了", True, 20.0, 21.0))
    pauses = turned(turned((), True, "801", 4.0), False, "801", 16.0)
    assert [one.text for one in marked(CALL, words, pauses, 30.0)] == ["我的卡号是", "（录音暂停 12 秒）", "好了"]


def test_a_pause_that_nobody_ended_lasted_until_the_end_of_the_call() -> None:
    pauses = turned((), True, "801", 4.0)
    assert is_paused(pauses)
    assert spans_of(pauses, 30.0) == ((4.0, 30.0),)
