"""No way in reaches a real emergency number unless switch, trunk and test call all agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.emergency.interlock import (
    SHORT_CODES,
    Allowed,
    Interlock,
    Refused,
    TestCall,
    digits_of,
    is_real_short_code,
    is_simulator,
    may_dial,
    missing,
)

TestCall.__test__ = False  # type: ignore[attr-defined]  # not a test class
OPEN = Interlock(
    is_production=True, trunk_host="203.0.113.7", test_call=TestCall("02988880000", "班长", datetime.now(UTC))
)


@pytest.mark.parametrize("code", sorted(SHORT_CODES))
def test_every_short_code_is_known_plain_and_dressed_up(code: str) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    for dressed in (
        code, f"029{code}", f"0931{code}", f"010{code}", f"+86{code}", f"0086{code}", f"+86 10 {code}", f"9{code}",
        f"0{code}", f"{code[0]}-{code[1:]}", f" {code} ", wide,
    ):  # fmt: skip
        assert is_real_short_code(dressed), dressed
        assert isinstance(may_dial(dressed, Interlock(), on_emergency_trunk=False), Refused)
        assert isinstance(may_dial(dressed, OPEN, on_emergency_trunk=False), Refused)


@pytest.mark.parametrize("number", ["13812345678", "02988880000", "801", "8001", "09311234567", "4008001199"])
def test_ordinary_numbers_are_ordinary(number: str) -> None:
    assert not is_real_short_code(number)
    assert may_dial(number, Interlock(), on_emergency_trunk=False) == Allowed(number)


def test_the_simulator_takes_short_codes() -> None:
    assert may_dial("119", Interlock(), on_emergency_trunk=True) == Allowed("119", is_short_code=True)


@pytest.mark.parametrize(
    "settings",
    [
        replace(OPEN, is_production=False),
        replace(OPEN, trunk_host="127.0.0.3"),
        replace(OPEN, trunk_host="::1"),
        replace(OPEN, trunk_host="::ffff:127.0.0.3"),
        replace(OPEN, trunk_host="localhost"),
        replace(OPEN, trunk_host="0177.0.0.1"),
        replace(OPEN, trunk_host="2130706433"),
        replace(OPEN, trunk_host=""),
        replace(OPEN, simulators=frozenset({"203.0.113.7"})),
        replace(OPEN, test_call=None),
        replace(OPEN, test_call=TestCall("119", "班长", datetime.now(UTC))),
        replace(OPEN, test_call=TestCall("02988880000", " ", datetime.now(UTC))),
    ],
)
def test_one_condition_missing_and_nothing_real_is_dialled(settings: Interlock) -> None:
    assert missing(settings)
    told = may_dial("119", settings, on_emergency_trunk=True)
    assert isinstance(told, Refused) or is_simulator(settings.trunk_host, settings.simulators)
    if settings.is_production:
        assert isinstance(told, Refused)


def test_all_three_together_open_the_way() -> None:
    assert missing(OPEN) == ()
    assert may_dial("119", OPEN, on_emergency_trunk=True) == Allowed("119", is_short_code=True)


def test_the_agreed_test_number_may_be_called_before_it_is_confirmed() -> None:
    asked = replace(OPEN, test_call=TestCall("02988880000", "", datetime.now(UTC)))
    assert may_dial("029-8888-0000", asked, on_emergency_trunk=True) == Allowed("02988880000")
    assert isinstance(may_dial("120", asked, on_emergency_trunk=True), Refused)


DIALLABLE = st.text(alphabet="0123456789+-() .０１２９٠١٢*#,wW\u200b\u00a0", max_size=24) | st.text(max_size=24)


@given(DIALLABLE)
def test_no_text_turns_into_a_short_code_on_an_ordinary_trunk(text: str) -> None:
    told = may_dial(text, OPEN, on_emergency_trunk=False)
    if isinstance(told, Allowed):
        assert told.digits not in SHORT_CODES
        assert told.digits.isascii()
        assert told.digits.isdigit()
        assert not is_real_short_code(told.digits)


@given(DIALLABLE, st.booleans(), st.sampled_from(["203.0.113.7", "127.0.0.3", "localhost", "", "10.0.0.9"]))
def test_without_all_three_no_text_reaches_a_real_one(text: str, production: bool, host: str) -> None:
    told = may_dial(text, Interlock(production, host, test_call=None), on_emergency_trunk=True)
    if isinstance(told, Allowed):
        assert is_simulator(host, frozenset({"127.0.0.3"}))


@given(DIALLABLE)
def test_digits_are_read_once_and_stay_the_same(text: str) -> None:
    digits = digits_of(text)
    assert digits is None or digits_of(digits) == digits
