"""The caller's telephone number, also when it is corrected in mid-sentence."""

from __future__ import annotations

import re

from workorder.extract import Found

_NUMBER = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-?[2-9]\d{6,7}|[48]00-?\d{3}-?\d{4}|[2-8]\d{6,7})(?!\d)")
_INSIDE = re.compile(r"1[3-9]\d{9}")
_RUN = re.compile(r"\d{12,40}")
_CUE = re.compile(r"(?:电话|手机|号码|联系|打我|打给我|座机|留个|微信|回我|回电)[^\d\x01]{0,12}$")
_OTHERS = re.compile(
    r"(?:他的|她的|他们|店里的|物业的?|老板的?|司机的?|公司的?|对方的?|客服)(?:电话|手机|号码)[^\d]{0,6}$"
)
_CORRECTION = re.compile(
    r"^[^\d\x01]{0,6}?(?:不对|错了|说错|弄错|记错|不是这个|更正|不不|不是不是)[^\d\x01]{0,14}?(?:(?:最后|后面|"
    r"尾号|后[二两三四]位)[^\d]{0,6}?)?(\d{2,11}|[零一二三四五六七八九幺]{2,11})(?![\d十百千楼号栋零一二三四五六七八九幺])"
)
_LAST_DIGIT = re.compile(
    r"^[^\d\x01]{0,4}?(?:不对|错了|说错了?|哦|噢|不是)?[^\d\x01]{0,4}?最后(?:一位|一个|那位|那个)?(?:数|字)?是"
    r"(?P<digit>[零一二三四五六七八九幺\d])(?![\d十百千零一二三四五六七八九幺])"
)
"""…七零二哦最后是一不是二."""
_SPOKEN = str.maketrans("零幺一二三四五六七八九", "01123456789")
_DOCUMENT = 15
"""Digits from which a run is an identity or bank card, whose inside is no telephone number."""


def find_phones(text: str) -> tuple[Found, ...]:
    """Return the numbers of `text` (in digits), the one to call back first."""
    found: list[tuple[float, int, Found]] = []
    for match in _NUMBER.finditer(text):
        said, begin, end = match.group(), match.start(), match.end()
        sureness = 0.95 if len(said) == 11 and said[0] == "1" else 0.85
        before = text[max(0, begin - 20) : begin]
        has_cue = bool(_CUE.search(before))
        if len(said) in (7, 8) and "-" not in said:
            if not has_cue:
                continue
            sureness = 0.7
        said, end, rule = _corrected(text, said, end)
        weight = sureness + 0.02 * has_cue - 0.5 * bool(_OTHERS.search(before)) + 0.2 * (rule == "phone.corrected")
        found.append((weight, begin, Found(said.replace("-", ""), begin, end, sureness, rule)))
    for run in _RUN.finditer(text):
        if len(run.group()) >= _DOCUMENT:
            continue
        inner = _INSIDE.search(run.group(), len(run.group()) - 11) or _INSIDE.search(run.group())
        if inner is not None:
            begin = run.start() + inner.start()
            found.append((0.5, begin, Found(inner.group(), begin, begin + 11, 0.6, "phone.inside")))
    found = [each for each in found if not _was_taken_back(text, each[2], found)]
    found.sort(key=lambda each: (-each[0], -each[1]))
    return tuple(each[2] for each in found)


def _corrected(text: str, said: str, end: int) -> tuple[str, int, str]:
    """Return the number after a correction of its head (不对，138) or tail (最后三位是502)."""
    match = _CORRECTION.match(text[end : end + 40])
    if match is None:
        last = _LAST_DIGIT.match(text[end : end + 20])
        if last is not None:
            return said[:-1] + last["digit"].translate(_SPOKEN), end + last.end(), "phone.corrected"
    if match is None or len(match[1]) >= len(said):
        return said, end, "phone.said"
    part = match[1].translate(_SPOKEN)
    is_head = len(part) <= 4 and said[0] == "1" and re.match(r"1[3-9]", part) and "最后" not in match.group()
    new = part + said[len(part) :] if is_head else said[: -len(part)] + part
    return new, end + match.end(), "phone.corrected"


def _was_taken_back(text: str, number: Found, found: list[tuple[float, int, Found]]) -> bool:
    """Whether the speaker took this number back and said a whole new one."""
    match = _CORRECTION.match(text[number.end : number.end + 40])
    return match is not None and any(other.begin == number.end + match.start(1) for _, _, other in found)
