"""Understanding a spoken choice: by characters, and, for short answers, by sound (人公 for 人工), with guards.

Guards: wordings that contain the word but do not mean it (人工湖); negation before it (不要人工). The sound (zh as z,
n as l, ang as an) counts only for words of two or more syllables in an answer of at most eight hanzi, because a long
sentence has accidental homophones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import lazy_pinyin

from ivr.flow.model import Choice

LONGEST_BY_SOUND = 8
_NOT_SPOKEN = re.compile(r"\[unk\]|<unk>|[^\u4e00-\u9fffA-Za-z0-9]+")
_NEGATIONS = ("不", "别", "不要", "不用", "不想", "不是", "不找", "不需要", "没有", "不想要", "别转", "不转")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of some choices, longest first, and their wordings that do not mean them; each with its sound."""

    words: tuple[tuple[str, str, Choice], ...] = ()
    wordings: tuple[tuple[str, str, Choice], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words)


def vocabulary_of(choices: Iterable[Choice]) -> Vocabulary:
    """Return the vocabulary of choices; of equally long words the one written first counts first."""
    listed = tuple(choices)
    words = [(word, sound_of(word), choice) for choice in listed for word in choice.words]
    wordings = [(wording, sound_of(wording), choice) for choice in listed for wording in choice.except_words]
    return Vocabulary(tuple(sorted(words, key=lambda row: -len(row[0]))), tuple(wordings))


def normalise(text: str) -> str:
    """Return only hanzi, letters and digits of what was heard, at most 500."""
    return text[:500] if text.isalnum() else _NOT_SPOKEN.sub("", text[:1000])[:500]


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


def choose(heard: str, vocabulary: Vocabulary) -> Choice | None:
    """Return the choice that was spoken: the longest word wins, characters before sound."""
    text = normalise(heard)
    if not text or not vocabulary:
        return None
    is_short = len(text) <= LONGEST_BY_SOUND
    sound = sound_of(text) if is_short else ""
    unsuited = [row for row in vocabulary.wordings if row[0] in text or (is_short and row[1] in sound)]
    for word, _, choice in vocabulary.words:
        if word in text and _is_meant(_without(text, choice, unsuited), word):
            return choice
    return _by_sound(text, sound, vocabulary, unsuited) if is_short else None


def _without(text: str, choice: Choice, unsuited: list[tuple[str, str, Choice]]) -> str:
    """Return the text with wordings that do not mean the choice blotted out; one known by sound blots out all."""
    for wording, _, owner in unsuited:
        if owner is choice:
            text = text.replace(wording, "\n" * len(wording)) if wording in text else ""
    return text


def _is_meant(text: str, word: str) -> bool:
    at = text.find(word)
    while at >= 0:
        if not text[:at].endswith(_NEGATIONS):
            return True
        at = text.find(word, at + 1)
    return False


def _by_sound(text: str, heard: str, vocabulary: Vocabulary, unsuited: list[tuple[str, str, Choice]]) -> Choice | None:
    for word, sound, choice in vocabulary.words:
        at = heard.find(sound) if len(word) > 1 else -1
        if at < 0 or any(owner is choice for _, _, owner in unsuited):
            continue
        if not text[: heard[:at].count(" ")].endswith(_NEGATIONS):
            return choice
    return None
