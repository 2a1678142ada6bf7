"""From turns to a draft: fields with values, reasons and the place in the call where they were heard."""

from __future__ import annotations

import time
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.call import CallId, Leg, PhoneNumber
from ivr.ports import HeardWord
from ivr.speech.transcript import Turn
from routing.adapters.packaged_lexicon import load_classifier
from workorder.dispatch_file import read_catalogue
from workorder.draft import Draft, FieldName, FieldState
from workorder.prefill import Prefill

CALL = CallId("hl-1763774000.12")
CALLER, AGENT = Leg.CALLER, Leg.AGENT


@pytest.fixture(scope="module")
def prefill() -> Prefill:
    text = (files("workorder") / "catalogue" / "digital_city.yaml").read_text(encoding="utf-8")
    return Prefill(load_classifier(), read_catalogue(text, "digital_city.yaml")[0])


def _turns(*said: tuple[Leg, str]) -> list[Turn]:
    return [Turn(leg, text, (), 10.0 * i, 10.0 * i + 5) for i, (leg, text) in enumerate(said)]


_CALL = _turns(
    (AGENT, "您好请讲"),
    (CALLER, "武都路小学门口自来水管爆了昨天半夜开始喷的"),
    (AGENT, "请问您贵姓电话多少"),
    (CALLER, "免贵姓韩"),
    (CALLER, "幺三九零零零零"),
    (AGENT, "嗯"),
    (CALLER, "零七零幺希望赶紧来修"),
)


def test_a_whole_call_becomes_a_draft(prefill: Prefill) -> None:
    draft = prefill.draft(CALL, _CALL, PhoneNumber("13800000702"))
    assert draft.value(FieldName.CALLER_NUMBER) == "13800000702"
    assert draft.value(FieldName.REQUEST_TYPE) == "求助"
    assert draft.category == ("城乡建设", "城市建设和市政管理", "自来水供应")
    assert draft.value(FieldName.UNIT) == "水务局"
    assert draft.value(FieldName.PLACE) == "武都路小学门口"
    assert draft.value(FieldName.TIME) == "昨天半夜"
    assert draft.value(FieldName.SURNAME) == "韩"
    assert draft.value(FieldName.PHONE) == "13900000701"
    assert draft.value(FieldName.TITLE).startswith("武都路小学门口")
    assert "希望赶紧来修" in draft.value(FieldName.EXPECTED)
    assert any("水务局" in reason and "“" in reason for reason in draft.reasons)


def test_the_number_and_the_name_stay_out_of_title_and_summary(prefill: Prefill) -> None:
    draft = prefill.draft(CALL, _turns((CALLER, "路灯坏了我叫韩雪梅电话幺三九零零零零零七零幺")))
    for name in (FieldName.TITLE, FieldName.SUMMARY, FieldName.KEYWORDS):
        assert "0701" not in draft.value(name)
        assert "雪梅" not in draft.value(name)


def test_a_number_said_in_two_turns_has_evidence_in_both(prefill: Prefill) -> None:
    evidence = prefill.draft(CALL, _CALL)[FieldName.PHONE].evidence
    assert [(each.turn, each.words) for each in evidence] == [(4, "幺三九零零零零"), (6, "零七零幺")]
    assert evidence[0].begun_s == 40.0


def test_evidence_takes_its_seconds_from_the_words(prefill: Prefill) -> None:
    words = (HeardWord("家里", 3.0, 3.4, 1.0), HeardWord("停水", 3.4, 3.9, 1.0), HeardWord("了", 3.9, 4.0, 1.0))
    draft = prefill.draft(CALL, [Turn(CALLER, "家里停水了", words, 3.0, 9.0)])
    (evidence,) = draft[FieldName.CATEGORY].evidence[:1]
    assert (evidence.words, evidence.begun_s, evidence.ended_s) == ("停水", 3.4, 3.9)


@pytest.mark.parametrize("heard", [0.4, 0.8, 1.0])
def test_of_words_hardly_understood_the_draft_claims_nothing_but_shows_what_it_may_have_been(
    prefill: Prefill, heard: float
) -> None:
    said = "我姓王武都路小学门口昨天半夜水管爆了电话幺三九零零零零零七零幺"
    words = tuple(HeardWord(char, at / 4, (at + 1) / 4, heard) for at, char in enumerate(said))
    draft = prefill.draft(CALL, [Turn(CALLER, said, words, 0.0, len(said) / 4)])
    sure = prefill.draft(CALL, _turns((CALLER, said)))
    for name in (
        FieldName.UNIT,
        FieldName.CATEGORY,
        FieldName.PLACE,
        FieldName.TIME,
        FieldName.PHONE,
        FieldName.SURNAME,
    ):
        assert sure.value(name)
        assert draft.value(name) == (sure.value(name) if heard > 0.5 else "")
        assert draft[name].candidates == sure[name].candidates
        assert draft[name].confidence == pytest.approx(sure[name].confidence * heard, abs=0.001)
    urgency = prefill.draft(CALL, [Turn(CALLER, said, words, 0.0, 9.0)], emergency="119")[FieldName.URGENCY]
    assert urgency.value == "突发"


def test_an_answer_of_one_word_to_your_name_please_is_a_surname(prefill: Prefill) -> None:
    draft = prefill.draft(CALL, _turns((AGENT, "请问您贵姓"), (CALLER, "王")))
    assert draft.value(FieldName.SURNAME) == "王"
    assert draft[FieldName.SURNAME].source == "surname.answered"


