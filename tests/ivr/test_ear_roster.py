"""Who hears the next leg: the least loaded worker that is not late; what no worker can have said is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.ear_roster import BEHIND_S, EarCard, by_load, gone_payload, read_card, worker_count

CARD = EarCard("box-1", "10.0.0.7", 5000, 5001, "vosk-model-cn-0.22", 40, "secret")
LOADS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.floats(0, 30)), min_size=1, max_size=8)


def test_a_card_is_read_as_it_was_announced_and_keeps_its_token_out_of_logs() -> None:
    card = replace(CARD, streams=3, behind_s=0.4, shed_s=2.0)
    assert read_card("box-1", card.encode()) == card
    assert "secret" not in repr(card)


@pytest.mark.parametrize("payload", [b"", gone_payload()])
def test_a_worker_that_has_gone_has_no_card(payload: bytes) -> None:
    assert read_card("box-1", payload) is None


@given(st.binary(max_size=300) | st.sampled_from([b"null", b"[]", b'{"v":1}', b"[" * 3000]))
def test_anything_else_is_refused(payload: bytes) -> None:
    if payload:
        with pytest.raises(ValueError, match="announcement"):
            read_card("box-1", payload)


@pytest.mark.parametrize(
    "change", [{"host": "a b"}, {"port": 0}, {"capacity": 0}, {"streams": -1}, {"model": 3}, {"name": "box-2"}]
)
def test_impossible_parts_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="announcement"):
        read_card("box-1", replace(CARD, **change).encode())  # type: ignore[arg-type]


@given(LOADS)
def test_all_are_offered_the_leg_once_and_the_least_loaded_first(loads: list[tuple[int, int, float]]) -> None:
    cards = [replace(CARD, name=f"w{n}", streams=told, behind_s=late) for n, (told, _, late) in enumerate(loads)]
    ours = {f"w{n}": given_ for n, (_, given_, _) in enumerate(loads)}
    ranked = by_load(cards, ours)
    assert sorted(card.name for card in ranked) == sorted(card.name for card in cards)
    load = [max(card.streams, ours[card.name]) for card in ranked if card.behind_s <= BEHIND_S]
    assert load == sorted(load)
    assert [card.behind_s > BEHIND_S for card in ranked] == sorted(card.behind_s > BEHIND_S for card in ranked)


def test_a_machine_runs_a_worker_per_core_as_far_as_its_memory_goes() -> None:
    assert worker_count(4, 24_000_000, 8_000_000_000) == 4
    assert worker_count(16, 2_000_000_000, 16_000_000_000) == 1
    assert worker_count(16, 500_000_000, 16_000_000_000) == 5
    assert worker_count(2, 0, 0) == 2
