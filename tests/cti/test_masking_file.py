"""A city's own masking rules replace those that ship; rules that cannot be read hide everything, never nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from cti.commands.check import files_in_use, problems_of
from cti.server.files.policy_files import SHIPPED_MASKING, masking_file, masking_of, safe_masking
from cti.settings import PROJECT, Settings, default_settings
from ivr.errors import AuthorError
from ivr.speech.redact import ALL_KINDS, PrivateKind

_MAY_READ_TURNS = {
    "cti/adapters/sql/spooling.py",
    "cti/demo/report.py",
    "cti/demo/report_emergency.py",
    "cti/server/dial_test.py",
}
"""The store that passes it on; the demonstration and the dial test, which look for what their own callers heard."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "data" / "words").mkdir(parents=True)
    return default_settings(tmp_path / "data", tmp_path / "run")


def _own(settings: Settings, text: str) -> Path:
    file = settings.data_folder / "words" / "masking.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_rules_that_ship_hold_until_a_city_has_its_own(settings: Settings) -> None:
    assert masking_file(settings) == SHIPPED_MASKING
    own = _own(settings, "masking: 1\nroles:\n  agent: [phone]\n")
    assert own in files_in_use(settings)
    assert masking_of(settings).hidden_from("agent") == {PrivateKind.PHONE}
    assert masking_of(settings).hidden_from("supervisor") == ALL_KINDS, "roles that it does not name see nothing"
    assert problems_of([own], settings) == ()


@pytest.mark.parametrize("wrong", ["masking: 2\nroles: {}\n", "masking: 1\nroles:\n  agent: [phones]\n", "masking: ["])
def test_the_check_tells_place_and_remedy_and_until_then_nobody_sees_a_number(settings: Settings, wrong: str) -> None:
    own = _own(settings, wrong)
    told = [str(problem) for problem in problems_of([own], settings)]
    assert told
    assert all(str(own) in each and "改法" in each for each in told)
    with pytest.raises(AuthorError):
        masking_of(settings)
    assert safe_masking(settings).hidden_from("agent") == ALL_KINDS


def test_people_read_transcripts_only_through_the_archive_which_masks_and_keeps_the_trail() -> None:
    """`CallStore.turns` neither masks nor leaves a trace: nobody may put it before a person."""
    readers = set()
    for file in (PROJECT / "cti").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "turns":
                readers.add(file.relative_to(PROJECT).as_posix())
    assert readers <= _MAY_READ_TURNS
