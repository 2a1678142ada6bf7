"""Results of several recognisers become a conversation that a person can read, with no word twice and none lost."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ivr.call import CallId, Leg
from ivr.ports import Heard, HeardWord
from ivr.speech.transcript import Transcript, hear, in_order, join_words, text_of, turns
from ivr.speech.transcript_cer import character_error_rate, characters, edit_distance
from ivr.speech.transcript_mend import holes_to_mend, mend, only_within, spoken_text
from ivr.speech.transcript_spans import Span, holds, missing, total_s, touches, union, within

CALL = CallId("hl-1763774000.12")
CALLER, AGENT = Leg.CALLER, Leg.AGENT


def said(text: str, begun_s: float, leg: Leg = CALLER, is_final: bool = True, word_s: float = 0.25) -> Heard:
    """One result whose every character is a word of `word_s` seconds."""
    words = tuple(
        HeardWord(one, round(begun_s + n * word_s, 3), round(begun_s + (n + 1) * word_s, 3), 1.0)
        for n, one in enumerate(text)
    )
    return Heard(CALL, leg, text, is_final, begun_s, round(begun_s + len(text) * word_s, 3), words if is_final else ())


def listen(*results: Heard) -> Transcript:
    transcript = Transcript()
    for heard in results:
        transcript = hear(transcript, heard)
    return transcript


# ------------------------------------------------------------------------------------------------------------ turns


def test_two_people_who_speak_in_turn_are_written_in_turn() -> None:
    transcript = listen(
        said("您好请讲", 0.5, AGENT), said("路灯坏了", 4.0), said("在哪里", 7.0, AGENT), said("南街", 9.0)
    )
    assert [(turn.leg, turn.text) for turn in turns(transcript)] == [
        (AGENT, "您好请讲"),
        (CALLER, "路灯坏了"),
        (AGENT, "在哪里"),
        (CALLER, "南街"),
    ]


def test_results_that_arrive_late_are_put_where_they_were_spoken() -> None:
    early, late = said("您好", 1.0, AGENT), said("漏水了", 5.0)
    assert turns(listen(late, early)) == turns(listen(early, late))


def test_short_pauses_do_not_break_a_turn_and_long_ones_do() -> None:
    one, two, three = said("我家", 1.0), said("停水了", 2.5), said("喂", 8.0)
    assert [turn.text for turn in turns(listen(one, two, three))] == ["我家停水了", "喂"]
    assert len(turns(listen(one, two, three))[0].words) == 5


def test_a_turn_ends_when_the_other_side_speaks_in_between() -> None:
    transcript = listen(said("我家", 1.0), said("嗯", 1.8, AGENT), said("停水了", 2.4))
    assert [turn.text for turn in turns(transcript)] == ["我家", "嗯", "停水了"]


def test_a_partial_is_revised_and_then_superseded_by_the_final() -> None:
    transcript = listen(said("路", 1.0, is_final=False), said("路灯", 1.0, is_final=False))
    assert [(turn.text, turn.is_final) for turn in turns(transcript)] == [("路灯", False)]
    transcript = hear(transcript, said("路灯坏了", 1.0))
    assert [(turn.text, turn.is_final) for turn in turns(transcript)] == [("路灯坏了", True)]


def test_an_empty_final_takes_a_partial_back() -> None:
    transcript = listen(said("一", 1.0, is_final=False), Heard(CALL, CALLER, "", True, 1.0, 2.0))
    assert turns(transcript) == ()


def test_a_partial_of_one_leg_does_not_touch_the_other() -> None:
    transcript = listen(
        said("我", 1.0, is_final=False), said("请", 1.1, AGENT, is_final=False), said("请讲", 1.1, AGENT)
    )
    assert [(turn.leg, turn.text) for turn in turns(transcript)] == [(CALLER, "我"), (AGENT, "请讲")]


def test_a_partial_that_comes_after_its_final_is_ignored() -> None:
    transcript = listen(said("路灯坏了", 1.0), said("路灯", 1.0, is_final=False))
    assert [turn.text for turn in turns(transcript)] == ["路灯坏了"]


def test_a_final_delivered_twice_is_written_once() -> None:
    assert text_of(listen(said("漏水", 1.0), said("漏水", 1.0)).finals) == "漏水"


def test_words_are_joined_as_chinese_is_written() -> None:
    assert join_words(["我家", "的", "wifi", "router", "坏", "了", "5", "g"]) == "我家的wifi router坏了5 g"


def test_an_unknown_word_is_left_out_of_the_text() -> None:
    words = (HeardWord("我", 0, 0.2, 1), HeardWord("[unk]", 0.2, 0.5, 0.1), HeardWord("家", 0.5, 0.7, 1))
    assert spoken_text(words) == "我家"


LEGS = st.sampled_from([CALLER, AGENT, Leg.EMERGENCY])
RESULTS = st.lists(
    st.builds(
        said,
        st.text(alphabet="路灯坏了南街", min_size=1, max_size=6),
        st.integers(0, 60).map(float),
        LEGS,
        st.just(True),
    ),
    max_size=8,
    unique_by=lambda heard: (heard.leg, heard.begun_s),
)


@given(RESULTS, st.randoms())
def test_no_final_word_is_lost_or_doubled_whatever_the_order_of_arrival(results: list[Heard], random: object) -> None:
    shuffled = list(results)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    spoken = turns(listen(*shuffled))
    assert [w for turn in spoken for w in turn.words] == [w for heard in in_order(results) for w in heard.words]
    assert [turn.begun_s for turn in spoken] == sorted(turn.begun_s for turn in spoken)


# ------------------------------------------------------------------------------------------------------------ spans

MOMENTS = st.integers(0, 50).map(float)
SPAN_LISTS = st.lists(st.tuples(MOMENTS, MOMENTS), max_size=8)


@given(SPAN_LISTS, st.tuples(MOMENTS, MOMENTS).filter(lambda span: span[0] < span[1]))
def test_every_moment_is_either_heard_or_missing(spans: list[Span], whole: Span) -> None:
    holes = missing(spans, whole)
    for moment in (n + 0.5 for n in range(int(whole[0]), int(whole[1]))):
        assert holds(moment, union(spans)) != holds(moment, holes)
    assert abs(total_s(holes) + total_s(within(spans, whole)) - (whole[1] - whole[0])) < 1e-9


@given(SPAN_LISTS)
def test_a_union_is_sorted_and_disjoint(spans: list[Span]) -> None:
    joined = union(spans)
    assert all(one[1] < two[0] for one, two in itertools.pairwise(joined))
    assert union(joined) == joined


def test_spans_touch_only_when_they_share_time() -> None:
    assert touches((1, 2), [(1.9, 3)])
    assert not touches((1, 2), [(2, 3)])


def test_a_tiny_hole_is_not_worth_a_look() -> None:
    assert missing([(0.05, 10.0)], (0.0, 10.0), 0.1) == ()


# ------------------------------------------------------------------------------------------------------------- mend


def test_a_call_heard_whole_needs_no_mending() -> None:
    assert holes_to_mend([said("路灯", 1.0)], [(0.0, 10.0)], (0.0, 10.0)) == ()


def test_a_result_cut_off_by_a_hole_is_recognised_anew_as_a_whole() -> None:
    live = [said("我家在南", 1.0), said("谢谢", 9.0)]
    holes = holes_to_mend(live, [(0.0, 2.1), (5.0, 12.0)], (0.0, 12.0))
    assert holes == ((0.0, 6.0),), "into the pauses on both sides"
    mended = mend(live, [said("我家在南街路灯坏了", 1.0)], holes)
    assert text_of(mended) == "我家在南街路灯坏了谢谢"


def test_a_word_the_recording_shares_with_the_live_text_appears_once() -> None:
    live = [said("路灯坏了", 1.0)]
    holes = holes_to_mend(live, [(0.0, 2.35)], (0.0, 8.0))
    mended = mend(live, [said("路灯坏了在南街", 1.0)], holes)
    assert [word.text for heard in mended for word in heard.words] == list("路灯坏了在南街")


def test_mending_twice_changes_nothing() -> None:
    live, recovered = [said("谢谢", 9.0)], [said("我家停水了", 1.0)]
    holes = holes_to_mend(live, [(5.0, 12.0)], (0.0, 12.0))
    once = mend(live, recovered, holes)
    assert mend(once, recovered, holes) == once


def test_a_result_outside_every_hole_is_not_taken() -> None:
    assert only_within(said("路灯", 1.0), [(3.0, 5.0)]) is None
    assert only_within(said("路灯", 1.0), [(0.0, 5.0)]) == said("路灯", 1.0)


@given(
    st.lists(st.text(alphabet="甲乙丙丁", min_size=1, max_size=6), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 40)), max_size=4).flatmap(
        lambda breaks: st.tuples(st.just(breaks), st.just([0.0] * 5))
    )
    | st.tuples(
        st.lists(st.tuples(st.integers(0, 200), st.integers(15, 60)), max_size=4),
        st.lists(st.floats(-0.35, 0.35), min_size=5, max_size=5),
    ),
)
def test_wherever_the_tap_broke_the_mended_text_is_what_was_said(
    texts: list[str], broke: tuple[list[tuple[int, int]], list[float]]
) -> None:
    """Also where the clock of each new tap is late or early by a third of a pause, as on a busy machine."""
    breaks, late = broke
    at, spoken = 1.0, []
    for text in texts:
        spoken.append(said(text, at))
        at = round(spoken[-1].ended_s + 1.0, 3)
    whole = (0.0, at)
    lost = union((begun / 10, (begun + length) / 10) for begun, length in breaks)
    covered = missing(lost, whole)
    shift = {span: late[nth] for nth, span in enumerate(covered)}
    live = [
        moved(part, shift[span])
        for heard in spoken
        for span in covered
        if (part := heard_inside(heard, span)) is not None
    ]
    covered = tuple((begun + shift[begun, ended], ended + shift[begun, ended]) for begun, ended in covered)
    holes = holes_to_mend(live, covered, whole)
    recovered = [part for heard in spoken if (part := only_within(heard, holes)) is not None]
    assert text_of(mend(live, recovered, holes)) == "".join(texts)


def moved(heard: Heard, seconds: float) -> Heard:
    words = tuple(
        HeardWord(word.text, word.begun_s + seconds, word.ended_s + seconds, word.confidence) for word in heard.words
    )
    return replace(heard, begun_s=heard.begun_s + seconds, ended_s=heard.ended_s + seconds, words=words)


def heard_inside(heard: Heard, span: Span) -> Heard | None:
    """What a tap that only ran during `span` makes of `heard`: the words that it heard from end to end."""
    words = tuple(word for word in heard.words if span[0] <= word.begun_s and word.ended_s <= span[1])
    if not words:
        return None
    text = "".join(word.text for word in words)
    return Heard(CALL, heard.leg, text, True, words[0].begun_s, words[-1].ended_s, words)


# -------------------------------------------------------------------------------------------------------------- CER


def test_punctuation_and_spaces_are_not_errors() -> None:
    assert character_error_rate("路灯坏了，在南街 12 号。", "路灯坏了在南街12号") == 0.0


def test_homophones_count_as_errors() -> None:
    assert character_error_rate("路灯坏了", "路等坏了") == 0.25


def test_nothing_spoken_and_something_heard_is_all_wrong() -> None:
    assert character_error_rate("", "衣") == 1.0
    assert character_error_rate("，", "") == 0.0


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_edit_distance_is_a_distance(one: str, two: str, three: str) -> None:
    assert edit_distance(one, two) == edit_distance(two, one)
    assert (edit_distance(one, two) == 0) == (one == two)
    assert edit_distance(one, three) <= edit_distance(one, two) + edit_distance(two, three)
    assert characters(characters(one)) == characters(one)
