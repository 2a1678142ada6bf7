"""A table of figures: its columns, how their values are written, and the chart that suits it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Cell: TypeAlias = str | int | float | None


class Kind(StrEnum):
    """How a column's values are written."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `in_chart`: it is drawn."""

    name: str
    title: str
    kind: Kind = Kind.COUNT
    in_chart: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows under columns; the first column names each row. `chart` is bar, line or none."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    chart: str = "none"
    note: str = ""

    @property
    def drawn(self) -> tuple[int, ...]:
        """Return which columns a chart draws: those marked, as far as they are numbers."""
        return tuple(nth for nth, each in enumerate(self.columns) if each.in_chart and each.kind is not Kind.TEXT)


def written(value: Cell, kind: Kind) -> str:
    """Return a value as people read it."""
    if value is None:
        return "—"
    match kind:
        case Kind.SHARE:
            return f"{100 * float(value):.1f}%"
        case Kind.SECONDS:
            seconds = round(float(value))
            return f"{seconds // 60} 分 {seconds % 60:02d} 秒" if seconds >= 60 else f"{seconds} 秒"
        case _:
            return str(value)
