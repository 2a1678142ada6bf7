"""The table of requirements: 249 rows of five cities' rules, read strictly; and what tests say about each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ivr.problems import Problem, has_errors
from ivr.yaml_fields import Fields
from ivr.yaml_source import read_yaml

COUNTS = {"L": 36, "J": 40, "Y": 60, "S": 60, "D": 53}
_ID = re.compile(r"[LJYSD]-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement in our own words; `reason` when it is nothing that software does."""

    id: str
    words: str
    reason: str = ""


class Verdict(StrEnum):
    """How a row stands. Only PROVED means that a test which ran just now has passed."""

    PROVED = "proved"
    FAILING = "failing"
    NOT_RUN = "not_run"  # it has a test, which did not run here
    OPEN = "open"  # it has no test
    NOT_SOFTWARE = "not_software"


VERDICT_TITLES = {
    Verdict.PROVED: "已证明",
    Verdict.FAILING: "不通过",
    Verdict.NOT_RUN: "未运行",
    Verdict.OPEN: "尚无证明",
    Verdict.NOT_SOFTWARE: "不属软件",
}


def load_rows(text: str | bytes, file: str) -> tuple[tuple[Row, ...], tuple[Problem, ...]]:
    """Return the rows in the order of the file, or none and every problem."""
    tree, found = read_yaml(text, file)
    if tree is None or has_errors(found):
        return (), found
    problems = list(found)
    top = Fields(tree, "需求表", problems)
    top.integer("requirements", low=1, high=1)
    words, reasons = top.text_map("rows", required=True), top.text_map("not_software")
    for id_ in (*words, *reasons):
        if not _ID.fullmatch(id_):
            top.error(top.place("rows"), f"“{id_[:20]}”不是需求编号。", "写成 L-01。")
    for id_ in reasons:
        if id_ not in words or not reasons[id_]:
            top.error(top.place("not_software"), f"“{id_[:20]}”不在表里，或没有写理由。", "写明理由。")
    top.done()
    rows = tuple(Row(id_, text, reasons.get(id_, "")) for id_, text in words.items())
    return (() if has_errors(tuple(problems)) else rows), tuple(problems)


def verdict(row: Row, tests: Iterable[str], outcomes: Mapping[str, str]) -> Verdict:
    """Return how a row stands, given the tests that claim it and what came of those that ran."""
    if row.reason:
        return Verdict.NOT_SOFTWARE
    ran = [outcomes[test] for test in tests if test in outcomes]
    if "failed" in ran:
        return Verdict.FAILING
    if "passed" in ran:
        return Verdict.PROVED
    return Verdict.NOT_RUN if tuple(tests) else Verdict.OPEN
