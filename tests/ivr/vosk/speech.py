"""Callers for the ears: synthesised Mandarin at telephone quality, and a tap that sends it as Asterisk does."""

from __future__ import annotations

import asyncio
import functools
import io
import os
import subprocess
import wave
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import soxr
from pypinyin import Style, lazy_pinyin

from ivr.adapters.asterisk.private import Part, PartName, ensure, parts_folder
from ivr.adapters.vosk.audiosocket import HANGUP_FRAME, audio_frames, name_frame
from ivr.speech.audio import alaw_decode, alaw_encode, pcm

MODEL = Path(os.environ.get("HOTLINE_TEST_MODEL") or Path(__file__).parents[3] / "models" / "demo-zh-synthetic")
QUIET = alaw_decode(b"\xd5" * 8000)
"""One second of an idle line."""


@functools.cache
def espeak_part() -> Part:
    return ensure(PartName.ESPEAK, parts_folder(Path.home()))


@functools.cache
def spoken(text: str, voice: str = "f4", rate: int = 160, to_hz: int = 8000) -> bytes:
    """`text` in Mandarin by a voice that the demo model was not trained on, through A-law when at 8 kHz."""
    pinyin = " ".join(lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False))
    command = [*espeak_part().command, "-b", "1", "-v", f"cmn-latn-pinyin+{voice}", "-s", str(rate), "--stdout", pinyin]
    environment = {**os.environ, **espeak_part().env}
    made = subprocess.run(command, capture_output=True, check=True, timeout=60, env=environment).stdout
    with wave.open(io.BytesIO(made)) as file:
        rate_hz = file.getframerate()
        sound = np.frombuffer(made[44:], "<i2").astype(np.float32)
    at_rate = pcm(soxr.resample(sound, rate_hz, to_hz) * 0.6)
    return alaw_decode(alaw_encode(at_rate)) if to_hz == 8000 else at_rate


def after_quiet(sound: bytes, seconds: float) -> bytes:
    """`sound` with an idle line before it."""
    return QUIET[:2] * round(seconds * 8000) + sound


def write_wav(file: Path, sound: bytes) -> Path:
    """Keep `sound` as a recording."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(sound)
    return file


async def tap(
    address: tuple[str, int],
    stream: str,
    sound: bytes,
    *,
    speed: float = 20.0,
    hang_up: bool = True,
    pauses: Mapping[float, Callable[[], bool]] | None = None,
) -> None:
    """Send `sound` in packets of 20 ms, `speed` times as fast as life (0: all at once).

    At each second of `pauses` nothing is sent until its condition holds: who listens then has time for partial words,
    which are left out while sound has piled up.
    """
    waits = sorted((pauses or {}).items(), key=lambda wait: wait[0])
    _, writer = await asyncio.open_connection(*address)
    writer.write(name_frame(stream))
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, at in enumerate(range(0, len(sound), 320)):
        while waits and at >= waits[0][0] * 16_000:
            _, is_so = waits.pop(0)
            async with asyncio.timeout(30):
                while not is_so():  # noqa: ASYNC110  (who hears rings no bell)
                    await asyncio.sleep(0.005)
        writer.write(audio_frames(sound[at : at + 320]))
        if speed:
            ahead_s = began + number * 0.02 / speed - loop.time()
            if ahead_s > 0.002:
                await asyncio.sleep(ahead_s)
    if hang_up:
        writer.write(HANGUP_FRAME)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
