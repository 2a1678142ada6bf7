"""Prompts spoken while flows are checked: kept for the start, and as long as they really last for the proofs."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterable, Mapping

from rich.console import Console

from cti.server.installation import espeak_of, folders_of
from cti.server.progress import prompt_progress
from cti.settings import Settings
from ivr.adapters.asterisk.private import find
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.voice.espeak import Espeak, Voice, VoiceError
from ivr.errors import PartMissingError
from ivr.flow.check import check_files
from ivr.flow.inspect import Catalogue
from ivr.flow.manifest import prompt_manifest
from ivr.flow.prompt import PromptText

_BYTES_PER_SECOND = 16_000
_AT_ONCE = 4

Lengths = Callable[[Mapping[str, bytes], Catalogue], Mapping[str, float]]


def no_lengths(_texts: Mapping[str, bytes], _catalogue: Catalogue) -> Mapping[str, float]:
    """Return nothing: the proofs reckon from the words."""
    return {}


def spoken_lengths(settings: Settings) -> Lengths:
    """Return what speaks the prompts of flow files and tells their seconds by sound name.

    A sound is made once and kept; the service finds it at its start. Without espeak-ng nothing is spoken here.
    """

    def lengths(texts: Mapping[str, bytes], catalogue: Catalogue) -> Mapping[str, float]:
        found = find(PartName.ESPEAK, folders_of(settings).parts)
        checked = check_files(texts, catalogue)
        if found is None or not checked.is_sound:
            return {}
        prompts = [text for text in prompt_manifest(checked.flows, catalogue.prompts) if text.words and not text.audio]
        return asyncio.run(_speak(prompts, espeak_of(settings, found)))

    return lengths


async def _speak(prompts: Iterable[PromptText], espeak: Espeak) -> Mapping[str, float]:
    wanted, busy = tuple(prompts), asyncio.Semaphore(_AT_ONCE)
    seconds: dict[str, float] = {}
    done = itertools.count(1)
    with prompt_progress(Console(stderr=True)) as progress:

        async def speak(text: PromptText) -> None:
            async with busy:
                with contextlib.suppress(VoiceError, PartMissingError):  # the start says which one, and why
                    seconds[text.name] = len(await espeak.speak(text.words, Voice().at(text.speed))) / _BYTES_PER_SECOND
            progress(next(done), len(wanted), text.name)

        await asyncio.gather(*map(speak, wanted))
    return seconds
