"""The pages that are shipped were built from the source beside them, and ship whole. Runs without node."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "cti" / "web"
DIST = ROOT / "cti" / "adapters" / "web" / "dist"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages_build", SOURCE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_built_pages_are_not_older_than_their_source(build: ModuleType) -> None:
    built_from = (DIST / "source.sha256").read_text(encoding="ascii").strip()
    assert built_from == build.source_hash(), "the pages are older than cti/web: run `make web` and commit the result"


def test_one_changed_letter_or_name_is_noticed(build: ModuleType, tmp_path: Path) -> None:
    copy = tmp_path / "web"
    shutil.copytree(SOURCE, copy)
    same = build.source_hash(copy)
    assert same == build.source_hash()
    (copy / "src" / "theme.css").write_bytes((copy / "src" / "theme.css").read_bytes() + b" ")
    assert build.source_hash(copy) != same
    shutil.copy(SOURCE / "src" / "theme.css", copy / "src" / "theme.css")
    (copy / "src" / "theme.css").rename(copy / "src" / "theme2.css")
    assert build.source_hash(copy) != same


def test_every_file_that_the_first_page_names_is_there() -> None:
    page = (DIST / "index.html").read_text(encoding="utf-8")
    named = re.findall(r'(?:src|href)="/([^"]+)"', page)
    assert named
    assert [name for name in named if name != "q" and not (DIST / name).is_file()] == []


def test_the_first_page_carries_no_script_of_its_own_so_that_the_csp_can_be_strict() -> None:
    page = (DIST / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert " style=" not in page
    assert re.findall(r"\son\w+=", page) == []
    code = "".join(path.read_text(encoding="utf-8") for path in (DIST / "assets").glob("index-*.js"))
    assert not re.search(r"\bnew Function\(|[^\w.]eval\(", code)


def test_the_lock_pins_every_package_by_its_content_and_names_no_mirror() -> None:
    lock = json.loads((SOURCE / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert all(each.get("integrity", "").startswith("sha512-") for each in packages.values())
    addresses = {each["resolved"] for each in packages.values() if "resolved" in each}
    assert all(address.startswith("https://registry.npmjs.org/") for address in addresses)
    wanted = json.loads((SOURCE / "package.json").read_text(encoding="utf-8"))
    versions = [*wanted["dependencies"].values(), *wanted["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
