"""From words to a draft: classification and prefill per call, beside what only cutting the text into words costs.

A call is one text as a caller would say it. The peers only cut it into words: jieba, which is Python, and rjieba, which
is Rust; they decide nothing.
"""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Callable, Sequence

import jieba

from cti.demo.cast import CITIZENS
from ivr.call import CallId, Leg, PhoneNumber
from ivr.speech.transcript import Turn
from routing.adapters.jieba_words import JiebaWords
from routing.adapters.packaged_lexicon import load_classifier
from tests.benchmarks.figures import Figure, Options
from workorder.prefill import Prefill

TEXTS = (
    *("".join(citizen.lines) for citizen in CITIZENS),
    "我家楼下的路灯坏了好几天了，晚上老人出门看不见路，麻烦你们派人来修一下。",
    "我们小区从昨天晚上开始停水，物业说不知道什么时候来水，家里做饭都成问题，请帮忙问一下。",
    "楼上天天半夜装修，声音特别大，找过物业也不管，我上夜班白天睡不着，我要投诉。",
    "请问办理居住证需要什么材料，在哪里办，周末上不上班？",
    "公交车站旁边的井盖不见了，昨天有个骑车的差点掉进去，很危险，你们赶快处理一下吧。",
)
"""Invented calls."""


def measure(options: Options) -> list[Figure]:
    """Return µs per call (one text of some forty characters is one call)."""
    rounds = int(options.pick(60, 10))
    jieba.setLogLevel(logging.CRITICAL)
    jieba.initialize()
    classifier, rust = load_classifier(), JiebaWords()
    prefill = Prefill(classifier)
    length = round(statistics.mean(map(len, TEXTS)))

    def draft(text: str) -> object:
        turn = Turn(Leg.CALLER, text, (), 0.0, len(text) / 4)
        return prefill.draft(CallId("bench-1"), [turn], PhoneNumber("13800001234"))

    classify = _each(classifier.classify, rounds)
    words = _each(lambda text: list(jieba.cut(text)), rounds)
    fast_words = _each(rust.cut, rounds)
    return [
        Figure("classify a call", "µs", classify, words, "jieba, cutting only", note=f"mean {length} characters"),
        Figure("classify a call", "µs", classify, fast_words, "rjieba, cutting only"),
        Figure("the whole draft of a call", "µs", _each(draft, rounds), words, "jieba, cutting only"),
    ]


def _each(work: Callable[[str], object], rounds: int, texts: Sequence[str] = TEXTS) -> float:
    """Return µs of CPU per text: the median of the rounds."""
    for text in texts:
        work(text)
    took = []
    for _ in range(rounds):
        begun = time.thread_time()
        for text in texts:
            work(text)
        took.append((time.thread_time() - begun) / len(texts) * 1e6)
    return statistics.median(took)
