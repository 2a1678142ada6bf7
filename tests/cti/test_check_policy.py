"""A city's emergency policy is refused at the door, with every problem, before anybody can be called by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.commands.check import files_in_use, problems_of
from cti.server.emergency import emergency_policy, policy_path
from cti.settings import Settings, default_settings, load_settings
from ivr.errors import AuthorError

WRONG = """emergency_policy: 1
name: 某市
version: "1"
targets:
  police: {title: 报警, numbers: [abc]}
categories: {火灾: "911"}
rules:
  - {kind: "110", mode: three_way, targets: [polise]}
"""


def settings_with(folder: Path, policy: str) -> Settings:
    file = folder / "settings.yaml"
    file.write_text(f"settings_version: 1\nemergency: {{policy: {policy}}}\n", encoding="utf-8")
    settings, problems = load_settings(file.read_bytes(), str(file), default_settings(folder / "data", folder / "run"))
    assert settings is not None, problems
    return settings


def test_a_wrong_policy_stops_the_start_with_every_problem_and_its_place(tmp_path: Path) -> None:
    (tmp_path / "city.yaml").write_text(WRONG, encoding="utf-8")
    with pytest.raises(AuthorError) as refused:
        emergency_policy(settings_with(tmp_path, "city.yaml"))
    told = "\n".join(map(str, refused.value.problems))
    for word in ("abc", "911", "polise", "没有 119 的一般规则", "city.yaml:5"):
        assert word in told


def test_the_check_reads_the_policy_in_use_and_the_one_that_a_settings_file_names(tmp_path: Path) -> None:
    (tmp_path / "city.yaml").write_text(WRONG, encoding="utf-8")
    settings = settings_with(tmp_path, "city.yaml")
    assert tmp_path / "city.yaml" in files_in_use(settings)
    for file in ("city.yaml", "settings.yaml"):
        whats = [str(problem) for problem in problems_of([tmp_path / file], settings)]
        assert any("polise" in what for what in whats)


@pytest.mark.parametrize("city", ["default", "lanzhou", "yangling", "suqian"])
def test_every_packaged_city_is_chosen_by_its_name(tmp_path: Path, city: str) -> None:
    settings = settings_with(tmp_path, city)
    assert emergency_policy(settings).name
    assert not [problem for problem in problems_of([policy_path(settings)], settings) if problem.is_error]
