"""Speaks pinyin through libespeak-ng by ctypes and reports where in the samples each phoneme begins.

The library is taken from `HOTLINE_ESPEAK_LIB` (default: the system's `libespeak-ng.so.1`), its data folder from
`HOTLINE_ESPEAK_DATA` (the folder that CONTAINS `espeak-ng-data`; default: the library's own). The library keeps one
global voice, so a process owns one `Speaker`.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass

import numpy as np

LANGUAGE = "cmn-latn-pinyin"  # plain `cmn` reads its own pinyin as English letters
_SYNCHRONOUS = 2
_PHONEME_EVENTS = 1
_PHONEME = 7
_UTF8 = 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4


class EspeakError(RuntimeError):
    """The library is missing, has no such voice, or refused its data folder."""


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class Manner:
    """How to speak: `rate` in espeak words per minute, `pitch` and `pitch_range` 0..99."""

    voice: str  # an espeak variant such as "f2"; "" is the plain voice
    rate: float = 175.0
    pitch: float = 50.0
    pitch_range: float = 50.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance: int16 samples and (sample, phoneme mnemonic) in order of time."""

    samples: np.ndarray
    phonemes: tuple[tuple[int, str], ...]


class Speaker:
    """Owns the library of this process."""

    def __init__(self, library: str | None = None, data: str | None = None) -> None:
        library = library or os.environ.get("HOTLINE_ESPEAK_LIB") or "libespeak-ng.so.1"
        data = data or os.environ.get("HOTLINE_ESPEAK_DATA") or None
        try:
            self._espeak = ctypes.CDLL(library)
        except OSError as error:
            raise EspeakError(f"cannot load {library}: {error}; install espeak-ng or set HOTLINE_ESPEAK_LIB") from error
        self._audio: list[bytes] = []
        self._events: list[tuple[int, str]] = []
        self._callback = _CALLBACK(self._receive)  # kept: the library holds only the pointer
        self.rate_hz = self._espeak.espeak_Initialize(_SYNCHRONOUS, 0, data.encode() if data else None, _PHONEME_EVENTS)
        if self.rate_hz <= 0:
            raise EspeakError(f"espeak-ng found no data in {data or 'its default folder'}; set HOTLINE_ESPEAK_DATA")
        self._espeak.espeak_SetSynthCallback(self._callback)

    def _receive(self, wave: ctypes.Array[ctypes.c_short], count: int, events: ctypes.Array[_Event]) -> int:
        if wave and count > 0:
            self._audio.append(ctypes.string_at(wave, count * 2))
        place = 0
        while events[place].type != 0:
            event = events[place]
            if event.type == _PHONEME:
                raw = ctypes.string_at(ctypes.addressof(event.id), 8).split(b"\0")[0]
                self._events.append((event.sample, raw.decode("utf8", "replace")))
            place += 1
        return 0

    def has_voice(self, variant: str) -> bool:
        """Tell whether this installation knows the voice variant."""
        name = f"{LANGUAGE}+{variant}" if variant else LANGUAGE
        return bool(self._espeak.espeak_SetVoiceByName(name.encode()) == 0)

    def adopt(self, manner: Manner) -> None:
        """Speak in this manner from now on; EspeakError when the voice is unknown."""
        if not self.has_voice(manner.voice):
            raise EspeakError(f"espeak-ng has no voice variant {manner.voice!r}")
        for parameter, value in (
            (_RATE, manner.rate), (_VOLUME, 100), (_PITCH, manner.pitch), (_RANGE, manner.pitch_range),
        ):  # fmt: skip
            self._espeak.espeak_SetParameter(parameter, int(value), 0)

    def say(self, text: str) -> Spoken:
        """Speak the text (pinyin with tone digits, spaces and commas)."""
        self._audio.clear()
        self._events.clear()
        raw = text.encode()
        self._espeak.espeak_Synth(raw, len(raw) + 1, 0, 0, 0, _UTF8, None, None)
        return Spoken(np.frombuffer(b"".join(self._audio), np.int16), tuple(self._events))
