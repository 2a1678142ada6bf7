"""Servers of the orders that are killed under load lose nothing that they acknowledged, and do nothing twice.

A small round of `python -m tests.kills orders`, which makes a campaign of hundreds of kills (docs/reliability.md).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from cti.adapters.sql.url import database_url
from tests.kills.order_ledger import Sent, kept
from tests.kills.order_server import FastClock
from tests.kills.orders import campaign

KILLS = 4


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_servers_killed_under_load_lose_no_order_and_no_timer_and_double_none(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else f"sqlite:///{tmp_path / 'h.db'}"
    done = await campaign(tmp_path, url, KILLS, longest_life_s=1.0, citizens=4)
    assert done.kills >= KILLS
    assert done.kept.faults == []
    assert done.kept.orders >= len(done.ledger.opened) > 0

    # The check sees what is missing, or it would say nothing.
    done.ledger.asked.add("〔99-1〕")
    done.ledger.opened["〔99-1〕"] = "WO20260302-999999"
    done.ledger.moves.append(Sent(next(iter(done.ledger.opened.values())), 1, "dispatch", "〔99-2〕", True))
    with create_engine(database_url(url)).begin() as connection:
        last = "(SELECT max(key) FROM outbox WHERE key LIKE 'orders/%/life/%')"
        assert connection.execute(text(f"DELETE FROM outbox WHERE key = {last}")).rowcount == 1
    found = await kept(done.ledger, tmp_path, url, FastClock().now())
    assert (len(found.lost), len(found.untold)) == (2, 1)
