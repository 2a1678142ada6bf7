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

_CARD = """# 演示语音模型 demo-zh-synthetic

**只用合成语音训练，不能用于真人来电。** 它让整条通路（来电、8 kHz A-law、libvosk、转写、分类、工单）在任何机器上都能真实运行；
正式使用请安装真正的 Vosk 中文模型。

*Trained on synthetic speech only; not for real callers. It lets the whole path run everywhere with the genuine libvosk.*

| | |
|---|---|
| 格式 Format | Kaldi nnet3 + 静态 HCLG，vosk 0.3.45 可直接加载；采样率 8000 Hz（16000 Hz 输入也接受） |
| 训练语音 Training audio | {hours:.1f} 小时，espeak-ng 的 `cmn-latn-pinyin`，{voices} 种音色变体，语速约 2.3–7.5 音节/秒；另约一成是拨号音、按键音、音乐、杂音、静音 |
| 训练文字 Training text | 声学：jieba 词典（MIT）中的词随机组合与数字；语言：本目录 `recipe/text/` 的自写句式，人名地名均为随机拼成 |
| 参数 Parameters | {parameters:.2f} M；{words} 词，含 `[unk]` |
| 从未参加训练的音色 Held-out voices | {held_out} |
| 许可 Licence | 与本项目相同（Apache-2.0）；没有使用任何预训练权重 |
| 复现 Reproduce | 在项目根目录执行 `make model`（固定随机种子，两个线程约 {minutes:.0f} 分钟） |

## 字错误率 Character error rate

{sentence_count} 句自写热线用语（先于全部训练文字写成，不参与任何选择），由未参加训练的音色朗读；同音字也算错。
`alaw` 为 8 kHz A-law 电话音质，`alaw+noise` 另加 15 dB 噪声。

{table}

电话音质下的语速 / by speed through A-law: {speeds}

450 Hz 连续音、回铃音、忙音，DTMF 按键，合成音乐，静音，白噪声，咔嗒声：{quiet}。

词语时间与 espeak 事件相比，起点偏差中位数 {word_start_ms:.0f} ms，九成在 {word_start_p90_ms:.0f} ms 以内。

## 做不到的事 What it cannot do

- 听不懂真人：对真人语音的字错误率超过七成。*It does not understand human speech (CER above 70 %).*
- 方言、口音、多人同时说话、歌声、英文字母和阿拉伯数字写法都不支持；数字一律写成汉字（电话号码中的 1 写作“幺”）。
- 生僻地名、人名只能听出同音字。*Rare names come out as homophones.*
- 静态图不支持运行时语法（grammar）。*No runtime grammar.*
- 置信度未经校准。*Confidences are not calibrated.*
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
    card = _CARD.format(
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
    (model / "MODEL_CARD.md").write_text(card, encoding="utf8")
