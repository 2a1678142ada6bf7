"""The drafter: turns in, a draft out, by lexicon and dispatch catalogue; done off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import routing.classify
import workorder
from cti.settings import Settings
from cti.world import Drafter
from ivr.call import CallId, PhoneNumber
from ivr.errors import AuthorError, HotlineError
from ivr.ports import Heard
from ivr.speech.transcript import Transcript, Turn, turns
from routing.adapters.aho_matcher import AhoMatcher
from routing.adapters.learnt_models import LearntModels
from routing.adapters.packaged_lexicon import load_classifier
from routing.classify.lexicon_file import Vote
from routing.classify.voting import NOTHING_LEARNT, Learnt, Target, VotingClassifier
from workorder.dispatch import Catalogue
from workorder.dispatch_file import read_catalogue
from workorder.draft import Draft, FieldName
from workorder.evaluate_unit import lexicon_hints
from workorder.gazetteer import Gazetteer, read_gazetteer
from workorder.prefill import Prefill

log = logging.getLogger(__name__)

SHIPPED_LEXICONS = tuple(sorted((Path(routing.classify.__file__).parent / "lexicon").glob("*.yaml")))
SHIPPED_CATALOGUE = Path(workorder.__file__).parent / "catalogue" / "digital_city.yaml"
SHIPPED_GAZETTEER = Path(workorder.__file__).parent / "catalogue" / "places_lanzhou.yaml"


def own_words(settings: Settings) -> Path:
    """Return the folder where an installation keeps its own words: each file there replaces the one that ships."""
    return settings.data_folder / "words"


def words_in_use(own: Path) -> tuple[Path, ...]:
    """Return lexicons, dispatch catalogue and gazetteer, the installation's own where it has one."""
    own_lexicons = [own / file.name for file in SHIPPED_LEXICONS]
    lexicons = [mine if mine.is_file() else file for mine, file in zip(own_lexicons, SHIPPED_LEXICONS, strict=True)]
    return (*lexicons, _own(own, "catalogue.yaml", SHIPPED_CATALOGUE), _own(own, "places.yaml", SHIPPED_GAZETTEER))


def make_prefill(own: Path | None = None) -> Prefill:
    """Load lexicon and catalogue; AuthorError with every problem."""
    return Prefill(load_classifier(own), _catalogue(own), _gazetteer(own))


def _own(own: Path | None, name: str, shipped: Path) -> Path:
    return own / name if own is not None and (own / name).is_file() else shipped


def _gazetteer(own: Path | None) -> Gazetteer:
    file = _own(own, "places.yaml", SHIPPED_GAZETTEER)
    gazetteer, problems = read_gazetteer(file.read_text(encoding="utf-8", errors="replace"), str(file), AhoMatcher)
    if gazetteer is None:
        raise AuthorError(problems)
    return gazetteer


class LearningPrefill:
    """`Drafts` by lexicon and the learnt models in use; a model adopted meanwhile counts from the next draft on.

    A model that cannot be read costs nothing but itself: what was in use stays. So do words: an installation's own
    count from the next draft on when they are published; those that cannot be read leave what was in use, which at the
    start is what ships, and the log says what is wrong with them.
    """

    def __init__(self, models: LearntModels, own: Path | None = None) -> None:
        self._models = models
        self._folder = self._own = own
        self._words_mark = _mark_of(own)
        try:
            self._lexicon, self._catalogue, self._gazetteer = load_classifier(own), _catalogue(own), _gazetteer(own)
        except (AuthorError, OSError) as error:
            if own is None:
                raise
            log.error("own_words_not_read", extra={"folder": str(own), "reason": str(error)[:300]})
            self._own = None
            self._lexicon, self._catalogue, self._gazetteer = load_classifier(), _catalogue(None), _gazetteer(None)
        self._hints = lexicon_hints(self._lexicon.classify)
        self._accepted: tuple[Vote, ...] = ()
        self._mark: tuple[int, ...] | None = None
        self._learnt: Mapping[Target, Learnt] = NOTHING_LEARNT
        self._prefill = Prefill(self._lexicon, self._catalogue, self._gazetteer)

    def draft(self, call: CallId, turns: Sequence[Turn], caller: PhoneNumber | None = None) -> Draft:
        """Return the call's draft; fields that a model had a part in name its version as their source."""
        self._follow()
        learnt = self._learnt
        draft = self._prefill.draft(call, turns, caller)
        fields = dict(draft.fields)
        for target, name in ((Target.UNIT, FieldName.UNIT), (Target.CATEGORY, FieldName.CATEGORY)):
            if target in learnt and name in fields:
                fields[name] = replace(fields[name], source=f"learnt.{learnt[target].version}")
        return replace(draft, fields=MappingProxyType(fields))

    def _follow_words(self) -> None:
        mark = _mark_of(self._folder)
        if mark == self._words_mark:
            return
        self._words_mark = mark
        try:
            lexicon = load_classifier(self._folder, self._accepted)
            catalogue, gazetteer = _catalogue(self._folder), _gazetteer(self._folder)
        except (AuthorError, OSError) as error:
            log.error("own_words_not_read", extra={"folder": str(self._folder), "reason": str(error)[:300]})
            return
        self._own, self._lexicon, self._catalogue, self._gazetteer = self._folder, lexicon, catalogue, gazetteer
        self._hints = lexicon_hints(lexicon.classify)
        self._mark = None  # what was learnt is weighed against the new words
        log.info("own_words_taken_in", extra={"folder": str(self._folder)})

    def _follow(self) -> None:
        self._follow_words()
        mark = self._models.mark
        if mark == self._mark:
            return
        self._mark = mark
        try:
            accepted = self._models.accepted()
            if accepted != self._accepted:
                self._lexicon = load_classifier(self._own, accepted)
                self._hints = lexicon_hints(self._lexicon.classify)
                self._accepted = accepted
            self._learnt = self._models.current(self._hints)
        except HotlineError as error:
            log.error("learnt_model_not_read", extra={"reason": str(error)[:300]})
            return
        self._prefill = Prefill(VotingClassifier(self._lexicon, self._learnt), self._catalogue, self._gazetteer)
        log.info("learnt_models", extra={"versions": {t.value: each.version for t, each in self._learnt.items()}})


def _mark_of(folder: Path | None) -> tuple[tuple[str, int, int], ...]:
    """Return what changes whenever a file of an installation's own words does."""
    marks = []
    for file in sorted(folder.glob("*.yaml")) if folder is not None else ():
        with contextlib.suppress(OSError):
            stat = file.stat()
            marks.append((file.name, stat.st_mtime_ns, stat.st_size))
    return tuple(marks)


def _catalogue(own: Path | None) -> Catalogue:
    file = _own(own, "catalogue.yaml", SHIPPED_CATALOGUE)
    catalogue, problems = read_catalogue(file.read_text(encoding="utf-8", errors="replace"), str(file))
    if catalogue is None:
        raise AuthorError(problems)
    return catalogue


class Drafts(Protocol):
    """What makes a draft of turns: `Prefill`, with or without what was learnt."""

    def draft(self, call: CallId, turns: Sequence[Turn], caller: PhoneNumber | None = None) -> Draft: ...


def make_drafter(prefill: Drafts) -> Drafter:
    """Return what makes drafts with `prefill`."""

    async def draft(call: CallId, caller: PhoneNumber, heard: Sequence[Heard], begun_at: datetime) -> Draft:
        return await asyncio.to_thread(prefill.draft, call, turns(Transcript(tuple(heard))), caller)

    return draft
