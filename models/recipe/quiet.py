"""Checks that sounds which are no speech give empty text, and that word times agree with espeak's own events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import vosk

from .alignment import Aligner, Segment
from .corpus import segment
from .espeak import Manner, Speaker
from .evaluation import speak, transcribe
from .g711 import through_alaw
from .lexicon import read_aloud
from .sounds import CADENCES, RATE_HZ, cadence, clicks, keys, music, tone
from .units import SILENCE, syllable_units

_LEVELS_DB = (0.0, -14.0, -28.0)
_LEADING_SAMPLES = 2400  # the silence that `speak` puts in front


def line_sounds(seed: int) -> Mapping[str, np.ndarray]:
    """Return sounds of a telephone line by name, peak about 1."""
    rng = np.random.default_rng(seed)
    sounds = {"450 Hz continuous": tone(8, 450.0), "silence": np.zeros(8 * RATE_HZ)}
    sounds |= {f"450 Hz {name}": cadence(12, on, off) for name, (on, off) in CADENCES.items() if off}
    sounds |= {"all keys": keys("0123456789*#ABCD"), "fast keys": keys("13800000000", 0.06, 0.06)}
    sounds |= {"long keys": keys("159*#", 0.5, 0.3)}
    sounds |= {f"music {number}": music(10, rng) for number in range(10)}
    sounds |= {f"clicks {number}": clicks(8, rng) for number in range(4)}
    return sounds | {"white noise": np.clip(rng.normal(0, 0.25, 8 * RATE_HZ), -1, 1)}


def heard_in_sounds(model: vosk.Model, seed: int = 77) -> list[str]:
    """Return a line for each sound and level that gave text; empty is right."""
    wrong: list[str] = []
    for name, wave in line_sounds(seed).items():
        for level in _LEVELS_DB:
            heard, _ = transcribe(model, through_alaw(wave * 30000 * 10 ** (level / 20)))
            if heard:
                wrong.append(f"{name} at {level:.0f} dB: {heard}")
    return wrong


def word_start_errors(
    model: vosk.Model, speaker: Speaker, sentences: Sequence[str], voices: Sequence[str]
) -> list[float]:
    """Return in seconds how far each recognised word's start lies from the start of its first sound.

    Only sentences recognised without an error count, because only there is it clear which syllable a word begins with.
    """
    aligner = Aligner(speaker)
    errors: list[float] = []
    for number, sentence in enumerate(sentences):
        voice = voices[number % len(voices)]
        syllables = [syllable for word in segment(sentence) for syllable in read_aloud(word)]
        wave = speak(speaker, sentence, Manner(voice))
        aligner.learn(syllables)
        segments = aligner.align(speaker.say(" ".join(syllables)), syllables)
        heard, words = transcribe(model, through_alaw(wave))
        if segments is None or heard != sentence or len(syllables) != len(sentence):
            continue
        starts = syllable_starts(segments, syllables, speaker.rate_hz)
        place = 0
        for word in words:
            errors.append(abs(word["start"] - _LEADING_SAMPLES / RATE_HZ - starts[place]))
            place += len(word["word"])
    return errors


def syllable_starts(segments: Sequence[Segment], syllables: Sequence[str], rate_hz: int) -> list[float]:
    """Return the second at which each syllable starts."""
    spoken = [part for part in segments if part.unit != SILENCE]
    starts, place = [], 0
    for syllable in syllables:
        starts.append(spoken[place].start / rate_hz)
        place += len(syllable_units(syllable) or ())
    return starts
