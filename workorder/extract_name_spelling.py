"""How callers spell a surname: 双人旁的徐, 耳东陈, 董存瑞的董, 复姓南宫."""

from __future__ import annotations

import re

from workorder.extract import Found
from workorder.extract_name_characters import DESCRIBED_SURNAMES

_RADICAL = (
    r"(?:[三两四]点水|言字旁|草字头|木字旁|双人旁|单人旁|双耳旁|[左右]?耳朵?旁|绞丝旁|竖心旁|提手旁|宝盖头?|走之底?|"
    r"金字旁|女字[旁底]|王字旁|火字旁|石字旁|马字旁|山字[头旁]|日字[头旁]|竹字头|雨字头|门字框|反犬旁|衣字旁)"
)
BY_RADICAL = re.compile(rf"{_RADICAL}(?:的|那个|一个|加个?|底下)*(?P<surname>[\u4e00-\u9fff])")
BY_WORD = re.compile(
    r"(?P<surname>[\u4e00-\u9fff])(?P<word>(?P=surname)?[\u4e00-\u9fff]{1,4}?)(?:的|那个)(?P=surname)(?=\d|$|[\x01，。,.]|电话|手机|号码|我|就)"
)
"""董|董存瑞的董, 宁|宁静的宁."""
SPELLING = re.compile(
    rf"{_RADICAL}(?:的|那个|一个|加个?|底下)*[\u4e00-\u9fff]|复姓[\u4e00-\u9fff]{{2}}|"
    r"(?<=姓)(?P<c>[\u4e00-\u9fff])(?:[\u4e00-\u9fff]{1,6}?(?:的|那个)(?P=c)|[\u4e00-\u9fff]{2}(?P=c))"
)


def find_spellings(text: str) -> tuple[Found, ...]:
    """Return where a surname is spelt (三点水的江, 复姓南宫), which tells neither a time nor a place."""
    spelt = [Found(match.group(), *match.span(), 0.9, "surname.spelling") for match in SPELLING.finditer(text)]
    spelt += [Found(match.group(), *match.span(), 0.9, "surname.spelling") for match in BY_WORD.finditer(text)]
    return tuple(
        spelt
        + [
            Found(said, at, at + len(said), 0.9, "surname.spelling")
            for said in DESCRIBED_SURNAMES
            if (at := text.find(said)) >= 0
        ]
    )
