"""What the command says of a path or recording that it cannot use, and how a demonstration ends."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from cti.__main__ import main

FLOW = "ivr/flows/elder.yaml"


@pytest.mark.parametrize(
    "words",
    [
        ("--run-folder", "{file}", "up"),
        ("--run-folder", "{file}", "demo"),
        ("--run-folder", "{folder}", "demo", "--report", "{folder}"),
        ("--run-folder", "{folder}", "demo", "--report", "{file}/report.json"),
        ("--run-folder", "{folder}", "play", FLOW, "--test", "{folder}"),
    ],
)
def test_a_path_that_cannot_be_used_is_told_with_a_remedy(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    filled = [word.format(file=tmp_path / "file", folder=tmp_path) for word in words]
    assert main(filled) == 1
    said = capsys.readouterr().err
    assert str(tmp_path) in said
    assert "改法" in said


def test_a_recording_that_is_not_there_is_found_by_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "say: 谢谢您的来电，再见。"
    text = Path(FLOW).read_text(encoding="utf-8")
    assert words in text
    file = tmp_path / "elder.yaml"
    file.write_text(text.replace(words, "say: {audio: bye.wav}"), encoding="utf-8")
    check = ["--run-folder", str(tmp_path / "run"), "check", str(file)]
    assert main(check) == 1
    assert "没有录音文件“bye.wav”" in capsys.readouterr().err
    (tmp_path / "bye.wav").touch()
    assert main(check) == 0


@pytest.mark.parametrize("by_script", ["SIG_IGN", "default_int_handler"])
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
def test_a_demonstration_that_is_terminated_ends_as_by_ctrl_c(number: str, by_script: str) -> None:
    program = f"""
import os, signal
from cti.commands.demo import end_as_by_ctrl_c
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.{by_script})
end_as_by_ctrl_c()
try:
    os.kill(os.getpid(), signal.{number})
    signal.pause()
except KeyboardInterrupt:
    print("stopped")
"""
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "stopped", done.stderr
