"""The words of a live call: a card number said group by group is no more to be seen than one said at once."""

from __future__ import annotations

from cti.words_seen import words_for
from ivr.speech.redact import ALL_KINDS, PrivateKind

SAID = [
    {"leg": "caller", "text": "我的身份证是一一零一零一", "begun_s": 1.0, "ended_s": 3.0},
    {"leg": "agent", "text": "您请说", "begun_s": 3.5, "ended_s": 4.0},
    {"leg": "caller", "text": "一九九零零三零七八五一五", "begun_s": 4.5, "ended_s": 8.0},
]


def test_a_number_in_pieces_is_masked_whole_and_the_rest_stays() -> None:
    seen = words_for(SAID, ALL_KINDS)
    assert "一九九零" not in seen[2]["text"]
    assert "零一零一" not in seen[0]["text"]
    assert seen[1] == SAID[1]
    assert [row["begun_s"] for row in seen] == [1.0, 3.5, 4.5]
    assert words_for(SAID, frozenset()) == SAID
    assert words_for(SAID, {PrivateKind.PLATE}) == SAID


def test_what_is_no_word_is_left_out() -> None:
    assert words_for([{}, {"leg": "nobody", "text": "x"}, {"leg": "caller", "text": None}], ALL_KINDS) == []
