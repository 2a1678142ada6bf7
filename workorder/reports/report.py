"""A report as a value: what stands in it, before it becomes a page, a workbook or a printed paper."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from workorder.reports.grid import Cell, Column, Grid, Kind, written


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """One figure with its formula, and what it was in the period before; None where there was nothing to count."""

    title: str
    kind: Kind
    value: Cell
    before: Cell
    formula: str
    clause: str
    note: str = ""

    @property
    def change(self) -> str:
        """Return how it changed, as people write it; empty when it cannot be said."""
        return change_of(self.value, self.before, self.kind)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Figures, one under the other."""

    title: str
    rows: tuple[Number, ...]


Part: TypeAlias = Words | Numbers | Grid


@dataclass(frozen=True, slots=True)
class Report:
    """A report of whole days, both included. The same events and the same template give the same `digest`."""

    name: str
    title: str
    city: str
    since: date
    until: date
    clause: str
    is_public: bool
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    is_empty: bool = False

    @property
    def period(self) -> str:
        return f"{self.since}" if self.since == self.until else f"{self.since} 至 {self.until}"

    @property
    def digest(self) -> str:
        """Return the sha256 by which two makings of it are compared."""
        text = json.dumps(to_plain(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def change_of(value: Cell, before: Cell, kind: Kind) -> str:
    """Return `+12，+8.3%` for counts, `+1.2 个百分点` for shares."""
    if not isinstance(value, int | float) or not isinstance(before, int | float):
        return ""
    gap = value - before
    if kind is Kind.SHARE:
        return f"{100 * gap:+.1f} 个百分点"
    return f"{gap:+d}，{gap / before:+.1%}" if before else f"{gap:+d}"


def to_plain(report: Report) -> dict[str, Any]:
    """Return the report as JSON can hold it."""
    return {
        "name": report.name,
        "title": report.title,
        "city": report.city,
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "clause": report.clause,
        "is_public": report.is_public,
        "is_empty": report.is_empty,
        "parts": [_plain_part(each) for each in report.parts],
        "notes": list(report.notes),
    }


def from_plain(plain: Mapping[str, Any]) -> Report:
    """Read what `to_plain` wrote."""
    return Report(
        plain["name"],
        plain["title"],
        plain["city"],
        date.fromisoformat(plain["since"]),
        date.fromisoformat(plain["until"]),
        plain["clause"],
        plain["is_public"],
        tuple(_part(each) for each in plain["parts"]),
        tuple(plain["notes"]),
        plain["is_empty"],
    )


def _plain_part(part: Part) -> dict[str, Any]:
    match part:
        case Words(title=title, text=text):
            return {"part": "words", "title": title, "text": text}
        case Numbers(title=title, rows=rows):
            shown = [
                {
                    "title": each.title,
                    "kind": each.kind.value,
                    "value": each.value,
                    "before": each.before,
                    "change": each.change,
                    "formula": each.formula,
                    "clause": each.clause,
                    "note": each.note,
                }
                for each in rows
            ]
            return {"part": "numbers", "title": title, "rows": shown}
        case Grid():
            columns = [
                {"name": each.name, "title": each.title, "kind": each.kind.value, "in_chart": each.in_chart}
                for each in part.columns
            ]
            return {
                "part": "grid",
                "title": part.title,
                "columns": columns,
                "rows": [list(row) for row in part.rows],
                "chart": part.chart,
                "note": part.note,
            }


def _part(plain: Mapping[str, Any]) -> Part:
    match plain["part"]:
        case "words":
            return Words(plain["title"], plain["text"])
        case "numbers":
            rows = tuple(
                Number(
                    each["title"],
                    Kind(each["kind"]),
                    each["value"],
                    each["before"],
                    each["formula"],
                    each["clause"],
                    each["note"],
                )
                for each in plain["rows"]
            )
            return Numbers(plain["title"], rows)
        case _:
            columns = tuple(
                Column(each["name"], each["title"], Kind(each["kind"]), each["in_chart"]) for each in plain["columns"]
            )
            rows_of = tuple(tuple(row) for row in plain["rows"])
            return Grid(plain["title"], columns, rows_of, plain["chart"], plain["note"])


def numbers_as_cells(part: Numbers) -> tuple[tuple[str, ...], ...]:
    """Return the rows of figures as texts, under NUMBER_TITLES."""
    return tuple(
        (
            each.title,
            written(each.value, each.kind) if each.value is not None or not each.note else each.note,
            written(each.before, each.kind),
            each.change or "—",
            each.formula,
            each.clause,
        )
        for each in part.rows
    )


NUMBER_TITLES = ("指标", "本期", "上期", "变化", "公式", "依据")
