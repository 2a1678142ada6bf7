"""What would this text be? Category, unit, urgency and danger with their reasons; and speech to try a flow by voice."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from cti.file_versions import Files
from cti.server.ears import speech_model
from cti.settings import Settings
from cti.verdict import Danger, Reason, Verdict, Vocabulary
from ivr.adapters.voice.sound_file import read_wav
from ivr.adapters.vosk.recogniser import CHUNK_BYTES, CHUNK_S, LegRecogniser
from ivr.call import CallId, Leg
from ivr.errors import AuthorError
from ivr.ports import Heard
from ivr.problems import Place, Problem, Severity
from routing.adapters.emergency_trial import newly_heard, no_longer_heard
from routing.adapters.emergency_words import spotter_of
from routing.adapters.packaged_lexicon import load_classifier
from routing.classify.classify import Classifier
from routing.classify.lexicon_file import read_categories, read_units
from routing.classify.rank import Ranked
from routing.emergency.kinds import TITLES
from routing.emergency.spot import Spotter
from workorder.dispatch_file import read_catalogue

TOP = 5
MOST_TOLD = 20


def judged(files: Files, danger_words: Files, text: str) -> Verdict | tuple[Problem, ...]:
    """Return what the hotline would make of `text` with these words; their errors, when they cannot be used."""
    try:
        classifier = _classifier(tuple(sorted(files.items())))
    except AuthorError as error:
        return error.problems
    catalogue, problems = read_catalogue(files.get("catalogue.yaml", ""), "catalogue.yaml")
    if catalogue is None:
        return problems
    found = classifier.classify(text)
    spotter, problems = _spotter(tuple(danger_words.items()))
    if spotter is None:
        return problems
    danger = spotter.spot(text)
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


@lru_cache(maxsize=2)
def _spotter(files: tuple[tuple[str, str], ...]) -> tuple[Spotter | None, tuple[Problem, ...]]:
    return spotter_of(dict(files))


def danger_problems(files: Files) -> tuple[Problem, ...]:
    """Return what is wrong with danger words: errors of the files, dangers no longer heard, and new false alarms."""
    spotter, problems = _spotter(tuple(files.items()))
    if spotter is None:
        return problems
    for kind, said in no_longer_heard(spotter)[:MOST_TOLD]:
        what = f"“{said}”不再听得出险情（{kind}）。"
        problems += (Problem(Place(f"{kind}.yaml"), what, "把说这件事的词放回去，或换成也听得出这句话的词。"),)
    for said in newly_heard(spotter)[:MOST_TOLD]:
        what = f"平常话“{said}”会被听成险情。"
        problems += (Problem(Place("shared.yaml"), what, "把词写得更准，或说明为什么可以接受。", Severity.WARNING),)
    return problems


def recognised(settings: Settings, wav: bytes) -> str:
    """Return what the speech model hears in a WAV file; EarsError without a model, BadSoundError for a bad file."""
    sound = read_wav(wav)
    recogniser = LegRecogniser(speech_model(settings), CallId("trial"), Leg.CALLER)
    heard: list[Heard] = []
    for number, at in enumerate(range(0, len(sound), CHUNK_BYTES)):
        heard += recogniser.hear(sound[at : at + CHUNK_BYTES], round(number * CHUNK_S, 4), want_partial=False)
    heard += recogniser.settle()
    return "，".join(each.text for each in heard if each.is_final and each.text)
