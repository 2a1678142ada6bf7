"""Where a softphone's sound comes from and goes to: the machine's devices through ALSA's programs, or files."""

from __future__ import annotations

import shutil
import subprocess
import threading
import wave
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.adapters.simulator.rtp import FRAME, RATE_HZ
from ivr.adapters.simulator.tones import tone
from ivr.errors import WorldError

_FRAME_BYTES = 2 * FRAME
_MOST_FRAMES_HELD = 10
_FORMAT = ("-q", "-t", "raw", "-f", "S16_LE", "-r", str(RATE_HZ), "-c", "1")
_LOOK_SECONDS = 5


class NoSoundError(WorldError):
    """This machine has no microphone or loudspeaker that we can use."""


@dataclass(frozen=True, slots=True)
class Sound:
    """20 ms at a time, signed 16-bit at 8 kHz: `microphone` gives them (nothing: silence), `loudspeaker` takes them."""

    microphone: Callable[[], bytes]
    loudspeaker: Callable[[bytes], object]
    close: Callable[[], None]
    shown: str


def devices_missing() -> str:
    """Return what this machine lacks for sound from its devices, with the remedy; empty when it lacks nothing."""
    if shutil.which("arecord") is None or shutil.which("aplay") is None:
        return "没有 arecord 和 aplay。改法：安装 alsa-utils（Debian/Ubuntu：sudo apt install alsa-utils）"
    for program, what in (("arecord", "麦克风"), ("aplay", "听筒")):
        try:
            listed = subprocess.run((program, "-l"), capture_output=True, text=True, timeout=_LOOK_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{program} 不能运行（{error}）。改法：检查 alsa-utils"
        if "card" not in listed.stdout:
            return f"没有{what}设备。改法：插上耳机（{program} -l 应能列出），或用 --play 与 --record 以文件代替"
    return ""


def device_sound(microphone: str = "default", loudspeaker: str = "default") -> Sound:
    """Return the sound of ALSA's devices of these names; NoSoundError when there are none."""
    if missing := devices_missing():
        raise NoSoundError(missing)
    recorder = subprocess.Popen(("arecord", *_FORMAT, "-D", microphone), stdout=subprocess.PIPE, bufsize=0)
    player = subprocess.Popen(("aplay", *_FORMAT, "-D", loudspeaker), stdin=subprocess.PIPE, bufsize=0)
    heard: deque[bytes] = deque(maxlen=_MOST_FRAMES_HELD)  # late sound is thrown away: a talk must not lag
    said: deque[bytes] = deque(maxlen=_MOST_FRAMES_HELD)
    news = threading.Event()

    def record() -> None:
        assert recorder.stdout is not None
        while frame := recorder.stdout.read(_FRAME_BYTES):
            heard.append(frame)

    def play() -> None:
        assert player.stdin is not None
        while news.wait() and player.poll() is None:
            news.clear()
            while said:
                try:
                    player.stdin.write(said.popleft())
                except (OSError, IndexError):
                    break

    def take(frame: bytes) -> None:
        said.append(frame)
        news.set()

    def close() -> None:
        for process in (recorder, player):
            process.terminate()
            process.wait()
        news.set()

    for work in (record, play):
        threading.Thread(target=work, daemon=True).start()
    return Sound(lambda: heard.popleft() if heard else b"", take, close, f"麦克风 {microphone}，听筒 {loudspeaker}")


def file_sound(played: bytes, record: Path | None) -> Sound:
    """Return sound that says `played` again and again and writes what it hears to a WAV file."""
    frames = [played[at : at + _FRAME_BYTES] for at in range(0, len(played) - _FRAME_BYTES + 1, _FRAME_BYTES)]
    at = 0
    out = _writer(record) if record is not None else None

    def speak() -> bytes:
        nonlocal at
        if not frames:
            return b""
        at += 1
        return frames[(at - 1) % len(frames)]

    shown = f"{'声音文件' if frames else '静音'}，{f'听到的写入 {record}' if record else '听到的不保留'}"
    return Sound(speak, out.writeframes if out else lambda _: None, out.close if out else lambda: None, shown)


def _writer(file: Path) -> wave.Wave_write:
    out = wave.open(str(file), "wb")  # noqa: SIM115  # closed with the sound
    out.setnchannels(1)
    out.setsampwidth(2)
    out.setframerate(RATE_HZ)
    return out


def read_sound(file: Path) -> bytes:
    """Return a mono WAV file's sound as signed 16-bit at 8 kHz; NoSoundError when it is none."""
    try:
        with wave.open(str(file), "rb") as opened:
            if (opened.getnchannels(), opened.getsampwidth()) != (1, 2):
                raise NoSoundError(f"{file} 不是单声道 16 位的 WAV。改法：用 ffmpeg -ac 1 -ar 8000 转换")
            rate, raw = opened.getframerate(), opened.readframes(opened.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise NoSoundError(f"读不出 {file}（{error}）。改法：给一个单声道 16 位的 WAV 文件") from error
    samples = np.frombuffer(raw, "<i2").astype(np.float64)
    if rate == RATE_HZ or not len(samples):
        return raw
    times = np.arange(round(len(samples) * RATE_HZ / rate)) * rate / RATE_HZ
    return np.round(np.interp(times, np.arange(len(samples)), samples)).astype("<i2").tobytes()


def tone_sound(hertz: float, record: Path | None) -> Sound:
    """Return sound that says one tone without end."""
    return file_sound(tone(hertz, 1.0), record)
