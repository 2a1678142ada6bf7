"""`hotline report emergency`: the clocks that lie with the orders, by the days of China."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from cti.__main__ import main
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import SqlOrderStore
from ivr.call import CallId
from routing.emergency.clock import EmergencyClock
from routing.emergency.threeway_words import Mark
from workorder.draft import Draft, FieldName

LATE = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)
"""Half past midnight of the 22nd in China."""


def clock(call: str, at: datetime, outcome: str = "verified", kind: str = "119") -> EmergencyClock:
    times = {Mark.WORD_ENDED: at, Mark.DETECTED: at + timedelta(seconds=0.5)}
    if outcome == "verified":
        for nth, mark in enumerate((Mark.INVITE_SENT, Mark.RINGING, Mark.ANSWERED, Mark.JOINED, Mark.VERIFIED)):
            times[mark] = at + timedelta(seconds=0.6 + nth)
    return EmergencyClock(
        f"{call}-1", CallId(call), kind, "words_in_queue", "ears", outcome, 1, MappingProxyType(times)
    )


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    file = tmp_path / "run" / "hotline.db"
    file.parent.mkdir()
    database = Database(f"sqlite:///{file}")
    await database.open()
    store = SqlOrderStore(database)
    for number, (at, outcome, kind) in enumerate(
        [
            (LATE, "verified", "119"),
            (LATE + timedelta(hours=2), "dismissed", "120"),
            (LATE - timedelta(1), "verified", "119"),
        ]
    ):
        call = f"hl-{number}.1"
        await store.save_draft(Draft(CallId(call), emergency=(clock(call, at, outcome, kind),)), at)
    await store.save_draft(Draft(CallId("hl-9.9")), LATE)
    await database.close()
    return tmp_path / "run"


def test_the_days_of_china_are_counted_and_every_stretch_is_shown(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "clock.json"
    words = ["--run-folder", str(database), "report", "emergency", "--from", "2026-11-22", "--json", str(file)]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "紧急联动 2 次" in told
    assert "坐席否定 1" in told
    assert "险情词说完 → 振铃" in told
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["by_kind"] == {"119": {"verified": 1}, "120": {"dismissed": 1}}
    assert report["seconds"]["word_to_ringing"] == {"n": 1, "p50": 1.6, "p95": 1.6, "max": 1.6}
    assert [one["call"] for one in report["clocks"]] == ["hl-0.1", "hl-1.1"]


def test_a_day_without_emergencies_says_so(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--run-folder", str(database), "report", "emergency", "--from", "2025-01-01", "--to", "2025-01-02"]
    assert main(words) == 0
    assert "2025-01-01 至 2025-01-02：没有紧急联动。" in capsys.readouterr().out


def test_days_in_the_wrong_order_are_refused(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--run-folder", str(database), "report", "emergency", "--from", "2026-11-22", "--to", "2026-11-01"]
    assert main(words) == 1
    assert "改法" in capsys.readouterr().out


def test_the_clock_stays_with_the_order_when_later_words_revise_it() -> None:
    draft = Draft(CallId("hl-1.1"), emergency=(clock("hl-1.1", LATE),))
    later = Draft(CallId("hl-1.1"))
    assert draft.revised_by(later).emergency == draft.emergency
    assert Draft.from_json(draft.to_json()) == draft
    assert replace(later, emergency=draft.emergency).edited(FieldName.PLACE, "人民路").emergency == draft.emergency
