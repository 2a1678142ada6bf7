"""Matches the phoneme events of espeak with the units of the syllables it was given: exact alignments for free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .espeak import Speaker, Spoken
from .units import PDFS, SILENCE, syllable_units

_PAUSES = ("_:", "_", "_::")


@dataclass(frozen=True, slots=True)
class Segment:
    """A unit and the sample at which it begins; it lasts until the next segment."""

    start: int
    unit: str


class Aligner:
    """Remembers which phonemes each syllable has when spoken alone."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._phonemes: dict[str, tuple[str, ...]] = {}

    def _phonemes_of(self, syllable: str) -> tuple[str, ...]:
        if syllable not in self._phonemes:
            spoken = self._speaker.say(syllable)
            self._phonemes[syllable] = tuple(name for _, name in spoken.phonemes if name[0] not in "_(")
        return self._phonemes[syllable]

    def learn(self, syllables: Sequence[str]) -> None:
        """Tabulate the syllables; call it before `Speaker.say`, because it speaks them."""
        for syllable in syllables:
            self._phonemes_of(syllable)

    def align(self, spoken: Spoken, syllables: Sequence[str]) -> list[Segment] | None:
        """Return the segments of the utterance, or None when espeak's events do not match the syllables."""
        events = [event for event in spoken.phonemes if not event[1].startswith("(")]
        total = len(spoken.samples)
        segments: list[Segment] = []
        boundary: int | None = None
        here = 0

        def skip_marks() -> None:
            nonlocal here, boundary
            while here < len(events) and events[here][1].startswith("_"):
                sample, name = events[here]
                if name in _PAUSES:
                    segments.append(Segment(sample, SILENCE))
                elif name == "_|" and boundary is None:
                    boundary = sample
                here += 1

        def start_of(event: int) -> int:
            return events[event][0] if event < len(events) else total

        for syllable in syllables:
            skip_marks()
            expected, units = self._phonemes_of(syllable), syllable_units(syllable)
            heard = [name for _, name in events[here : here + len(expected)]]
            if units is None or not expected or len(heard) < len(expected) or heard[0] != expected[0]:
                return None
            first = start_of(here)
            follows_speech = boundary is not None and bool(segments) and segments[-1].unit != SILENCE
            start = boundary if follows_speech and boundary is not None else first
            boundary = None
            segments.append(Segment(start, units[0]))
            if len(units) == 2:
                merged_glide = units[0] in "yw" and expected[0] not in ("j", "w")
                if len(expected) >= 2 and not merged_glide:
                    middle = start_of(here + 1)
                else:  # one phoneme for both: the initial takes a third of it
                    middle = int(first + 0.35 * (start_of(here + 1) - first))
                segments.append(Segment(middle, units[1]))
            here += len(expected)
        skip_marks()
        if here < len(events) or not segments:
            return None
        if segments[0].start > 0:
            segments.insert(0, Segment(0, SILENCE))
        return segments


def frame_labels(segments: Sequence[Segment], total: int, centres: np.ndarray) -> np.ndarray:
    """Return the pdf of each frame, given the frames' centres in samples of the utterance; silence outside of it."""
    labels = np.full(len(centres), PDFS[SILENCE][0], np.int16)
    for place, segment in enumerate(segments):
        end = segments[place + 1].start if place + 1 < len(segments) else total
        pdfs = PDFS[segment.unit]
        inside = (centres >= segment.start) & (centres < end)
        if len(pdfs) == 1:
            labels[inside] = pdfs[0]
        else:
            middle = (segment.start + end) / 2
            labels[inside & (centres < middle)] = pdfs[0]
            labels[inside & (centres >= middle)] = pdfs[1]
    return labels
