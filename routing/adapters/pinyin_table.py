"""Build the table of syllables and the list of common words: `python -m routing.adapters.pinyin_table`.

Run by a developer when pypinyin or jieba's dictionary (both MIT) changes; its two files are committed.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import jieba
from pypinyin import lazy_pinyin

_FOLDER = Path(__file__).parent.parent / "classify" / "lexicon"
_RARE_CHARACTER = 20
_COMMON_WORD = 150


def build() -> tuple[str, str]:
    """Return the table (a line for each syllable) and the common words of two characters, the most common first."""
    frequency: dict[str, int] = defaultdict(int)
    common: list[tuple[int, str]] = []
    dictionary = Path(jieba.__file__).with_name("dict.txt")
    for line in dictionary.read_text(encoding="utf-8").splitlines():
        word, count, _ = line.split()
        for char in word:
            frequency[char] += int(count)
        if len(word) == 2 and int(count) >= _COMMON_WORD and all(_is_hanzi(char) for char in word):
            common.append((-int(count), word))
    syllables: dict[str, list[str]] = defaultdict(list)
    for char in map(chr, range(0x4E00, 0x9FA6)):
        if frequency[char] >= _RARE_CHARACTER:
            syllable = lazy_pinyin(char)[0]
            if syllable.isascii() and syllable.isalpha():
                syllables[syllable].append(char)
    table = [f"{s} {''.join(sorted(syllables[s], key=lambda c: (-frequency[c], c)))}" for s in sorted(syllables)]
    words = [word for _, word in sorted(common)]
    lines = [" ".join(words[i : i + 40]) for i in range(0, len(words), 40)]
    return "\n".join(table) + "\n", "\n".join(lines) + "\n"


def _is_hanzi(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fa5"


if __name__ == "__main__":
    table, words = build()
    (_FOLDER / "pinyin.txt").write_text(table, encoding="utf-8")
    (_FOLDER / "common_words.txt").write_text(words, encoding="utf-8")
