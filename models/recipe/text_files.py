"""Reads the hand-written files of text/: lines without comments, and tables of named lists."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

TEXT = Path(__file__).parent / "text"


def read_lines(path: Path) -> list[str]:
    """Return the lines that are neither empty nor comments."""
    lines = (line.strip() for line in path.read_text(encoding="utf8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


@lru_cache(maxsize=4)
def read_table(name: str) -> dict[str, list[str]]:
    """Return the lists of text/NAME.txt; a line is `list: word word ...`, lines of one list are joined."""
    table: dict[str, list[str]] = {}
    for line in read_lines(TEXT / f"{name}.txt"):
        key, _, words = line.partition(":")
        table.setdefault(key.strip(), []).extend(words.split())
    return table
