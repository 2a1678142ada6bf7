"""Puts the finished model on trial: held-out sentences in held-out voices, speeds, sounds, word times, cost."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import vosk

from .espeak import Speaker
from .evaluation import CONDITIONS, error_rate, held_out_sentences, measure, table
from .package import SIZE_LIMIT_BYTES
from .quiet import heard_in_sounds, word_start_errors
from .voices import HELD_OUT

SPEEDS = {"3.3": 150, "4.6": 200, "5.5": 230, "6.5": 266}  # syllables a second: espeak's words a minute


def run(folder: Path, library: str | None, data: str | None) -> dict[str, Any]:
    """Return all figures of the trial and print them."""
    vosk.SetLogLevel(-1)
    began = time.perf_counter()
    model = vosk.Model(str(folder))
    load_seconds = time.perf_counter() - began
    speaker = Speaker(library, data)
    sentences = held_out_sentences()
    scores = measure(model, speaker, sentences, HELD_OUT, CONDITIONS)
    speeds = {
        name: round(error_rate(measure(model, speaker, sentences, HELD_OUT[:4:3], ["alaw"], [rate])), 4)
        for name, rate in SPEEDS.items()
    }
    late = np.array(word_start_errors(model, speaker, sentences, HELD_OUT)) * 1000
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    result = {
        "sentences": len(sentences),
        "table": table(scores),
        "cer": {
            condition: round(error_rate(score for score in scores if score.condition == condition), 4)
            for condition in CONDITIONS
        },
        "speeds": speeds,
        "noisy_sounds": heard_in_sounds(model),
        "word_start_ms": {
            "words": len(late),
            "p50": round(float(np.median(late)), 1),
            "p90": round(float(np.quantile(late, 0.9)), 1),
        },
        "load_seconds": round(load_seconds, 3),
        "real_time_factor": round(sum(s.decoding_seconds for s in scores) / sum(s.seconds for s in scores), 4),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "model_bytes": size,
    }
    print(result["table"])
    print({name: value for name, value in result.items() if name != "table"})
    if size > SIZE_LIMIT_BYTES:
        print(f"WARNING: {size} bytes exceed the limit of {SIZE_LIMIT_BYTES}")
    return result
