"""What would this text be? Category, unit, urgency and danger with their reasons; and speech to try a flow by voice."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from cti.file_versions import Files
from cti.server.ears import speech_model
from cti.server.emergency import open_spotter
from cti.settings import Settings
from cti.verdict import Danger, Reason, Verdict, Vocabulary
from ivr.adapters.voice.sound_file import read_wav
from ivr.adapters.vosk.recogniser import CHUNK_BYTES, CHUNK_S, LegRecogniser
from ivr.call import CallId, Leg
from ivr.errors import AuthorError
from ivr.ports import Heard
from ivr.problems import Problem
from routing.adapters.packaged_lexicon import load_classifier
from routing.classify.classify import Classifier
from routing.classify.lexicon_file import read_categories, read_units
from routing.classify.rank import Ranked
from routing.emergency.kinds import TITLES
from routing.emergency.spot import Spotter
from workorder.dispatch_file import read_catalogue

TOP = 5


def judged(files: Files, text: str) -> Verdict | tuple[Problem, ...]:
    """Return what the hotline would make of `text` with these words; their errors, when they cannot be used."""
    try:
        classifier = _classifier(tuple(sorted(files.items())))
    except AuthorError as error:
        return error.problems
    catalogue, problems = read_catalogue(files.get("catalogue.yaml", ""), "catalogue.yaml")
    if catalogue is None:
        return problems
    found = classifier.classify(text)
    danger = _spotter().spot(text)
    units = _reasons(found.units)
    return Verdict(
        categories=_reasons(found.categories),
        units=units,
        request_types=_reasons(found.request_types),
        urgencies=_reasons(found.urgencies),
        concepts=_reasons(found.concepts),
        question=catalogue.question_for([unit.label for unit in units[:2]], text) if len(units) > 1 else "",
        danger=None
        if danger is None
        else Danger(
            danger.kind.value,
            TITLES[danger.kind],
            danger.is_confirmed,
            round(danger.probability, 3),
            tuple(why.words for why in danger.why),
            tuple(TITLES[kind] for kind in danger.also),
        ),
    )


def labels_in(files: Files) -> Vocabulary:
    """Return the categories and units that may be written into an order; what cannot be read is left out."""
    return _labels(tuple(sorted(files.items())))


@lru_cache(maxsize=2)
def _labels(files: tuple[tuple[str, str], ...]) -> Vocabulary:
    texts = dict(files)
    categories, _ = read_categories(texts.get("categories.yaml", ""), "categories.yaml")
    units, _ = read_units(texts.get("units.yaml", ""), "units.yaml")
    catalogue, _ = read_catalogue(texts.get("catalogue.yaml", ""), "catalogue.yaml")
    both = (*(units.labels if units else ()), *(catalogue.units if catalogue else ()))
    return Vocabulary(categories.labels if categories else (), tuple(dict.fromkeys(both)))


def _reasons(ranked: Sequence[Ranked]) -> tuple[Reason, ...]:
    return tuple(
        Reason(each.label, round(each.score, 2), round(each.confidence, 3), tuple(word.word for word in each.words))
        for each in ranked[:TOP]
    )


@lru_cache(maxsize=2)
def _classifier(files: tuple[tuple[str, str], ...]) -> Classifier:
    with tempfile.TemporaryDirectory(prefix="hotline-words-") as folder:
        for name, text in files:
            (Path(folder) / Path(name).name).write_text(text, encoding="utf-8", errors="replace")
        return load_classifier(Path(folder))


@lru_cache(maxsize=1)
def _spotter() -> Spotter:
    spotter = open_spotter()
    assert isinstance(spotter, Spotter)
    return spotter


def recognised(settings: Settings, wav: bytes) -> str:
    """Return what the speech model hears in a WAV file; EarsError without a model, BadSoundError for a bad file."""
    sound = read_wav(wav)
    recogniser = LegRecogniser(speech_model(settings), CallId("trial"), Leg.CALLER)
    heard: list[Heard] = []
    for number, at in enumerate(range(0, len(sound), CHUNK_BYTES)):
        heard += recogniser.hear(sound[at : at + CHUNK_BYTES], round(number * CHUNK_S, 4), want_partial=False)
    heard += recogniser.settle()
    return "，".join(each.text for each in heard if each.is_final and each.text)
