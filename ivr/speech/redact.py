"""Masking (脱敏): telephone, identity card, bank card and plate numbers in a text, written or spoken."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from ivr.speech.numerals import Written, write_numbers


class PrivateKind(StrEnum):
    """What a number is; `NUMBER` is a long run of digits of unknown meaning, masked to be safe."""

    PHONE = "phone"
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    PLATE = "plate"
    NUMBER = "number"


ALL_KINDS = frozenset(PrivateKind)

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PATTERNS: tuple[tuple[PrivateKind, re.Pattern[str]], ...] = (
    (
        PrivateKind.PLATE,
        re.compile(rf"[{_PROVINCES}][ ·]?[A-Za-z][ ·]?(?=[A-Za-z]{{0,2}}\d)[A-Za-z0-9]{{5,6}}(?![A-Za-z0-9])"),
    ),
    (PrivateKind.ID_CARD, re.compile(r"(?<!\d)[1-8]\d{5}(?:18|19|20)\d{9}(?:\d|[xX叉])(?!\d)")),
    (PrivateKind.PHONE, re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|[48]00-?\d{3}-?\d{4})(?!\d)")),
    (PrivateKind.BANK_CARD, re.compile(r"(?<!\d)[3-6]\d{14,18}(?!\d)")),
    (PrivateKind.NUMBER, re.compile(r"\d(?:[- ]?\d){6,63}")),
)  # fmt: skip
_KEPT: dict[PrivateKind, tuple[int, int]] = {
    PrivateKind.PLATE: (2, 2),
    PrivateKind.ID_CARD: (4, 2),
    PrivateKind.PHONE: (3, 4),
    PrivateKind.BANK_CARD: (0, 4),
    PrivateKind.NUMBER: (0, 2),
}


@dataclass(frozen=True, slots=True)
class Private:
    """A private number: its kind, its range in the source text, and its digits as written."""

    kind: PrivateKind
    begin: int
    end: int
    digits: str


def find_private(text: str) -> tuple[Private, ...]:
    """Return the private numbers of `text` in order, without overlaps."""
    return tuple(private for private, _, _ in _found(write_numbers(text)))


def redact(text: str, kinds: Collection[PrivateKind] = ALL_KINDS, mark: str = "*") -> str:
    """Return `text` in the same words with the numbers of `kinds` masked; masking twice changes nothing more.

    A masked number appears in digits (139****0501) whether it was written or spoken; all else is untouched.
    """
    out: list[str] = []
    position = 0
    for private, begin, end in _found(write_numbers(text)):
        if private.kind not in kinds:
            continue
        out.append(text[position:begin])
        out.append(_masked(private, mark))
        position = end
    return "".join([*out, text[position:]])


def _found(written: Written) -> list[tuple[Private, int, int]]:
    """Return each private number with its range in the source."""
    taken: list[tuple[int, int, PrivateKind]] = []
    is_taken = bytearray(len(written.text))
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(written.text):
            if not any(is_taken[match.start() : match.end()]):
                taken.append((*match.span(), kind))
                is_taken[match.start() : match.end()] = b"\1" * len(match.group())
    found = []
    for begin, end, kind in sorted(taken):
        since, until = written.source_span(begin, end)
        found.append((Private(kind, since, until, written.text[begin:end]), since, until))
    return found


def _masked(private: Private, mark: str) -> str:
    """Return the number with its middle hidden, in a form that no pattern finds again."""
    head, tail = _KEPT[private.kind]
    said = private.digits
    hidden = max(3, len(said) - head - tail)
    return said[:head] + mark * hidden + said[len(said) - tail :]
