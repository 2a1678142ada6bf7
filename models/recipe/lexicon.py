"""Words and how they are read: pypinyin readings, with further readings for common characters that have several."""

from __future__ import annotations

import re
from pathlib import Path

import jieba
from pypinyin import Style, lazy_pinyin

from .units import word_units

HANZI = re.compile(r"^[\u4e00-\u9fff]+$")

FURTHER_READINGS = {
    "一": ("yi1", "yi2", "yi4"), "不": ("bu4", "bu2"), "了": ("le5", "liao3"), "长": ("chang2", "zhang3"),
    "还": ("hai2", "huan2"), "得": ("de5", "dei3", "de2"), "地": ("di4",), "行": ("xing2", "hang2"),
    "都": ("dou1", "du1"), "重": ("zhong4", "chong2"), "为": ("wei4", "wei2"), "着": ("zhe5", "zhao2"),
    "和": ("he2",), "没": ("mei2",), "只": ("zhi3", "zhi1"), "好": ("hao3", "hao4"), "少": ("shao3", "shao4"),
    "大": ("da4",), "要": ("yao4",), "个": ("ge4", "ge5"), "们": ("men5",), "子": ("zi5", "zi3"), "的": ("de5",),
    "差": ("cha4", "cha1"), "空": ("kong1", "kong4"), "倒": ("dao3", "dao4"), "几": ("ji3", "ji1"),
    "处": ("chu4", "chu3"), "间": ("jian1", "jian4"), "种": ("zhong3", "zhong4"), "相": ("xiang1", "xiang4"),
    "数": ("shu4", "shu3"), "转": ("zhuan3", "zhuan4"), "发": ("fa1",), "分": ("fen1", "fen4"), "喂": ("wei4",),
    "呢": ("ne5",), "吧": ("ba5",), "吗": ("ma5",), "啊": ("a1", "a5"), "呀": ("ya1", "ya5"), "嘛": ("ma5", "ma2"),
    "哎": ("ai1",), "嗯": ("en1", "en5"), "唉": ("ai1", "ai4"), "哦": ("o2", "o4"), "幺": ("yao1",),
    "血": ("xue4", "xie3"), "抽": ("chou1",), "抢": ("qiang3",), "散": ("san4", "san3"), "挨": ("ai1", "ai2"),
    "似": ("si4",), "便": ("bian4", "pian2"), "称": ("cheng1",), "弄": ("nong4",), "上": ("shang4",), "下": ("xia4",),
    "里": ("li3", "li5"), "头": ("tou2", "tou5"),
}  # fmt: skip
"""Readings that replace pypinyin's one reading of a single character."""


def read_aloud(word: str) -> list[str]:
    """Return the pinyin syllables of a word, such as `["ni3", "hao3"]`."""
    return list(lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False))


def pronunciations(word: str) -> list[tuple[str, ...]]:
    """Return the unit sequences of a word, most usual first; empty when it cannot be read as Mandarin."""
    readings = [[reading] for reading in FURTHER_READINGS[word]] if word in FURTHER_READINGS else [read_aloud(word)]
    split = (word_units(reading) for reading in readings)
    return [units for units in split if units is not None]


def dictionary_words(count: int, longest: int = 4) -> list[tuple[str, int]]:
    """Return the most frequent words of jieba's dictionary (MIT) with their counts, most frequent first."""
    words: list[tuple[str, int]] = []
    with (Path(jieba.__file__).parent / "dict.txt").open(encoding="utf8") as lines:
        for line in lines:
            word, frequency, _ = line.split(" ")
            if len(word) <= longest and HANZI.match(word):
                words.append((word, int(frequency)))
    words.sort(key=lambda entry: (-entry[1], entry[0]))
    return words[:count]


def dictionary_tags() -> dict[str, str]:
    """Return the part of speech of every word in jieba's dictionary."""
    tags: dict[str, str] = {}
    with (Path(jieba.__file__).parent / "dict.txt").open(encoding="utf8") as lines:
        for line in lines:
            word, _, tag = line.split()
            tags[word] = tag
    return tags
