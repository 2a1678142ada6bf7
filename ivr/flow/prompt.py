"""What a caller hears: words, named prompts and digits read back, and the names of the sounds that hold them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ivr.problems import Place

SYLLABLES_PER_SECOND = 4.5
DIGIT_SECONDS = 0.45


@dataclass(frozen=True, slots=True)
class Words:
    """Words written in the flow; `speed` 1.0 is normal, `audio` a recorded file that is played instead."""

    text: str
    place: Place
    speed: float = 1.0
    audio: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A prompt of prompts.yaml."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Digits:
    """The digits of a variable, read one by one."""

    variable: str
    place: Place


Part: TypeAlias = Words | Named | Digits


@dataclass(frozen=True, slots=True)
class Prompt:
    """Parts in the order heard. `sounds` are ready names; one that begins with `=` stands for a variable's digits."""

    parts: tuple[Part, ...] = ()
    sounds: tuple[str, ...] = ()
    has_digits: bool = False

    def __bool__(self) -> bool:
        return bool(self.parts)


SILENT = Prompt()


@dataclass(frozen=True, slots=True)
class PromptText:
    """One sound to prepare: its name, the words to synthesise, and what replaces or is instead of them.

    `audio` (may be empty) is a recorded file that takes precedence; `silence_seconds` > 0 asks for that much silence.
    """

    name: str
    words: str
    speed: float = 1.0
    audio: str = ""
    silence_seconds: float = 0.0


def prompt_of(parts: tuple[Part, ...]) -> Prompt:
    """Return the prompt with its sound names worked out."""
    return Prompt(parts, tuple(map(_sound_of, parts)), any(isinstance(part, Digits) for part in parts))


def _sound_of(part: Part) -> str:
    match part:
        case Words(text=text, speed=speed, audio=audio):
            return words_sound(text, speed, audio)
        case Named(name=name):
            return named_sound(name)
        case Digits(variable=variable):
            return f"={variable}"


def words_sound(text: str, speed: float = 1.0, audio: str = "") -> str:
    """Return the stable name of a sound: the same words at the same speed are always the same file."""
    digest = hashlib.sha256(f"{text}\n{speed:.3f}\n{audio}".encode()).hexdigest()[:16]
    return f"words/{digest}"


def named_sound(name: str) -> str:
    """Return the sound name of a prompt of prompts.yaml."""
    return f"prompts/{name}"


def silence_sound(seconds: float) -> str:
    """Return the name of a silence of `seconds`."""
    return f"silence/{seconds:g}"


def sounds_with(prompt: Prompt, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the sounds to play; digits come from `variables`, and what is not a digit is left out."""
    if not prompt.has_digits:
        return prompt.sounds
    found: list[str] = []
    for sound in prompt.sounds:
        if sound[0] == "=":
            found.extend(f"digits/{digit}" for digit in variables.get(sound[1:], "")[:32] if "0" <= digit <= "9")
        else:
            found.append(sound)
    return tuple(found)


def estimated_seconds(words: str, speed: float = 1.0) -> float:
    """Return how long words take to say: a hanzi or digit is a syllable, four letters too, a stop is a short rest."""
    syllables = sum(1 for character in words if "\u4e00" <= character <= "\u9fff" or character.isdigit())
    letters = sum(1 for character in words if character.isascii() and character.isalpha())
    rests = sum(1 for character in words if character in "，。；：、！？,.;:!?")
    return ((syllables + letters / 4) / SYLLABLES_PER_SECOND + rests * 0.15) / (speed or 1.0)
