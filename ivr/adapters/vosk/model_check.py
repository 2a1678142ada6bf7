"""Trying a model out in a child process, because a damaged one can end the process that loads it.

Run as `python -m ivr.adapters.vosk.model_check FOLDER`, it prints one JSON line and exits 0 when the model works.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ivr.adapters.vosk.model_folder import manifest_problems, missing_files, sample_rate_hz
from ivr.errors import EarsError

NOTES = Path.home() / ".cache" / "hotline12345" / "checked-models"
"""One empty file per model that passed, so that a large one is not loaded twice at every start."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What trying a model out showed; it may be used when there are no problems."""

    problems: tuple[str, ...]
    sample_rate_hz: int = 0
    load_seconds: float = 0.0
    has_manifest: bool = False

    @property
    def is_good(self) -> bool:
        return not self.problems


def verify(folder: Path, timeout_s: float = 180.0) -> Verdict:
    """Check the files, their sums, the rate, and that libvosk loads it and listens. Never raises, never hangs."""
    folder = folder.absolute()
    lacking = missing_files(folder)
    if lacking:
        return Verdict(tuple(f"缺少 {name}" for name in lacking))
    try:
        rate_hz = sample_rate_hz(folder)
        differs = manifest_problems(folder)
    except (EarsError, OSError) as error:
        return Verdict((str(error),))
    if differs:
        return Verdict(differs, rate_hz, has_manifest=True)
    load_seconds, problem = _try_in_child(folder, timeout_s)
    problems = (problem,) if problem else ()
    if not problems:
        _leave_note(folder)
    return Verdict(problems, rate_hz, load_seconds, differs is not None)


def is_checked(folder: Path) -> bool:
    """Whether these very files (names, sizes, times) passed `verify` before."""
    try:
        return (NOTES / _fingerprint(folder)).is_file()
    except OSError:
        return False


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            state = file.stat()
            digest.update(f"{file.relative_to(folder)}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _leave_note(folder: Path) -> None:
    with contextlib.suppress(OSError):  # without a home the model is checked anew each time
        NOTES.mkdir(parents=True, exist_ok=True)
        (NOTES / _fingerprint(folder)).touch()


def _try_in_child(folder: Path, timeout_s: float) -> tuple[float, str]:
    command = [sys.executable, "-m", "ivr.adapters.vosk.model_check", str(folder)]
    root = str(Path(__file__).resolve().parents[3])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    try:
        child = subprocess.run(command, capture_output=True, timeout=timeout_s, check=False, env=environment)
    except subprocess.TimeoutExpired:
        return 0.0, f"{timeout_s:.0f} 秒内未能加载完成（模型过大、内存不足或文件损坏）"
    except OSError as error:
        return 0.0, f"无法启动检查进程（{error.strerror}）"
    try:
        answer = json.loads(child.stdout.decode("utf-8", "replace").strip().splitlines()[-1])
        return float(answer["load_seconds"]), str(answer["problem"])
    except (ValueError, IndexError, KeyError, TypeError):
        return 0.0, f"加载时 libvosk 异常退出（退出码 {child.returncode}），模型文件已损坏或与 vosk 版本不符"


def _listen_to_nothing(folder: Path) -> tuple[float, str]:
    import time

    from ivr.adapters.vosk.loaded_model import LoadedModel

    began = time.perf_counter()
    try:
        model = LoadedModel(folder)
        recogniser = model.recogniser()
        recogniser.AcceptWaveform(bytes(model.rate_hz))  # half a second
        json.loads(recogniser.FinalResult())
    except Exception as error:  # whatever it is, it is the model's fault, and this process is a trial
        return time.perf_counter() - began, f"无法识别：{error}"
    return time.perf_counter() - began, ""


if __name__ == "__main__":
    seconds, problem = _listen_to_nothing(Path(sys.argv[1]))
    print(json.dumps({"load_seconds": round(seconds, 3), "problem": problem}, ensure_ascii=True))
    sys.exit(1 if problem else 0)
