"""Words keep their second of the call even when the line stalls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.vosk.audio_clock import PATIENCE_S, AudioClock


def listen(arrivals: list[float]) -> tuple[AudioClock, float]:
    clock = AudioClock()
    return clock, sum(clock.arrived(now, 0.2) for now in arrivals)


def test_audio_in_time_is_never_taken_for_lost() -> None:
    clock, lost_s = listen([100 + n * 0.2 for n in range(500)])
    assert lost_s == 0
    assert round(clock.position_s, 6) == 100.0


def test_a_burst_that_catches_up_is_no_loss() -> None:
    late = [0.2, 0.4, *(3.0 + n * 0.001 for n in range(13)), *(3.2 + n * 0.2 for n in range(20))]
    clock, lost_s = listen(late)
    assert lost_s == 0
    assert abs(clock.position_s - late[-1]) < 0.25


def test_audio_that_never_came_leaves_a_gap_of_its_length() -> None:
    clock, lost_s = listen([0.2, 0.4, *(5.4 + n * 0.2 for n in range(20))])
    assert 4.7 < lost_s < 5.0
    assert abs(clock.position_s - (5.4 + 19 * 0.2)) < 0.21


def test_a_slow_clock_at_the_other_end_is_followed() -> None:
    clock, lost_s = listen([n * 0.204 for n in range(1, 1000)])
    assert abs(clock.position_s - 999 * 0.204) < 0.8
    assert lost_s > 3


@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60))
def test_the_clock_never_runs_backwards_nor_ahead_of_what_was_lost(pauses: list[float]) -> None:
    clock, now, before = AudioClock(), 0.0, 0.0
    for pause in pauses:
        now += pause
        lost_s = clock.arrived(now, 0.2)
        assert lost_s >= 0
        assert abs(clock.position_s - before - 0.2 - lost_s) < 1e-9
        before = clock.position_s
    assert clock.position_s <= max(now + 0.2, len(pauses) * 0.2) + 3.0 + PATIENCE_S
