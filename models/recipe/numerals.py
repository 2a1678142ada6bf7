"""Spells numbers the way they are spoken on a telephone: 12 as 十二, a phone number digit by digit with 幺."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"
_PHONE_DIGITS = "零幺二三四五六七八九"


def spell_digits(digits: str, *, phone: bool = True) -> str:
    """Return each digit as a character; on the telephone 1 is 幺."""
    table = _PHONE_DIGITS if phone else DIGITS
    return "".join(table[int(digit)] for digit in digits)


def _spell_below_ten_thousand(number: int, *, leading_ten: bool) -> str:
    spelt, zero_due = "", False
    for place, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // place % 10
        if digit == 0:
            zero_due = bool(spelt)
            continue
        if zero_due:
            spelt += "零"
            zero_due = False
        spelt += name if digit == 1 and place == 10 and leading_ten and not spelt else DIGITS[digit] + name
    return spelt


def spell_number(number: int) -> str:
    """Return 0..99999999 in words: 12 is 十二, 1050 一千零五十, 32000 三万二千."""
    if not 0 <= number < 100_000_000:
        raise ValueError(f"{number} is outside 0..99999999")
    if number == 0:
        return "零"
    high, low = divmod(number, 10_000)
    if high == 0:
        return _spell_below_ten_thousand(low, leading_ten=True)
    spelt = _spell_below_ten_thousand(high, leading_ten=True) + "万"
    if low == 0:
        return spelt
    return spelt + ("零" if low < 1000 else "") + _spell_below_ten_thousand(low, leading_ten=False)


def spell_colloquial(number: int) -> str:
    """Like `spell_number`, but 200 is 两百, 2000 两千, 20000 两万, as people say sums of money."""
    spelt = spell_number(number)
    for formal, spoken in (("二百", "两百"), ("二千", "两千")):
        spelt = spelt.replace(formal, spoken)
    return "两万" + spelt[2:] if spelt.startswith("二万") else spelt


def split_units(spelt: str) -> list[str]:
    """Cut a spelt number into the words of the model: 三百二十五 becomes 三百 二十五."""
    words: list[str] = []
    rest = spelt
    while rest:
        length = 1
        if len(rest) >= 2 and rest[1] in "千百万":
            length = 2
        elif rest[0] == "十" or (len(rest) >= 2 and rest[1] == "十"):
            length = 1 if rest[0] == "十" else 2
            if len(rest) > length and rest[length] in DIGITS[1:] and rest[length + 1 : length + 2] not in (*"千百万",):
                length += 1
        words.append(rest[:length])
        rest = rest[length:]
    return words
