"""Hear words through recognition errors: the same syllables, guarded against common homophones.

A table of syllables per character makes texts comparable by sound. A word of one syllable never enters this channel, a
word of two only when no common word sounds like it (买了 must not become 埋了). Hits by sound are suspected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_FIRST_CODE = 0xE000  # private use: one code point per syllable


class SoundTable:
    """Characters → syllables, from text with one line per syllable: `ma 妈马吗…`; tones do not count."""

    def __init__(self, table: str, common_words: Iterable[str] = ()) -> None:
        codes: dict[int, str] = {}
        for number, line in enumerate(table.splitlines()):
            _, _, characters = line.partition(" ")
            for char in characters.strip():
                codes.setdefault(ord(char), chr(_FIRST_CODE + number))
        self._codes: Mapping[int, str] = codes
        self._common: dict[str, set[str]] = {}
        for word in common_words:
            self._common.setdefault(self.of(word), set()).add(word)

    def of(self, text: str) -> str:
        """Return the text as syllable codes, one per character; characters without a syllable stay."""
        return text.translate(self._codes)

    def admits(self, word: str) -> bool:
        """Whether `word` may be recognised by sound alone."""
        sound = self.of(word)
        if any(not 0xE000 <= ord(char) <= 0xF8FF for char in sound) or len(word) < 2:
            return False
        return len(word) > 2 or not (self._common.get(sound, set()) - {word})
