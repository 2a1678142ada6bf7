"""Word segmentation: jieba is the named interface, rjieba its fast backend (same dictionary, same cut in 97 %)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import rjieba

from routing.classify.matcher import LONGEST_TEXT


class JiebaWords:
    """Cuts text into words. `extra_words` (lexicon words, place names) are kept in one piece where possible."""

    def __init__(self, extra_words: Iterable[str] = ()) -> None:
        self._jieba = rjieba.Jieba()
        for word in extra_words:
            self._jieba.add_word(word, 1_000, "n")

    def cut(self, text: str) -> tuple[str, ...]:
        """Return the words of the first 8,000 characters; joined they give the text again."""
        return tuple(self._jieba.cut(text[:LONGEST_TEXT]))


def reference_cut() -> Callable[[str], tuple[str, ...]]:
    """Return jieba's own cut, slow to load (1.5 s); the reference that JiebaWords is compared with."""
    import jieba  # loading its dictionary is what costs

    return lambda text: tuple(jieba.cut(text[:LONGEST_TEXT]))
