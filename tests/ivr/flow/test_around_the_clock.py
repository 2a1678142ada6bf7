"""At every minute of a week a caller who does nothing is brought to a person, and is not lost when nobody comes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ivr.flow.calls import Opening
from ivr.flow.play import start_play, typed
from tests.ivr.flow.shipped import book, words

MONDAY = datetime(2026, 9, 28, tzinfo=timezone(timedelta(hours=8)))
"""The week in which the National Day holiday begins: ordinary days and closed ones."""
MINUTES = 7 * 24 * 60
MOST_LINES = 40


def what_becomes(flow: str, at: datetime, in_queue: str) -> list[str]:
    """Everything the switch is asked for when the caller stays silent and the queue ends so each time."""
    played, told = start_play(book(), Opening(flow, at, "13900001234"), words())
    asked = told.splitlines()
    for _ in range(MOST_LINES):
        if played.is_over:
            return asked
        waits = any(line.startswith("→ 排队") for line in told.splitlines())
        records = any(line.startswith("→ 录留言") for line in told.splitlines())
        played, told = typed(played, f"q {in_queue}" if waits else "m 8" if records else ".")
        asked += told.splitlines()
    raise AssertionError(f"{flow} at {at} goes on for ever: {asked[-6:]}")


@pytest.mark.requirement("L-11", "Y-13", "S-01")
@pytest.mark.parametrize("flow", ["main", "menu", "after_hours", "elder"])
def test_at_every_minute_of_a_week_every_entry_leads_to_a_person_or_a_callback_or_a_message(flow: str) -> None:
    for minute in range(MINUTES):
        at = MONDAY + timedelta(minutes=minute)
        asked = what_becomes(flow, at, "timeout")
        assert any(line.startswith("→ 排队") for line in asked), (at, asked)
        kept = [line for line in asked if line.startswith(("→ 登记回拨", "→ 录留言"))]
        assert kept, (at, asked)


@pytest.mark.parametrize("flow", ["main", "menu", "after_hours", "elder"])
@pytest.mark.parametrize("ends", ["full", "empty", "failed"])
def test_whatever_ails_the_queue_the_caller_is_called_back_or_leaves_a_message(flow: str, ends: str) -> None:
    asked = what_becomes(flow, MONDAY + timedelta(hours=10), ends)
    assert [line for line in asked if line.startswith(("→ 登记回拨", "→ 录留言"))], asked
