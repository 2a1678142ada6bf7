"""The reports of one installation, wired: figures and templates, its units' duties, counts from its database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import workorder.reports
from cti.adapters.sql.database import Database
from cti.adapters.sql.report_facts import SqlReportFacts
from cti.adapters.sql.report_store import SqlReports
from cti.server.files.city_packs import load_city
from cti.server.orders import dispatch_catalogue
from cti.settings import Settings
from cti.today import midnight
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from ivr.yaml_fields import remedy_for_unknown
from workorder.cities.pack import Pack
from workorder.hot import KIND_TITLES
from workorder.reports.figures import Figure, read_figures
from workorder.reports.grid import Grid
from workorder.reports.information import Duties, Owed, information_grid, owed_by, periods_between, read_duties
from workorder.reports.make import Occasion, make_report, pivot
from workorder.reports.periods import DAY, before
from workorder.reports.report import Report
from workorder.reports.tally import DIMENSIONS, Tally
from workorder.reports.template import InformationSection, Template, read_template

SHIPPED = Path(workorder.reports.__file__).parent
CHANNELS = {
    "call": "电话",
    "letter": "来信",
    "visit": "来访",
    "web": "网站",
    "wechat": "微信",
    "email": "邮件",
    "upstream": "上级交办",
    "haochaping": "好差评",
    "110": "110 转来",
    "video": "视频发现",
    "open311": "Open311",
}


class Reports:
    """What commands, pages and timers may ask of reports. Files are read anew each time: an edit counts at once."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._store = SqlReports(database)
        self._facts = SqlReportFacts(database)
        self._settings = settings
        self._own = settings.data_folder / "reports"

    @property
    def store(self) -> SqlReports:
        """Return what is kept of reports."""
        return self._store

    def figures(self) -> Mapping[str, Figure]:
        """Return the figures, the installation's own where it has them; AuthorError with every problem."""
        file = self._file("figures.yaml")
        found, problems = read_figures(file.read_bytes(), str(file))
        if not found:
            raise AuthorError(problems)
        return found

    def templates(self) -> Mapping[str, Template]:
        """Return every report there is; AuthorError with every problem."""
        figures = self.figures()
        found, problems = {}, list[Problem]()
        for name, file in self._templates().items():
            template, wrong = read_template(file.read_bytes(), str(file), name, figures)
            problems += wrong
            if template is not None:
                found[name] = template
        if len(found) < len(self._templates()):
            raise AuthorError(tuple(problems))
        return found

    def template(self, name: str) -> Template:
        """Return one; AuthorError when there is none of this name."""
        known = self._templates()
        if name not in known:
            raise AuthorError((Problem(Place(name), "没有这张报表。", remedy_for_unknown(name, known)),))
        template, problems = read_template(known[name].read_bytes(), str(known[name]), name, self.figures())
        if template is None:
            raise AuthorError(problems)
        return template

    async def make(self, name: str, since: date, until: date, now: datetime, about: str = "") -> Report:
        """Return the report of these days, both included."""
        template, figures = self.template(name), self.figures()
        pack = load_city(self._settings.city, self._settings.data_folder / "cities")
        hidden = tuple(each.name for each in pack.categories if each.is_protected) if template.is_public else None
        spans = ((since, until), before(since, until))
        tallies = []
        for first, last in spans:
            tally = Tally(template.cuts)
            await self._facts.count(tally, midnight(first), midnight(last + DAY), about=about, hidden=hidden)
            tallies.append(tally)
        occasion = Occasion(pack.city, since, until, _titles(pack), about=about)
        if any(isinstance(each, InformationSection) for each in template.sections):
            owed = information_grid(await self.owed(since, until, now), self.duties().clause)
            occasion = replace(occasion, information=owed)
        if not template.is_public:
            occasion = replace(occasion, alerts=await self._facts.alerts(midnight(since), midnight(until + DAY)))
        return make_report(template, figures, tallies[0], tallies[1], occasion)

    async def pivot(self, rows: str, columns: str, figure: str, since: date, until: date) -> Grid:
        """Return one figure of these days by two dimensions; AuthorError for what is none."""
        figures = self.figures()
        wrong = [
            Problem(Place(word), f"没有这个{what}。", remedy_for_unknown(word, known))
            for what, word, known in (
                ("维度", rows, DIMENSIONS),
                ("维度", columns, DIMENSIONS),
                ("指标", figure, figures),
            )
            if word not in known
        ]
        if wrong:
            raise AuthorError(tuple(wrong))
        pack = load_city(self._settings.city, self._settings.data_folder / "cities")
        tally = Tally([(rows, columns)])
        await self._facts.count(tally, midnight(since), midnight(until + DAY))
        titles = _titles(pack)

        def key(dimension: str, word: str) -> str:
            return titles.get(dimension, {}).get(word, word) or "（未填）"

        title = f"{figures[figure].title}：{DIMENSIONS[rows]} × {DIMENSIONS[columns]}　{since} 至 {until}"
        return pivot(title, rows, columns, figures[figure], tally[(rows, columns)], key)

    def duties(self) -> Duties:
        """Return what units must send in; AuthorError with every problem."""
        file = self._file("information.yaml")
        duties, problems = read_duties(file.read_bytes(), str(file))
        if duties is None:
            raise AuthorError(problems)
        return duties

    async def owed(self, since: date, until: date, now: datetime, unit: str = "") -> tuple[Owed, ...]:
        """Return how every unit of the dispatch catalogue (or one) stands with what it owes of these days."""
        duties = self.duties()
        periods = [period for every in ("month", "week") for period in periods_between(every, since, until)]
        sent = await self._store.sent(periods, unit)
        units = (unit,) if unit else tuple(dict.fromkeys((*self._units(), *(each.unit for each in sent))))
        return owed_by(duties, units, sent, since, until, now)

    def _units(self) -> tuple[str, ...]:
        return dispatch_catalogue(self._settings).units

    def _file(self, name: str) -> Path:
        own = self._own / name
        return own if own.is_file() else SHIPPED / name

    def _templates(self) -> dict[str, Path]:
        shipped = {file.stem: file for file in sorted((SHIPPED / "templates").glob("*.yaml"))}
        own = {file.stem: file for file in sorted((self._own / "templates").glob("*.yaml"))}
        return shipped | own


def _titles(pack: Pack) -> dict[str, dict[str, str]]:
    return {
        "category": {each.name: each.title for each in pack.categories},
        "channel": CHANNELS,
        "alert": dict(KIND_TITLES),
    }
