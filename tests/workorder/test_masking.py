"""Masking of transcripts by role: nothing private of a hidden kind survives, all else and all times stay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cti.server.files.policy_files import shipped_masking
from ivr.call import CallId, Leg
from ivr.ports import Heard, HeardWord
from ivr.speech.redact import ALL_KINDS, PrivateKind, find_private
from workorder.masking import EVERYTHING, masked, read_masking

CALL = CallId("c1")


def heard(*texts: str, leg: Leg = Leg.CALLER) -> tuple[Heard, ...]:
    return tuple(
        Heard(CALL, leg, text, True, float(nth), nth + 0.9, (HeardWord(text, float(nth), nth + 0.9, 1.0),))
        for nth, text in enumerate(texts)
    )


def texts_of(results: tuple[Heard, ...]) -> list[str]:
    return [each.text for each in results]


def test_a_number_said_in_pieces_over_pauses_is_masked_in_every_piece() -> None:
    said = heard("我电话一三九零零", "零零零", "七零幺谢谢")
    assert texts_of(masked(said, ALL_KINDS)) == ["我电话*****", "***", "***谢谢"]


def test_a_number_is_not_joined_over_two_speakers_words() -> None:
    said = (*heard("我住五零二"), *heard("一三九", leg=Leg.AGENT))
    assert masked(said, ALL_KINDS) == said


def test_words_are_masked_with_the_text_and_what_cannot_be_placed_is_hidden() -> None:
    (whole,) = masked(heard("电话13900000701"), ALL_KINDS)
    assert (whole.text, whole.words[0].text) == ("电话139****0701", "电话139****0701")
    odd = Heard(CALL, Leg.CALLER, "电话13900000701", True, 0, 1, (HeardWord("幺三九", 0, 1, 1.0),))
    assert masked((odd,), ALL_KINDS)[0].words[0].text == "***"


def test_a_role_that_is_not_named_sees_no_private_number() -> None:
    rules = shipped_masking()
    assert rules.hidden_from("passer-by") == ALL_KINDS == EVERYTHING.hidden_from("agent")
    assert PrivateKind.PHONE not in rules.hidden_from("agent")
    assert PrivateKind.ID_CARD in rules.hidden_from("agent")


def test_every_mistake_in_the_rules_is_told_with_its_line() -> None:
    rules, problems = read_masking("masking: 2\nroles:\n  agent: [phones]\n", "masking.yaml")
    assert rules is None
    assert ["masking.yaml:1" in str(problems[0]), "masking.yaml:3" in str(problems[1])] == [True, True]


SPOKEN = st.text(alphabet="幺一三九零八0123456789，个两甘A电话我", max_size=16)


@given(st.lists(st.tuples(st.sampled_from(list(Leg)), SPOKEN), max_size=5))
def test_nothing_private_survives_in_one_result_or_over_several_and_nothing_moves(said: list[tuple[Leg, str]]) -> None:
    before = tuple(heard(text, leg=leg)[0] for leg, text in said)
    after = masked(before, ALL_KINDS)
    assert [len(each.text) for each in after] == [len(each.text) for each in before]
    assert [(each.begun_s, each.leg) for each in after] == [(each.begun_s, each.leg) for each in before]
    for each in after:
        assert find_private(each.text) == ()
    for leg in Leg:
        assert find_private("，".join(each.text for each in after if each.leg is leg)) == ()
