"""`hotline report`: weekly to public, in three forms, the same from the same events; a day without data says so."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from base64 import a85decode
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from cti.__main__ import main
from cti.adapters.sql.database import Database
from cti.adapters.sql.life_store import SqlLifeStore
from tests.cti.invented_orders import NOW, invented, settings_of
from tests.workorder.life.packs import CALENDAR
from workorder.draft import FieldName
from workorder.life import actions as a
from workorder.life.actors import Actor, Role
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.life.states import LifeState
from workorder.life.whole import WholeOrder
from workorder.order import order_day

WEEK = (date(2026, 11, 9), date(2026, 11, 15))
FORMS = ("html", "xlsx", "pdf")


@dataclass
class House:
    """An installation with invented orders, and its command line."""

    folder: Path
    made: list[WholeOrder]
    capsys: pytest.CaptureFixture[str] | None = None

    def report(self, *words: str) -> tuple[int, str]:
        """Run `hotline report …`."""
        assert self.capsys is not None
        run = ["--run-folder", str(self.folder / "run"), "report", *words]
        code = main(run)
        told = self.capsys.readouterr()
        return code, told.out + told.err

    def made_into(self, what: str, *words: str, days: tuple[date, date] = WEEK) -> dict[str, Any]:
        """Return a report as JSON."""
        file = self.folder / "report.json"
        code, told = self.report(what, "--from", str(days[0]), "--to", str(days[1]), "--json", str(file), *words)
        assert code == 0, told
        return dict(json.loads(file.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("house")

    async def seed() -> list[WholeOrder]:
        settings = settings_of(folder)
        database = Database(settings.database, deadline_seconds=120)
        await database.open()
        try:
            return await invented(settings, database, 45)
        finally:
            await database.close()

    return House(folder, asyncio.run(seed()))


@pytest.fixture
def house(seeded: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("XDG_DATA_HOME", str(seeded.folder / "share"))
    monkeypatch.delenv("HOTLINE_SETTINGS", raising=False)
    return House(seeded.folder, seeded.made, capsys)


def numbers(report: dict[str, Any]) -> dict[str, Any]:
    return {row["title"]: row["value"] for part in report["parts"] if part["part"] == "numbers" for row in part["rows"]}


def grid(report: dict[str, Any], title: str) -> dict[str, list[Any]]:
    part = next(each for each in report["parts"] if each["part"] == "grid" and each["title"] == title)
    return {row[0]: row[1:] for row in part["rows"]}


def slowly(made: Sequence[WholeOrder], days: tuple[date, date]) -> dict[str, int]:
    """Count by going through every event of every order, one after the other."""
    found = Counter[str]()
    for whole in made:
        history = [each for each in whole.history if order_day(each.at) <= days[1]]
        rated = False
        for nth, event in enumerate(history):
            is_mine = order_day(event.at) >= days[0]
            due = history[nth - 1].due if nth else None
            for name in _names(event, due):
                if name in ("satisfied", "dissatisfied"):
                    if rated:
                        continue
                    rated = True
                found[name] += is_mine
        if history:
            found["open"] += history[-1].after not in _OVER
    return found


_OVER = {
    LifeState.CLOSED, LifeState.ARCHIVED, LifeState.FINAL, LifeState.ANSWERED, LifeState.NOT_ACCEPTED,
    LifeState.INFORMED, LifeState.MERGED,
}  # fmt: skip


def _names(event: LifeEvent, due: datetime | None) -> Iterable[str]:
    match event.action:
        case a.Open(request_type=kind):
            yield "opened"
            yield f"type {kind}"
        case a.AnswerDirectly():
            yield "answered"
        case a.Reply() | a.ReplyUnsolvable():
            yield "late" if due is not None and event.at > due else "in time"
        case a.Close(satisfaction=said):
            yield "closed"
            if said in ("satisfied", "dissatisfied"):
                yield said
        case a.Rectify() | a.SmsDissatisfied():
            yield "dissatisfied"
        case _:
            pass


@pytest.mark.requirement("J-23")
@pytest.mark.parametrize("first", [3, 11])
@pytest.mark.parametrize("length", [0, 12])
def test_figures_of_any_days_are_those_of_the_events_counted_one_by_one(house: House, first: int, length: int) -> None:
    begin = date(2026, 10, 30) + timedelta(days=first)
    days = (begin, begin + timedelta(days=length))
    report, slow = house.made_into("monthly", days=days), slowly(house.made, days)
    told = numbers(report)
    assert told["受理工单"] == slow["opened"]
    assert told["直接答复"] == slow["answered"]
    assert told["答复"] == slow["in time"] + slow["late"]
    assert told["超期答复"] == slow["late"]
    assert told["办结"] == slow["closed"]
    assert told["期末在办"] == slow["open"]
    assert told["作了评价"] == slow["satisfied"] + slow["dissatisfied"]
    if told["作了评价"]:
        assert told["满意率"] == pytest.approx(slow["satisfied"] / told["作了评价"], abs=0.0001)
    types = {key: row[0] for key, row in grid(report, "诉求类型").items() if key != "合计" and row[0]}
    assert types == {key.removeprefix("type "): n for key, n in slow.items() if key.startswith("type ") and n}
    calls = [each.call for each in house.made if each.call.queued and days[0] <= order_day(each.call.queued) <= days[1]]
    quick = [each for each in calls if each.answered and (each.answered - each.queued).total_seconds() <= 15]
    assert told["人工来电"] == len(calls)
    assert told["15 秒接听率"] == (pytest.approx(len(quick) / len(calls), abs=0.0001) if calls else None)


@pytest.mark.requirement("S-39")
def test_monthly_weekly_and_flash_reports_are_the_same_whenever_they_are_made(house: House) -> None:
    months = (date(2026, 11, 1), date(2026, 11, 15))
    mine = [each for each in house.made if WEEK[0] <= order_day(each.order.opened) <= WEEK[1]]
    about = mine[0].draft.draft.value(FieldName.CATEGORY).rpartition("/")[2]
    wanted = (("weekly", WEEK, ()), ("monthly", months, ()), ("flash", WEEK, ("--about", about)))
    before = [house.made_into(what, *words, days=days) for what, days, words in wanted]
    assert len({each["title"] for each in before}) == 3
    assert not any(each["is_empty"] for each in before)
    asyncio.run(_goes_on(house))
    again = [house.made_into(what, *words, days=days) for what, days, words in wanted]
    assert [each["digest"] for each in again] == [each["digest"] for each in before]
    assert again == before, "what happened since changes no earlier report"
    flash = before[2]
    assert 0 < numbers(flash)["受理工单"] < numbers(before[0])["受理工单"]
    assert any(about in note for note in flash["notes"])


async def _goes_on(house: House) -> None:
    """Something happens to an order that is open, after the days of the reports."""
    settings = settings_of(house.folder)
    database = Database(settings.database, deadline_seconds=120)
    await database.open()
    try:
        lives = SqlLifeStore(database, lambda: CALENDAR)
        supervised, host = a.Supervise("overdue", "请抓紧"), Actor("督办员", Role.HOST)
        for whole in house.made:
            found = await lives.act(whole.order.number, supervised, host, NOW + timedelta(hours=1))
            if isinstance(found, LivingOrder):
                return
        raise AssertionError("no order is open")
    finally:
        await database.close()


@pytest.mark.requirement("D-08", "Y-51")
def test_the_whole_set_of_reports_is_written_in_three_forms_each_with_its_chart(house: House, tmp_path: Path) -> None:
    days = ("--from", "2026-11-01", "--to", "2026-11-15")
    code, told = house.report("all", *days, "--out", str(tmp_path / "set"))
    assert code == 0, told
    names = {file.name.split("-2026")[0] for file in (tmp_path / "set").iterdir()}
    assert names == {
        "analysis", "bulletin", "daily", "flash", "monthly", "public", "special", "summary", "weekly",
    }  # fmt: skip
    for name in sorted(names):
        page, book, paper = (tmp_path / "set" / f"{name}-2026-11-01-2026-11-15.{form}" for form in FORMS)
        html = page.read_text(encoding="utf-8")
        assert "<svg" in html, name
        assert "公式" in html, name
        assert "核对码" in html, name
        sheets = load_workbook(book)
        assert any(sheet._charts for sheet in sheets.worksheets), name
        assert paper.read_bytes().startswith(b"%PDF-"), name
    bulletin = (tmp_path / "set" / "bulletin-2026-11-01-2026-11-15.pdf").read_bytes()
    told = _words_of(bulletin)
    assert "运行情况通报" in told
    assert "受理" in told
    html = (tmp_path / "set" / "bulletin-2026-11-01-2026-11-15.html").read_text(encoding="utf-8")
    opened = slowly(house.made, (date(2026, 11, 1), date(2026, 11, 15)))["opened"]
    assert f"受理 {opened} 件" in html, "the template's words carry the figures"


def _words_of(pdf: bytes) -> str:
    """Return the Chinese text of a PDF of ours: streams in ASCII85 and Flate, strings in UTF-16."""
    found = []
    for raw in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            content = zlib.decompress(a85decode(raw.strip().removesuffix(b"~>")))
        except ValueError:
            continue
        for piece in re.findall(rb"\((.*?)(?<!\\)\) Tj", content, re.DOTALL):
            octal = re.sub(rb"\\([0-7]{3})", lambda each: bytes([int(each.group(1), 8)]), piece)
            plain = re.sub(rb"\\(.)", rb"\1", octal, flags=re.DOTALL)
            found.append(plain.decode("utf-16-be", "ignore"))
    return "".join(found)


@pytest.mark.requirement("S-38")
def test_any_two_dimensions_are_set_against_each_other_and_the_sums_agree(house: House) -> None:
    opened = slowly(house.made, WEEK)["opened"]
    for rows, columns in (("area", "type"), ("unit", "type"), ("unit", "day"), ("topic", "area"), ("type", "week")):
        report = house.made_into("pivot", "--rows", rows, "--columns", columns)
        found = report["parts"][0]
        sums = {row[0]: row[-1] for row in found["rows"]}
        assert sums.pop("合计") == opened == sum(sums.values()), (rows, columns)
        assert all(sum(row[1:-1]) == row[-1] for row in found["rows"])
    kinds = {kind.removeprefix("type "): n for kind, n in slowly(house.made, WEEK).items() if kind.startswith("type ")}
    report = house.made_into("pivot", "--rows", "type", "--columns", "day")
    told = {row[0]: row[-1] for row in report["parts"][0]["rows"]}
    assert {kind: n for kind, n in told.items() if kind != "合计"} == {kind: n for kind, n in kinds.items() if n}
    rate = house.made_into("pivot", "--rows", "unit", "--columns", "month", "--figure", "on_time_rate")
    assert all(row[-1] is None or 0 <= row[-1] <= 1 for row in rate["parts"][0]["rows"])
    code, told_wrong = house.report("pivot", "--rows", "areaa", "--columns", "type")
    assert (code, "area" in told_wrong) == (1, True)


@pytest.mark.requirement("S-41")
def test_a_daily_report_is_made_on_demand_hour_by_hour_with_what_was_raised(house: House) -> None:
    day = max(order_day(each.order.opened) for each in house.made)
    report = house.made_into("daily", days=(day, day))
    assert report["title"] == "突发公共事件每日报告"
    assert numbers(report)["受理工单"] == slowly(house.made, (day, day))["opened"] > 0
    hours = grid(report, "各时段")
    assert sum(row[0] for hour, row in hours.items() if hour != "合计") == hours["合计"][0]
    assert any(each["title"] == "紧急和集中情况" for each in report["parts"])
    empty = house.made_into("daily", days=(date(2020, 1, 1), date(2020, 1, 1)))
    assert empty["is_empty"]
    assert "没有登记工单" in empty["parts"][0]["text"]


def test_a_file_that_it_cannot_write_and_a_report_that_is_none_are_refused_with_words(house: House) -> None:
    for words, told in (
        (("weekly", "--out", "a.doc"), ".html"),
        (("wekly",), "weekly"),
        (("all",), "--out"),
        (("weekly", "--from", "2026-11-22", "--to", "2026-11-01"), "对调"),
    ):
        code, text = house.report(*words)
        assert code == 1
        assert told in text


def test_an_installation_writes_a_report_of_its_own_without_a_program(house: House) -> None:
    own = house.folder / "share" / "hotline12345" / "reports" / "templates"
    own.mkdir(parents=True, exist_ok=True)
    file = own / "ours.yaml"
    file.write_text(
        "report: 1\ntitle: 我们的\nperiod: week\nclause: 本市\nsections:\n - {title: 数, text: '受理 {opened} 件'}\n",
        encoding="utf-8",
    )
    try:
        report = house.made_into("ours")
        assert report["parts"][0]["text"] == f"受理 {slowly(house.made, WEEK)['opened']} 件"
        file.write_text(file.read_text(encoding="utf-8").replace("opened", "openned"), encoding="utf-8")
        code, told = house.report("ours")
        assert (code, "opened" in told) == (1, True)
    finally:
        file.unlink()


@pytest.mark.requirement("J-27")
def test_the_public_report_names_nobody_and_nothing_that_was_said(house: House, tmp_path: Path) -> None:
    file = tmp_path / "public.html"
    code, _ = house.report("public", "--from", "2026-11-01", "--to", "2026-11-15", "--out", str(file))
    assert code == 0
    html = file.read_text(encoding="utf-8")
    for whole in house.made:
        fields = whole.draft.draft.fields
        for name, field in fields.items():
            if name.value in ("name", "phone", "title", "summary", "place") and len(field.value) > 2:
                assert field.value not in html, name
        assert whole.order.number not in html
