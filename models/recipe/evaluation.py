"""Measures the model: character error rate per voice and condition, speed, and silence where nobody speaks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import vosk
from tqdm import tqdm

from .corpus import segment
from .espeak import Manner, Speaker
from .g711 import through_alaw
from .lexicon import read_aloud
from .sounds import RATE_HZ, noise
from .text_files import read_lines

SENTENCES = Path(__file__).parent / "eval" / "sentences.txt"
CHUNK_BYTES = 3200  # 0.2 s; fixed, because the result depends a little on it
CONDITIONS = ("alaw", "alaw+noise", "clean")


@dataclass(frozen=True, slots=True)
class Score:
    """One sentence in one voice and condition."""

    voice: str
    condition: str
    wanted: str
    heard: str
    errors: int
    seconds: float
    decoding_seconds: float


def character_errors(wanted: str, heard: str) -> int:
    """Return the edit distance between two strings."""
    row = list(range(len(heard) + 1))
    for above, left in enumerate(wanted, 1):
        diagonal, row[0] = row[0], above
        for place, character in enumerate(heard, 1):
            diagonal, row[place] = (
                row[place],
                min(diagonal + (left != character), row[place] + 1, row[place - 1] + 1),
            )
    return row[-1]


def pinyin_text(sentence: str) -> str:
    """Return the sentence as espeak should get it."""
    return " ".join(" ".join(read_aloud(word)) for word in segment(sentence))


def speak(speaker: Speaker, sentence: str, manner: Manner) -> np.ndarray:
    """Return 8 kHz samples with a little silence on both sides."""
    from scipy.signal import resample_poly

    speaker.adopt(manner)
    spoken = speaker.say(pinyin_text(sentence)).samples.astype(np.float64)
    wave = resample_poly(spoken, RATE_HZ // 50, speaker.rate_hz // 50)
    return np.concatenate([np.zeros(2400), wave, np.zeros(3600)])


def _through(wave: np.ndarray, condition: str, rng: np.random.Generator) -> np.ndarray:
    if condition == "clean":
        return wave
    quieter = wave * 10 ** (-6 / 20)
    if condition == "alaw+noise":
        quieter = quieter + noise(len(quieter), rng) * np.std(quieter) * 10 ** (-15 / 20)
    return through_alaw(quieter)


def transcribe(model: vosk.Model, samples: np.ndarray) -> tuple[str, list[dict[str, Any]]]:
    """Return the text without spaces and the words with their times."""
    recogniser = vosk.KaldiRecognizer(model, float(RATE_HZ))
    recogniser.SetWords(True)
    data = np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()
    results = []
    for start in range(0, len(data), CHUNK_BYTES):
        if recogniser.AcceptWaveform(data[start : start + CHUNK_BYTES]):
            results.append(json.loads(recogniser.Result()))
    results.append(json.loads(recogniser.FinalResult()))
    text = "".join(result.get("text", "") for result in results).replace(" ", "")
    return text, [word for result in results for word in result.get("result", [])]


def measure(
    model: vosk.Model,
    speaker: Speaker,
    sentences: Sequence[str],
    voices: Iterable[str],
    conditions: Iterable[str],
    rates: Sequence[float] = (150, 175, 200),
) -> list[Score]:
    """Speak and recognise every sentence in every voice and condition; the rate alternates over the sentences."""
    rng = np.random.default_rng(5)
    scores: list[Score] = []
    conditions = tuple(conditions)
    for voice in tqdm(list(voices), desc="evaluating", unit="voice"):
        for number, sentence in enumerate(sentences):
            wave = speak(speaker, sentence, Manner(voice, rates[number % len(rates)]))
            for condition in conditions:
                samples = _through(wave, condition, rng)
                began = time.perf_counter()
                heard, _ = transcribe(model, samples)
                took = time.perf_counter() - began
                errors = character_errors(sentence, heard)
                scores.append(Score(voice, condition, sentence, heard, errors, len(samples) / RATE_HZ, took))
    return scores


def error_rate(scores: Iterable[Score]) -> float:
    """Return errors per wanted character."""
    scores = list(scores)
    return sum(score.errors for score in scores) / max(1, sum(len(score.wanted) for score in scores))


def table(scores: Sequence[Score]) -> str:
    """Return the character error rates as a Markdown table, voices down and conditions across."""
    conditions = list(dict.fromkeys(score.condition for score in scores))
    voices = list(dict.fromkeys(score.voice for score in scores))
    lines = ["| voice | " + " | ".join(conditions) + " |", "|---" * (len(conditions) + 1) + "|"]
    for voice in [*voices, "all"]:
        cells = [
            error_rate(score for score in scores if score.condition == condition and voice in (score.voice, "all"))
            for condition in conditions
        ]
        lines.append(f"| {voice} | " + " | ".join(f"{100 * cell:.1f} %" for cell in cells) + " |")
    return "\n".join(lines)


def held_out_sentences() -> list[str]:
    """Return the evaluation sentences."""
    return read_lines(SENTENCES)
