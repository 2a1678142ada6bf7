"""A controller that is killed again and again loses no order it had acknowledged, and makes none twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from cti.adapters.sql.migrate import migrate
from cti.adapters.sql.url import database_url

ROOT = Path(__file__).resolve().parents[3]
KILLS = 20


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_twenty_kills_lose_no_order_and_double_none(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else f"sqlite:///{tmp_path / 'h.db'}"
    migrate(url)
    chance = random.Random(12345)
    acknowledged: list[int] = []
    for _ in range(KILLS):
        # The number that was under way at the kill is asked for again, as a controller does that reads its journal.
        first = acknowledged[-1] + 1 if acknowledged else 0
        acknowledged += _write_until_killed(url, tmp_path / "spool", first, chance.uniform(0.02, 0.15))
    assert acknowledged == list(range(len(acknowledged)))
    with create_engine(database_url(url)).connect() as connection:
        saved = connection.execute(text("SELECT call_id, number, revision FROM orders")).all()
        told = connection.execute(text("SELECT key FROM outbox")).scalars().all()
    calls = [row.call_id for row in saved]
    assert {f"hl-1763827200.{n}" for n in acknowledged} <= set(calls)
    assert len(calls) == len(set(calls)) == len({row.number for row in saved})
    assert {row.revision for row in saved} == {1}
    assert sorted(told) == sorted(f"orders/{row.number}/1" for row in saved)
    assert len(calls) - len(acknowledged) <= 1


def _write_until_killed(url: str, spool: Path, first: int, seconds: float) -> list[int]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(Path(__file__).with_name("order_writer.py")), url, str(spool), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as writer:
        assert writer.stdout is not None
        begun = writer.stdout.readline()
        killer = threading.Timer(seconds, writer.send_signal, (signal.SIGKILL,))
        killer.start()
        lines = [begun, *writer.stdout]
        killer.join()
    return [int(line) for line in lines if line.endswith("\n")]
