"""Writes, and for tests reads back, Kaldi's binary `final.mdl`: a transition model, then an nnet3 acoustic model.

Layout facts: the file starts with bytes 00 42; a token is ASCII and one space; int32 is 04 and four bytes; a float 04
and four; a double 08 and eight. Weights are stored with 16 bits each ("CM2"), which libvosk expands while loading.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .units import PDFS, PHONES, SILENCE, is_final, unit_of_phone

Transition = tuple[int, float]  # (next state, probability)
State = tuple[int, tuple[Transition, ...]]  # (pdf class, -1 for the last state; transitions: self-loop first)

TOPOLOGIES: tuple[tuple[State, ...], ...] = (
    ((0, ((0, 0.9), (1, 0.1))), (-1, ())),  # silence
    ((0, ((0, 0.5), (1, 0.5))), (-1, ())),  # initials
    ((0, ((0, 0.6), (1, 0.4))), (1, ((1, 0.6), (2, 0.4))), (-1, ())),  # finals
)


def topology_of(phone: int) -> int:
    """Return which topology a phone has."""
    unit = unit_of_phone(phone)
    if unit == SILENCE:
        return 0
    return 2 if is_final(unit) else 1


def transition_tuples() -> list[tuple[int, int, int]]:
    """Return every (phone, HMM state, pdf), sorted as Kaldi demands."""
    return sorted(
        (phone, state, pdf) for phone in range(1, len(PHONES)) for state, pdf in enumerate(PDFS[unit_of_phone(phone)])
    )


def transition_ids() -> tuple[dict[tuple[int, int, int], int], list[float]]:
    """Return the id of each (phone, from state, to state), and log probabilities indexed by id (0 is a dummy)."""
    ids: dict[tuple[int, int, int], int] = {}
    log_probabilities = [0.0]
    for phone, state, _ in transition_tuples():
        for target, probability in TOPOLOGIES[topology_of(phone)][state][1]:
            ids[(phone, state, target)] = len(log_probabilities)
            log_probabilities.append(math.log(probability))
    return ids, log_probabilities


class Writer:
    """Collects Kaldi's binary encoding."""

    def __init__(self) -> None:
        self._parts: list[bytes] = [b"\0B"]

    def token(self, text: str) -> None:
        self._parts.append(text.encode("ascii") + b" ")

    def raw(self, data: bytes) -> None:
        self._parts.append(data)

    def integer(self, value: int) -> None:
        self._parts.append(b"\x04" + struct.pack("<i", value))

    def real(self, value: float) -> None:
        self._parts.append(b"\x04" + struct.pack("<f", value))

    def double(self, value: float) -> None:
        self._parts.append(b"\x08" + struct.pack("<d", value))

    def integers(self, values: Sequence[int]) -> None:
        self._parts.append(b"\x04" + struct.pack("<i", len(values)) + np.asarray(values, "<i4").tobytes())

    def vector(self, values: Iterable[float]) -> None:
        array = np.asarray(list(values), "<f4")
        self.token("FV")
        self.integer(len(array))
        self._parts.append(array.tobytes())

    def matrix(self, values: np.ndarray) -> None:
        """Write a matrix with 16 bits a weight."""
        array = np.asarray(values, np.float64)
        low, span = float(array.min()), float(array.max() - array.min()) or 1.0
        codes = np.round((array - low) / span * 65535).astype("<u2")
        self.token("CM2")
        self._parts.append(struct.pack("<ffii", low, span, *array.shape) + codes.tobytes())

    def bytes(self) -> bytes:
        return b"".join(self._parts)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """An affine map over spliced frames, followed by `relu` or `logsoftmax`."""

    name: str
    offsets: tuple[int, ...]
    weights: np.ndarray  # outputs x (len(offsets) * inputs)
    biases: np.ndarray
    activation: str


def _write_transition_model(out: Writer) -> None:
    out.token("<TransitionModel>")
    out.token("<Topology>")
    out.integers(range(1, len(PHONES)))
    out.integers([-1, *(topology_of(phone) for phone in range(1, len(PHONES)))])
    out.integer(len(TOPOLOGIES))
    for topology in TOPOLOGIES:
        out.integer(len(topology))
        for pdf_class, transitions in topology:
            out.integer(pdf_class)
            out.integer(len(transitions))
            for target, probability in transitions:
                out.integer(target)
                out.real(probability)
    out.token("</Topology>")
    tuples = transition_tuples()
    out.token("<Triples>")
    out.integer(len(tuples))
    for entry in tuples:
        for value in entry:
            out.integer(value)
    out.token("</Triples>")
    out.token("<LogProbs>")
    out.vector(transition_ids()[1])
    out.token("</LogProbs>")
    out.token("</TransitionModel>")


