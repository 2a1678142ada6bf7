"""The interface with 110 names who owns it and whom to call; without that neither check nor start lets it pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.__main__ import main
from cti.settings import default_settings, load_settings
from cti.settings_view import setting_lines

NUMBER = 'settings_version: 1\ncalled_numbers:\n  "12345": {flow: main}\n  "1234510": {flow: main, from_110: true}\n'
TRUNK = (
    "settings_version: 1\nswitch:\n  trunks:\n"
    "    - {name: police, host: 192.0.2.9, match: [192.0.2.9], from_110: true}\n"
)
NAMED = "emergency:\n  from_110: {owner: 示范区公安局, contact: 指挥中心值班 02987030110}\n"


@pytest.mark.requirement("Y-09")
@pytest.mark.parametrize("interface", [NUMBER, TRUNK])
@pytest.mark.parametrize(
    "half",
    ["", "emergency:\n  from_110: {owner: 示范区公安局}\n", 'emergency:\n  from_110: {owner: "", contact: 值班}\n'],
)
def test_the_check_asks_for_the_owner_and_the_contact_of_the_110_interface(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], interface: str, half: str
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(interface + half, encoding="utf-8")
    assert main(["check", str(file)]) == 1
    assert "settings.yaml:" in (told := capsys.readouterr().err)
    assert "owner" in told
    file.write_text(interface + NAMED, encoding="utf-8")
    assert main(["check", str(file)]) == 0


@pytest.mark.requirement("Y-09")
def test_the_owner_and_the_contact_are_shown_with_the_settings(tmp_path: Path) -> None:
    settings, problems = load_settings(NUMBER + NAMED, "s.yaml", default_settings(tmp_path, tmp_path))
    assert settings is not None, problems
    shown = {line.key: line.value for line in setting_lines(settings)}
    assert shown["emergency.from_110.owner"] == "示范区公安局"
    assert shown["emergency.from_110.contact"] == "指挥中心值班 02987030110"


def test_without_110_nobody_asks(tmp_path: Path) -> None:
    settings, problems = load_settings("settings_version: 1\n", "s.yaml", default_settings(tmp_path, tmp_path))
    assert settings is not None
    assert problems == ()
