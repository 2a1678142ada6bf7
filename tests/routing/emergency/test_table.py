"""The documentation shows the machine as it is."""

from __future__ import annotations

from pathlib import Path

from routing.emergency.threeway_table import rows, table

DOCUMENT = Path(__file__).parents[3] / "docs" / "emergency.md"


def test_the_table_in_the_documentation_is_the_machines_own() -> None:
    assert table() in DOCUMENT.read_text(encoding="utf-8")


def test_every_state_has_an_answer_to_a_caller_who_hangs_up() -> None:
    states = {state for state, *_ in rows()}
    assert {state for state, event, *_ in rows() if event == "市民断线"} == states
