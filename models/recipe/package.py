"""Writes what surrounds the trained parts: configuration, word boundaries, manifest with checksums, model card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .features import MFCC_CONF
from .kaldi_format import word_boundaries
from .voices import HELD_OUT, TRAINING

NAME = "demo-zh-synthetic"
SAMPLE_RATE_HZ = 8000
MANIFEST = "manifest.json"
SIZE_LIMIT_BYTES = 25_000_000

MODEL_CONF = """--min-active=200
--max-active=5000
--beam=13.0
--lattice-beam=6.0
--acoustic-scale=0.5
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""


def write_configuration(model: Path) -> None:
    """Write conf/ and the word boundaries."""
    (model / "conf").mkdir(parents=True, exist_ok=True)
    (model / "graph" / "phones").mkdir(parents=True, exist_ok=True)
    (model / "conf" / "mfcc.conf").write_text(MFCC_CONF, encoding="ascii")
    (model / "conf" / "model.conf").write_text(MODEL_CONF, encoding="ascii")
    (model / "graph" / "phones" / "word_boundary.int").write_text(word_boundaries(), encoding="ascii")


def checksum(path: Path) -> str:
    """Return the sha256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_manifest(model: Path, figures: Mapping[str, Any]) -> None:
    """Write manifest.json: every file with size and sha256, the sample rate, what trained the model, its figures."""
    files = sorted(path for path in model.rglob("*") if path.is_file() and path.name != MANIFEST)
    manifest = {
        "manifest": 1,
        "name": NAME,
        "language": "zh-CN",
        "engine": "vosk",
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "synthetic_speech_only": True,
        "warning": "只用合成语音训练，不能用于真人来电",
        "licence": "Apache-2.0",
        "trained_by": "models/recipe",
        "espeak_language": "cmn-latn-pinyin",
        "training_voices": list(TRAINING),
        "held_out_voices": list(HELD_OUT),
        "figures": dict(figures),
        "files": [
            {"path": path.relative_to(model).as_posix(), "bytes": path.stat().st_size, "sha256": checksum(path)}
            for path in files
        ],
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    (model / MANIFEST).write_text(text, encoding="utf8")


def write_card(model: Path, figures: Mapping[str, Any]) -> None:
    """Write MODEL_CARD.md from the measured figures."""
    training, measured = figures["training"], figures["evaluation"]
    speeds = "，".join(f"{speed} 音节/秒 {100 * rate:.1f} %" for speed, rate in measured["speeds"].items())
    quiet = "全部得到空文本" if not measured["noisy_sounds"] else f"有 {len(measured['noisy_sounds'])} 段得到文字"
    card = (
        (Path(__file__).parent / "card.md")
        .read_text(encoding="utf8")
        .format(
            hours=training["hours"],
            voices=len(TRAINING),
            parameters=training["parameters"] / 1e6,
            words=figures["language"]["words"],
            held_out=" ".join(HELD_OUT),
            minutes=figures["minutes"],
            sentence_count=measured["sentences"],
            table=measured["table"],
            speeds=speeds,
            quiet=quiet,
            word_start_ms=measured["word_start_ms"]["p50"],
            word_start_p90_ms=measured["word_start_ms"]["p90"],
        )
    )
    (model / "MODEL_CARD.md").write_text(card, encoding="utf8")
