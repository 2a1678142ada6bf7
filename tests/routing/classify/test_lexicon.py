"""Lexicon files: what ships is whole, and a poisoned one becomes problems with places."""

from __future__ import annotations

import pytest

from routing.adapters.packaged_lexicon import packaged_text
from routing.classify.lexicon_file import read_categories, read_units


def test_the_shipped_categories_are_the_whole_tree_and_nearly_all_have_words() -> None:
    lexicon, problems = read_categories(packaged_text("categories.yaml"), "categories.yaml")
    assert lexicon is not None
    assert [str(problem) for problem in problems if problem.is_error] == []
    assert len(lexicon.labels) == len(set(lexicon.labels)) == 517
    assert len({label.split("/")[0] for label in lexicon.labels}) == 15
    assert {vote.label for vote in lexicon.votes} == set(lexicon.labels)


def test_the_shipped_units_and_streets_have_words() -> None:
    lexicon, problems = read_units(packaged_text("units.yaml"), "units.yaml")
    assert lexicon is not None
    assert not [problem for problem in problems if problem.is_error]
    assert len(lexicon.territories) == 8
    assert {vote.label for vote in lexicon.votes} == set(lexicon.labels)


@pytest.mark.parametrize(
    ("poison", "said"),
    [
        ("lexicon: 1\ncategories:\n  a:\n    b:\n      c: 井盖=99\n", "井盖=99"),
        ("lexicon: 1\ncategories:\n  a:\n    b:\n      c: 井盖=-1\n", "井盖=-1"),
        ("lexicon: 1\ncategories:\n  a:\n    b:\n      c: <script>\n", "<script>"),
        ("lexicon: 1\ncategories:\n  a:\n    b:\n      c: 甲+乙+丙=3\n", "甲+乙+丙"),
        ("lexicon: 1\ncategories:\n  a:\n    b: 井盖\n", "三级"),
        ("lexicon: 1\ncategories:\n  a:\n    b:\n      c: 井\n      c: 盖\n", "重复"),
        ("lexicon: 1\ncategories: []\n", "categories"),
        ("categories:\n  a:\n    b:\n      c: 井\n", "lexicon: 1"),
        ("lexicon: 1\ncategories: &a\n  b: *a\n", "锚点"),
        ("lexicon: 1\n" + "".join(f"{' ' * i}k:\n" for i in range(40)), "嵌套"),
        ("x" * 300_000, "上限"),
        ("", "空"),
    ],
)
def test_a_poisoned_lexicon_becomes_problems_with_remedies(poison: str, said: str) -> None:
    lexicon, problems = read_categories(poison, "我的词库.yaml")
    assert lexicon is None
    assert any(said in str(problem) for problem in problems), problems
    assert all(problem.remedy and problem.what for problem in problems)


def test_a_word_written_twice_is_only_a_warning() -> None:
    lexicon, problems = read_units("lexicon: 1\nunits:\n  水务局: 停水 停水\n", "u.yaml")
    assert lexicon is not None
    assert len(lexicon.votes) == 1
    assert [problem.is_error for problem in problems] == [False]
