"""Kaldi's files and G.711, written and read back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipe import g711
from models.recipe.kaldi_format import (
    TOPOLOGIES,
    Layer,
    encode_model,
    read_layers,
    transition_ids,
    transition_tuples,
    word_boundaries,
)
from models.recipe.units import PDF_COUNT, PHONES


@pytest.fixture
def layers():
    rng = np.random.default_rng(0)
    return [
        Layer("tdnn1", (-1, 0, 1), rng.normal(0, 1, (8, 12)), rng.normal(0, 1, 8), "relu"),
        Layer("output", (0,), rng.normal(0, 1, (PDF_COUNT, 8)), rng.normal(0, 1, PDF_COUNT), "logsoftmax"),
    ]


def test_weights_survive_writing_with_sixteen_bits(tmp_path, layers):
    priors = np.full(PDF_COUNT, 1 / PDF_COUNT)
    path = tmp_path / "final.mdl"
    path.write_bytes(encode_model(4, layers, priors))
    found, found_priors = read_layers(path)
    assert list(found) == ["tdnn1.affine", "output.affine"]
    for layer in layers:
        weights, biases = found[f"{layer.name}.affine"]
        assert weights.shape == layer.weights.shape
        step = (layer.weights.max() - layer.weights.min()) / 65535
        assert np.abs(weights - layer.weights).max() <= step
        assert np.allclose(biases, layer.biases, atol=1e-6)
    assert np.allclose(found_priors, priors)


def test_the_model_file_announces_binary_and_names_its_inputs(layers):
    data = encode_model(4, layers, np.ones(PDF_COUNT))
    assert data.startswith(b"\0B<TransitionModel> ")
    assert b"input=Append(Offset(input, -1), input, Offset(input, 1))\n" in data
    assert b"output-node name=output input=output.logsoftmax objective=linear\n\n" in data


def test_transition_tuples_are_sorted_and_every_arc_has_an_id():
    tuples = transition_tuples()
    assert tuples == sorted(set(tuples))
    ids, log_probabilities = transition_ids()
    assert sorted(ids.values()) == list(range(1, len(log_probabilities)))


def test_the_transitions_of_every_state_sum_to_one():
    for topology in TOPOLOGIES:
        for _, transitions in topology[:-1]:
            assert sum(probability for _, probability in transitions) == pytest.approx(1)


def test_every_phone_says_where_in_a_word_it_stands():
    lines = word_boundaries().splitlines()
    assert len(lines) == len(PHONES) - 1
    assert lines[0] == "1 nonword"
    assert {line.split()[1] for line in lines} == {"nonword", "begin", "end", "internal", "singleton"}


@given(st.binary(min_size=1, max_size=300))
def test_alaw_bytes_survive_decoding_and_encoding(data):
    assert g711.encode(g711.decode(data)) == data


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=200))
def test_alaw_keeps_every_sample_within_its_step(samples):
    exact = np.array(samples, np.float32)
    assert np.all(np.abs(g711.through_alaw(exact) - exact) <= np.maximum(16, np.abs(exact) / 16))
