"""docs/flows.md tells the truth: its examples pass the check, and it names every kind, key and outcome."""

from __future__ import annotations

import re

from ivr.flow.check import check_files
from ivr.flow.schema import FIELDS
from tests.ivr.flow import shipped

TEXT = (shipped.ROOT / "docs" / "flows.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_every_example_of_the_guide_passes_the_check() -> None:
    assert len(EXAMPLES) >= 3
    for number, example in enumerate(EXAMPLES):
        problems = check_files({f"example{number}.yaml": example}, shipped.catalogue()).problems
        assert [str(problem) for problem in problems if problem.is_error] == []


def test_the_guide_names_every_kind_with_all_its_keys() -> None:
    rows = {match[0]: match[1] for match in re.findall(r"^\| `([a-z]+)` \|(.*)$", TEXT, re.MULTILINE)}
    for kind, keys in FIELDS.items():
        assert kind in rows, kind
        for key in keys:
            assert f"`{key}`" in rows[kind] or (key == "otherwise" and "otherwise" in rows[kind]), f"{kind}.{key}"
