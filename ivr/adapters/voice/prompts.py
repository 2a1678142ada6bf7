"""Every prompt of the hotline as a sound file: spoken by the machine, or taken from a recording that replaces it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.adapters.voice.espeak import Espeak, Voice, VoiceError
from ivr.adapters.voice.sound_file import TELEPHONE_HZ, BadSoundError, has_sound, read_wav, write_sound
from ivr.errors import PartMissingError
from ivr.flow.prompt import PromptText
from ivr.problems import Place, Problem
from ivr.speech.audio import pcm

log = logging.getLogger(__name__)

INDEX = "prompts.json"
_BEEP = PromptText("beep", "")
_DIGITS = "零一二三四五六七八九"

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """How long each prompt lasts (seconds, by sound name), and what kept others from being made."""

    seconds: Mapping[str, float]
    problems: tuple[Problem, ...]
    made: int


def standing_sounds() -> tuple[PromptText, ...]:
    """Return the sounds that every hotline needs: silences of 1 to 10 s, the digits, the beep before a message."""
    silences = (PromptText(f"silence/{seconds}", "", silence_seconds=seconds) for seconds in range(1, 11))
    digits = (PromptText(f"digits/{value}", hanzi) for value, hanzi in enumerate(_DIGITS))
    return (*silences, *digits, _BEEP)


def net_sounds(words: Mapping[str, str]) -> tuple[PromptText, ...]:
    """Return the safety-net prompts that the dialplan plays by itself, from its table of names and words."""
    return tuple(PromptText(name, text) for name, text in words.items())


async def prepare(
    texts: Iterable[PromptText],
    folder: Path,
    espeak: Espeak,
    *,
    voice: Voice | None = None,
    recordings: Path | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Make the sound files of `texts` in `folder`; what is there already and unchanged is left alone.

    `recordings` is the folder that `audio` names are relative to. `progress` hears (done, of how many, name).
    A prompt that cannot be made becomes a problem, and the others are made all the same.
    """
    wanted = {text.name: text for text in texts}
    index = await asyncio.to_thread(_read_index, folder)
    seconds: dict[str, float] = {}
    problems: list[Problem] = []
    keys: dict[str, tuple[str, float]] = {}
    busy = asyncio.Semaphore(max(1, min(8, os.cpu_count() or 1)))
    made = 0

    async def make(text: PromptText) -> None:
        nonlocal made
        try:
            recorded = await asyncio.to_thread(_recorded, text, recordings)
            key = _key(text, voice or Voice(), recorded)
            held = index.get(text.name)
            if held is not None and held[0] == key and has_sound(_file(folder, text.name)):
                keys[text.name] = held
            else:
                async with busy:
                    sound = await _sound(text, espeak, voice or Voice(), recorded)
                    await asyncio.to_thread(write_sound, _file(folder, text.name), sound)
                keys[text.name] = key, round(len(sound) / 2 / TELEPHONE_HZ, 3)
                made += 1
            seconds[text.name] = keys[text.name][1]
        except (BadSoundError, VoiceError, PartMissingError, OSError) as error:
            place = Place(text.audio or f"提示音 {text.name}")
            problems.append(
                Problem(place, str(error), "换一个录音，或删去 audio 改用合成语音" if text.audio else "见上")
            )
        if progress is not None:
            progress(len(seconds) + len(problems), len(wanted), text.name)

    async with asyncio.TaskGroup() as group:
        for text in wanted.values():
            group.create_task(make(text))
    if made:
        await asyncio.to_thread(_write_index, folder, {**index, **keys})
    return Prepared(seconds, tuple(sorted(problems, key=str)), made)


async def _sound(text: PromptText, espeak: Espeak, voice: Voice, recorded: bytes | None) -> bytes:
    if recorded is not None:
        return await asyncio.to_thread(read_wav, recorded)
    if text.silence_seconds > 0:
        return bytes(2 * round(text.silence_seconds * TELEPHONE_HZ))
    if text.name == _BEEP.name and not text.words:
        return _beep()
    sound = await espeak.speak(text.words, voice.at(text.speed))
    if not sound:
        raise VoiceError("没有可以读出来的文字。请写出要说的话，或指定 audio 录音文件")
    return sound


def _beep() -> bytes:
    """A tone of 1000 Hz for 0.3 s, faded in and out so that it does not click."""
    times = np.arange(round(0.3 * TELEPHONE_HZ)) / TELEPHONE_HZ
    fade = np.minimum(1.0, np.minimum(times, 0.3 - times) / 0.01)
    return pcm(4000 * fade * np.sin(2 * np.pi * 1000 * times))


def _recorded(text: PromptText, recordings: Path | None) -> bytes | None:
    if not text.audio:
        return None
    root = (recordings or Path()).resolve()
    file = (root / text.audio).resolve()
    if not file.is_relative_to(root):
        raise BadSoundError(f"录音文件必须放在 {root.name} 文件夹里")
    if not file.is_file():
        raise BadSoundError("找不到这个录音文件，请检查文件名")
    return file.read_bytes()


def _file(folder: Path, name: str) -> Path:
    """Sound names come from our own flows; one that would leave the folder is refused all the same."""
    file = folder / name
    if not file.resolve().is_relative_to(folder.resolve()):
        raise BadSoundError(f"提示音名称不合法：{name[:60]!r}")
    return file


def _key(text: PromptText, voice: Voice, recorded: bytes | None) -> str:
    said = f"{text.words}\n{text.speed:.3f}\n{text.silence_seconds}\n{voice}\n{text.name == _BEEP.name}"
    return hashlib.sha256(said.encode() + b"\n" + (recorded or b"")).hexdigest()[:24]


def _read_index(folder: Path) -> dict[str, tuple[str, float]]:
    """An index that cannot be read only means that the sounds are made again."""
    try:
        held = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return {str(name): (str(key), float(lasts)) for name, (key, lasts) in held.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write_index(folder: Path, index: Mapping[str, tuple[str, float]]) -> None:
    """Remember what was made; where that cannot be written, the next start makes the sounds anew."""
    part = folder / f"{INDEX}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(dict(sorted(index.items())), ensure_ascii=False, indent=0), encoding="utf-8")
        part.replace(folder / INDEX)
    except OSError as error:
        log.warning("prompts_not_indexed", extra={"folder": str(folder), "reason": str(error)})
