"""What a call is about: ranked labels, each with the words that voted."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.adapters.packaged_lexicon import load_classifier, sound_table
from routing.classify.classify import REQUEST_TYPES, URGENCIES, Classifier
from routing.classify.lexicon_file import Vote
from routing.classify.matcher import PlainMatcher
from routing.classify.rank import Ranker
from routing.classify.sound import SoundTable

_COVERS = (
    Vote("水务局", ("污水井盖",), 8),
    Vote("水务局", ("井盖",), 2),
    Vote("供电局", ("井盖",), 2),
    Vote("广电台", ("有线", "井"), 6),
)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def test_a_longer_word_outvotes_its_part_and_counts_once() -> None:
    best, second = Ranker(_COVERS, PlainMatcher).rank("门口的污水井盖坏了")
    assert (best.label, [word.word for word in best.words]) == ("水务局", ["污水井盖"])
    assert second.label == "供电局"


def test_two_words_vote_together_only_when_they_stand_close() -> None:
    ranker = Ranker(_COVERS, PlainMatcher)
    assert ranker.rank("有线电视的那个井没盖")[0].label == "广电台"
    assert "广电台" not in [each.label for each in ranker.rank("有线电视没有信号已经三天了你们来看看然后门口井也坏了")]


def test_evidence_points_at_the_words_in_the_text() -> None:
    text = "巷口污水井盖翻了"
    (word,) = Ranker(_COVERS, PlainMatcher).rank(text)[0].words
    assert text[word.begin : word.end] == "污水井盖"


def test_a_misheard_word_of_three_syllables_still_votes_but_is_not_certain() -> None:
    ranker = Ranker([Vote("供电局", ("变压器",), 6)], PlainMatcher, sound_table())
    (best,) = ranker.rank("楼下变鸭气在响")
    assert not best.words[0].is_certain
    assert best.score < 6


def test_a_word_that_sounds_like_a_common_one_is_never_guessed() -> None:
    table = SoundTable("mai 埋买\nle 了\n", ["买了"])
    assert not table.admits("埋了")
    assert Ranker([Vote("x", ("埋了",), 5)], PlainMatcher, table).rank("我买了菜") == ()


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        ("我们楼下的路灯一个月没亮了", "供电局"),
        ("夜里有车往洪道里倒工业废渣", "环保局"),
        ("人行道上停满了车推婴儿车过不去", "城管执法局"),
        ("路口红绿灯坏了", "公安局"),
        ("自来水管爆了水喷得到处都是", "水务局"),
        ("有线电视的杆子歪了", "广电台"),
        ("桥底下睡着个流浪汉", "民政局"),
        ("敦煌路街道能不能办失业登记", "敦煌路街道"),
    ],
)
def test_the_unit_whose_duty_it_is_comes_first(classifier: Classifier, said: str, unit: str) -> None:
    assert classifier.classify(said).units[0].label == unit


def test_a_street_matter_without_a_street_names_all_streets_alike(classifier: Classifier) -> None:
    units = classifier.classify("我想申请低保社区说材料不全").units
    scores = {each.score for each in units if each.label.endswith("街道")}
    assert len([each for each in units if each.label.endswith("街道")]) == 8
    assert len(scores) == 1


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("请问补办身份证要什么材料", "咨询"),
        ("建议在路口增设一个公交站", "建议"),
        ("我要表扬一下公交司机拾金不昧", "表扬"),
        ("我要举报有人偷偷倒废渣别说是我", "举报"),
        ("家里停水了能不能派人来看看", "求助"),
        ("天天半夜施工吵得睡不着没人管", "投诉"),
    ],
)
def test_the_grammar_of_a_request_tells_its_type(classifier: Classifier, said: str, kind: str) -> None:
    assert classifier.classify(said).request_types[0].label == kind


def test_nothing_said_means_nothing_found(classifier: Classifier) -> None:
    said = classifier.classify("")
    assert said.categories == said.units == ()
    assert said.urgencies[0].label == "一般"


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_ordered_answers_within_bounds(classifier: Classifier, text: str) -> None:
    said = classifier.classify(text)
    for ranked in (said.categories, said.units):
        assert [each.score for each in ranked] == sorted((each.score for each in ranked), reverse=True)
        assert all(0 <= each.confidence <= 1 for each in ranked)
        assert all(0 <= word.begin < word.end <= len(text) for each in ranked for word in each.words)
    assert said.request_types[0].label in REQUEST_TYPES
    assert said.urgencies[0].label in URGENCIES


def test_a_huge_text_takes_bounded_time(classifier: Classifier) -> None:
    begun = time.process_time()
    classifier.classify("污水井盖停水路灯社区公交站牌垃圾噪音" * 100_000)
    assert time.process_time() - begun < 3.0
