"""What docs/reports.md says of each figure is what is counted."""

from __future__ import annotations

from pathlib import Path

import workorder.reports
from workorder.reports.figures import read_figures

FOLDER = Path(workorder.reports.__file__).parent
PAGE = FOLDER.parent.parent / "docs" / "reports.md"


def test_every_figure_stands_in_the_docs_with_its_formula_and_its_clause() -> None:
    figures, _ = read_figures((FOLDER / "figures.yaml").read_bytes(), "figures.yaml")
    table = PAGE.read_text(encoding="utf-8").split("<!-- figures -->\n")[1].split("<!-- end -->")[0]
    told = [line for line in table.splitlines() if line.startswith("| `")]
    wanted = []
    for each in figures.values():
        formula = f"{each.formula}；{each.excluded}" if each.excluded else each.formula
        wanted.append(f"| `{each.name}` | {each.title} | {formula} | {each.clause} |")
    assert told == wanted


def test_every_report_that_ships_stands_in_the_docs() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"`{file.stem}`" in page for file in (FOLDER / "templates").glob("*.yaml"))
