"""Forty spoken calls written blind, in words of other cities: numbers half said, two at one telephone, dialect."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from cti.server.drafting import make_prefill
from workorder.evaluate import evaluate_calls

CALLS = Path(__file__).with_name("calls_of_other_cities.txt")
AT_LEAST = {"phone_exact": 0.97, "time_exact": 0.8, "address_covered": 0.8, "surname": 0.8} | {
    "unit_top1": 0.85,
    "unit_top3": 0.95,
    "request_type": 0.75,
}
"""What issue 4 asks for; callers' 投诉 and 求助 are a matter of taste, two people agree no better on them."""


def rows() -> list[dict[str, object]]:
    found = []
    for nth, line in enumerate(CALLS.read_text(encoding="utf-8").splitlines()[1:]):
        said, unit, places, time, surname, phone, kind = line.split("|")
        found.append(
            {"id": f"{nth}", "asr": said, "unit": unit, "address_parts": places.split(), "time": time}
            | {"surname": surname, "phone": phone, "kind": kind}
        )
    return found


@pytest.fixture(scope="module")
def figures() -> dict[str, object]:
    return evaluate_calls(rows(), make_prefill())


@pytest.mark.parametrize("name", AT_LEAST)
def test_calls_of_cities_never_seen_are_understood(figures: dict[str, object], name: str) -> None:
    assert cast(float, figures[name]) >= AT_LEAST[name], cast(dict[str, object], figures["misses"]).get(name)
