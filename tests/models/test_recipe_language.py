"""The language model and the text it learns from."""

import random
from math import isclose

import pytest

from models.recipe.corpus import TemplateError, expand, templates
from models.recipe.names import PERSON, PLACE, SURNAME, name_classes
from models.recipe.ngram import BEGIN, END, Recipe, Trigram
from models.recipe.text_files import read_lines

SENTENCES = [
    ("我", "要", "投诉"),
    ("我", "要", "咨询"),
    ("我", "住", "在", PLACE, "路"),
    ("他", "住", "在", PLACE, "街"),
    ("我", "姓", SURNAME),
]
VOCABULARY = ["我", "他", "要", "住", "在", "投诉", "咨询", "路", "街", "姓", "王", "从没说过"]
KINDS = {"我": "r", "他": "r", "要": "v", "住": "v", "在": "p", "投诉": "v", "从没说过": "v"}


@pytest.fixture
def trigram():
    names = {PLACE: name_classes()[PLACE], SURNAME: name_classes()[SURNAME]}
    recipe = Recipe(least_context=1, least_after_kind=1)
    return Trigram(SENTENCES, {"我": 50, "从没说过": 1}, VOCABULARY, recipe, KINDS, names)


@pytest.mark.parametrize("history", [(), (BEGIN,), ("我",), ("从没说过",), (BEGIN, "我"), ("我", "要"), ("街", "路")])
def test_the_words_after_any_history_sum_to_one(trigram, history):
    words = [*trigram.vocabulary, END]
    assert isclose(sum(trigram.probability(word, history) for word in words), 1.0, abs_tol=1e-9)


def test_a_word_nobody_said_can_still_be_recognised(trigram):
    assert trigram.probability("从没说过", ("我", "要")) > 0


def test_what_was_said_is_likelier_than_what_was_not(trigram):
    assert trigram.probability("投诉", ("我", "要")) > 5 * trigram.probability("街", ("我", "要"))


def test_an_unseen_verb_is_followed_like_a_verb(trigram):
    assert trigram.probability("在", ("从没说过",)) > trigram.unigram("在")


def test_every_arc_leads_to_a_state_that_goes_on(trigram):
    arcs = list(trigram.arcs())
    sources = {arc.source for arc in arcs}
    assert (BEGIN,) in sources
    assert {arc.target for arc in arcs if arc.word != END} <= sources
    assert all(0 < arc.probability <= 1 for arc in arcs)


def test_each_stage_of_a_name_sums_to_one():
    for token, stages in name_classes().items():
        for stage in stages:
            total = stage.leave + sum(probability for probability, _ in stage.words.values())
            assert isclose(total, 1.0, abs_tol=1e-9), token
        assert stages[-1].leave == 1.0


def test_every_template_can_be_filled_many_times():
    chance = random.Random(1)
    for group in templates().values():
        for template in group:
            for _ in range(3):
                for word in expand(template, chance):
                    assert word in (PLACE, PERSON, SURNAME) or not set(word) & set("{}()/<>"), template


@pytest.mark.parametrize("broken", ["{nowhere}", "(甲/乙", "甲)", "甲}"])
def test_a_broken_template_is_refused(broken):
    with pytest.raises(TemplateError):
        list(expand(broken, random.Random(1)))


def test_there_are_enough_templates_for_a_general_model():
    assert sum(len(group) for group in templates().values()) >= 700


def test_no_evaluation_sentence_is_in_the_text(model_folder):
    recipe = model_folder.parent / "recipe"
    written = "".join(path.read_text(encoding="utf8") for path in (recipe / "text").glob("*.txt"))
    sentences = read_lines(recipe / "eval" / "sentences.txt")
    assert len(sentences) >= 60
    long_ones = [sentence for sentence in sentences if len(sentence) > 8]
    assert not [sentence for sentence in long_ones if sentence in written]
