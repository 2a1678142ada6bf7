"""`hotline requirements`: the table is whole, says honestly what is proved, and every mark names a row."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from cti.requirement_rows import COUNTS, Row, Verdict, load_rows, verdict

ROOT = Path(__file__).resolve().parents[2]
TEXT = (files("cti") / "requirements.yaml").read_text(encoding="utf-8")


def test_the_table_has_its_249_rows_in_order() -> None:
    rows, problems = load_rows(TEXT, "requirements.yaml")
    assert problems == ()
    assert [row.id for row in rows] == [
        f"{letter}-{n:02d}" for letter, most in COUNTS.items() for n in range(1, most + 1)
    ]
    assert len(rows) == 249
    assert len({row.words for row in rows}) > 240


def test_every_mark_on_a_test_names_a_row() -> None:
    known = {row.id for row in load_rows(TEXT, "x")[0]}
    marked: set[str] = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        for arguments in re.findall(r"mark\.requirement\(([^)]*)\)", file.read_text(encoding="utf-8")):
            marked |= set(re.findall(r'"([^"]+)"', arguments))
    assert marked <= known
    assert len(marked) >= 60


def test_only_a_test_that_passed_proves_a_row() -> None:
    row = Row("L-01", "咨询")
    assert verdict(row, [], {}) is Verdict.OPEN
    assert verdict(row, ["t"], {}) is Verdict.NOT_RUN
    assert verdict(row, ["t"], {"t": "skipped"}) is Verdict.NOT_RUN
    assert verdict(row, ["t", "u"], {"t": "passed"}) is Verdict.PROVED
    assert verdict(row, ["t", "u"], {"t": "passed", "u": "failed"}) is Verdict.FAILING
    assert verdict(Row("L-01", "咨询", "会议"), ["t"], {"t": "failed"}) is Verdict.NOT_SOFTWARE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TEXT.replace("  L-01:", "  L-1:"), "不是需求编号"),
        (TEXT.replace("not_software: {}", "not_software: {L-99: 无}"), "不在表里"),
        (TEXT.replace("  L-02:", "  L-01:"), "L-01"),
    ],
)
def test_a_bad_table_is_refused(text: str, told: str) -> None:
    rows, problems = load_rows(text, "x")
    assert rows == ()
    assert any(told in str(problem) for problem in problems)


def test_every_row_has_a_test() -> None:
    """And that test is run by whoever runs this one: a row without a passing test lets the whole suite fail."""
    command = [sys.executable, "-m", "cti", "requirements", "--no-run", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False)
    whole = json.loads(done.stdout)
    assert (whole["rows"], whole["open"], whole["unknown_marks"]) == (249, [], [])
    assert len(whole["not_run"]) + len(whole["not_software"]) == 249
    assert all(row["reason"] for row in whole["not_software"])
    assert done.returncode == 0


def test_the_command_runs_a_rows_tests_and_says_what_came_of_them() -> None:
    command = [sys.executable, "-m", "cti", "requirements", "J-21", "L-20", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    whole = json.loads(done.stdout)
    assert (whole["rows"], whole["failing"], whole["unknown_marks"]) == (2, [], [])
    assert "J-21" in whole["tests"]
    assert whole["proved"] >= 1
