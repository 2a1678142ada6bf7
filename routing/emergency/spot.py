"""Is this caller in danger now, and whom do they need? Rules, contexts and likeness together give one finding.

The grammar finds words of families and their patterns; contexts (over, asked about, feared, told of others) lower them,
and the linear model weighs all of it. A finding is confirmed when a pattern stood there in characters and
suspected when only sound or likeness speaks for it. It always says why: the words and their characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from routing.emergency.grammar import Grammar, Reading, Signal
from routing.emergency.kinds import Confidence, Kind
from routing.emergency.likeness import SHARPENING, Likeness, Model

LONGEST = 2_000
"""Characters of one text that are read; a caller in danger does not speak longer before help is asked."""
WINDOW = 48
"""Characters judged together, as many as `watch` reads of a partial; longer texts are read in windows that overlap."""
STEP = 16
"""Characters from the beginning of one window to that of the next."""
CLOSE, CLOSE_STEP = 24, 8
"""The same for a second, closer look at longer texts: danger said in passing drowns in a whole window."""
ALARM_BY_CLOSE_LOOK = 0.999
"""Probability of danger asked for by the closer look, which does not see whether all this is past."""
ALARM = 0.75
"""Probability of danger from which on an alarm is raised."""
ALARM_BY_LIKENESS = 0.85
"""The same where no pattern speaks for it."""
ALARM_BY_RULE = 0.5
"""The same where a strong pattern stood there in characters and nothing softens it."""
ALARM_WHEN_TALKED_OF = 0.9
"""The same where the danger is spoken of as over, asked about, feared, claimed for, and nothing says that it is now."""

_SILENT = " \t\r\n\f\v\u3000\u00a0，。！？、；：“”‘’（）《》〈〉【】…—～·,.!?;:'\"()[]<>~-_/\\|*#@$%^&+=`{}"
_WITHOUT = str.maketrans("", "", _SILENT)


@dataclass(frozen=True, slots=True)
class Why:
    """The words that speak for the danger, as they stand in the text at characters `begin` to `end`."""

    words: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Danger of `kind` (others as good: `also`), with the probability, the confidence and the reasons in text order."""

    kind: Kind
    also: tuple[Kind, ...]
    confidence: Confidence
    probability: float
    why: tuple[Why, ...]

    @property
    def is_confirmed(self) -> bool:
        return self.confidence is Confidence.CONFIRMED


class Spotter:
    """Grammar and model, made ready once; `spot` is pure. It is what `evaluate_emergency` asks for."""

    def __init__(self, grammar: Grammar, model: Model) -> None:
        self._grammar = grammar
        self._model = model
        self._softening = grammar.contexts - frozenset(SHARPENING)

    def spot(self, text: str) -> Finding | None:
        """Return the surest danger in `text`, or None."""
        bare = strip(text[:LONGEST])
        best: Finding | None = None
        for begin in _starts(len(bare), WINDOW, STEP):
            finding = self._judge(text, bare, begin, WINDOW)
            if finding is not None and (best is None or finding.probability > best.probability):
                best = finding
        if best is None and len(bare) > WINDOW:
            closer = (self._judge(text, bare, begin, CLOSE) for begin in _starts(len(bare), CLOSE, CLOSE_STEP))
            best = next((each for each in closer if each and each.probability >= ALARM_BY_CLOSE_LOOK), None)
        return best

    def look(self, text: str) -> tuple[Reading, Likeness]:
        """Return what the grammar and the model see in a short text, for explanations and training."""
        bare = strip(text[:LONGEST])
        reading = self._grammar.read(bare)
        return reading, self._model.judge(bare, reading)

    def _judge(self, said: str, bare: str, begin: int, length: int) -> Finding | None:
        text = bare[begin : begin + length]
        reading = self._grammar.read(text)
        likeness = self._model.judge(text, reading)
        new = (signal for signal in reading.signals if not self._model.has_learned(signal.name))
        own = next((signal.pattern.kind for signal in new if signal.is_certain), None)
        kind = own or max(likeness.kinds, key=lambda each: likeness.kinds[each])
        mine = [signal for signal in reading.signals if kind is signal.pattern.kind or kind in signal.pattern.also]
        if likeness.danger < self._threshold(reading, mine):
            return None
        is_sure = any(signal.is_certain for signal in mine)
        return Finding(
            kind=kind,
            also=_also(kind, reading.signals),
            confidence=Confidence.CONFIRMED if is_sure else Confidence.SUSPECTED,
            probability=likeness.danger,
            why=_places(said, begin, _spans(mine) or self._likeliest(text)),
        )

    def _threshold(self, reading: Reading, mine: Sequence[Signal]) -> float:
        """Return the probability of danger that is asked for, given the signals for this kind."""
        if not mine:
            return ALARM_BY_LIKENESS
        if self._is_talked_of(reading):
            return ALARM_WHEN_TALKED_OF
        strong = [signal for signal in mine if signal.is_certain and not signal.pattern.is_weak]
        if not strong or any(context in reading.families for context in self._softening):
            return ALARM
        is_new = any(not self._model.has_learned(signal.name) for signal in strong)
        return 0.0 if is_new else ALARM_BY_RULE  # an admin's own pattern counts although nothing was learned of it

    def _is_talked_of(self, reading: Reading) -> bool:
        """Whether a softening context stood there in characters and none that says: now."""
        if any(context in reading.families for context in SHARPENING):
            return False
        return any(word.is_certain for name in self._softening for word in reading.families.get(name, ()))

    def _likeliest(self, text: str) -> list[tuple[int, int]]:
        """Return the run of three characters that speaks most for danger, where no pattern does."""
        if not text:
            return []
        starts = range(max(1, len(text) - 2))
        start = max(starts, key=lambda at: self._model.speaks_for_danger(text[at : at + 3]))
        return [(start, min(start + 3, len(text)))]


def _starts(length: int, window: int, step: int) -> tuple[int, ...]:
    """Return where the windows over so many characters begin; the last one ends with the text."""
    last = max(0, length - window)
    return (*range(0, last, step), last)


def strip(text: str) -> str:
    """Return the text as the grammar reads it: no blanks, no punctuation."""
    return text.translate(_WITHOUT)


def _also(kind: Kind, signals: Iterable[Signal]) -> tuple[Kind, ...]:
    others: dict[Kind, None] = {}
    for signal in signals:
        others.update(dict.fromkeys((signal.pattern.kind, *signal.pattern.also)))
    others.pop(kind, None)
    return tuple(others)


def _spans(signals: Iterable[Signal]) -> list[tuple[int, int]]:
    """Return the ranges of the signals' words, those that touch joined."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted({(word.begin, word.end) for signal in signals for word in signal.words}):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _places(said: str, begin: int, spans: Iterable[tuple[int, int]]) -> tuple[Why, ...]:
    """Return the ranges of the bare text as they stand in what was said."""
    places = [number for number, character in enumerate(said) if character not in _SILENT]
    found = []
    for first, last in spans:
        start, end = places[begin + first], places[begin + last - 1] + 1
        found.append(Why(said[start:end], start, end))
    return tuple(found)
