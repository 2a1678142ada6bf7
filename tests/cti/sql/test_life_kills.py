"""A server that is killed again and again loses no order and no timer, and does nothing twice.

`HOTLINE_KILLS=500 pytest tests/cti/sql/test_life_kills.py` makes a long campaign of it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from cti.adapters.sql.database import Database
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.migrate import migrate
from tests.cti.sql.life_writer import number_of
from tests.workorder.life.packs import BEGUN, CALENDAR
from workorder.life import actions as a
from workorder.life.history import breaks_in

ROOT = Path(__file__).resolve().parents[3]
KILLS = int(os.environ.get("HOTLINE_KILLS", "4"))


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_kills_lose_no_order_no_timer_and_double_none(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else f"sqlite:///{tmp_path / 'h.db'}"
    migrate(url)
    chance, acknowledged = random.Random(12345), list[int]()
    for _ in range(KILLS):
        first = acknowledged[-1] + 1 if acknowledged else 1
        acknowledged += _write_until_killed(url, first, chance.uniform(0.02, 0.4))
    assert acknowledged == list(range(1, len(acknowledged) + 1))
    database = Database(url, deadline_seconds=30)
    store = SqlLifeStore(database, lambda: CALENDAR)
    while await store.fire("last", BEGUN + timedelta(days=365), limit=1000):
        pass
    events = 0
    for nth in acknowledged:
        history = await store.history(number_of(nth))
        events += len(history)
        assert breaks_in(history) == ()
        assert [type(event.action) for event in history if not isinstance(event.action, a.TimerRan)] == [
            a.Open,
            a.Accept,
            a.Dispatch,
        ]
        ran = Counter(event.action.timer for event in history if isinstance(event.action, a.TimerRan))
        assert ran["sign"] == 1
        assert set(ran.values()) == {1}
        assert {"due", "escalate:2:unit", "escalate:-12:host"} <= set(ran)

    async def count(connection: object) -> tuple[int, int, int]:
        queries = ("order_events", "outbox", "order_timers WHERE fired IS NULL AND is_wanted")
        found = [
            (await connection.execute(text(f"SELECT count(*) FROM {each}"))).scalar_one()  # type: ignore[attr-defined]
            for each in queries
        ]
        return found[0], found[1], found[2]

    written, told, waiting = await database.read("count", count)
    await database.close()
    assert told == written
    assert waiting == 0
    assert 0 <= written - events <= 12  # at most the one order that was under way at the last kill


def _write_until_killed(url: str, first: int, seconds: float) -> list[int]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.cti.sql.life_writer", url, str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as writer:
        assert writer.stdout is not None
        begun = writer.stdout.readline()
        killer = threading.Timer(seconds, writer.send_signal, (signal.SIGKILL,))
        killer.start()
        lines = [begun, *writer.stdout]
        killer.join()
    return [int(line) for line in lines if line.endswith("\n")]
