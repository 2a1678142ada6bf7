"""What may be published: never with errors, never over somebody else's work, never without a word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.file_versions import (
    MOST_FILES,
    Publication,
    Refusal,
    Shelf,
    Version,
    differences,
    digest_of,
    misfit,
    refusal,
)
from ivr.problems import Place, Problem, Severity

NOW = {"main.yaml": "flow: 1\n"}
NEW = {"main.yaml": "flow: 1\nstart: a\n"}
ERROR = Problem(Place("main.yaml", 2), "缺少节点。", "写上。")
WARNING = Problem(Place("main.yaml", 2), "太长。", "改短。", Severity.WARNING)


def wish(**change: object) -> Publication:
    kept: dict[str, object] = {"files": NEW, "based_on": digest_of(NOW), "by": "赵主任", "note": "夏季作息"}
    return Publication(**{**kept, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "problems", "refused"),
    [
        ({}, (), None),
        ({"note": " "}, (), Refusal.NOTE_MISSING),
        ({}, (ERROR,), Refusal.HAS_ERRORS),
        ({"reason": "我说了算"}, (ERROR, WARNING), Refusal.HAS_ERRORS),
        ({}, (WARNING,), Refusal.REASON_MISSING),
        ({"reason": "领导要求保留全文"}, (WARNING,), None),
        ({"based_on": "0123456789abcdef"}, (), Refusal.CHANGED_MEANWHILE),
        ({"files": NOW}, (), Refusal.NOTHING_CHANGED),
        ({"files": {"../../etc/passwd": ""}}, (), Refusal.BAD_NAME),
        ({"files": {f"a{n}.yaml": "" for n in range(MOST_FILES + 1)}}, (), Refusal.TOO_MUCH),
        ({"files": {"main.yaml": "文" * 2_000_000}}, (), Refusal.TOO_MUCH),
    ],
)
def test_what_may_be_published(
    change: dict[str, object], problems: tuple[Problem, ...], refused: Refusal | None
) -> None:
    assert refusal(wish(**change), NOW, problems) is refused


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=4), st.booleans())
def test_whatever_is_published_keeps_its_name_for_itself(files: dict[str, str], changed: bool) -> None:
    other = {**files, "main.yaml": files.get("main.yaml", "") + "x"} if changed else dict(reversed(files.items()))
    assert (digest_of(files) == digest_of(other)) is not changed
    misfit(files)


@given(st.text("ab\n", max_size=60), st.text("ab\n", max_size=60))
def test_a_comparison_tells_every_line_that_came_or_went(old: str, new: str) -> None:
    told = [line for file in differences({"f": old}, {"f": new}) for hunk in file.hunks for line in hunk]
    for number, text in enumerate(old.splitlines(), 1):
        assert all(line.text == text for line in told if line.old == number)
    gone = sum(line.new == 0 for line in told)
    come = sum(line.old == 0 for line in told)
    assert len(new.splitlines()) == len(old.splitlines()) - gone + come


def test_a_file_that_is_new_or_gone_is_compared_with_nothing() -> None:
    came, went = differences({"b.yaml": "x\n"}, {"a.yaml": "y\n"})
    assert (came.file, [line.new for line in came.hunks[0]]) == ("a.yaml", [1])
    assert (went.file, [line.old for line in went.hunks[0]]) == ("b.yaml", [1])


def test_a_version_knows_its_shelf() -> None:
    version = Version(Shelf.FLOWS, 1, digest_of(NOW), datetime(2026, 11, 22, tzinfo=UTC), "赵主任", "起始", NOW)
    assert version.shelf == "flows"
