"""The learnt classifier: learns, repeats itself, keeps nobody's number, and refuses a foreign file."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from routing.classify.model import BrokenModelError, LinearModel
from routing.classify.ngrams import grams_of
from routing.classify.rank import Ranked
from routing.classify.train import train
from routing.classify.vote import measure_lexicon, same_unit, vote

_WORDS = {
    "水务局": ["停水", "水管", "漏水", "水压", "自来水"],
    "供电局": ["停电", "路灯", "变压器", "电线", "跳闸"],
    "城管局": ["摆摊", "占道", "违建", "广告牌", "渣土"],
}


def _orders(n: int, seed: int = 1) -> tuple[list[str], list[str]]:
    chance = random.Random(seed)
    texts, units = [], []
    for _ in range(n):
        unit = chance.choice(sorted(_WORDS))
        filler = "".join(chance.choices("我们小区门口昨天晚上这个问题请处理反映多次", k=20))
        texts.append(filler + "".join(chance.choices(_WORDS[unit], k=2)) + filler[::-1])
        units.append(unit)
    return texts, units


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return train(*_orders(200))


def test_it_learns_what_the_words_of_each_unit_are(model: LinearModel) -> None:
    texts, units = _orders(100, seed=2)
    right = sum(model.rank(text)[0][0] == unit for text, unit in zip(texts, units, strict=True))
    assert right >= 95
    assert any(gram in "自来水停水" for gram in model.why("家里自来水停水了", "水务局"))


def test_probabilities_are_probabilities(model: LinearModel) -> None:
    for text in ("", "停水", "😀" * 9000):
        chances = model.probabilities(text)
        assert abs(float(chances.sum()) - 1) < 1e-3
        assert (chances >= 0).all()


def test_the_same_orders_give_the_same_bytes(model: LinearModel) -> None:
    assert train(*_orders(200)).to_bytes() == model.to_bytes()


def test_a_saved_model_answers_the_same_and_is_small(model: LinearModel) -> None:
    data = model.to_bytes()
    again = LinearModel.from_bytes(data)
    assert len(data) < 2_000_000
    assert again.rank("变压器响还停电")[0][0] == model.rank("变压器响还停电")[0][0]
    assert again.to_bytes() == data


def test_a_broken_or_foreign_file_is_refused(model: LinearModel) -> None:
    data = model.to_bytes()
    for bad in (b"", b"PK\x03\x04", data[:-5], data[:40] + b"x" + data[41:], b"HLMODEL1\n" + b"\0" * 100):
        with pytest.raises(BrokenModelError):
            LinearModel.from_bytes(bad)


def test_no_number_and_no_word_of_a_single_caller_enters_a_model() -> None:
    texts, units = _orders(120)
    texts = [text + ("张三丰家" if number < 30 else "") + "13900000701" for number, text in enumerate(texts)]
    callers = ["same" if number < 30 else str(number) for number in range(120)]
    grams = train(texts, units, callers).vocabulary.grams
    assert not any(char.isdigit() and char != "0" for gram in grams for char in gram)
    assert not any("三丰" in gram for gram in grams)


def test_too_little_to_learn_from_is_said() -> None:
    with pytest.raises(ValueError, match="至少"):
        train(["停水"] * 20, ["水务局"] * 20)


def test_grams_are_of_one_to_three_characters() -> None:
    assert {len(gram) for gram in grams_of("家里停水了")} == {1, 2, 3}


def test_with_few_orders_the_lexicon_leads_and_with_many_the_model(model: LinearModel) -> None:
    lexicon = [Ranked("供电局", 9.0, 0.8, ())]
    text = "家里停水了水管漏水"
    assert vote(model, lexicon, text, trained_on=100)[0][0] == "供电局"
    assert vote(model, lexicon, text, trained_on=4000)[0][0] == "水务局"
    assert vote(None, lexicon, text, trained_on=0)[0][0] == "供电局"


def test_who_was_right_on_unseen_orders_is_the_louder_voice(model: LinearModel) -> None:
    text = "家里停水了水管漏水"
    lexicon = [Ranked("供电局", 9.0, 0.8, ()), Ranked("没见过的单位", 3.0, 0.2, ())]
    knows = replace(model, about={"lexicon_top1": 0.95, "held_back_top1": 0.2})
    foreign = replace(model, about={"lexicon_top1": 0.0, "held_back_top1": 0.2})
    assert vote(knows, lexicon, text, trained_on=15)[0][0] == "供电局"
    assert "没见过的单位" in dict(vote(knows, lexicon, text, trained_on=15))
    assert [label for label, _ in vote(foreign, lexicon, text, trained_on=15)] == [
        label for label, _ in model.rank(text)
    ]


def test_a_lexicon_is_measured_by_its_first_answers() -> None:
    said = [(Ranked("公安局", 5.0, 0.5, ()),), (), (Ranked("供电局", 5.0, 0.5, ()),)]
    assert measure_lexicon(said, ["市公安局", "水务局", "水务局"]) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("name", "label"), [("公安局", "市公安局"), ("供电局", "供电公司"), ("城管执法局", ""), ("水务局", "水务局")]
)
def test_a_unit_is_found_under_another_citys_name(name: str, label: str) -> None:
    assert same_unit(name, ("市公安局", "供电公司", "水务局", "区政府")) == label
