"""How written Chinese is read aloud: numbers become hanzi, hanzi become pinyin with tones. Pure.

espeak-ng reads digits and many polyphones wrongly, so neither reaches it.
"""

from __future__ import annotations

import re

import cn2an
from pypinyin import Style, lazy_pinyin

_ONE_BY_ONE = str.maketrans("0123456789", "零幺二三四五六七八九")
_WIDE = str.maketrans("０１２３４５６７８９．％", "0123456789.%")
_YEAR = str.maketrans("0123456789", "零一二三四五六七八九")
_EMERGENCY = frozenset({"110", "119", "120", "122", "114", "999"})
_MEASURE = "个位次天件条名年家户层种项份张台辆只分秒岁里倍点"
# re.ASCII: only 0-9 are digits; \d alone also means those of other scripts.
_CLOCK = re.compile(r"(?<!\d)([01]?\d|2[0-4])[:：]([0-5]\d)(?!\d)", re.ASCII)
_YEARS = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?=年)", re.ASCII)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)[%％]", re.ASCII)
_TELEPHONE = re.compile(r"(?<![\d.])\+?\d[\d -]{5,20}\d(?![\d.])", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_LETTER_NAMES = "诶 毕 西 弟 伊 艾弗 吉 艾尺 艾 杰 开 艾勒 艾马 恩 欧 屁 寇 阿 艾丝 替 优 微 达不溜 艾克斯 歪 贼德"
_LETTERS = dict(zip("abcdefghijklmnopqrstuvwxyz", _LETTER_NAMES.split(" "), strict=True))
_STOPS = str.maketrans(
    {
        **dict.fromkeys("。！？!?.;；\n", "."),
        **dict.fromkeys('，、,：:（）()—…《》“”"', ","),
    }
)
_SYLLABLE = re.compile(r"[a-zü]+[1-5]")


def numbers_in_words(text: str) -> str:
    """Return `text` with every number written as it is said: telephone numbers digit by digit, amounts as amounts."""
    text = text.translate(_WIDE)
    text = _CLOCK.sub(lambda found: _clock(int(found[1]), int(found[2])), text)
    text = _YEARS.sub(lambda found: found[1].translate(_YEAR), text)
    text = _PERCENT.sub(lambda found: f"百分之{_amount(found[1])}", text)
    text = _TELEPHONE.sub(lambda found: re.sub(r"[ +-]", "", found[0]).translate(_ONE_BY_ONE), text)
    return _NUMBER.sub(lambda found: _number(found[0], text[found.end() : found.end() + 1]), text)


def pinyin(text: str) -> str:
    """Return what espeak-ng's `cmn-latn-pinyin` is given: toned syllables, commas and stops, and nothing else."""
    hanzi = "".join(_LETTERS.get(character.lower(), character) for character in numbers_in_words(text))
    said: list[str] = []
    for part in lazy_pinyin(hanzi, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False):
        if _SYLLABLE.fullmatch(part):
            said.append(part)
            continue
        for character in part.translate(_STOPS):
            if character in ",." and said and said[-1] not in (",", "."):
                said.append(character)
    return " ".join(said).replace(" ,", ",").replace(" .", ".")


def _clock(hour: int, minute: int) -> str:
    hours = "两" if hour == 2 else cn2an.an2cn(hour)
    if not minute:
        return f"{hours}点"
    return f"{hours}点{'零' if minute < 10 else ''}{cn2an.an2cn(minute)}分"


def _number(digits: str, following: str) -> str:
    one_by_one = len(digits) >= 5 or digits in _EMERGENCY or (digits[0] == "0" and len(digits) > 1)
    if one_by_one and "." not in digits:
        return digits.translate(_ONE_BY_ONE)
    if digits == "2" and following and following in _MEASURE:
        return "两"
    return _amount(digits)


def _amount(digits: str) -> str:
    if len(digits) > 12:
        return digits.replace(".", "点").translate(_YEAR)
    said: str = cn2an.an2cn(digits)
    return said[1:] if said.startswith("一十") else said
