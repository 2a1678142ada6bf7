"""Spoken Chinese numbers become digits where one writes digits; every character keeps the place it came from.

Digits said one by one (telephone, house, year) and numbers with 十百千万 are told apart by grammar; what is said in
words by custom stays (三四天, 十几个, 一下, 周三, 八一).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGIT = {
    **{char: str(value) for value, char in enumerate("零一二三四五六七八九")},
    "〇": "0",
    "幺": "1",
    "妖": "1",
    "腰": "1",
    "要": "1",
    "两": "2",
    "洞": "0",
    "拐": "7",
    **{str(value): str(value) for value in range(10)},
}
_SAID = "零〇一二两三四五六七八九幺妖洞拐0-9"
_PAUSE = r"(?:[ \t,，、…\-—]|嗯|呃|啊|哦){0,4}"
_REPEATED = rf"[二两三四五六七八]个[{_SAID}]"
_STRING = re.compile(
    rf"(?:(?<![重需主不只])[要腰](?=[{_SAID}]{{10}}))?(?:[{_SAID}](?!个)|{_REPEATED})(?:{_PAUSE}(?:{_REPEATED}|[{_SAID}]))*"
)
_PLAIN_RUN = re.compile(rf"[{_SAID}]+")
_NUMBER = re.compile(r"(?<!初)(?<!初[一二三四五六七八九十])[零一二两三四五六七八九十百千万亿]+")
_ANY_NUMBER = re.compile(rf"[{_SAID}要腰十百千万亿]")
"""What every number begins with; most talk has none, and is written as it was said."""
_UNIT = {"十": 10, "百": 100, "千": 1000}

_MOBILE = 11
_LONG = 7  # digits: from here on a run with pauses is one telephone, card or document number
_AFTER_HOUSE = re.compile(
    r"号|栋|幢|单元|室|层|楼(?!下|上|道|顶|梯|房|盘|主|里)|弄|户型|院|期(?!间)|区|排|组|队|路(?:公交|"
    r"车|汽车)|米|公里|平|吨|度|瓦|寸|岁|码|线"
)
_AFTER_SMALL = re.compile(
    r"号|栋|幢|单元|室|层|楼(?!下|上|道|顶|梯|房|盘|主|里)|弄|期(?!间)|路(?:公交|车|汽车)|岁|月(?:份|"
    r"[0-9一二三十]|底|初|中)|公里|平米|平方|毛|元"
)
_AFTER_COUNT = re.compile(
    r"[多来]?(?:块|元|毛|米|个|天|年|月|岁|点|分|秒|号|栋|幢|单元|室|层|楼|弄|平|吨|斤|公里|户|"
    r"人|次|趟|辆|棵|根|盏|条|台|家|路|度|万|日|周|小时|公斤|页|间|套|顿|盒|瓶|件|张|只|头|亩|"
    r"倍|%|期|位)"
)
_HOUR_BEFORE = re.compile(
    r"(?:早上|早晨|清早|一早|上午|中午|晌午|下午|后晌|傍晚|晚上|今晚|昨晚|夜里|夜间|半夜|深夜|"
    r"凌晨|后半夜|今天|昨天|前天|明天|每天|到|从|至|日|号|天)$"
)
_HOUR_AFTER = re.compile(
    r"点(?:半|钟|多|整|左右|前后|以前|以后|之前|之后|过|到|至|一刻|三刻|来|就|开始|[零一二三四五]?十|"
    r"[零0-9]|不到|出头|那会|的时候)"
)
_NOT_AN_HOUR = re.compile(r"点(?:建议|意见|要求|原因|问题|情况|诉求|疑问|希望|想法|事|儿)")


@dataclass(frozen=True, slots=True)
class Written:
    """A text with its numbers in digits. `spans[i]` is the half-open range of source characters behind `text[i]`.

    Spans never go back, and together they cover the source.
    """

    text: str
    spans: tuple[tuple[int, int], ...]

    def source_span(self, begin: int, end: int) -> tuple[int, int]:
        """Return the range of the source behind `text[begin:end]`; an empty range for an empty one."""
        if begin >= end or begin >= len(self.spans):
            place = self.spans[begin][0] if begin < len(self.spans) else (self.spans[-1][1] if self.spans else 0)
            return place, place
        return self.spans[begin][0], self.spans[min(end, len(self.spans)) - 1][1]


def number_value(said: str) -> int | None:
    """Return the value of a number with 十百千万亿 (三百五 is 350), or None when it is not one well-formed number."""
    total, section, digit, unit = 0, 0, -1, 0
    zero = False
    for char in said:
        if char in _UNIT:
            if digit < 0 and (char != "十" or section):
                return None
            if unit and _UNIT[char] >= unit:
                return None
            section += (1 if digit < 0 else digit) * _UNIT[char]
            digit, unit, zero = -1, _UNIT[char], False
        elif char in "万亿":
            section += max(digit, 0)
            scale = 10_000 if char == "万" else 100_000_000
            if section == 0 or (total and total < scale * 10):
                return None
            total += section * scale
            section, digit, unit, zero = 0, -1, scale, False
        elif char == "零":
            if digit >= 0 or zero:
                return None
            zero = True
        else:
            if digit >= 0:
                return None
            digit = int(_DIGIT[char])
    if digit >= 0:
        trailing = unit // 10 if unit >= 100 and not zero else 1
        section += digit * trailing
    elif zero and len(said) > 1:
        return None
    return total + section


def write_numbers(text: str) -> Written:
    """Return `text` as one would write it, linear in its length."""
    if not _ANY_NUMBER.search(text):
        return Written(text, tuple((i, i + 1) for i in range(len(text))))
    out: list[str] = []
    spans: list[tuple[int, int]] = []
    position = 0
    for begin, end, pieces in _replacements(text):
        if begin < position:
            continue
        out.extend(text[position:begin])
        spans.extend((i, i + 1) for i in range(position, begin))
        for char, at, until in pieces:
            out.append(char)
            spans.append((at, until))
        position = end
    out.extend(text[position:])
    spans.extend((i, i + 1) for i in range(position, len(text)))
    return Written("".join(out), tuple(spans))


_Pieces = list[tuple[str, int, int]]


def _begins_the_next(text: str, end: int) -> bool:
    """Whether the last digits of a long run belong to what follows: 幺三九…五零幺|七里河, …五零幺|三号楼."""
    return end < len(text) and text[end] in "里星号栋楼单街条个天点院区社组层室中十百月年"


def _replacements(text: str) -> list[tuple[int, int, _Pieces]]:
    """Return what must be written in digits, in order and without overlaps."""
    found: list[tuple[int, int, _Pieces]] = []
    for match in _STRING.finditer(text):
        begin, end = match.span()
        while end > begin and end < len(text) and text[end] in "十百千万亿" and text[end - 1] not in "幺妖洞拐":
            end -= 1  # 幺三九…五零幺|二十六号: the last digit begins the next number
            break
        pieces = _digits_of(text, begin, end)
        if len(pieces) > _MOBILE and _begins_the_next(text, end):
            spoken = "".join(digit for digit, _, _ in pieces)
            if re.match(r"1[3-9]", spoken) and len(pieces) <= _MOBILE + 3:
                pieces, end = pieces[:_MOBILE], pieces[_MOBILE][1]
        if len(pieces) >= _LONG:
            found.append((begin, end, pieces))
            continue
        for run in _PLAIN_RUN.finditer(text, begin, end):
            if _is_written_digit_by_digit(text, run.start(), run.end()):
                found.append((run.start(), run.end(), _digits_of(text, run.start(), run.end())))
    taken = iter([*found, (len(text), len(text), [])])
    gap = 0
    numbers: list[tuple[int, int, _Pieces]] = []
    for begin, end, _ in taken:
        numbers.extend(_numbers_between(text, gap, begin))
        gap = end
    return sorted(found + numbers, key=lambda each: each[0])


def _digits_of(text: str, begin: int, end: int) -> _Pieces:
    """Return the digits said between two places; a pause belongs to the digit before it, 三个八 to three digits."""
    pieces: _Pieces = []
    at = begin
    while at < end:
        char = text[at]
        if at + 2 < end and text[at + 1] == "个" and text[at + 2] in _DIGIT:
            digit = _DIGIT[text[at + 2]]
            pieces.extend((digit, at, at + 3) for _ in range(int(_DIGIT[char])))
            at += 3
            continue
        if char in _DIGIT:
            pieces.append((_DIGIT[char], at, at + 1))
        elif pieces:
            digit, since, _ = pieces[-1]
            pieces[-1] = (digit, since, at + 1)
        at += 1
    return pieces


def _is_written_digit_by_digit(text: str, begin: int, end: int) -> bool:
    """Whether a short run of spoken digits is a house, room, line or year rather than a rough count (三四天)."""
    said = text[begin:end]
    after = text[end : end + 4]
    before = text[begin - 1 : begin]
    if said.isdigit() and said.isascii():
        return False
    if any(char.isascii() for char in said) or (before.isascii() and before.isalpha()):
        return True
    if len(said) >= 5:
        return True
    if len(said) >= 3:
        return any(char in "零〇幺妖洞" for char in said) or bool(re.match(r"年|号|室|房|栋|路|弄|院|单元|区", after))
    if len(said) == 2:
        return ("幺" in said or "〇" in said) or (said[0] != said[1] and after[:1] == "年" and said[0] in "零〇七八九")
    return False


def _numbers_between(text: str, begin: int, end: int) -> list[tuple[int, int, _Pieces]]:
    """Return the numbers with 十百千万 and the single digits that one writes as digits."""
    found: list[tuple[int, int, _Pieces]] = []
    for match in _NUMBER.finditer(text, begin, end):
        at, until = match.span()
        said = match.group()
        value = number_value(said)
        if value is None:
            continue
        before, after = text[max(0, at - 3) : at], text[until : until + 6]
        if _is_written_as_number(said, value, before, after):
            found.append((at, until, [(char, at, until) for char in str(value)]))
    return found


def _is_written_as_number(said: str, value: int, before: str, after: str) -> bool:
    """Whether custom writes this number in digits at this place."""
    if before[-1:] in ("几", "数", "第") or before.endswith(("星期", "礼拜", "周")) or after[:1] in ("几", "分之"):
        return before[-1:] == "第" and value >= 10 and bool(_AFTER_HOUSE.match(after))
    if after[:1] == "点" and value <= 24:
        if _NOT_AN_HOUR.match(after) or (value == 1 and after[1:2] in ("都", "也", "不", "没", "点")):
            return False
        return bool(_HOUR_BEFORE.search(before) or _HOUR_AFTER.match(after)) or value >= 4
    if before.endswith("点") and after[:1] == "分" and value < 60:
        return True
    if said in ("十", "百", "千", "万", "亿", "零"):
        return said == "十" and bool(re.match(r"号|栋|单元|层|楼|块|月|元|年|天|路公交", after))
    if len(said) == 1:
        if after.startswith(("月", "号")) and after[:2] not in ("月子", "号称"):
            return value > 0
        return bool(_AFTER_SMALL.match(after)) or (after.startswith("块") and value > 2 and after[:2] != "块儿")
    if said in ("一千", "一万", "一百", "万一", "千万"):
        return said[0] == "一" and bool(_AFTER_COUNT.match(after))
    return value >= 10
