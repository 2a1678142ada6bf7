"""A labelled file that cannot be measured is refused with the place and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.commands.evaluate import rows_of
from ivr.errors import AuthorError


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 0, "一行也没有"),
        ("\n\n", 0, "一行也没有"),
        ('{"text": "a", "unit": "b"}\nnonsense\n', 2, "不是 JSON 对象"),
        ('{"text": "a"}\n', 1, "缺少 unit"),
    ],
)
def test_a_file_that_cannot_be_measured_is_refused(tmp_path: Path, content: str, line: int, words: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(AuthorError) as refused:
        rows_of(str(file), "text", "unit")
    (problem,) = refused.value.problems
    assert words in problem.what
    assert problem.place.line == line
