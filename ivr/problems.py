"""What is wrong with a file that a person wrote: the place, what, and the remedy, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether the file may be used as it is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in which file; lines and columns count from 1, 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: `what` and `remedy` are Chinese sentences, `clause` the standard behind it (may be empty)."""

    place: Place
    what: str
    remedy: str
    severity: Severity = Severity.ERROR
    clause: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        kind = "错误" if self.is_error else "提醒"
        clause = f"（依据：{self.clause}）" if self.clause else ""
        return f"{self.place}: {kind}：{self.what}{clause} 改法：{self.remedy}"


def has_errors(problems: tuple[Problem, ...]) -> bool:
    """Whether any of `problems` forbids using the file."""
    return any(problem.is_error for problem in problems)
