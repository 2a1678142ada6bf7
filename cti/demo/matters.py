"""What the invented citizens of `hotline seed-demo` call about (matters.txt). Nobody and nothing of it exists."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

AGENTS = ("李晓梅", "王建国", "赵敏")


@dataclass(frozen=True, slots=True)
class Matter:
    """One kind of request; `{place}` and `{days}` are filled in. `weight`: how often it comes."""

    manner: str
    category: str
    unit: str
    title: str
    told: str
    reply: str
    keywords: str
    weight: int


@dataclass(frozen=True, slots=True)
class Told:
    """Everything in the file."""

    matters: tuple[Matter, ...]
    streets: tuple[str, ...]
    surnames: tuple[str, ...]
    given: tuple[str, ...]
    articles: tuple[tuple[str, str, str, str], ...]


def read_matters() -> Told:
    """Read the file that ships with the package."""
    text = (files("cti.demo") / "matters.txt").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line and not line.startswith("#")]
    words = {row[0]: tuple(row[1].split()) for row in rows if len(row) == 2}
    return Told(
        matters=tuple(
            Matter(row[0], row[1], row[2], row[3], row[4], row[5], row[6], int(row[7])) for row in rows if len(row) == 8
        ),
        streets=words["streets"],
        surnames=words["surnames"],
        given=words["given"],
        articles=tuple((row[1], row[2], row[3], row[4]) for row in rows if row[0] == "article"),
    )
