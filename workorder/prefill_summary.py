"""Title, summary, keywords and expected answer: taken from the caller's own words, nothing invented."""

from __future__ import annotations

import re

from routing.classify.classify import Classified
from workorder.draft import CATEGORY_SEPARATOR
from workorder.extract import HIDDEN

_LONGEST_SUMMARY = 160
_MOST_KEYWORDS = 6
_MOST_CONCEPTS = 6
_GREETING = re.compile(r"^(?:喂|你好|您好|哎|嗯|那个|啊|请问|同志|师傅|12345|热线|吗|[，。,. ])+")
_FILLER = re.compile(r"嗯+|呃+|啊(?=[，。,\s]|$)|那个那个|就是就是|然后呢|就是说|怎么说呢|你知道吗")
_CONTACT = re.compile(
    rf"(?:我叫|我姓|我的电话是?|我电话是?|电话是?|手机号?是?|联系电话是?|号码是?|姓)?[{HIDDEN}]+(?:[，。]?)"
)
_LEFT = re.compile(r"(?:我叫|我是|我姓|免贵姓?)[\u4e00-\u9fff]?(?=[，。]|$)")
_EXPECTED = re.compile(
    r"(?:希望|要求|请求|请你们|请尽快|麻烦你们|想让你们|想请|能不能|能否|建议|恳请|盼望|尽快|赶紧|"
    r"就想)[^，。？！?!\x01]{2,30}"
)
_CLAUSE = re.compile(r"[^，。？！?!；;]+[，。？！?!；;]?")


def keywords_of(classified: Classified) -> tuple[str, ...]:
    """Return the words that voted for the best category, unit and urgency, the heaviest first, then standard terms."""
    weights: dict[str, float] = {}
    for ranked, share in ((classified.categories, 1.0), (classified.units, 1.0)):
        for place, each in enumerate(ranked[:2]):
            for heard in each.words:
                for word in heard.word.split("…"):
                    if len(word) > 1:
                        weights[word] = max(weights.get(word, 0.0), heard.weight * share / (1 + place))
    chosen: list[str] = []
    for word in sorted(weights, key=lambda each: (-weights[each], each)):
        if not any(word in other or other in word for other in chosen):
            chosen.append(word)
    concepts = [each.label for each in classified.concepts if each.label not in chosen][:_MOST_CONCEPTS]
    return (*chosen[:_MOST_KEYWORDS], *concepts)


def summary_of(said: str, keywords: tuple[str, ...]) -> str:
    """Return the caller's words without greeting, fillers, name and number; the telling clauses when it is long."""
    text = _CONTACT.sub("，", said)
    text = _LEFT.sub("", _FILLER.sub("", _GREETING.sub("", text)))
    text = re.sub(r"[，,]{2,}", "，", text).strip("，, 。\n") if text.strip("，, 。\n") else ""
    if len(text) <= _LONGEST_SUMMARY:
        return text
    clauses = _CLAUSE.findall(text)
    votes = [sum(word in clause for word in keywords) for clause in clauses]
    kept: list[int] = []
    length = 0
    for number in sorted(range(len(clauses)), key=lambda each: (-votes[each], each)):
        if length + len(clauses[number]) > _LONGEST_SUMMARY and kept:
            continue
        kept.append(number)
        length += len(clauses[number])
    return "".join(clauses[number] for number in sorted(kept))[: _LONGEST_SUMMARY * 2].strip("，,")


def title_of(place: str, keywords: tuple[str, ...], category: str, kind: str) -> str:
    """Return a title such as 西津西路水管爆、停水（求助）; the category stands in when no word was found."""
    matter = "、".join(keywords[:3]) or (category.split(CATEGORY_SEPARATOR)[-1] if category else "")
    if not matter and not place:
        return ""
    return f"{place[:24]}{matter or '来电'}（{kind or '未定'}）"


def expected_of(said: str) -> str:
    """Return what the caller wants to happen, in the caller's words, or an empty string."""
    found = _EXPECTED.findall(said)
    return max(found, key=len) if found else ""
