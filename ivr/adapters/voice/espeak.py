"""Mandarin speech from espeak-ng: text in, telephone audio out, each sentence synthesised once and kept."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr

from ivr.adapters.voice.reading import pinyin
from ivr.adapters.voice.sound_file import TELEPHONE_HZ, levelled
from ivr.errors import PartMissingError, WorldError
from ivr.speech.audio import pcm

_ESPEAK_HZ = 22_050
_WAV_HEAD_BYTES = 44
_LONGEST_TEXT = 4000
_DEADLINE_SECONDS = 60.0
_RECIPE = "1"
"""Raised whenever the same words would sound different, so that kept sounds are made anew."""


class VoiceError(WorldError):
    """espeak-ng was there, but did not speak; the message says what it said instead."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker: `variant` is one of espeak-ng's (f2, m3, linda …); 175 words a minute are about 4 syllables/s."""

    variant: str = "f2"
    words_per_minute: int = 175
    pitch: int = 50

    def at(self, speed: float) -> Voice:
        """Return the same speaker, faster (above 1.0) or slower."""
        return Voice(self.variant, max(80, min(400, round(self.words_per_minute * speed))), self.pitch)


@dataclass(frozen=True, slots=True)
class Espeak:
    """The synthesiser: how to start espeak-ng (`command` may be several words), and where spoken sentences are kept.

    `data` is the folder `espeak-ng-data` if it is not in its usual place; `cache` None keeps nothing.
    """

    command: tuple[str, ...] = ("espeak-ng",)
    env: Mapping[str, str] = field(default_factory=dict)
    data: Path | None = None
    cache: Path | None = None

    async def speak(self, text: str, voice: Voice | None = None) -> bytes:
        """Return `text` spoken: signed 16-bit at 8 kHz, levelled, silence trimmed. Nothing to say is no sound.

        PartMissingError when espeak-ng cannot be started, VoiceError when it fails or the text is too long.
        """
        voice = voice or Voice()
        if len(text) > _LONGEST_TEXT:
            raise VoiceError(f"一段文字最多 {_LONGEST_TEXT} 字，这段有 {len(text)} 字，请分成几段")
        words = pinyin(text)
        if not words.strip(" ,."):
            return b""
        kept = self._kept(words, voice)
        if kept is not None and kept.is_file():
            return await asyncio.to_thread(kept.read_bytes)
        spoken = await self._run(words, voice)
        sound = await asyncio.to_thread(_telephone_sound, spoken)
        if kept is not None:
            await asyncio.to_thread(_keep, kept, sound)
        return sound

    def _kept(self, words: str, voice: Voice) -> Path | None:
        if self.cache is None:
            return None
        name = f"{_RECIPE}\n{words}\n{voice.variant}\n{voice.words_per_minute}\n{voice.pitch}"
        return self.cache / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.sln"

    async def _run(self, words: str, voice: Voice) -> bytes:
        arguments = ["-b", "1", "-v", f"cmn-latn-pinyin+{voice.variant}", "-s", str(voice.words_per_minute)]
        arguments += ["-p", str(voice.pitch), "--stdin", "--stdout"]
        if self.data is not None:
            arguments.append(f"--path={self.data.parent}")
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, **self.env},
            )
        except OSError as error:
            raise PartMissingError(
                f"无法启动语音合成程序 {self.command[0] if self.command else '（未设置）'}：{error.strerror}。"
                "请安装 espeak-ng（Debian/Ubuntu：apt install espeak-ng）"
            ) from None
        try:
            out, complaint = await asyncio.wait_for(process.communicate(words.encode()), _DEADLINE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise VoiceError(f"语音合成超过 {_DEADLINE_SECONDS:g} 秒没有完成") from None
        if process.returncode or len(out) <= _WAV_HEAD_BYTES:
            raise VoiceError(f"语音合成失败：{complaint.decode('utf-8', 'replace').strip()[:200] or '没有声音'}")
        return out


def _telephone_sound(spoken: bytes) -> bytes:
    """A streamed WAV's sizes are not to be trusted, so only its sample rate is read from the head."""
    rate = int.from_bytes(spoken[24:28], "little") or _ESPEAK_HZ
    body = spoken[_WAV_HEAD_BYTES:]
    values = np.frombuffer(body[: len(body) // 2 * 2], "<i2").astype(np.float64)
    return levelled(pcm(soxr.resample(values, rate, TELEPHONE_HZ)))


def _keep(file: Path, sound: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_bytes(sound)
    part.replace(file)
