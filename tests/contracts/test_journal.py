"""What every journal promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.adapters.files.journal_files import JournalFiles
from ivr.call import CallId
from ivr.ports import Journal
from tests.fakes import FakeJournal

CALL, OTHER = CallId("hl-1763827200.12"), CallId("hl-1763827200.13")


@pytest.fixture(params=["fake", "files"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal:
    return FakeJournal() if request.param == "fake" else JournalFiles(tmp_path)


def test_each_call_has_a_story_of_its_own_in_the_order_of_writing(journal: Journal) -> None:
    for n in range(20):
        journal.append((CALL, OTHER)[n % 2], {"n": n, "text": "您好，12345", "deep": {"list": [1, None, True]}})
    assert [line["n"] for line in journal.read(CALL)] == list(range(0, 20, 2))
    assert journal.read(OTHER)[0] == {"n": 1, "text": "您好，12345", "deep": {"list": [1, None, True]}}
    assert journal.read(CallId("unknown")) == ()


def test_the_calls_of_the_last_days_are_known_by_their_stories(journal: Journal) -> None:
    for call in (OTHER, CALL):
        journal.append(call, {"n": 1})
    assert journal.calls_since(datetime.now(UTC) - timedelta(days=1)) == (CALL, OTHER)
