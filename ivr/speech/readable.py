"""A transcript one can read: numbers in digits, punctuation, fillers and dates marked, the raw words underneath.

Nothing is lost and nothing is moved: every character of the readable text knows the raw characters behind it, and every
raw character knows its time in the recording.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ivr.call import Leg
from ivr.speech.numerals import write_numbers
from ivr.speech.readable_dates import find_dates
from ivr.speech.transcript import Turn

Span = tuple[int, int]
Times = tuple[tuple[float, float], ...]

COMMA_PAUSE_S = 0.35
STOP_PAUSE_S = 0.9
_SHORTEST_CLAUSE = 4
_SHORTEST_SENTENCE = 8
_PUNCTUATION = frozenset("，。！？；：、,.!?;: ")


class MarkKind(StrEnum):
    """Why a stretch is marked."""

    FILLER = "filler"  # 语气词: shown dimmed
    DATE = "date"  # a day said relative to the call; the value is the day, as 2026-11-21


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters `begin` to `end` of the readable text."""

    kind: MarkKind
    begin: int
    end: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class ReadableTurn:
    """One speaker's stretch. `sources[i]` is where `text[i]` stands in `raw` (empty for punctuation of ours).

    Sources never go back and together cover `raw`; `times[k]` is when `raw[k]` was said, in seconds of the call.
    """

    leg: Leg
    text: str
    raw: str
    sources: tuple[Span, ...]
    times: Times
    marks: tuple[Mark, ...]
    begun_s: float
    ended_s: float
    is_final: bool = True

    def seconds(self, begin: int, end: int) -> tuple[float, float]:
        """Return when `text[begin:end]` was said."""
        behind = [k for since, until in self.sources[begin:end] for k in range(since, until)]
        if not behind:
            at = self.sources[begin][0] if begin < len(self.sources) else len(self.raw)
            moment = self.times[min(at, len(self.times) - 1)][0] if self.times else self.begun_s
            return moment, moment
        return self.times[behind[0]][0], self.times[behind[-1]][1]


def readable(turns: Iterable[Turn], day: date | None = None) -> tuple[ReadableTurn, ...]:
    """Return every turn as one would write it; `day` is the day of the call in China, for 昨天 and 上周三."""
    return tuple(_turn(turn, day) for turn in turns)


def character_times(turn: Turn) -> Times:
    """Return when each character of the turn was said: by its words, in proportion where they do not tell."""
    text = turn.text
    known: dict[int, tuple[float, float]] = {}
    at = 0
    for word in turn.words:
        found = text.find(word.text, at) if word.text else -1
        if found < 0:
            continue
        step = (word.ended_s - word.begun_s) / len(word.text)
        for nth in range(len(word.text)):
            known[found + nth] = (word.begun_s + nth * step, word.begun_s + (nth + 1) * step)
        at = found + len(word.text)
    times: list[tuple[float, float]] = []
    low, high = min(turn.begun_s, turn.ended_s), max(turn.begun_s, turn.ended_s)
    place = 0
    while place < len(text):
        if place in known:
            begun, ended = known[place]
            begun = min(max(begun, low), high)
            times.append((begun, min(max(ended, begun), high)))
            low = begun
            place += 1
            continue
        until = next((k for k in range(place, len(text)) if k in known), len(text))
        since_s = times[-1][1] if times else low
        until_s = max(since_s, min(known[until][0], high)) if until in known else max(since_s, high)
        step = (until_s - since_s) / (until - place)
        times.extend((since_s + nth * step, since_s + (nth + 1) * step) for nth in range(until - place))
        low, place = max(low, since_s), until
    return _monotone(times)


def _monotone(times: Sequence[tuple[float, float]]) -> Times:
    """Never let a character begin before the one before it, nor end before it begins."""
    out: list[tuple[float, float]] = []
    latest = float("-inf")
    for begun, ended in times:
        latest = max(latest, begun)
        out.append((round(latest, 3), round(max(latest, ended), 3)))
    return tuple(out)


