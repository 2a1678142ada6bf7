"""Understanding a spoken choice: by characters, and, for short answers, by sound (人公 for 人工), with guards.

Guards: wordings that contain the word but do not mean it (人工湖); negation before it (不要人工). The sound (zh as z,
n as l, ang as an) counts only for words of two or more syllables in an answer of at most eight hanzi, because a long
sentence has accidental homophones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pypinyin import lazy_pinyin

from ivr.flow.model import Choice

LONGEST_BY_SOUND = 8
_NOT_SPOKEN = re.compile(r"\[unk\]|<unk>|[^\u4e00-\u9fffA-Za-z0-9]+")
_NEGATIONS = ("不", "别", "不要", "不用", "不想", "不是", "不找", "不需要", "没有", "不想要", "别转", "不转")


def normalise(text: str) -> str:
    """Return only hanzi, letters and digits of what was heard, at most 500."""
    return _NOT_SPOKEN.sub("", text[:1000])[:500]


@lru_cache(maxsize=16384)
def _syllable(character: str) -> str:
    """Return the sound of a character without tone and without what many speakers do not tell apart."""
    sound = lazy_pinyin(character)[0]
    for heard, kept in (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l")):
        if sound.startswith(heard):
            sound = kept + sound[len(heard) :]
    return sound[:-1] if sound.endswith("ng") else sound


@lru_cache(maxsize=4096)
def sound_of(word: str) -> str:
    """Return the syllables of a word without tones, each between blanks: ` ren gong `."""
    return f" {' '.join(map(_syllable, word))} "


def choose(heard: str, choices: Iterable[Choice]) -> Choice | None:
    """Return the choice that was spoken: the longest word wins, characters before sound, first written before later."""
    text = normalise(heard)
    if not text:
        return None
    if len(text) > LONGEST_BY_SOUND:
        return _by_characters(text, tuple(choices))
    heard = sound_of(text)
    meant = tuple(
        choice for choice in choices if not any(sound_of(wording) in heard for wording in choice.except_words)
    )
    return _by_characters(text, meant) or _by_sound(text, heard, meant)


def _by_characters(text: str, choices: tuple[Choice, ...]) -> Choice | None:
    best, best_length = None, 0
    for choice in choices:
        bare = text
        for wording in choice.except_words:
            bare = bare.replace(wording, "\n" * len(wording))
        for word in choice.words:
            if len(word) > best_length and _is_meant(bare, word):
                best, best_length = choice, len(word)
    return best


def _is_meant(text: str, word: str) -> bool:
    at = text.find(word)
    while at >= 0:
        if not text[:at].endswith(_NEGATIONS):
            return True
        at = text.find(word, at + 1)
    return False


def _by_sound(text: str, heard: str, choices: tuple[Choice, ...]) -> Choice | None:
    best, best_length = None, 1
    for choice in choices:
        for word in choice.words:
            at = heard.find(sound_of(word)) if len(word) > best_length else -1
            if at >= 0 and not text[: heard[:at].count(" ")].endswith(_NEGATIONS):
                best, best_length = choice, len(word)
    return best
