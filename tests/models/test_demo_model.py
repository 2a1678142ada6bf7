"""The committed demo model: whole, small, silent where nobody speaks, and understanding voices it never heard."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from models.recipe import g711
from models.recipe.evaluation import character_errors, transcribe
from models.recipe.package import MANIFEST, SAMPLE_RATE_HZ, SIZE_LIMIT_BYTES, checksum
from models.recipe.sounds import CADENCES, RATE_HZ, cadence, clicks, keys, tone

FIXTURES = Path(__file__).parent / "fixtures"
INDEX = json.loads((FIXTURES / "fixtures.json").read_text(encoding="utf8"))["sentences"]
LEVELS = (30000.0, 3000.0)


@pytest.fixture(scope="module")
def heard(vosk_model):
    """Return (entry, text, words) of every spoken fixture."""
    return [(entry, *transcribe(vosk_model, g711.decode((FIXTURES / entry["file"]).read_bytes()))) for entry in INDEX]


@pytest.fixture(scope="module")
def manifest(model_folder):
    return json.loads((model_folder / MANIFEST).read_text(encoding="utf8"))


def test_the_manifest_lists_every_file_with_its_checksum(model_folder, manifest):
    listed = {entry["path"]: entry for entry in manifest["files"]}
    present = {
        path.relative_to(model_folder).as_posix()
        for path in model_folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }
    assert set(listed) == present
    for name, entry in listed.items():
        assert checksum(model_folder / name) == entry["sha256"], name
        assert (model_folder / name).stat().st_size == entry["bytes"], name


def test_the_model_fits_into_the_repository(model_folder):
    assert sum(path.stat().st_size for path in model_folder.rglob("*") if path.is_file()) <= SIZE_LIMIT_BYTES


def test_the_manifest_says_what_the_model_is(model_folder, manifest):
    assert manifest["sample_rate_hz"] == SAMPLE_RATE_HZ
    assert manifest["synthetic_speech_only"] is True
    assert f"--sample-frequency={SAMPLE_RATE_HZ}\n" in (model_folder / "conf" / "mfcc.conf").read_text()
    assert not set(manifest["held_out_voices"]) & set(manifest["training_voices"])
    assert {"f4", "m3", "linda", "Mike"} <= set(manifest["held_out_voices"])


def test_the_card_warns_that_real_callers_are_not_understood(model_folder):
    card = (model_folder / "MODEL_CARD.md").read_text(encoding="utf8")
    assert "不能用于真人来电" in card
    assert "not for real callers" in card


def test_the_vocabulary_has_the_unknown_word(model_folder, vosk_model):
    lines = (model_folder / "graph" / "words.txt").read_text(encoding="utf8").splitlines()
    assert "[unk]" in {line.split()[0] for line in lines}
    assert vosk_model.vosk_model_find_word("[unk]") >= 0
    assert vosk_model.vosk_model_find_word("投诉") > 0


def test_unheard_voices_saying_unseen_sentences_are_understood(heard):
    errors = sum(character_errors(entry["sentence"], text) for entry, text, _ in heard)
    characters = sum(len(entry["sentence"]) for entry, _, _ in heard)
    assert errors / characters <= 0.15, [(entry["sentence"], text) for entry, text, _ in heard]


def test_words_begin_when_they_are_spoken(heard):
    late = []
    for entry, text, words in heard:
        if text != entry["sentence"]:
            continue
        place = 0
        for word in words:
            late.append(abs(word["start"] - entry["starts"][place]))
            place += len(word["word"])
    assert len(late) >= 10
    assert np.median(late) <= 0.05
    assert np.quantile(late, 0.9) <= 0.15


def test_words_follow_each_other_in_time(heard):
    for _, _, words in heard:
        for word in words:
            assert 0 <= word["start"] < word["end"]
            assert 0 <= word["conf"] <= 1.0001
        for earlier, later in pairwise(words):
            assert earlier["end"] <= later["start"] + 0.001


def _line_sounds():
    rng = np.random.default_rng(9)
    sounds = {
        "450 Hz continuous": tone(5, 450.0),
        "silence": np.zeros(5 * RATE_HZ),
        "white noise": np.clip(rng.normal(0, 0.25, 5 * RATE_HZ), -1, 1),
        "clicks": clicks(5, rng),
        "keys": keys("0123456789*#ABCD"),
        "fast keys": keys("13800000000", 0.06, 0.06),
    }
    sounds |= {f"450 Hz {name}": cadence(7, on, off) for name, (on, off) in CADENCES.items() if off}
    for path in sorted(FIXTURES.glob("music_*.al")):
        sounds[path.stem] = g711.decode(path.read_bytes()) / 32768
    return sounds


@pytest.mark.parametrize("sound", list(_line_sounds()))
def test_a_sound_that_is_no_speech_gives_no_text(sound, vosk_model):
    for level in LEVELS:
        text, _ = transcribe(vosk_model, g711.through_alaw(_line_sounds()[sound] * level))
        assert text == ""


def test_the_same_call_gives_the_same_text_twice(vosk_model):
    samples = g711.decode((FIXTURES / INDEX[0]["file"]).read_bytes())
    assert transcribe(vosk_model, samples) == transcribe(vosk_model, samples)
