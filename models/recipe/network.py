"""The acoustic network: six convolutions over time, trained frame by frame on the alignments that espeak gives.

Batch norm comes after ReLU so that it, and the normalisation of the input, fold exactly into the next layer of the
export.
Convolutions are not padded: the features are, by repeating the edge frames, as libvosk does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from .features import DIMENSION
from .kaldi_format import Layer, encode_model
from .units import PDF_COUNT, PDFS, UNITS, tone_siblings

OFFSETS = ((-2, -1, 0, 1, 2), (-1, 0, 1), (-3, 0, 3), (-3, 0, 3), (-6, 0, 6), (-6, 0, 6))
_CONVOLUTIONS = ((5, 1, 1), (3, 1, 3), (3, 1, 1), (3, 1, 1), (3, 2, 1), (3, 2, 1))  # kernel, dilation, stride
CONTEXT = sum(max(offsets) for offsets in OFFSETS)  # 21 frames on each side
SUBSAMPLING = 3


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how hard to train."""

    hidden: int = 384
    steps: int = 6000
    batch: int = 64
    chunk_frames: int = 150
    peak_rate: float = 2.5e-3
    tone_softening: float = 0.15
    prior_power: float = 0.8
    seed: int = 0
    threads: int = 2
    bfloat16: bool = False


