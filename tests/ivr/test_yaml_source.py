"""The strict YAML reader: whatever the bytes, a tree or problems with places, and never an exception."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.problems import Problem
from ivr.yaml_fields import Fields, did_you_mean
from ivr.yaml_source import YamlList, YamlMap, YamlScalar, YamlValue, read_yaml


def problems_of(text: str | bytes) -> tuple[Problem, ...]:
    return read_yaml(text, "试.yaml")[1]


def tree_of(text: str) -> YamlMap:
    tree, problems = read_yaml(text, "试.yaml")
    assert problems == ()
    assert tree is not None
    return tree


def scalars(value: YamlValue) -> list[YamlScalar]:
    if isinstance(value, YamlScalar):
        return [value]
    inner = value.items if isinstance(value, YamlList) else value.entries.values()
    return [scalar for each in inner for scalar in scalars(each)]


def test_yes_no_leading_zeros_and_clock_times_stay_text() -> None:
    tree = tree_of("a: yes\nb: 012\nc: 12:34\nd: true\ne: 0x1f\nf: 1.5\ng: -3\nh: ~\ni: .inf\nj: 'true'\nk: null\n")
    values = [value.value for value in tree.entries.values() if isinstance(value, YamlScalar)]
    assert values == ["yes", "012", "12:34", True, "0x1f", 1.5, -3, None, ".inf", "true", None]


def test_every_key_and_value_knows_its_place() -> None:
    tree = tree_of("a: 1\nb:\n  - x\n  - y\n")
    assert (tree.keys["b"].line, tree.keys["b"].column) == (2, 1)
    places = [(scalar.raw, scalar.place.line, scalar.place.column) for scalar in scalars(tree)]
    assert places == [("1", 1, 4), ("x", 3, 5), ("y", 4, 5)]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\na: 2", 2, "重复"),
        ("a: 1\n'a': 2", 2, "重复"),
        ("a: &x 1", 1, "锚点"),
        ("a: &x 1\nb: *x", 2, "引用"),
        ("a: !!python/object/apply:os.system [ls]", 1, "标签"),
        ("a: !x 1", 1, "标签"),
        ("<<: {a: 1}", 1, "合并"),
        ("[1]: 2", 1, "名称"),
        ("a: 1\n---\nb: 2", 2, "一份文档"),
        ("%YAML 1.1\n---\na: 1", 1, "指令"),
        ("a: 1\n\tb: 2", 2, "制表符"),
        ("a: b: c", 1, "冒号"),
        ("- 1", 1, "最外层"),
        ("", 0, "空"),
        ("a:\n  b: 1\n c: 2", 3, "缩进"),
        ("a: 1\nb: \x00", 2, "控制字符 U+0000"),
        ('a: 1\nb: "\\0"', 2, "控制字符 U+0000"),
        ("a: \u202e", 1, "控制字符 U+202E"),
        ("a: \r b", 1, "控制字符 U+000D"),
        (b"a: 1\nb: \xff", 2, "UTF-8"),
        ("a: \ud800", 1, "控制字符"),
        ("[" * 3000, 1, "嵌套"),
        ("{a: " * 3000, 1, "嵌套"),
        ("".join(" " * n + "a:\n" for n in range(500)), 21, "嵌套"),
        ("a: '" + "字" * 100_000, 0, "超过上限"),
        (b"x" * 10_000_000, 0, "超过上限"),
    ],
)
def test_bad_yaml_is_a_problem_at_its_line(text: str | bytes, line: int, word: str) -> None:
    started = time.process_time()
    found = [problem for problem in problems_of(text) if word in problem.what]
    assert found
    assert line in {problem.place.line for problem in found}
    assert all(problem.is_error and problem.remedy for problem in found)
    assert time.process_time() - started < 2


def test_an_alias_bomb_is_refused_and_never_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    tree, problems = read_yaml("\n".join(lines), "bomb.yaml")
    assert 0 < len(problems) <= 50
    assert tree is not None
    assert len(scalars(tree)) == 81


def test_several_problems_come_at_once_together_with_what_could_be_read() -> None:
    tree, problems = read_yaml("a: 1\na: 2\nb: &x 3\nc: 4", "x")
    assert [problem.place.line for problem in problems] == [2, 3]
    assert tree is not None
    assert list(tree.entries) == ["a", "b", "c"]


def test_fields_report_wrong_missing_and_misspelt_keys_with_a_suggestion() -> None:
    problems: list[Problem] = []
    fields = Fields(
        tree_of("nmae: x\nretries: yes\non: yes\nlimit: 99\nkind: quue\nwords: [1, [2]]\n"), "队列", problems
    )
    assert fields.text("name") == ""
    assert fields.integer("retries", default=2) == 2
    assert fields.boolean("on", default=False) is False
    assert fields.integer("limit", default=5, high=10) == 5
    assert fields.choice("kind", ("queue", "menu")) == "queue"
    assert fields.texts("words") == ()
    fields.done()
    lines = sorted((problem.place.line, str(problem)) for problem in problems)
    assert [line for line, _ in lines] == [1, 1, 2, 3, 4, 5, 6]
    text = "\n".join(said for _, said in lines)
    assert "是不是把它写成了“nmae”" in text
    assert "是不是想写“name”？" in text
    assert "是不是想写“queue”？" in text
    assert "写成 true 或 false" in text


def test_a_number_written_without_quotes_is_read_as_the_text_it_was() -> None:
    fields = Fields(tree_of("number: 12345\nprefix: 0931\nspeed: 1.50\n"), "x", [])
    assert (fields.text("number"), fields.text("prefix"), fields.text("speed")) == ("12345", "0931", "1.50")
    assert fields.problems == []


def test_did_you_mean_is_silent_when_nothing_is_close() -> None:
    assert did_you_mean("完全不同", ["menu", "queue"]) == ""


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300), st.text("{}[]:,-&*!|>'\"#%@` \n\tab01", max_size=200)))
def test_any_bytes_give_a_tree_or_an_error(text: str | bytes) -> None:
    tree, problems = read_yaml(text, "x")
    assert tree is not None or any(problem.is_error for problem in problems)
    assert all(str(problem).startswith("x") for problem in problems)
