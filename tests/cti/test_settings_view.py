"""The settings as an admin sees them: every one with its origin, and never a password."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from cti.settings import Settings, default_settings, load_settings
from cti.settings_view import DEFAULT, HIDDEN, setting_lines, without_password

WRITTEN = """settings_version: 1
database: postgresql://hotline:geheim@db.example/hotline?sslkey=geheim
broker: mqtts://hotline:geheim@mq.example:8883
switch:
  trunks:
    - {name: carrier, host: sip.carrier.example, username: "0931", password_file: /etc/hotline/carrier}
seats:
  - {seat: "801", agent: 李晓梅, skills: [complaint]}
"""


def read(tmp_path: Path) -> Settings:
    defaults = default_settings(tmp_path / "data", tmp_path / "run")
    settings, problems = load_settings(WRITTEN, str(tmp_path / "settings.yaml"), defaults)
    assert settings is not None, problems
    return settings


def test_every_setting_is_told_with_its_origin(tmp_path: Path) -> None:
    lines = setting_lines(read(tmp_path))
    told = {line.key.split(".")[0].split("[")[0] for line in lines}
    assert told == {field.name for field in fields(Settings)} - {"origins", "numbers"} | {"called_numbers"}
    origins = {line.key: line.origin for line in lines}
    assert origins["database"].endswith("settings.yaml:2:1")
    assert origins["seats[1].agent"].endswith("settings.yaml:7:1")
    assert origins["ears.workers"] == DEFAULT


def test_no_password_is_ever_shown_but_where_it_lies_is(tmp_path: Path) -> None:
    lines = setting_lines(read(tmp_path))
    assert "geheim" not in str(lines)
    assert {line.key: line.value for line in lines}["switch.trunks[1].password_file"] == "/etc/hotline/carrier"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://a:b@h/d", "postgresql://a:***@h/d"),
        ("postgresql://h:5432/d", "postgresql://h:5432/d"),
        ("mqtt://u:p@[::1]:1883", "mqtt://u:***@[::1]:1883"),
        ("sqlite:////var/lib/hotline.db", "sqlite:////var/lib/hotline.db"),
        ("ws://h:99999/?key=s", HIDDEN),
        ("ws://h:2700/?key=s", "ws://h:2700/?***"),
    ],
)
def test_a_password_in_an_address_is_hidden(url: str, shown: str) -> None:
    assert without_password(url) == shown
