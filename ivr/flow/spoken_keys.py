"""The keys that a prompt tells the caller to press, read from its words: 按1, 请按零, 按井号键, 按1至5."""

from __future__ import annotations

import re

_NAMES = {name: str(number) for number, name in enumerate("零一二三四五六七八九")} | {
    "幺": "1",
    "两": "2",
    "星": "*",
    "井": "#",
    "＊": "*",
    "＃": "#",
}
_KEY = r"(?:[0-9*#＊＃](?![0-9])|[零一二三四五六七八九幺](?![次下般直定个些样旦起共二三四五六七八九十百])|[星井]号?)"
_PRESS = re.compile(
    rf"按下?(?:数字)?\s*({_KEY})(?:号?键)?(?:\s*([至到~-])\s*({_KEY}))?((?:\s*[、或和]\s*{_KEY}(?:号?键)?)*)"
)
_ONE = re.compile(_KEY)


def keys_spoken(words: str) -> tuple[str, ...]:
    """Return the keys named in `words`, each once, in their order."""
    found: list[str] = []
    for match in _PRESS.finditer(words):
        first, dash, last, more = match.groups()
        begin = _digit(first)
        if dash and begin.isdigit() and _digit(last).isdigit():
            found.extend(str(number) for number in range(int(begin), int(_digit(last)) + 1))
        else:
            found.append(begin)
        found.extend(_digit(key) for key in _ONE.findall(more or ""))
    return tuple(dict.fromkeys(found))


def _digit(name: str) -> str:
    return _NAMES.get(name[0], name[0])
