"""What the docs print from the code is what the code says today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from routing.agent import table

ROOT = Path(__file__).resolve().parent.parent


def between_markers(file: Path, name: str) -> str:
    text = file.read_text(encoding="utf-8")
    return text.split(f"<!-- {name} -->\n")[1].split("<!-- end -->")[0].strip()


def test_the_agents_table_is_the_codes_own() -> None:
    assert between_markers(ROOT / "docs" / "path-of-a-call.md", "agent table") == table()


@pytest.mark.parametrize(
    "file", ["README.md", "README.en.md", "docs/path-of-a-call.md", "docs/operations.md", "docs/reliability.md"]
)
def test_every_link_to_a_file_leads_somewhere(file: str) -> None:
    here = ROOT / file
    for target in re.findall(r"\]\(([^)#:]+)\)", here.read_text(encoding="utf-8")):
        assert (here.parent / target).exists(), f"{file} → {target}"
