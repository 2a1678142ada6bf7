"""Files that people publish from the pages (flows, queues, holidays, words): what a version is, and when one may be.

A version holds all files of its shelf. Whoever publishes says which version they began from, so that two people never
undo each other's work unseen; errors forbid, warnings need a reason.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ivr.problems import Problem, has_errors

LONGEST_NOTE = 500
MOST_FILES = 100
MOST_BYTES = 4_000_000
FILE_NAME = re.compile(r"(?:[A-Za-z][A-Za-z0-9_-]{0,47}|110|119|120|122)\.yaml")
_CONTEXT_LINES = 3


class Shelf(StrEnum):
    """What can be published: each a set of files that is checked, taken in and given back as one."""

    FLOWS = "flows"
    QUEUES = "queues"
    CALENDAR = "calendar"
    WORDS = "words"
    SEATS = "seats"
    DANGER = "danger"


Files = Mapping[str, str]
"""Text by file name, without folders."""


@dataclass(frozen=True, slots=True)
class Version:
    """One published state of a shelf. `back_to` is the number of the version that it gives back (0: none).

    `reason` says why warnings were accepted. Numbers count from 1 for each shelf.
    """

    shelf: Shelf
    number: int
    digest: str
    at: datetime
    by: str
    note: str
    files: Files
    reason: str = ""
    back_to: int = 0


@dataclass(frozen=True, slots=True)
class Publication:
    """A wish to publish: all files, and the digest of what their author had begun from."""

    files: Files
    based_on: str
    by: str
    note: str
    reason: str = ""
    back_to: int = 0


class Refusal(StrEnum):
    """Why something is not published; the value is what the page tells its reader."""

    NOTE_MISSING = "请写一句发布说明：改了什么、为什么。"
    TOO_MUCH = f"文件太多或太大。改法：最多 {MOST_FILES} 个文件，一共 {MOST_BYTES // 1_000_000} MB。"
    BAD_NAME = "文件名不能用。改法：用字母开头的字母、数字、_ 和 -，以 .yaml 结尾。"
    HAS_ERRORS = "有错误，不能发布。改法：按列出的每一处改正后再发布。"
    REASON_MISSING = "有提醒。改法：改掉它们，或写明为什么可以这样发布。"
    CHANGED_MEANWHILE = "别人刚发布了新的版本。改法：比较两个版本，把您的改动并进最新的版本再发布。"
    NOTHING_CHANGED = "与现在的版本完全相同，没有可以发布的改动。"

    @property
    def code(self) -> str:
        return self.name.lower()


def digest_of(files: Files) -> str:
    """Return the name of exactly these files."""
    found = hashlib.sha256()
    for name, text in sorted(files.items()):
        content = text.encode("utf-8", "surrogatepass")
        found.update(f"{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()[:16]


def misfit(files: Files) -> Refusal | None:
    """Return what keeps these files from even being checked."""
    if (
        len(files) > MOST_FILES
        or sum(len(text.encode("utf-8", "surrogatepass")) for text in files.values()) > MOST_BYTES
    ):
        return Refusal.TOO_MUCH
    return None if all(FILE_NAME.fullmatch(name) for name in files) else Refusal.BAD_NAME


def refusal(wish: Publication, current: Files, problems: tuple[Problem, ...]) -> Refusal | None:
    """Return why `wish` may not replace `current`, or None: it may."""
    if misfit(wish.files) is not None:
        return misfit(wish.files)
    if wish.based_on != digest_of(current):
        return Refusal.CHANGED_MEANWHILE
    if dict(wish.files) == dict(current):
        return Refusal.NOTHING_CHANGED
    if has_errors(problems):
        return Refusal.HAS_ERRORS
    if not wish.note.strip():
        return Refusal.NOTE_MISSING
    return Refusal.REASON_MISSING if problems and not wish.reason.strip() else None


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a comparison: `old` and `new` are its numbers there (0: not there); `text` is the line itself."""

    old: int
    new: int
    text: str


@dataclass(frozen=True, slots=True)
class FileDiff:
    """How one file differs; each hunk is a run of lines that changed, with some around them that did not."""

    file: str
    hunks: tuple[tuple[DiffLine, ...], ...]


def differences(old: Files, new: Files) -> tuple[FileDiff, ...]:
    """Return how two versions differ, file by file; files that are alike are left out."""
    return tuple(
        FileDiff(name, tuple(_hunks(old.get(name, "").splitlines(), new.get(name, "").splitlines())))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )


def _hunks(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[DiffLine, ...]]:
    for group in difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT_LINES):
        lines: list[DiffLine] = []
        for tag, a, b, c, d in group:
            if tag == "equal":
                lines += [DiffLine(a + i + 1, c + i + 1, old[a + i]) for i in range(b - a)]
                continue
            lines += [DiffLine(i + 1, 0, old[i]) for i in range(a, b)]
            lines += [DiffLine(0, i + 1, new[i]) for i in range(c, d)]
        yield tuple(lines)
