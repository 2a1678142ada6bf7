"""Prompts are prepared once, replaced by recordings, and what is wrong with one does not stop the others."""

from __future__ import annotations

import asyncio
import stat
import sys
from pathlib import Path

import pytest

from ivr.adapters.simulator.tones import hears_tone, tone
from ivr.adapters.voice.espeak import Espeak, Voice, VoiceError
from ivr.adapters.voice.prompts import INDEX, net_sounds, prepare, standing_sounds
from ivr.adapters.voice.sound_file import read_wav, wav_bytes
from ivr.errors import PartMissingError
from ivr.flow.prompt import PromptText, silence_sound

# A shell that becomes Python: a kernel's #! line takes no path with a space.
_FAKE = """#!/bin/sh
"exec" "{python}" "$0" "$@"
import math, struct, sys
if "broken" in sys.argv[0]:
    print("cannot speak", file=sys.stderr); sys.exit(3)
count = 2000 * len(sys.stdin.read().split())
data = b"".join(struct.pack("<h", int(8000 * math.sin(n / 7))) for n in range(count))
layout = struct.pack("<HHIIHH", 1, 1, 22050, 44100, 2, 16)
unknown = b"\\xff\\xff\\xff\\x7f"
sys.stdout.buffer.write(b"RIFF" + unknown + b"WAVEfmt " + struct.pack("<I", 16) + layout + b"data" + unknown + data)
open(sys.argv[0] + ".runs", "a").write("x")
"""


def fake(folder: Path, name: str = "espeak", cache: Path | None = None) -> Espeak:
    """A synthesiser that hums: as long as the words, so that lengths can be compared, and counts how often it ran."""
    program = folder / name
    program.write_text(_FAKE.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Espeak((str(program),), cache=cache)


def runs(folder: Path) -> int:
    counted = folder / "espeak.runs"
    return len(counted.read_text()) if counted.exists() else 0


async def test_prompts_are_made_once(tmp_path: Path) -> None:
    texts = (PromptText("words/a", "您好"), PromptText("words/b", "请稍候，正在转接", 0.8))
    heard: list[str] = []
    made = await prepare(texts, tmp_path / "s", fake(tmp_path), progress=lambda *said: heard.append(said[2]))
    assert (made.made, made.problems, sorted(heard)) == (2, (), ["words/a", "words/b"])
    assert made.seconds["words/b"] > made.seconds["words/a"] > 0.1
    again = await prepare(texts, tmp_path / "s", fake(tmp_path))
    assert (again.made, dict(again.seconds), runs(tmp_path)) == (0, dict(made.seconds), 2)


async def test_an_index_that_cannot_be_written_costs_the_next_start_some_work_and_nothing_else(tmp_path: Path) -> None:
    texts = (PromptText("words/a", "您好"),)
    (tmp_path / "s" / f"{INDEX}.part").mkdir(parents=True)
    for _ in range(2):
        made = await prepare(texts, tmp_path / "s", fake(tmp_path))
        assert (made.made, made.problems) == (1, ())


async def test_changed_words_are_spoken_anew(tmp_path: Path) -> None:
    await prepare([PromptText("prompts/hello", "您好")], tmp_path / "s", fake(tmp_path))
    changed = await prepare([PromptText("prompts/hello", "您好，请讲")], tmp_path / "s", fake(tmp_path))
    assert changed.made == 1


async def test_a_lost_file_is_made_again(tmp_path: Path) -> None:
    await prepare([PromptText("words/a", "您好")], tmp_path / "s", fake(tmp_path))
    (tmp_path / "s" / "words" / "a.alaw").unlink()
    assert (await prepare([PromptText("words/a", "您好")], tmp_path / "s", fake(tmp_path))).made == 1


async def test_a_recording_replaces_the_machine_s_voice(tmp_path: Path) -> None:
    (tmp_path / "own.wav").write_bytes(wav_bytes(tone(700, 1.0)))
    text = PromptText("words/a", "您好", audio="own.wav")
    made = await prepare([text], tmp_path / "s", fake(tmp_path), recordings=tmp_path)
    assert made.seconds == {"words/a": 1.0}
    assert runs(tmp_path) == 0
    assert hears_tone(read_wav((tmp_path / "s" / "words" / "a.wav").read_bytes()), 700)


@pytest.mark.parametrize(("audio", "why"), [("no.wav", "找不到"), ("bad.wav", "WAV"), ("../x.wav", "文件夹")])
async def test_a_bad_recording_is_a_problem_and_the_others_are_made(tmp_path: Path, audio: str, why: str) -> None:
    root = tmp_path / "audio"
    root.mkdir()
    (root / "bad.wav").write_bytes(b"nonsense")
    texts = (PromptText("words/a", "您好", audio=audio), PromptText("words/b", "您好"))
    made = await prepare(texts, tmp_path / "s", fake(tmp_path), recordings=root)
    assert [problem.place.file for problem in made.problems] == [audio]
    assert why in made.problems[0].what
    assert list(made.seconds) == ["words/b"]


async def test_a_prompt_without_words_is_a_problem(tmp_path: Path) -> None:
    made = await prepare([PromptText("words/a", "……")], tmp_path / "s", fake(tmp_path))
    assert "没有可以读出来的文字" in made.problems[0].what


def test_no_prompt_is_written_outside_its_folder(tmp_path: Path) -> None:
    made = asyncio.run(prepare([PromptText("../escaped", "您好")], tmp_path / "s", fake(tmp_path)))
    assert len(made.problems) == 1
    assert not list(tmp_path.glob("escaped*"))


async def test_the_standing_sounds_need_words_only_for_digits(tmp_path: Path) -> None:
    made = await prepare((*standing_sounds(), *net_sounds({"hl/wait": "请稍候"})), tmp_path, fake(tmp_path))
    assert made.problems == ()
    assert made.seconds[silence_sound(3)] == 3.0
    assert {"beep", "digits/0", "digits/9", "hl/wait", "silence/10"} <= set(made.seconds)
    assert runs(tmp_path) == 11
    assert hears_tone(read_wav((tmp_path / "beep.wav").read_bytes()), 1000)


async def test_spoken_sentences_are_kept_by_what_they_sound_like(tmp_path: Path) -> None:
    espeak = fake(tmp_path, cache=tmp_path / "cache")
    first = await espeak.speak("12345")
    assert await espeak.speak("幺二三四五") == first
    assert runs(tmp_path) == 1
    await espeak.speak("12345", Voice("m3"))
    assert runs(tmp_path) == 2


async def test_a_missing_synthesiser_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(PartMissingError, match="apt install espeak-ng"):
        await Espeak((str(tmp_path / "nowhere"),)).speak("您好")


async def test_a_failing_synthesiser_says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="cannot speak"):
        await fake(tmp_path, "broken").speak("您好")
