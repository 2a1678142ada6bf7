"""What a killed supervisor left running is ended by its pid files, and nothing else is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ivr.adapters.asterisk.supervise_process import RunningProcess, end_remembered, remember

_STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)


def test_leftovers_end_politely_or_by_force_and_strangers_live(tmp_path: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        for code in ("import time; print('up', flush=True); time.sleep(60)", _STUBBORN, _STUBBORN)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            child.stdout.readline()
        found = [RunningProcess.of(child.pid) for child in children]
        polite, stubborn, stranger = found
        assert polite is not None
        assert stubborn is not None
        assert stranger is not None
        remember(tmp_path / "controller.json", polite)
        remember(tmp_path / "asterisk" / "run" / "asterisk.json", stubborn)
        remember(
            tmp_path / "reused.json", RunningProcess(stranger.pid, stranger.started - 1)
        )  # its pid is another's now
        (tmp_path / "other.json").write_text("[]")
        assert end_remembered(tmp_path, 0.5) == 2
        assert [child.poll() for child in children] == [-15, -9, None]
    finally:
        for child in children:
            child.kill()
            child.wait()
            assert child.stdout is not None
            child.stdout.close()
    assert end_remembered(tmp_path, 0.5) == 0
