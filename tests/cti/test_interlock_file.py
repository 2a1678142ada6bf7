"""The confirmed test call counts for the trunk and the number it was made with, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cti.adapters.control.visit import ControllerAwayError
from cti.commands.doctor_emergency import examine
from cti.emergency_trunk import EmergencyTrunk
from cti.server.interlock import confirmation_file, gate_of, interlock_of, keep_confirmation
from cti.settings import Settings, default_settings
from routing.emergency.interlock import TestCall as Confirmed

TRUNK = EmergencyTrunk(True, "203.0.113.7", 5060, (), "02988880000")
TEST = Confirmed("02988880000", "王班长", datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(default_settings(tmp_path / "data", tmp_path / "run"), emergency_trunk=TRUNK)


def test_before_the_test_call_only_the_test_number_passes(settings: Settings) -> None:
    gate = gate_of(settings)
    assert gate("PJSIP/02988880000@emergency") == ""
    for target in ("PJSIP/110@emergency", "PJSIP/119@emergency", "PJSIP/13812345678@emergency", "PJSIP/110"):
        assert gate(target), target


def test_a_confirmation_opens_the_way_at_once_and_its_loss_shuts_it(settings: Settings) -> None:
    gate = gate_of(settings)
    keep_confirmation(settings, TEST)
    assert confirmation_file(settings).stat().st_mode & 0o077 == 0
    assert gate("PJSIP/119@emergency") == ""
    assert gate("PJSIP/119@pstn")  # no other trunk, ever
    confirmation_file(settings).unlink()
    assert gate("PJSIP/119@emergency")


@pytest.mark.parametrize(
    "changed",
    [
        replace(TRUNK, host="203.0.113.8"),
        replace(TRUNK, port=5061),
        replace(TRUNK, test_number="02988880001"),
        replace(TRUNK, is_real=False),
    ],
)
def test_another_trunk_or_number_needs_another_test_call(settings: Settings, changed: EmergencyTrunk) -> None:
    keep_confirmation(settings, TEST)
    assert gate_of(replace(settings, emergency_trunk=changed))("PJSIP/119@emergency")


def test_each_trunk_needs_a_test_call_of_its_own(settings: Settings) -> None:
    backup = replace(TRUNK, host="203.0.113.9")
    both = replace(settings, emergency_trunk=replace(TRUNK, backup=backup))
    gate = gate_of(both)
    keep_confirmation(both, TEST)
    assert (gate("PJSIP/119@emergency"), gate("PJSIP/119@emergency-2") != "") == ("", True)
    assert gate("PJSIP/02988880000@emergency-2") == ""
    keep_confirmation(both, TEST, "emergency-2")
    assert gate("PJSIP/119@emergency-2") == ""
    confirmation_file(both).unlink()
    assert (gate("PJSIP/119@emergency") != "", gate("PJSIP/119@emergency-2")) == (True, "")


def test_a_trunk_that_the_settings_do_not_have_takes_no_number_at_all(tmp_path: Path) -> None:
    gate = gate_of(default_settings(tmp_path / "data", tmp_path / "run"))
    assert gate("PJSIP/119@emergency-2")
    assert gate("PJSIP/13812345678@emergency-2")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"host": 1}', '{"number": null}', "\x00"])
def test_a_damaged_confirmation_is_none(settings: Settings, text: str) -> None:
    keep_confirmation(settings, TEST)
    confirmation_file(settings).write_text(text, encoding="utf-8")
    assert interlock_of(settings).test_call is None


def test_by_default_the_simulator_takes_everything_and_nothing_else_does(tmp_path: Path) -> None:
    gate = gate_of(default_settings(tmp_path / "data", tmp_path / "run"))
    assert gate("PJSIP/119@emergency") == ""
    assert gate("PJSIP/119@pstn")


def test_the_doctor_says_that_by_default_no_real_number_can_be_dialled(tmp_path: Path) -> None:
    said = StringIO()
    settings = default_settings(tmp_path / "data", tmp_path / "run")
    assert examine(settings, "", Console(file=said, width=120)) == 0
    assert "任何线路都拨不出真实的" in said.getvalue()


def test_the_doctor_asks_for_a_new_test_call_after_half_a_year_and_goes_on_meanwhile(settings: Settings) -> None:
    keep_confirmation(settings, replace(TEST, at=datetime.now(UTC) - timedelta(days=200)))
    said = StringIO()
    assert examine(settings, "", Console(file=said, width=120)) == 0
    assert "超过半年" in said.getvalue()
    assert gate_of(settings)("PJSIP/119@emergency") == ""


def test_the_doctor_makes_no_test_call_without_a_running_service(settings: Settings) -> None:
    with pytest.raises(ControllerAwayError, match="hotline up"):
        examine(settings, "王班长", Console(file=StringIO()))
