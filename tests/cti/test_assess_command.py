"""`hotline assess` from orders to a signed export: counted from events, kept for good, marks only where people mark."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from cti.__main__ import main
from cti.adapters.sql.assessment_store import SqlAssessment
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_assessment import assessment_months
from cti.server.files.city_packs import SHIPPED_CITIES, load_city
from workorder.assessment.counts import UnitCounts
from workorder.assessment.scheme import Scheme, scheme_of
from workorder.assessment.snapshot import take_month
from workorder.audit import Person
from workorder.order import HOTLINE_TIME, numbered, order_day

Run = Callable[[str], tuple[int, str]]
UNIT = "--by unit:老李:水务局"


def this_month() -> str:
    """The month of the moment it is asked for: a run of all tests may begin in another one."""
    return datetime.now(HOTLINE_TIME).strftime("%Y-%m")


@pytest.fixture
def hotline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("HOTLINE_SETTINGS", raising=False)

    def run(line: str) -> tuple[int, str]:
        code = main(["--run-folder", str(tmp_path / "run"), *line.split()])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def keep_year(database: str, marks: dict[str, UnitCounts]) -> None:
    """Keep twelve months of 2025 as they would have been kept, month by month."""
    scheme = scheme_of(load_city("lanzhou"))
    assert isinstance(scheme, Scheme)

    async def work() -> None:
        store = SqlAssessment(there := Database(database), "lanzhou")
        await there.open()
        for number in range(1, 13):
            by_hand = {unit: {"体制机制建设": Decimal(70)} for unit in marks}
            await store.keep_month(
                take_month(scheme, f"2025-{number:02}", marks, by_hand), Person("王", "host"), datetime.now(UTC)
            )
        await there.close()

    asyncio.run(work())


def an_order(run: Run, nth: int, *, is_content: bool) -> str:
    number = numbered(order_day(datetime.now(UTC)), nth)
    steps = [
        f"open --city lanzhou --category complaint --by agent:801 --number {number}",
        f"do {number} accept --by agent:801",
        f"do {number} dispatch unit=水务局 --by centre:王",
        f"do {number} sign handler=老李 {UNIT}",
        f"do {number} reply text=已修好 {UNIT}",
        f"do {number} tell_citizen how=电话 contact=今天 text=好了 --by centre:王",
        f"do {number} call_person --by centre:王",
        f"do {number} close satisfaction=satisfied --by centre:王"
        if is_content
        else f"do {number} rectify why=没修好 --by centre:王",
    ]
    told = [run(f"order {step}") for step in steps]
    assert [code for code, _ in told] == [0] * len(steps), told
    return number


@pytest.mark.requirement("L-18", "L-20", "L-21", "L-36", "D-29")
def test_a_month_is_counted_from_events_and_every_unit_has_a_row(hotline: Run) -> None:
    an_order(hotline, 1, is_content=True)
    an_order(hotline, 2, is_content=False)
    code, told = hotline(f"assess month {this_month()} --city lanzhou")
    assert code == 0
    row = next(line for line in told.splitlines() if "水务局" in line)
    assert re.findall(r"[\d.]+|—", row) == ["2", "2", "—", "100.00", "—", "—", "50.00", "77.27"]
    assert "民政局" in told, "a unit without an order is assessed too"
    assert hotline(f"assess mark {this_month()} 水务局 体制机制建设=80 --city lanzhou --by 王 --why 检查")[0] == 0
    assert "80" in next(
        line for line in hotline(f"assess month {this_month()} --city lanzhou")[1].splitlines() if "水务局" in line
    )
    for wrong in ("市民满意度=100", "体制机制建设=101", "体制机制建设=好", "没有=1"):
        code, told = hotline(f"assess mark {this_month()} 水务局 {wrong} --city lanzhou --by 王 --why x")
        assert code == 1
        assert "改法" in told or "不在 0 到 100" in told


@pytest.mark.requirement("S-44")
def test_a_month_that_is_not_over_cannot_be_kept(hotline: Run) -> None:
    code, told = hotline(f"assess month {this_month()} --city suqian --keep --by 王")
    assert code == 1
    assert "还没有过完" in told
    last = (datetime.now(HOTLINE_TIME).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    assert hotline(f"assess month {last} --city suqian --keep --by 王")[0] == 0
    code, told = hotline(f"assess mark {last} 水务局 工作网络=1 --city suqian --by 王 --why x")
    assert code == 1
    assert "已经存档" in told


@pytest.mark.requirement("L-22", "L-23", "L-26")
def test_a_year_is_ranked_and_each_grade_brings_what_the_city_says(hotline: Run, tmp_path: Path) -> None:
    assert "还有 12 个月没有存档" in hotline("assess year 2025 --city lanzhou --follow --by 王")[1]
    keep_year(
        f"sqlite:///{tmp_path}/run/hotline.db",
        {
            "水务局": UnitCounts(10, 10, 0, 0, 10, 10),
            "交通局": UnitCounts(10, 8, 0, 0, 10, 7),
            "环保局": UnitCounts(10, 2, 0, 0, 10, 2),
        },
    )
    code, told = hotline("assess year 2025 --city lanzhou --follow --by 王")
    assert code == 0
    lines = {unit: [line for line in told.splitlines() if unit in line] for unit in ("水务局", "交通局", "环保局")}
    assert "表彰奖励" in lines["水务局"][-1]
    assert "书面改进材料" in lines["交通局"][-1]
    assert "前交" in lines["交通局"][-1]
    assert "通报批评" in lines["环保局"][-1]
    report = tmp_path / "改进.txt"
    report.write_text("今后每周检查。", encoding="utf-8")
    assert hotline(f"assess done 2025 交通局 --report {report} --city lanzhou --by 老李")[0] == 0
    assert hotline(f"assess done 2025 交通局 --report {report} --city lanzhou --by 老李")[0] == 1
    assert hotline(f"assess done 2025 水务局 --report {report} --city lanzhou --by 老李")[0] == 1
    assert "已交" in hotline("assess year 2025 --city lanzhou --follow --by 王")[1]


@pytest.mark.requirement("L-25", "S-45", "D-50")
def test_an_export_is_signed_and_any_change_shows(hotline: Run, tmp_path: Path) -> None:
    keep_year(f"sqlite:///{tmp_path}/run/hotline.db", {"=HYPERLINK(1)": UnitCounts(1, 1, 0, 0, 1, 1)})
    file = tmp_path / "out.csv"
    code, told = hotline(f"assess export 2025 --city lanzhou --out {file}")
    assert code == 0
    key = told.rsplit("：", 1)[1].strip()
    assert "'=HYPERLINK" in file.read_text(encoding="utf-8"), "no cell is taken for a formula"
    assert hotline(f"assess verify {file} --key {key}")[0] == 0
    file.write_text(file.read_text(encoding="utf-8").replace("1,", "2,"), encoding="utf-8")
    assert hotline(f"assess verify {file} --key {key}")[0] == 1
    assert hotline(f"assess export 2025 --city lanzhou --out {tmp_path / 'out.json'}")[0] == 0
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["units"][0]["place"] == 1


def test_a_kept_month_that_was_changed_in_the_database_is_found_out(hotline: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/run/hotline.db"
    keep_year(url, {"水务局": UnitCounts(1, 1, 0, 0, 1, 1)})

    async def forge() -> None:
        there = Database(url)
        change = update(assessment_months).values(snapshot={"edition": "x", "month": "2025-01", "rows": []})
        await there.write("test", lambda connection: connection.execute(change))
        await there.close()

    asyncio.run(forge())
    code, told = hotline("assess year 2025 --city lanzhou")
    assert code == 1
    assert "被改动过" in told


@pytest.mark.requirement("L-24")
def test_the_evidence_of_an_order_holds_its_whole_timeline_and_no_names(hotline: Run, tmp_path: Path) -> None:
    number, file = an_order(hotline, 1, is_content=True), tmp_path / "evidence.json"
    assert hotline(f"assess evidence {number} --out {file}")[0] == 0
    bundle = json.loads(file.read_text(encoding="utf-8"))["orders"][0]
    assert [step["move"] for step in bundle["timeline"]][:3] == ["Open", "Accept", "Dispatch"]
    assert bundle["unit"] == "水务局"
    assert "老李" not in file.read_text(encoding="utf-8")
    assert hotline(f"assess evidence WO20200101-000001 --out {file}")[0] == 1


@pytest.mark.requirement("Y-54", "S-43", "D-04")
@pytest.mark.parametrize(
    ("city", "card"),
    [
        ("yangling", ["业务能力", "服务质量", "工作量"]),
        ("suqian", ["工作网络", "服务能力", "诉求分析", "办件质效", "政务服务效能拨测"]),
        ("digital_city", ["基础信息维护", "事件办理效率", "窗口评议评价结果", "城市管理事、部件处理量"]),
    ],
)
def test_the_score_card_is_the_citys_own(hotline: Run, city: str, card: list[str]) -> None:
    code, told = hotline(f"assess month {this_month()} --city {city}")
    assert code == 0
    head = next(line for line in told.splitlines() if "单位" in line)
    assert [cell.strip() for cell in re.split("[┃│]", head) if cell.strip()] == ["单位", "答复", "按时", *card, "得分"]


@pytest.mark.requirement("D-03")
def test_who_sets_the_standards_edits_the_weights_in_the_citys_file(hotline: Run, tmp_path: Path) -> None:
    own = tmp_path / "hotline12345" / "cities" / "digital_city.yaml"
    own.parent.mkdir(parents=True)
    text = (SHIPPED_CITIES / "digital_city.yaml").read_text(encoding="utf-8")
    own.write_text(text.replace("name: 基础信息维护, weight: 20", "name: 基础信息维护, weight: 21"), encoding="utf-8")
    code, told = hotline(f"assess month {this_month()} --city digital_city")
    assert code == 1
    assert "合计 101" in told
    own.write_text(
        text.replace("name: 基础信息维护, weight: 20", "name: 基础信息维护, weight: 40").replace(
            "name: 事件办理效率, weight: 30", "name: 事件办理效率, weight: 10"
        ),
        encoding="utf-8",
    )
    assert (
        hotline(f"assess mark {this_month()} 公安局 基础信息维护=50 --city digital_city --by 领导小组 --why 检查")[0]
        == 0
    )
    assert hotline(f"assess month {this_month()} --city digital_city")[0] == 0
