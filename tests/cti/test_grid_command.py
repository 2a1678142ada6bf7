"""`hotline grid` and `hotline check` of the digital city's files: whose a thing is, every mistake with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cti.__main__ import main
from cti.adapters.files.city_sources import SHIPPED_TYPES
from tests.cti.city_files import ASSETS, COLLECTORS, GRIDS, write_city

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def hotline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("HOTLINE_SETTINGS", raising=False)

    def run(*words: str) -> tuple[int, str]:
        code = main(["--run-folder", str(tmp_path / "run"), *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


@pytest.mark.requirement("D-06", "D-42", "D-43", "D-17")
def test_the_command_says_whose_a_thing_is_and_in_which_grid_a_place_lies(hotline: Run, tmp_path: Path) -> None:
    write_city(tmp_path / "hotline12345")
    code, told = hotline("grid", "at", "103.75,36.05")
    assert (code, "XH-01" in told, "采集员甲" in told, "YS-0001" in told) == (0, True, True, True)
    assert hotline("grid", "at", "0,0")[0] == 1
    assert "水务局" in hotline("grid", "route", "上水井盖", "--at", "103.75,36.05")[1]
    code, told = hotline("grid", "route", "上水井盖", "--at", "103.85,36.05")
    assert (code, "定不下来" in told, "不在“供排水管理范围”之内，不归水务局" in told) == (1, True, True)
    code, told = hotline("grid", "route", "上水井盖")
    assert (code, "可能是：水务局" in told, "还不知道位置" in told) == (1, True, True)
    asset = ("grid", "route", "雨水井盖", "--asset", "YS-0002", "--day")
    assert hotline(*asset, "2026-12-31")[1].startswith("公投集团")
    code, told = hotline(*asset, "2027-01-01")
    assert (told.startswith("规划建设局"), "公投集团的养护期已于 2026-12-31 结束" in told) == (True, True)
    assert "不在部件、事件分类里" in hotline("grid", "route", "月球")[1]
    assert "不是位置" in hotline("grid", "at", "这里")[1]


@pytest.mark.requirement("D-11", "D-16", "D-27")
def test_reports_of_a_quarter_without_a_case_are_empty_and_say_their_formula(hotline: Run, tmp_path: Path) -> None:
    write_city(tmp_path / "hotline12345")
    file = tmp_path / "bulletin.json"
    code, told = hotline("grid", "bulletin", "2026-Q4", "--json", str(file))
    assert (code, "张网格" in told, "立案率 = " in told) == (0, True, True)
    plain = json.loads(file.read_text(encoding="utf-8"))
    assert [(each["id"], each["reported"], each["filed_rate"]) for each in plain["grids"]] == [
        ("XH-01", 0, None),
        ("XY-01", 0, None),
    ]
    days = ("--from", "2026-10-01", "--to", "2026-12-31")
    assert "÷" in hotline("grid", "sources", *days)[1]
    assert "采集员甲" in hotline("grid", "collectors", *days)[1]
    assert hotline("grid", "bulletin", "去年")[0] == 1
    assert hotline("grid", "sources", "--from", "2026-12-31", "--to", "2026-10-01")[0] == 1


def test_the_tree_that_ships_fits_the_catalogue_and_the_pack_that_ship(hotline: Run) -> None:
    code, told = hotline("check", str(SHIPPED_TYPES))
    assert (code, "没有问题" in told) == (0, True), told


WRONG = [
    ("grids", ("XY-01", "XH-01"), "写了两次"),
    ("grids", ('"103.80,36.00", "103.90', '"103.75,36.00", "103.90'), "重叠"),
    ("grids", ('"103.80,36.10", "103.70,36.10"]', '"103.70,36.10", "103.80,36.10"]'), "自己交叉"),
    ("grids", ('"103.70,36.00", "103.80,36.00", "103.80,36.10", ', ""), "围不成"),
    ("grids", ("103.70,36.00", "长宁路"), "不是位置"),
    ("grids", ("street: 西园街道", "street: 西国街道"), "不在派单目录里"),
    ("grids", ("供排水管理范围", "供排水范围"), "派单目录里没有用到"),
    ("grids", ("    head: 赵网格\n", ""), "没有写网格负责人"),
    ("grids", ("    areas: [供排水管理范围]\n", ""), "这一条职责不会用到"),
    ("grids", ("head: 张网格", "heads: 张网格"), "没有“heads”这一项"),
    ("assets", ("matter: 雨水井盖, name", "matter: 雨水盖, name"), "不在分类里"),
    ("assets", ("maintained_by: 公投集团", "maintained_by: 公投"), "不在派单目录里"),
    ("assets", ("    maintained_by: 公投集团\n", ""), "要一起写"),
    ("assets", ('"2026-12-31"', "明年底"), "不是日期"),
    ("assets", ("YS-0002", "YS-0001"), "写了两次"),
    ("assets", ('at: "103.75,36.05"', 'at: "10.75,36.05"'), "不在任何网格里"),
    ("collectors", ("grids: [XY-01]", "grids: [XZ-01]"), "没有画"),
    ("collectors", ("02:00-03:00", "两点到三点"), "值勤时段看不懂"),
    (
        "collectors",
        ('notice: {version: "1", text: 值勤时段内采集您的位置，只用于核对巡查，保存三十天。}\n', ""),
        "notice",
    ),
    ("collectors", ("retention_days: 30", "retention_days: 3650"), "不在 1 到 180 之间"),
]


@pytest.mark.requirement("D-17", "D-12")
@pytest.mark.parametrize(("file", "change", "words"), WRONG)
def test_every_mistake_in_the_files_is_told_with_its_remedy(
    hotline: Run, tmp_path: Path, file: str, change: tuple[str, str], words: str
) -> None:
    text = {"grids": GRIDS, "assets": ASSETS, "collectors": COLLECTORS}[file]
    assert change[0] in text
    folder = write_city(tmp_path / "hotline12345", **{file: text.replace(*change, 1)})
    told = hotline("check", *(str(each) for each in sorted(folder.iterdir())))[1]
    assert words in told
    assert "改法：" in told


def test_files_that_are_sound_have_no_problem(hotline: Run, tmp_path: Path) -> None:
    folder = write_city(tmp_path / "hotline12345")
    code, told = hotline("check", *(str(each) for each in sorted(folder.iterdir())))
    assert (code, "没有问题" in told) == (0, True), told
