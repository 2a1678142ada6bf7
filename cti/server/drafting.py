"""The drafter: turns in, a draft out, by lexicon and dispatch catalogue; done off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import routing.classify
import workorder
from cti.world import Drafter
from ivr.call import CallId, PhoneNumber
from ivr.errors import AuthorError
from ivr.ports import Heard
from ivr.speech.transcript import Transcript, turns
from routing.adapters.packaged_lexicon import load_classifier
from workorder.dispatch import Catalogue, read_catalogue
from workorder.draft import Draft
from workorder.prefill import Prefill

SHIPPED_LEXICONS = tuple(sorted((Path(routing.classify.__file__).parent / "lexicon").glob("*.yaml")))
SHIPPED_CATALOGUE = Path(workorder.__file__).parent / "catalogue" / "digital_city.yaml"


def make_prefill() -> Prefill:
    """Load lexicon and catalogue; AuthorError with every problem."""
    return Prefill(load_classifier(), _catalogue())


def _catalogue() -> Catalogue:
    catalogue, problems = read_catalogue(SHIPPED_CATALOGUE.read_text(encoding="utf-8"), str(SHIPPED_CATALOGUE))
    if catalogue is None:
        raise AuthorError(problems)
    return catalogue


def make_drafter(prefill: Prefill) -> Drafter:
    """Return what makes drafts with `prefill`."""

    async def draft(call: CallId, caller: PhoneNumber, heard: Sequence[Heard], begun_at: datetime) -> Draft:
        return await asyncio.to_thread(prefill.draft, call, turns(Transcript(tuple(heard))), caller)

    return draft
