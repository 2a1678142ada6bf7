"""Why a move is refused: what is wrong, what to do instead, and the clause behind it. A value, never an exception."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """`what` and `remedy` are Chinese sentences that the person who asked may read."""

    what: str
    remedy: str
    clause: str = ""

    def __str__(self) -> str:
        clause = f"（依据：{self.clause}）" if self.clause else ""
        return f"{self.what}{clause} 改法：{self.remedy}"


STALE = "别人刚刚改动了这张工单。"
"""How a refusal begins when somebody else was quicker."""

Refusals = Iterator[Refusal]


def lacking(text: str, what: str) -> Refusals:
    """Refuse when a text that must be written is empty."""
    if not text.strip():
        yield Refusal(f"没有写{what}。", f"写明{what}。")
