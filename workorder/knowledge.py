"""The knowledge base: what agents may answer with, whose it is and until when; found by Chinese words, not by luck."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from workorder.search_words import pairs, plain

LONGEST_TITLE, LONGEST_QUESTION, LONGEST_ANSWER = 100, 500, 5000
_TITLE_WEIGHT = 2.0
_LIKELY = 0.35
"""A suggestion covers at least this share of what its question is about."""


class ArticleState(StrEnum):
    """Where an article stands; only a published one may be answered with."""

    SUBMITTED = "submitted"
    PUBLISHED = "published"
    REFUSED = "refused"
    RETIRED = "retired"


ARTICLE_TITLES = {
    ArticleState.SUBMITTED: "待审核",
    ArticleState.PUBLISHED: "已发布",
    ArticleState.REFUSED: "未通过",
    ArticleState.RETIRED: "已停用",
}


@dataclass(frozen=True, slots=True)
class Article:
    """One article; `unit` owns it and must look at it again by `review_by`; `used` counts orders answered with it."""

    id: str
    revision: int
    state: ArticleState
    title: str
    question: str
    answer: str
    unit: str
    review_by: date
    submitted_by: str
    submitted: datetime
    category: str = ""
    is_public: bool = False
    used: int = 0
    decided_by: str = ""
    decided: datetime | None = None
    why: str = ""

    def is_overdue(self, today: date) -> bool:
        """Whether its owner should have looked at it again."""
        return self.state is ArticleState.PUBLISHED and self.review_by < today


@dataclass(frozen=True, slots=True)
class Suggested:
    """An article for what was said; `words` are the pairs of characters that speak for it, `likeness` in 0..1."""

    article: Article
    likeness: float
    words: tuple[str, ...]


def wrong_article(title: str, question: str, answer: str, unit: str, review_by: date, today: date) -> str:
    """Return what is wrong with an article, with the remedy; empty when nothing is."""
    for what, text, longest in (
        ("标题", title, LONGEST_TITLE),
        ("问题", question, LONGEST_QUESTION),
        ("答案", answer, LONGEST_ANSWER),
    ):
        if not text.strip():
            return f"没有写{what}。改法：写上{what}"
        if len(text) > longest:
            return f"{what}太长。改法：不超过 {longest} 字"
    if not unit.strip():
        return "没有写归属单位。改法：写明由哪个单位负责更新"
    if review_by <= today or (review_by - today).days > 366 * 2:
        return "复核日期要在今天之后、两年之内。改法：改日期"
    return ""


class Shelf:
    """Published articles made ready for search; build it anew when they change."""

    def __init__(self, articles: Iterable[Article]) -> None:
        self._articles = tuple(articles)
        self._heads = [frozenset(_twos(f"{each.title}。{each.question}")) for each in self._articles]
        self._bodies = [frozenset(_twos(each.answer)) for each in self._articles]
        seen = Counter(pair for head in self._heads for pair in head)
        self._weight = {pair: math.log(1 + len(self._articles) / count) for pair, count in seen.items()}

    def found(self, words: str, most: int = 20) -> Sequence[Article]:
        """Return the articles in which every word occurs, those with it in title or question first."""
        wanted = [frozenset(_twos(word)) or frozenset({plain(word).text}) for word in words.split()[:8]]
        scored = []
        for article, head, body in zip(self._articles, self._heads, self._bodies, strict=True):
            text = plain(f"{article.title}{article.question}{article.answer}").text
            if all(word <= head | body or (len(word) == 1 and next(iter(word)) in text) for word in wanted):
                score = sum(_TITLE_WEIGHT if word <= head else 1.0 for word in wanted)
                scored.append((-score, -article.used, article.id, article))
        return [each[3] for each in sorted(scored)[:most]]

    def suggested(self, said: str, most: int = 3) -> Sequence[Suggested]:
        """Return what the caller may be asking, likeliest first; nothing when nothing is likely."""
        heard = frozenset(_twos(said))
        found = []
        for article, head in zip(self._articles, self._heads, strict=True):
            common = heard & head
            whole = sum(self._weight[pair] for pair in head)
            likeness = sum(self._weight[pair] for pair in common) / whole if whole else 0.0
            if likeness >= _LIKELY or (len(common) >= 3 and likeness >= _LIKELY / 2):
                words = tuple(sorted(common, key=lambda pair: -self._weight[pair])[:5])
                found.append(Suggested(article, round(min(1.0, likeness), 3), words))
        return sorted(found, key=lambda each: (-each.likeness, each.article.id))[:most]


def _twos(text: str) -> Iterable[str]:
    return (pair for pair in pairs(plain(text).text) if len(pair) == 2)
