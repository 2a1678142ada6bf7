"""Splits a pinyin syllable into acoustic units and numbers the phones and pdfs of the model.

A syllable `xiao3` is the initial `x` and the toned final `iao3`. `y` and `w` count as initials. Initials have one
HMM state, toned finals two, silence one. Each unit exists in four word positions (begin, end, internal, singleton)
which share their pdfs, so that libvosk can tell where a word starts and ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SILENCE = "SIL"
INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
FINALS = (
    "a", "o", "e", "i", "u", "v", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "ong", "er", "ia", "ie", "iao",
    "iu", "ian", "in", "iang", "ing", "iong", "io", "ua", "uo", "uai", "ui", "uan", "un", "uang", "ve", "van", "vn",
    "ii", "iii",
)  # fmt: skip
TONES = "12345"  # 5 is the neutral tone
UNITS = (SILENCE, *INITIALS, *(final + tone for final in FINALS for tone in TONES))

_AFTER_Y = {
    "yi": "i", "yin": "in", "ying": "ing", "yan": "ian", "ye": "ie", "you": "iu", "yong": "iong", "ya": "ia",
    "yao": "iao", "yang": "iang", "yo": "io", "yai": "iai", "yu": "v", "yue": "ve", "yuan": "van", "yun": "vn",
}  # fmt: skip
_AFTER_W = {
    "wu": "u", "wa": "ua", "wo": "uo", "wai": "uai", "wei": "ui", "wan": "uan", "wen": "un", "wang": "uang",
    "weng": "ong",
}  # fmt: skip
_SYLLABLE = re.compile(r"^([a-zü]+)([1-5])$")


def _split(syllable: str) -> tuple[str, str]:
    """Return (initial or "", final) of a syllable without tone."""
    if syllable in _AFTER_Y:
        return "y", _AFTER_Y[syllable]
    if syllable in _AFTER_W:
        return "w", _AFTER_W[syllable]
    for initial in INITIALS:
        if initial in "yw" or not syllable.startswith(initial):
            continue
        final = syllable[len(initial) :]
        if final == "i" and initial in ("z", "c", "s"):
            final = "ii"  # the vowel of 四
        elif final == "i" and initial in ("zh", "ch", "sh", "r"):
            final = "iii"  # the vowel of 十
        elif initial in "jqx" and final.startswith("u"):
            final = "v" + final[1:]
        return initial, final
    return "", syllable


def syllable_units(syllable: str) -> tuple[str, ...] | None:
    """Return the units of `ni3` as `("n", "i3")`, or None when it is no Mandarin syllable with a tone digit."""
    match = _SYLLABLE.match(syllable)
    if match is None:
        return None
    initial, final = _split(match[1].replace("ü", "v"))
    if final not in FINALS:
        return None
    return (initial, final + match[2]) if initial else (final + match[2],)


def word_units(syllables: Sequence[str]) -> tuple[str, ...] | None:
    """Return the units of all syllables in order, or None when one of them is no Mandarin syllable."""
    units: list[str] = []
    for syllable in syllables:
        split = syllable_units(syllable)
        if split is None:
            return None
        units.extend(split)
    return tuple(units) if units else None


def is_final(unit: str) -> bool:
    """Tell whether the unit is a toned final (two HMM states) rather than an initial or silence (one)."""
    return unit[-1].isdigit()


def _number_pdfs() -> dict[str, tuple[int, ...]]:
    pdfs: dict[str, tuple[int, ...]] = {}
    count = 0
    for unit in UNITS:
        states = 2 if is_final(unit) else 1
        pdfs[unit] = tuple(range(count, count + states))
        count += states
    return pdfs


PDFS = _number_pdfs()
PDF_COUNT = sum(len(pdfs) for pdfs in PDFS.values())
PHONES = ("<eps>", SILENCE, *(f"{unit}_{position}" for unit in UNITS[1:] for position in "BEIS"))
PHONE_IDS = {phone: number for number, phone in enumerate(PHONES)}


def unit_of_phone(phone: int) -> str:
    """Return the unit of a phone id."""
    return PHONES[phone].split("_")[0]


def positioned(units: Sequence[str]) -> list[int]:
    """Return the word-position phone ids of a word's units."""
    if len(units) == 1:
        return [PHONE_IDS[units[0] + "_S"]]
    last = len(units) - 1
    return [
        PHONE_IDS[unit + ("_B" if place == 0 else "_E" if place == last else "_I")] for place, unit in enumerate(units)
    ]


def tone_siblings(pdf_unit: str, state: int) -> tuple[int, ...]:
    """Return the pdfs of the five tones of the same final and state; other units stand alone."""
    if not is_final(pdf_unit):
        return (PDFS[pdf_unit][state],) * len(TONES)
    return tuple(PDFS[pdf_unit[:-1] + tone][state] for tone in TONES)