def _network_config(inputs: int, layers: Sequence[Layer]) -> str:
    lines, previous = [f"input-node name=input dim={inputs}"], "input"
    for layer in layers:
        spliced = [f"Offset({previous}, {offset})" if offset else previous for offset in layer.offsets]
        source = spliced[0] if len(spliced) == 1 else f"Append({', '.join(spliced)})"
        lines.append(f"component-node name={layer.name}.affine component={layer.name}.affine input={source}")
        previous = f"{layer.name}.{layer.activation}"
        lines.append(f"component-node name={previous} component={previous} input={layer.name}.affine")
    lines.append(f"output-node name=output input={previous} objective=linear")
    return "\n".join(lines)


def _write_network(out: Writer, inputs: int, layers: Sequence[Layer], priors: np.ndarray) -> None:
    out.token("<Nnet3>")
    out.raw(b"\n" + _network_config(inputs, layers).encode() + b"\n\n")
    out.token("<NumComponents>")
    out.integer(2 * len(layers))
    for layer in layers:
        out.token("<ComponentName>")
        out.token(f"{layer.name}.affine")
        out.token("<FixedAffineComponent>")
        out.token("<LinearParams>")
        out.matrix(layer.weights)
        out.token("<BiasParams>")
        out.vector(layer.biases)
        out.token("</FixedAffineComponent>")
        kind = {"relu": "RectifiedLinearComponent", "logsoftmax": "LogSoftmaxComponent"}[layer.activation]
        out.token("<ComponentName>")
        out.token(f"{layer.name}.{layer.activation}")
        out.token(f"<{kind}>")
        out.token("<Dim>")
        out.integer(len(layer.biases))
        out.token("<ValueAvg>")
        out.vector([])
        out.token("<DerivAvg>")
        out.vector([])
        out.token("<Count>")
        out.double(0.0)
        out.token(f"</{kind}>")
    out.token("</Nnet3>")
    out.token("<LeftContext>")
    out.integer(0)  # both contexts are recomputed on reading
    out.token("<RightContext>")
    out.integer(0)
    out.token("<Priors>")
    out.vector(priors)  # linear; libvosk subtracts their logarithm


def encode_model(inputs: int, layers: Sequence[Layer], priors: np.ndarray) -> bytes:
    """Return the bytes of final.mdl."""
    out = Writer()
    _write_transition_model(out)
    _write_network(out, inputs, layers, priors)
    return out.bytes()


def read_layers(path: Path) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Read back weights and biases by component name, and the priors: proof that what was written can be read."""
    data = path.read_bytes()
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    at = data.index(b"<NumComponents> ")
    while (at := data.find(b"<LinearParams> CM2 ", at)) >= 0:
        name = data[data.rindex(b"<ComponentName> ", 0, at) + 16 :].split(b" ", 1)[0].decode()
        at += len(b"<LinearParams> CM2 ")
        low, span, rows, columns = struct.unpack_from("<ffii", data, at)
        codes = np.frombuffer(data, "<u2", rows * columns, at + 16).reshape(rows, columns)
        at += 16 + 2 * rows * columns
        biases, at = _read_vector(data, at + len(b"<BiasParams> "))
        found[name] = (low + codes.astype(np.float64) * span / 65535, biases)
    priors, _ = _read_vector(data, data.rindex(b"<Priors> ") + len(b"<Priors> "))
    return found, priors


def _read_vector(data: bytes, at: int) -> tuple[np.ndarray, int]:
    if data[at : at + 4] != b"FV \x04":
        raise ValueError(f"no vector at byte {at}")
    (count,) = struct.unpack_from("<i", data, at + 4)
    return np.frombuffer(data, "<f4", count, at + 8), at + 8 + 4 * count


def word_boundaries() -> str:
    """Return graph/phones/word_boundary.int."""
    names = {"B": "begin", "E": "end", "I": "internal", "S": "singleton"}
    return "".join(
        f"{number} {'nonword' if phone == SILENCE else names[phone[-1]]}\n"
        for number, phone in enumerate(PHONES)
        if number
    )
