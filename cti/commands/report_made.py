"""`hotline report weekly|monthly|…`: reports by template, pivots and what units owe, as text or as files."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from cti.adapters.files.report_files import FORMS
from cti.adapters.sql.audit_store import SqlAudit
from cti.adapters.sql.database import Database
from cti.server.files.city_packs import load_city
from cti.server.report_drafts import draft_due
from cti.server.reports import Reports
from cti.settings import Settings
from ivr.errors import AuthorError, WorldError
from ivr.problems import Place, Problem
from workorder.audit import AuditRow, Person
from workorder.order import order_day
from workorder.reports.grid import Grid, written
from workorder.reports.information import information_grid
from workorder.reports.periods import last_whole
from workorder.reports.report import NUMBER_TITLES, Numbers, Report, Words, numbers_as_cells, to_plain

T = TypeVar("T")


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return datetime.now(UTC).timestamp()


def run(arguments: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Make what was asked for; a period without data gives a report that says so."""
    match arguments.what:
        case "list":
            _with(settings, lambda reports, _database: _list(reports, console))
        case "all":
            return _all(arguments, settings, console)
        case "draft":
            server, clock = f"{socket.gethostname()}:{os.getpid()}", _Now()
            made = _with(settings, lambda reports, _database: draft_due(reports, clock, server))
            for line in [f"已起草 {each.title}　{each.period}" for each in made] or ["没有到期要起草的。"]:
                console.print(line)
        case _:
            report = _with(settings, lambda reports, database: _made(arguments, settings, reports, database))
            for file in arguments.out or ():
                _write(report, Path(file))
                console.print(f"已写入 {file}")
            if not arguments.out:
                _show(report, console)
            if arguments.json:
                plain = to_plain(report) | {"digest": report.digest}
                text = json.dumps(plain, ensure_ascii=False, indent=2)
                Path(arguments.json).write_text(text + "\n", encoding="utf-8")
                console.print(f"已写入 {arguments.json}")
    return 0


async def _made(arguments: argparse.Namespace, settings: Settings, reports: Reports, database: Database) -> Report:
    now = datetime.now(UTC)
    for file in arguments.out or ():
        _form(Path(file))
    since, until = _days(arguments, "month")
    if arguments.what == "pivot":
        grid = await reports.pivot(arguments.rows, arguments.columns, arguments.figure, since, until)
        return _report(settings, "pivot", "多维对比", since, until, grid)
    if arguments.what == "information":
        duties = reports.duties()
        grid = information_grid(await reports.owed(since, until, now), duties.clause)
        return _report(settings, "information", "资料信息报送", since, until, grid)
    since, until = _days(arguments, reports.template(arguments.what).period)
    report = await reports.make(arguments.what, since, until, now, arguments.about)
    if arguments.out:
        detail = {"since": str(since), "until": str(until), "digest": report.digest}
        await SqlAudit(database).note(
            AuditRow(now, Person(arguments.by, "host"), "report.written", report.name, detail)
        )
    return report


def _report(settings: Settings, name: str, title: str, since: date, until: date, grid: Grid) -> Report:
    city = load_city(settings.city, settings.data_folder / "cities").city
    return Report(name, title, city, since, until, "S-38" if name == "pivot" else "L-27", False, (grid,), ())


def _all(arguments: argparse.Namespace, settings: Settings, console: Console) -> int:
    folder = Path(arguments.out[0]) if arguments.out else None
    if folder is None:
        raise AuthorError((Problem(Place("--out"), "没有写放在哪里。", "加上 --out 文件夹。"),))
    folder.mkdir(parents=True, exist_ok=True)

    async def work(reports: Reports, _database: Database) -> None:
        now = datetime.now(UTC)
        for name, template in reports.templates().items():
            since, until = _days(arguments, template.period)
            report = await reports.make(name, since, until, now, arguments.about)
            for form in FORMS:
                file = folder / f"{name}-{since}-{until}.{form}"
                _write(report, file)
                console.print(f"已写入 {file}")

    _with(settings, work)
    return 0


async def _list(reports: Reports, console: Console) -> None:
    table = Table("报表", "名称", "默认的日子", "自动起草", "公开", "依据")
    periods = {"day": "当天", "week": "上一周", "month": "上一月", "quarter": "上一季"}
    for each in reports.templates().values():
        marks = ["是" if is_so else "" for is_so in (each.is_drafted, each.is_public)]
        table.add_row(each.name, each.title, periods[each.period], *marks, each.clause)
    console.print(table)
    for kept in await reports.store.latest(10):
        state = f"{kept.issued_by} 已签发" if kept.issued else "待签发"
        console.print(f"{kept.report.title}　{kept.report.period}　{state}　{kept.digest[:16]}")


def _days(arguments: argparse.Namespace, period: str) -> tuple[date, date]:
    usual = last_whole(period, order_day(datetime.now(UTC)))
    if arguments.since is None and arguments.until is None:
        return usual
    since = arguments.since or arguments.until
    return since, arguments.until or since


def _with(settings: Settings, ask: Callable[[Reports, Database], Awaitable[T]]) -> T:
    async def work() -> T:
        async with Database(settings.database, deadline_seconds=600) as database:
            return await ask(Reports(settings, database), database)

    return asyncio.run(work())


def _form(file: Path) -> str:
    form = file.suffix.removeprefix(".")
    if form not in FORMS:
        raise AuthorError((Problem(Place(str(file)), "不会写这种文件。", f"文件名以 .{'、.'.join(FORMS)} 结尾。"),))
    return form


def _write(report: Report, file: Path) -> None:
    try:
        file.write_bytes(FORMS[_form(file)](report, ()))
    except OSError as error:
        raise WorldError(f"写不了 {file}（{error.strerror}）。改法：检查路径与权限") from error


def _show(report: Report, console: Console) -> None:
    console.print(f"{report.title}　{report.city}　{report.period}")
    for part in report.parts:
        if part.title:
            console.print(f"\n{part.title}")
        match part:
            case Words(text=text):
                console.print(text)
            case Numbers():
                table = Table(*NUMBER_TITLES)
                for row in numbers_as_cells(part):
                    table.add_row(*row)
                console.print(table)
            case Grid():
                table = Table(*(each.title for each in part.columns))
                for cells in part.rows:
                    table.add_row(*(written(v, c.kind) for v, c in zip(cells, part.columns, strict=True)))
                console.print(table if part.rows else "期内没有。")
                console.print(part.note)
    for note in report.notes:
        console.print(note)
    console.print(f"核对码 {report.digest[:16]}")
