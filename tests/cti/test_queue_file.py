"""Queues as they reach the switch: everything that queues.yaml promises, and a saved file that cannot be followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.server.files.queue_file import QueueFile
from cti.server.installation import comforts, queues_of, switch_config
from cti.settings import default_settings
from ivr.adapters.asterisk.render_queues import queue_sections
from routing.queue import Queues, load_queues

WISHED = """queues_version: 1
service_level_seconds: 12
queues:
  general: {title: 综合}
  elder:
    title: 长者
    strategy: fewest_calls
    ring_seconds: 25
    after_call_seconds: 7
    longest: 9
    weight: 3
    when_nobody: leave
    comfort: 请稍候。
    comfort_every_seconds: 20
"""


def queues(text: str = WISHED) -> Queues:
    found, problems = load_queues(text, "queues.yaml")
    assert found is not None, problems
    return found


def test_the_switch_is_told_all_that_the_queues_file_says(tmp_path: Path) -> None:
    settings = default_settings(tmp_path / "data", tmp_path / "run")
    written = queue_sections(switch_config(settings, queues()).queues)
    general, elder = (set(part.splitlines()) for part in written.split("\n\n"))
    assert {"servicelevel=12", "joinempty=yes", "strategy=leastrecent"} <= general
    assert not [line for line in general if line.startswith("periodic-announce")]
    assert elder >= {
        "strategy=fewestcalls", "timeout=25", "wrapuptime=7", "maxlen=9", "weight=3", "servicelevel=12",
        "joinempty=no", "leavewhenempty=yes", "periodic-announce-frequency=20",
    }  # fmt: skip
    (said,) = comforts(queues())
    assert f"periodic-announce={said.name}" in elder
    assert said.words == "请稍候。"
    assert queues_of(settings).service_level_seconds == 15


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device")])
async def test_a_saved_file_that_cannot_be_followed_yet_is_tried_again(tmp_path: Path, failure: OSError) -> None:
    file = tmp_path / "queues.yaml"
    file.write_text(WISHED, encoding="utf-8")
    tried: list[Queues] = []

    async def follow(wished: Queues) -> None:
        tried.append(wished)
        if len(tried) == 1:
            raise failure

    before = queues()
    kept = QueueFile(lambda: file, before, follow, lambda _problems: None)
    text = WISHED.replace("长者", "长者专席").encode()
    await kept.take_in(text)
    assert kept.queues is before
    await kept.take_in(text)
    assert kept.queues.by_name != before.by_name
