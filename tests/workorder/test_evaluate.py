"""The figures: what they count, and that they can be wrong."""

from __future__ import annotations

import random
from typing import Any

import pytest

from routing.adapters.packaged_lexicon import load_classifier
from routing.classify.classify import Classifier
from workorder.evaluate import FIGURES, evaluate_calls
from workorder.evaluate_unit import evaluate_unit
from workorder.prefill import Prefill

_GOOD: dict[str, Any] = {
    "id": "T1",
    "text": "武都路小学门口路灯不亮，三天了。我姓韩，13900000701。",
    "asr": "武都路小学门口路灯不亮三天了我姓韩幺三九零零零零零七零幺",
    "kind": "投诉",
    "category": ["城乡建设", "城市建设和市政管理", "城市公共设施"],
    "unit": "供电局",
    "urgency": "一般",
    "emergency": "none",
    "address_parts": ["武都路小学门口"],
    "time": "三天",
    "surname": "韩",
    "phone": "13900000701",
    "summary_keywords": ["路灯"],
}
_WRONG = _GOOD | {
    "id": "T2",
    "kind": "表扬",
    "category": ["政法", "其他", "其他"],
    "unit": "邮政局",
    "urgency": "突发",
    "emergency": "119",
    "address_parts": ["月亮街"],
    "time": "去年",
    "surname": "李",
    "phone": "13900000702",
    "summary_keywords": ["下雪"],
}
_SILENT = _GOOD | {"id": "T3", "unit": None, "time": None, "surname": None, "phone": None, "address_parts": []}


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def test_right_answers_count_and_wrong_ones_are_named(classifier: Classifier) -> None:
    prefill = Prefill(classifier)
    figures = evaluate_calls([_GOOD], prefill)
    assert {name: figures[name] for name in FIGURES} == dict.fromkeys(FIGURES, 1.0), figures["misses"]
    figures = evaluate_calls([_WRONG], prefill)
    assert {name: figures[name] for name in FIGURES} == dict.fromkeys(FIGURES, 0.0)
    misses = figures["misses"]
    assert isinstance(misses, dict)
    assert set(misses) == set(FIGURES)
    assert misses["phone_exact"] == ["T2: 13900000701"]


def test_what_a_row_does_not_have_is_not_counted(classifier: Classifier) -> None:
    figures = evaluate_calls([_WRONG, _SILENT], Prefill(classifier))
    assert (figures["n"], figures["phone_exact"], figures["unit_top3"], figures["request_type"]) == (2, 0.0, 0.0, 0.5)


def test_written_and_spoken_text_score_alike_and_emergencies_are_asked_of_the_watch(classifier: Classifier) -> None:
    figures = evaluate_calls(
        [_GOOD], Prefill(classifier), field="text", emergency_of=lambda text: "none" if text else "x"
    )
    assert {name: figures[name] for name in FIGURES} == dict.fromkeys(FIGURES, 1.0), figures["misses"]


def test_unit_figures_compare_lexicon_model_and_both(classifier: Classifier) -> None:
    chance = random.Random(3)
    words = {"市供电公司": ["路灯", "停电"], "市水务局": ["停水", "水管"], "某街道": ["养鸡", "广场"]}
    rows = [
        {
            "unit": unit,
            "text": "".join(chance.choices("我们这里昨天反映多次希望处理", k=20)) + chance.choice(words[unit]),
        }
        for unit in chance.choices(sorted(words), k=160)
    ]
    figures = evaluate_unit(rows[:120], rows[120:], classifier)
    assert set(figures) == {"lexicon", "model", "both"}
    for each in figures.values():
        assert (each["n_train"], each["n_test"]) == (120, 40)
        assert {"top1", "top3", "macro_f1", "coverage_at_0.9", "train_seconds", "us_per_text"} <= set(each)
    assert float(str(figures["model"]["top1"])) > 0.9
    assert float(str(figures["lexicon"]["top1"])) < 0.9
