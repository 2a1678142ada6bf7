"""Learning from confirmed orders: measured on the latest, adopted when better, the same bytes, nobody's words."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from ivr.errors import StoreError
from routing.adapters.jieba_words import JiebaWords
from routing.adapters.learnt_models import LearntModels
from routing.adapters.packaged_lexicon import load_classifier
from routing.classify.model import BrokenModelError, LinearModel
from routing.classify.voting import Learnt, Target, VotingClassifier
from tests.fakes import NOON
from workorder.advice import advise
from workorder.evaluate_unit import lexicon_hints
from workorder.learn import FEWEST, Outcome, card_text, learn
from workorder.lessons import Lesson
from workorder.order import OrderNumber

CLASSIFY = cache(load_classifier().classify)
HINTS = lexicon_hints(CLASSIFY)
MATTERS = {
    "塔影管理处": ("观景塔的旋梯晃得厉害", "观景塔顶上的灯带不亮", "观景塔门票怎么退"),
    "河道管护站": ("河堤护栏松动了", "堤岸上有人挖沙子", "河道里漂着塑料"),
    "夜市办": ("夜市摊位油烟太呛", "夜市收摊以后满地竹签", "夜市喇叭吵到半夜"),
}
"""Matters of an invented city, whose units no lexicon knows."""


def lessons(count: int, secret: str = "", callers: int = 50) -> tuple[Lesson, ...]:
    """Return invented confirmed orders in order of time; `secret` is a word that one caller says again and again."""
    chance = random.Random(5)
    found = []
    for nth in range(count):
        unit = chance.choice(sorted(MATTERS))
        caller = f"1380000{nth % callers:04d}"
        text = f"你好{chance.choice(['我想反映', '麻烦问一下', '请你们管管'])}{chance.choice(MATTERS[unit])}" + (
            secret if caller.endswith("0007") else ""
        )
        number, at = OrderNumber(f"WO20261122-{nth + 1:06d}"), NOON + timedelta(minutes=nth)
        found.append(Lesson(number, caller, text, unit, "", "城管执法局", "", at))
    return tuple(found)


@pytest.fixture(scope="module")
def learnt() -> Outcome:
    return learn(lessons(240), Target.UNIT, CLASSIFY, HINTS)


def test_what_beats_the_lexicon_on_the_latest_orders_is_better_and_says_by_how_much(learnt: Outcome) -> None:
    assert learnt.is_better
    assert (learnt.taught, learnt.held) == (192, 48)
    assert learnt.in_use is not None
    assert learnt.learnt is not None
    assert learnt.learnt.top1 > 0.9 > learnt.in_use.top1
    assert "48 张" in card_text(learnt, learnt.version)


def test_learning_again_from_the_same_orders_gives_the_same_bytes_whatever_their_order(learnt: Outcome) -> None:
    again = learn(tuple(reversed(lessons(240))), Target.UNIT, CLASSIFY, HINTS)
    assert again.model == learnt.model


def test_what_is_no_better_than_what_is_in_use_is_not_adopted(learnt: Outcome) -> None:
    assert learnt.model is not None
    in_use = Learnt(learnt.version, LinearModel.from_bytes(learnt.model, HINTS))
    again = learn(lessons(240), Target.UNIT, CLASSIFY, HINTS, in_use)
    assert not again.is_better
    assert again.learnt == again.in_use


def test_from_too_few_orders_or_callers_nothing_is_learnt() -> None:
    few = learn(lessons(FEWEST - 1), Target.UNIT, CLASSIFY, HINTS)
    assert (few.model, few.is_better) == (None, False)
    assert "60" in few.verdict
    of_two = learn(lessons(200, callers=2), Target.UNIT, CLASSIFY, HINTS)
    assert of_two.model is None
    assert learn(lessons(200), Target.CATEGORY, CLASSIFY, HINTS).model is None


def test_no_words_of_one_caller_enter_the_model_file_however_often_they_are_said() -> None:
    outcome = learn(lessons(240, secret="欧阳翠娥"), Target.UNIT, CLASSIFY, HINTS)
    assert outcome.model is not None
    model = LinearModel.from_bytes(outcome.model)
    grams = "".join(model.vocabulary.grams)
    assert not any(char in grams for char in "翠娥")
    heard = lessons(240)
    for gram in model.vocabulary.grams:
        if not gram.startswith("\x02") and "|" not in gram and "0" not in gram:
            assert len({each.caller for each in heard if gram in each.text}) >= 3


def test_below_450_orders_the_lexicon_stays_in_front_above_they_vote_as_measured() -> None:
    def known(count: int) -> list[Lesson]:
        said = ("路灯坏了好几天", "污水井盖没有了", "工地夜里施工太吵")
        answers = [CLASSIFY(text).units[0].label for text in said]
        return [
            replace(each, text=said[nth % 3], unit=answers[nth % 3]) for nth, each in enumerate(lessons(count))
        ]  # fmt: skip

    few, many = (learn(known(count), Target.UNIT, CLASSIFY, HINTS).card or {} for count in (300, 600))
    assert ("lexicon_top1" in few, "lexicon_right" in few) == (False, True)
    assert ("lexicon_top1" in many, "lexicon_right" in many) == (True, False)


def test_a_voting_classifier_without_models_is_the_lexicon_and_with_one_knows_the_city(learnt: Outcome) -> None:
    text = "观景塔的旋梯晃得厉害"
    lexicon = load_classifier()
    assert VotingClassifier(lexicon).classify(text) == lexicon.classify(text)
    assert learnt.model is not None
    model = Learnt("v", LinearModel.from_bytes(learnt.model, HINTS))
    said = VotingClassifier(lexicon, {Target.UNIT: model}).classify(text)
    assert said.units[0].label == "塔影管理处"
    for word in said.units[0].words:
        assert text[word.begin : word.end] == word.word
    assert VotingClassifier(lexicon, {Target.UNIT: model}).classify("").units == ()


# ----------------------------------------------------------------------------------------------------- models on disk


def test_models_are_adopted_and_taken_back_one_by_one(tmp_path: Path, learnt: Outcome) -> None:
    models = LearntModels(tmp_path / "learnt")
    assert models.current(HINTS) == {}
    with pytest.raises(StoreError, match="改法"):
        models.rollback()
    assert learnt.model is not None
    other = learn(lessons(300), Target.UNIT, CLASSIFY, HINTS)
    assert other.model is not None
    mark = models.mark
    models.adopt({Target.UNIT: learnt.model}, {Target.UNIT: "卡"}, "第一天")
    assert models.mark != mark
    models.adopt({Target.UNIT: other.model}, {Target.UNIT: "卡"}, "第二天")
    assert models.current(HINTS)[Target.UNIT].version == other.version
    edition = models.rollback()
    assert edition is not None
    assert edition.adopted == "第一天"
    assert models.current(HINTS)[Target.UNIT].version == learnt.version
    assert models.rollback() is None
    assert models.current(HINTS) == {}


def test_a_model_that_was_changed_is_refused(tmp_path: Path, learnt: Outcome) -> None:
    models = LearntModels(tmp_path)
    assert learnt.model is not None
    models.adopt({Target.UNIT: learnt.model}, {Target.UNIT: "卡"}, "第一天")
    (file,) = tmp_path.glob("*.model")
    file.write_bytes(learnt.model[:-1] + b"x")
    with pytest.raises(BrokenModelError, match="rollback"):
        models.current(HINTS)
    (tmp_path / "editions.json").write_text("[1]")
    with pytest.raises(StoreError, match="改法"):
        models.current(HINTS)


# -------------------------------------------------------------------------------------------------------------- advice


def test_words_that_would_have_named_the_right_unit_are_advised_and_names_of_one_caller_are_not() -> None:
    found = advise(lessons(120, secret="欧阳翠娥"), CLASSIFY, JiebaWords().cut)
    assert {each.unit for each in found} <= set(MATTERS)
    assert ("观景", "塔影管理处") in {(each.word, each.unit) for each in found}
    assert "夜市" not in {each.word for each in found}  # the lexicon's own weight for another unit is greater
    assert all(each.mended > each.spoilt and each.callers >= 3 for each in found)
    assert not any("翠娥" in each.word for each in found)
    assert advise(lessons(2), CLASSIFY, JiebaWords().cut) == ()
