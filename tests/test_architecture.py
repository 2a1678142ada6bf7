"""The import contracts of setup.cfg hold, and a broken one is noticed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STAGES = ("ivr", "routing", "workorder", "cti")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for stage in STAGES:
        shutil.copytree(ROOT / stage, tmp_path / stage, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    return tmp_path


def test_the_contracts_hold() -> None:
    told = lint(ROOT)
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("ivr/call.py", "import routing.agent", "A later stage may import an earlier one"),
        ("workorder/draft.py", "import cti.settings", "A later stage may import an earlier one"),
        ("routing/agent.py", "import socket", "nothing imports an I/O library"),
        ("ivr/shell.py", "import sqlalchemy", "nothing imports an I/O library"),
        ("cti/conversation.py", "import cti.adapters.sql", "name adapters"),
    ],
)
def test_a_broken_contract_is_noticed(copy: Path, file: str, line: str, contract: str) -> None:
    source = copy / file
    source.write_text(source.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    told = lint(copy)
    assert told.returncode != 0
    broken = [each for each in told.stdout.splitlines() if " BROKEN" in each]
    assert any(contract in each for each in broken), told.stdout