def test_what_the_agent_says_of_the_matter_does_not_vote(prefill: Prefill) -> None:
    draft = prefill.draft(CALL, _turns((AGENT, "是停水还是停电还是暖气不热"), (CALLER, "都不是")))
    assert draft.value(FieldName.CATEGORY) == ""
    assert draft.value(FieldName.UNIT) == ""


def test_nothing_said_gives_a_draft_that_claims_nothing(prefill: Prefill) -> None:
    draft = prefill.draft(CALL, [])
    assert all(not field.value for field in draft.fields.values())
    assert Draft.from_json(draft.to_json()) == draft


def test_small_talk_makes_the_draft_abstain(prefill: Prefill) -> None:
    draft = prefill.draft(CALL, _turns((CALLER, "喂你好能听见吗hello hello")))
    for name in (FieldName.CATEGORY, FieldName.UNIT, FieldName.PLACE, FieldName.TIME, FieldName.PHONE, FieldName.NAME):
        assert draft.value(name) == ""


def test_a_cover_without_a_kind_asks_the_one_question(prefill: Prefill) -> None:
    unit = prefill.draft(CALL, _turns((CALLER, "中心街有个网络井盖破了")))[FieldName.UNIT]
    assert len(unit.candidates) == 3
    assert unit.question


def test_a_cover_of_no_kind_names_no_unit_and_asks_which(prefill: Prefill) -> None:
    unit = prefill.draft(CALL, _turns((CALLER, "中心街有个井盖没了")))[FieldName.UNIT]
    assert unit.value == ""
    assert "井盖上写着什么字" in unit.question
    assert len(unit.candidates) == 3


def test_two_people_at_one_phone_are_both_kept_and_the_agent_chooses(prefill: Prefill) -> None:
    said = "我姓王楼下污水冒出来了你把电话给我我来说我是他老伴我姓李幺三九零零零零零七零幺"
    draft = prefill.draft(CALL, _turns((CALLER, said)))
    assert {each.value for each in draft[FieldName.SURNAME].candidates} == {"王", "李"}
    assert draft.value(FieldName.UNIT) == "水务局"


def test_english_speech_claims_no_place_no_time_and_no_unit(prefill: Prefill) -> None:
    said = "hello the street lamp near my hotel is broken since last night can anybody speak english"
    draft = prefill.draft(CALL, _turns((CALLER, said)))
    for name in (FieldName.UNIT, FieldName.PLACE, FieldName.TIME, FieldName.PHONE, FieldName.NAME, FieldName.CATEGORY):
        assert draft.value(name) == ""
    assert "street lamp" in draft.value(FieldName.SUMMARY)


@pytest.mark.parametrize(
    ("said", "party"),
    [
        ("黄河南路鸿运酒店半夜放音乐", "鸿运酒店"),
        ("我们物业连着三个月涨停车费", "物业"),
        ("房东不退我押金", "房东"),
        ("路灯不亮三天了", ""),
    ],
)
def test_the_party_concerned_is_the_company_or_its_part(prefill: Prefill, said: str, party: str) -> None:
    assert party in prefill.draft(CALL, _turns((CALLER, said))).value(FieldName.PARTY)
    assert bool(party) == bool(prefill.draft(CALL, _turns((CALLER, said))).value(FieldName.PARTY))


def test_an_emergency_makes_the_draft_sudden(prefill: Prefill) -> None:
    draft = prefill.draft(CALL, _turns((CALLER, "有个人躺在地上叫不应")), emergency="120")
    assert draft.value(FieldName.URGENCY) == "突发"


def test_later_words_revise_suggestions_but_not_the_agent(prefill: Prefill) -> None:
    first = prefill.draft(CALL, _CALL[:2]).edited(FieldName.PLACE, "武都路12号")
    later = first.revised_by(prefill.draft(CALL, _CALL))
    assert later.value(FieldName.PLACE) == "武都路12号"
    assert later[FieldName.PLACE].state is FieldState.EDITED
    assert later.value(FieldName.PHONE) == "13900000701"
    assert first.value(FieldName.PHONE) == ""


def test_markup_and_sql_in_speech_stay_words(prefill: Prefill) -> None:
    said = "<script>alert(1)</script>'; DROP TABLE orders;-- 路灯不亮"
    draft = prefill.draft(CALL, _turns((CALLER, said)))
    assert draft.value(FieldName.UNIT) == "供电局"
    assert Draft.from_json(draft.to_json()) == draft


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(Leg), st.text(alphabet="我姓王路口13900000701昨天停水，了 \x01\n楼", max_size=30)),
        max_size=6,
    )
)
def test_all_evidence_lies_inside_its_turn(prefill: Prefill, said: list[tuple[Leg, str]]) -> None:
    turns = _turns(*said)
    draft = prefill.draft(CALL, turns)
    assert Draft.from_json(draft.to_json()) == draft
    for field in draft.fields.values():
        for each in field.evidence:
            turn = turns[each.turn]
            assert turn.text[each.begin : each.end] == each.words
            assert turn.begun_s <= each.begun_s <= each.ended_s <= turn.ended_s
            assert 0 <= field.confidence <= 1


def test_a_transcript_of_five_megabytes_takes_bounded_time(prefill: Prefill) -> None:
    begun = time.process_time()
    prefill.draft(CALL, [Turn(CALLER, "东岗路停水了我姓王" * 550_000, (), 0.0, 9.0)])
    prefill.draft(CALL, _turns(*[(CALLER, "东岗路停水了")] * 20_000))
    assert time.process_time() - begun < 6.0
