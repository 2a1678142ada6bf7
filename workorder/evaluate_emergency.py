"""How well danger is spotted on a labelled set: the figures that `hotline evaluate emergency` prints.

A row has `text`, `label` (`none`, `110`, `119`, `120` or `122`) and may have a `note` that ends in `alt=119,120`: types
as good as the label. Precision and recall count danger against none; the type is judged on the dangers that were found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from routing.emergency.kinds import Kind
from routing.emergency.spot import Finding

NONE = "none"
LABELS = (NONE, *(kind.value for kind in Kind))
_ALSO = re.compile(r"alt=([0-9,，、 ]+)")


class Spots(Protocol):
    """What is being measured."""

    def spot(self, text: str) -> Finding | None: ...


def evaluate_emergency(
    rows: Sequence[Mapping[str, object]], spotter: Spots, now_s: Callable[[], float] | None = None
) -> dict[str, object]:
    """Return n, recall, precision, type_accuracy, the texts of false_alarms and missed, and us_per_text.

    `now_s` is a clock in seconds (`time.perf_counter`); without one us_per_text is None. A share without anything to
    divide by is None. AuthorError with every row that cannot be judged.
    """
    _refuse_bad(rows)
    found = hits = right = 0
    false_alarms: list[str] = []
    missed: list[str] = []
    took_s = 0.0
    for row in rows:
        text, label = str(row["text"]), str(row["label"])
        begun_s = now_s() if now_s else 0.0
        finding = spotter.spot(text)
        took_s += (now_s() if now_s else 0.0) - begun_s
        found += finding is not None
        if label == NONE:
            if finding is not None:
                false_alarms.append(text)
        elif finding is None:
            missed.append(text)
        else:
            hits += 1
            right += finding.kind.value in accepted(row)
    return {
        "n": len(rows),
        "recall": _share(hits, hits + len(missed)),
        "precision": _share(hits, found),
        "type_accuracy": _share(right, hits),
        "false_alarms": false_alarms,
        "missed": missed,
        "us_per_text": round(took_s / len(rows) * 1e6, 1) if rows and now_s else None,
    }


def accepted(row: Mapping[str, object]) -> frozenset[str]:
    """Return the types that count as right for a row."""
    found = _ALSO.search(str(row.get("note") or ""))
    return frozenset({str(row["label"]), *(re.findall("[0-9]{3}", found[1]) if found else ())})


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _refuse_bad(rows: Sequence[Mapping[str, object]]) -> None:
    problems = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row.get("text"), str):
            problems.append(Problem(Place("评测集", number), "缺少“text”，或不是文字。", "写上市民说的话。"))
        elif str(row.get("label")) not in LABELS:
            what = f"“label”不能是“{str(row.get('label'))[:20]}”。"
            problems.append(Problem(Place("评测集", number), what, f"可以写：{'、'.join(LABELS)}。"))
    if problems:
        raise AuthorError(tuple(problems))
