"""docs/orders.md shows the table and the picture that the code prints today, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

from workorder.life.picture import mermaid, table
from workorder.life.states import ENDS, STATE_TITLES

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "orders.md").read_text(encoding="utf-8")


def between(name: str) -> str:
    return PAGE.split(f"<!-- {name} -->\n")[1].split("<!-- end -->")[0].strip()


def test_the_table_in_the_docs_is_the_codes_own() -> None:
    assert between("life table") == table()


def test_the_picture_in_the_docs_is_the_codes_own_and_shows_every_state() -> None:
    picture = between("life picture")
    assert picture == mermaid()
    assert all(title in picture for title in STATE_TITLES.values())
    assert picture.count("--> [*]") == len(ENDS)


def test_every_file_that_the_page_names_is_there() -> None:
    for name in re.findall(r"`((?:workorder|tests)/[\w/.]+)`", PAGE):
        assert (DOCS.parent / name).exists(), name
