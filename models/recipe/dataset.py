"""Makes the training set: synthetic speech and other sounds, degraded, as features with one pdf label per frame."""

from __future__ import annotations

import multiprocessing
import os
import random
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly
from tqdm import tqdm

from .acoustic_text import Line, lines
from .alignment import Aligner, frame_labels
from .espeak import Manner, Speaker
from .features import SHIFT_SAMPLES, frame_centres, mfcc
from .sounds import RATE_HZ, random_sound
from .telephone import degrade
from .units import PDFS, SILENCE
from .voices import TRAINING

SOUND_SHARE = 0.09  # of the utterances hold no speech at all
SOUND_AROUND_SPEECH = 0.12  # of the spoken ones have a tone, key press or music before or after
SHARD = 1000


@dataclass(frozen=True, slots=True)
class Job:
    """One shard of the set, made by one call in a worker."""

    number: int
    lines: tuple[Line, ...]
    seed: int
    target: Path
    library: str | None
    data: str | None


@dataclass(frozen=True, slots=True)
class Yield:
    """What a shard gave."""

    utterances: int
    dropped: int
    seconds: float


def _manner(chance: random.Random) -> Manner:
    rate = chance.uniform(110, 190) if chance.random() < 0.4 else chance.uniform(150, 305)
    return Manner(chance.choice(TRAINING), rate, chance.uniform(15, 85), chance.uniform(25, 80))


def _text_of(line: Line, chance: random.Random) -> str:
    text = ""
    for word in line.words:
        text += ("" if chance.random() < 0.3 else " ").join(word) + (", " if chance.random() < 0.08 else " ")
    return text


def _speak(
    line: Line, aligner: Aligner, speaker: Speaker, chance: random.Random, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return (samples at 8 kHz, label of each frame), or None when espeak's events do not fit."""
    speaker.adopt(_manner(chance))
    aligner.learn(line.syllables)
    spoken = speaker.say(_text_of(line, chance))
    segments = aligner.align(spoken, line.syllables)
    if segments is None:
        return None
    wave = resample_poly(spoken.samples.astype(np.float32), RATE_HZ // 50, speaker.rate_hz // 50)
    peak = float(np.max(np.abs(wave), initial=0.0)) + 1e-6
    before = np.zeros(int(RATE_HZ * chance.uniform(0.05, 0.6)))
    after = np.zeros(int(RATE_HZ * chance.uniform(0.05, 0.6)))
    if chance.random() < SOUND_AROUND_SPEECH:
        sound = random_sound(chance.uniform(0.4, 2.5), rng) * peak * chance.uniform(0.1, 1.0)
        if chance.random() < 0.5:
            before = np.concatenate([sound, before])
        else:
            after = np.concatenate([after, sound])
    samples = degrade(np.concatenate([before, wave, after]), rng, clean=chance.random() < 0.12)
    centres = (frame_centres(len(samples) // SHIFT_SAMPLES) - len(before)) * (speaker.rate_hz / RATE_HZ)
    return samples, frame_labels(segments, len(spoken.samples), centres)


def _make_shard(job: Job) -> Yield:
    os.environ["OMP_NUM_THREADS"] = "1"
    chance, rng = random.Random(job.seed), np.random.default_rng(job.seed)
    speaker = Speaker(job.library, job.data)
    aligner = Aligner(speaker)
    features: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    dropped, seconds = 0, 0.0
    for line in job.lines:
        if rng.random() < SOUND_SHARE:
            level = 0.0 if rng.random() < 0.06 else 1.0
            samples = degrade(random_sound(rng.uniform(1.5, 6), rng) * level, rng, clean=rng.random() < 0.1)
            marks = np.full(len(samples) // SHIFT_SAMPLES, PDFS[SILENCE][0], np.int16)
        else:
            made = _speak(line, aligner, speaker, chance, rng)
            if made is None:
                dropped += 1
                continue
            samples, marks = made
        frames = mfcc(samples)
        features.append(frames.astype(np.float16))
        labels.append(marks[: len(frames)])
        seconds += len(samples) / RATE_HZ
    lengths = np.array([len(frames) for frames in features])
    np.savez(job.target, features=np.concatenate(features), labels=np.concatenate(labels), lengths=lengths)
    return Yield(len(features), dropped, seconds)


def make(
    folder: Path, utterances: int, seed: int, workers: int, espeak: tuple[str | None, str | None] = (None, None)
) -> list[Yield]:
    """Write the shards into the folder, showing progress."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("shard_*.npz"):
        old.unlink()
    text = list(lines(utterances, seed))
    jobs = [
        Job(number, tuple(text[start : start + SHARD]), seed + 1 + number, folder / f"shard_{number:03d}.npz", *espeak)
        for number, start in enumerate(range(0, len(text), SHARD))
    ]
    # spawned, and one shard per process: espeak keeps global state, so only this gives the same set each time
    # an executor, not a Pool: a Pool waits for ever when a worker dies, an executor raises BrokenProcessPool
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
        shards = [pool.submit(_make_shard, job) for job in jobs]
        return [
            shard.result() for shard in tqdm(as_completed(shards), total=len(shards), desc="speaking", unit="shard")
        ]


def load(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (features, labels, lengths of the utterances) of all shards in order."""
    parts = [np.load(shard) for shard in sorted(folder.glob("shard_*.npz"))]
    return tuple(np.concatenate([part[name] for part in parts]) for name in ("features", "labels", "lengths"))  # type: ignore[return-value]