class AcousticNetwork(nn.Module):
    """Features (batch, frames, 40) to pdf scores (batch, frames / 3, pdfs)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        inputs = DIMENSION
        self.convolutions = nn.ModuleList()
        self.norms = nn.ModuleList()
        for kernel, dilation, stride in _CONVOLUTIONS:
            self.convolutions.append(nn.Conv1d(inputs, hidden, kernel, stride=stride, dilation=dilation))
            self.norms.append(nn.BatchNorm1d(hidden, affine=False, momentum=0.05))
            inputs = hidden
        self.output = nn.Conv1d(hidden, PDF_COUNT, 1)
        self.register_buffer("mean", torch.zeros(DIMENSION))
        self.register_buffer("deviation", torch.ones(DIMENSION))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        hidden = ((features - self.mean) / self.deviation).transpose(1, 2)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            hidden = norm(torch.relu(convolution(hidden)))
        return self.output(hidden).transpose(1, 2)


def export_layers(network: AcousticNetwork) -> list[Layer]:
    """Fold the normalisations into the affine maps."""
    scale = (1 / network.deviation).numpy()
    shift = (-network.mean / network.deviation).numpy()
    layers: list[Layer] = []
    for place, convolution in enumerate([*network.convolutions, network.output]):
        weights, biases = convolution.weight.detach().numpy(), convolution.bias.detach().numpy()
        folded_biases = biases + (weights * shift[None, :, None]).sum((1, 2))
        folded = (weights * scale[None, :, None]).transpose(0, 2, 1).reshape(len(weights), -1)
        if place == len(OFFSETS):
            layers.append(Layer("output", (0,), folded, folded_biases, "logsoftmax"))
            break
        layers.append(Layer(f"tdnn{place + 1}", OFFSETS[place], folded, folded_biases, "relu"))
        norm = network.norms[place]
        scale = (1 / torch.sqrt(norm.running_var + norm.eps)).numpy()
        shift = -norm.running_mean.numpy() * scale
    return layers


class Frames:
    """All utterances laid end to end, each padded by repeating its edge frames."""

    def __init__(self, features: np.ndarray, labels: np.ndarray, lengths: np.ndarray) -> None:
        total = int(lengths.sum()) + 2 * CONTEXT * len(lengths)
        padded = np.empty((total, DIMENSION), np.float16)
        padded_labels = np.full(total, -1, np.int16)
        starts = np.empty(len(lengths), np.int64)
        into = out_of = 0
        for number, length in enumerate(lengths):
            frames = features[out_of : out_of + length]
            padded[into : into + CONTEXT] = frames[0]
            padded[into + CONTEXT : into + CONTEXT + length] = frames
            padded[into + CONTEXT + length : into + 2 * CONTEXT + length] = frames[-1]
            padded_labels[into + CONTEXT : into + CONTEXT + length] = labels[out_of : out_of + length]
            starts[number] = into
            into += length + 2 * CONTEXT
            out_of += length
        self.features, self.labels = torch.from_numpy(padded), torch.from_numpy(padded_labels)
        self.starts, self.lengths = starts, lengths

    def chunks(
        self, rng: np.random.Generator, among: np.ndarray, schedule: Schedule
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a random batch: features with context, and the label of every third frame."""
        weight = self.lengths[among] / self.lengths[among].sum()
        chosen = rng.choice(among, schedule.batch, p=weight)
        room = np.maximum(1, self.lengths[chosen] - schedule.chunk_frames + 1)
        begins = self.starts[chosen] + (rng.random(schedule.batch) * room).astype(np.int64)
        width = schedule.chunk_frames + 2 * CONTEXT - 2
        index = torch.from_numpy(begins[:, None] + np.arange(width)[None]).clamp_(max=len(self.labels) - 1)
        centre = index[:, CONTEXT : CONTEXT + schedule.chunk_frames : SUBSAMPLING]
        return self.features[index].float(), self.labels[centre].long()

    def utterance(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        start, length = int(self.starts[number]), int(self.lengths[number])
        features = self.features[start : start + length + 2 * CONTEXT].float()[None]
        return features, self.labels[start + CONTEXT : start + CONTEXT + length : SUBSAMPLING].long()


def _siblings() -> torch.Tensor:
    table = torch.zeros(PDF_COUNT, 5, dtype=torch.long)
    for unit in UNITS:
        for state, pdf in enumerate(PDFS[unit]):
            table[pdf] = torch.tensor(tone_siblings(unit, state))
    return table


def _priors(labels: np.ndarray, siblings: np.ndarray, schedule: Schedule) -> np.ndarray:
    """Return pdf priors, softened over tones exactly like the targets (else the tones come out wrong)."""
    priors = np.bincount(labels.astype(int), minlength=PDF_COUNT) + 10.0
    priors /= priors.sum()
    priors = (1 - schedule.tone_softening) * priors + schedule.tone_softening * priors[siblings].mean(1)
    priors = priors**schedule.prior_power
    return priors / priors.sum()


def _validate(network: AcousticNetwork, frames: Frames, numbers: range) -> float:
    network.eval()
    right = count = 0
    with torch.no_grad():
        for number in numbers:
            features, labels = frames.utterance(number)
            scores = network(features)[0]
            shared = min(len(scores), len(labels))
            right += int((scores[:shared].argmax(-1) == labels[:shared]).sum())
            count += shared
    network.train()
    return right / max(1, count)


def has_fast_bfloat16() -> bool:
    """Tell whether the processor multiplies bfloat16 in hardware (AMX or AVX-512)."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags


def train(
    features: np.ndarray, labels: np.ndarray, lengths: np.ndarray, schedule: Schedule, target: Path
) -> dict[str, float]:
    """Train and write final.mdl; return figures about the training."""
    torch.set_num_threads(schedule.threads)
    torch.manual_seed(schedule.seed)
    rng = np.random.default_rng(schedule.seed)
    siblings = _siblings()
    priors = _priors(labels, siblings.numpy(), schedule)
    network = AcousticNetwork(schedule.hidden)
    sample = features[::50].astype(np.float32)
    network.mean[:] = torch.from_numpy(sample.mean(0))
    network.deviation[:] = torch.from_numpy(sample.std(0) + 1e-3)
    frames = Frames(features, labels, lengths)
    held_back = min(150, len(lengths) // 10)
    training = np.arange(len(lengths) - held_back)
    optimiser = torch.optim.AdamW(network.parameters(), lr=schedule.peak_rate, weight_decay=1e-3)
    rates = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, schedule.peak_rate, total_steps=schedule.steps, pct_start=0.15
    )
    began = time.monotonic()
    softening = schedule.tone_softening
    running = 0.0
    with tqdm(range(schedule.steps), desc="training", unit="step", mininterval=5) as progress:
        for step in progress:
            inputs, wanted = frames.chunks(rng, training, schedule)
            inputs = inputs + torch.randn(len(inputs), 1, DIMENSION) * 0.15 * network.deviation
            with torch.autocast("cpu", torch.bfloat16, enabled=schedule.bfloat16):
                scores = network(inputs)
            flat, flat_wanted = torch.log_softmax(scores.float().reshape(-1, PDF_COUNT), -1), wanted.reshape(-1)
            known = flat_wanted >= 0
            targets = flat_wanted.clamp(min=0)
            own = flat.gather(1, targets[:, None])[:, 0]
            tones = flat.gather(1, siblings[targets]).mean(1)
            loss = -(((1 - softening) * own + softening * tones) * known).sum() / known.sum()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            rates.step()
            running += (loss.item() - running) / min(100, step + 1)
            if step % 50 == 0:
                progress.set_postfix(loss=f"{running:.3f}")
    accuracy = _validate(network, frames, range(len(lengths) - held_back, len(lengths)))
    network.eval()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(encode_model(DIMENSION, export_layers(network), priors))
    return {
        "parameters": float(sum(weights.numel() for weights in network.parameters())),
        "frame_accuracy": accuracy,
        "minutes": (time.monotonic() - began) / 60,
    }
