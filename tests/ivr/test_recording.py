"""Where a call's audio lives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import CallId, call_id
from ivr.recording import Part, call_day, recording_file


def test_a_recording_is_named_by_its_call_and_its_day_in_china() -> None:
    # 1763827200 is 2025-11-22 16:00 UTC, which is midnight of the 23rd in China.
    assert str(recording_file(CallId("hl-1763827200.12"), Part.CALLER)) == "2025/11/23/hl-1763827200.12-caller.wav"
    assert str(recording_file(CallId("hl-1763827199.9"), Part.MIX)) == "2025/11/22/hl-1763827199.9-mix.wav"


def test_a_call_without_a_date_in_its_id_still_has_a_place() -> None:
    assert call_day(CallId("test")) is None
    assert str(recording_file(CallId("test"), Part.AGENT, ".alaw")) == "undated/test-agent.alaw"


@pytest.mark.parametrize("hostile", ["../../etc/passwd", "a/b", "", ".", "..", "a\0b", "x" * 81, "a\n"])
def test_a_hostile_call_id_names_no_file(hostile: str) -> None:
    with pytest.raises(ValueError, match="not a call id"):
        recording_file(CallId(hostile), Part.CALLER)


@given(st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,79}", fullmatch=True))
def test_every_call_id_names_a_file_inside_the_folder(text: str) -> None:
    parts = recording_file(call_id(text), Part.CALLER).parts
    assert ".." not in parts
    assert "/" not in parts