def _turn(turn: Turn, day: date | None) -> ReadableTurn:
    written, times = write_numbers(turn.text), character_times(turn)
    text: list[str] = []
    sources: list[Span] = []
    stops = _stops(written.text, written.spans, times)
    if turn.is_final and written.text and written.text[-1] not in _PUNCTUATION:
        stops[len(written.text)] = _end_of(written.text[max(stops, default=0) :])
    for at in range(len(written.text) + 1):
        if at in stops:
            place = written.spans[at - 1][1]
            text.append(stops[at])
            sources.append((place, place))
        if at < len(written.text):
            text.append(written.text[at])
            sources.append(written.spans[at])
    whole = "".join(text)
    marks = [Mark(MarkKind.FILLER, *match.span()) for match in _FILLER.finditer(whole)]
    if day is not None:
        marks += [Mark(MarkKind.DATE, begin, end, on.isoformat()) for begin, end, on in find_dates(whole, day)]
    marks.sort(key=lambda mark: (mark.begin, mark.end))
    return ReadableTurn(
        turn.leg, whole, turn.text, tuple(sources), times, tuple(marks), turn.begun_s, turn.ended_s, turn.is_final
    )


_FILLER = re.compile(
    r"嗯+|呃+|唔+|额(?=[，。我你那这就])|(?<=[，。？])[啊哦哎诶](?=[，。？])|(?:那个){2,}|(?:这个){2,}|(?:就是){2,}"
)
_OPENERS = re.compile(
    r"但是|可是|不过(?![去来得])|所以|因为|然后|而且|如果|要是|结果|另外|还有就是|还有一个|请问|麻烦|希望|我想|我要|我叫|我是|我姓|"
    r"我的电话|我电话|电话是|联系电话|地址是|谢谢|到现在|后来"
)
_GREETING = re.compile(r"(?:喂|你好|您好|是的|好的|对的|没有|可以|不是|嗯|哦|哎)+(?!吗|呢|不|的|了|像|多|吧|我们)")
_ASKS = re.compile(
    r"请问|什么|怎么|咋|哪[里儿个些位条]|几[点个号时楼]|多少|多久|为啥|谁|是不是|有没有|能不能|可不可以|行不行|要不要|会不会|好不好"
)
_PARTICLES = "吗呢么"
_CLOSING_PARTICLES = (*_PARTICLES, "不")
_AFTER_PARTICLE = re.compile(r"(?<=[吗])(?=[我你您他这那请就家楼])|(?<=了吧)(?=[我你您])")
_BESIDE_NUMBER = re.compile(r"(?<![0-9话码是打机号])(?=[0-9]{7})|(?<=[0-9]{7})(?=[我你您请谢麻])")


def _end_of(clause: str) -> str:
    """Return the mark that closes a sentence."""
    clause = clause.strip("，。？ ")
    is_question = clause.endswith(_CLOSING_PARTICLES) or bool(
        _ASKS.search(clause) and not _SAID_NOT_ASKED.search(clause)
    )
    return "？" if is_question else "。"


_SAID_NOT_ASKED = re.compile(r"不知道|没什么|没怎么|什么的|怎么也|怎么都|多少钱都|谁都|什么都|哪都|反正|看看|告诉")


def _stops(text: str, spans: Sequence[Span], times: Times) -> dict[int, str]:
    """Return which mark stands before which character: from pauses first, then from words that open a clause."""
    stops: dict[int, str] = {}
    last = sentence = 0
    openers = {match.start() for match in _OPENERS.finditer(text)}
    openers |= {match.start() for beside in (_AFTER_PARTICLE, _BESIDE_NUMBER) for match in beside.finditer(text)}
    greeting = _GREETING.match(text)
    for at in range(1, len(text)):
        if not _may_stand(text, spans, at):
            if text[at - 1] in _PUNCTUATION:
                last = at
                sentence = at if text[at - 1] in "。？！" else sentence
            continue
        pause = times[spans[at][0]][0] - times[spans[at - 1][1] - 1][1]
        clause = at - last
        if pause >= STOP_PAUSE_S and at - sentence >= _SHORTEST_SENTENCE:
            stops[at] = _end_of(text[sentence:at])
            sentence = at
        elif text[at - 1] in _PARTICLES and (pause >= COMMA_PAUSE_S or at in openers):
            stops[at] = "？"
            sentence = at
        elif (
            pause >= COMMA_PAUSE_S
            or (at in openers and clause >= _SHORTEST_CLAUSE)
            or (greeting is not None and at == greeting.end())
        ):
            stops[at] = "，"
        else:
            continue
        last = at
    return stops


def _may_stand(text: str, spans: Sequence[Span], at: int) -> bool:
    """Whether a mark may stand before `text[at]`: never inside a number or beside another mark."""
    before, after = text[at - 1], text[at]
    if before in _PUNCTUATION or after in _PUNCTUATION or spans[at - 1] == spans[at]:
        return False
    return not (_is_number(before) and _is_number(after))


def _is_number(char: str) -> bool:
    return char.isascii() and char.isalnum()
