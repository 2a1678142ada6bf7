"""Prompts are spoken and kept while a flow is checked, and their real length is what the proofs use."""

from __future__ import annotations

from pathlib import Path

from cti.commands.check import problems_of
from cti.commands.check_sounds import spoken_lengths
from cti.server.installation import folders_of
from cti.settings import default_settings
from ivr.adapters.asterisk.private import parts_folder
from ivr.adapters.asterisk.private_parts import PartName
from tests.conftest_services import part

FLOW = """
flow: 1
name: slow
title: 试
start: hello
nodes:
  hello: {kind: say, say: 这一段话只在检查的时候合成一次。, then: human}
  human: {kind: queue, queue: general, answered: bye, timeout: bye, full: bye, empty: bye, failed: bye}
  bye: {kind: hangup}
"""


def test_a_checked_prompt_is_spoken_once_and_kept_for_the_start(tmp_path: Path) -> None:
    part(PartName.ESPEAK)
    settings = default_settings(tmp_path / "data")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "parts").symlink_to(parts_folder(Path.home()))
    file = tmp_path / "slow.yaml"
    file.write_text(FLOW, encoding="utf-8")
    told = [str(problem) for problem in problems_of([file], settings, spoken_lengths(settings))]
    kept = set(folders_of(settings).spoken.iterdir())
    assert len(kept) >= 1, told
    problems_of([file], settings, spoken_lengths(settings))
    assert set(folders_of(settings).spoken.iterdir()) == kept
