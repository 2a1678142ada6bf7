"""The dispatch catalogue's file: strict YAML, read whole; every finding is told with its place and remedy."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from ivr.problems import Place, Problem, Severity
from ivr.yaml_fields import did_you_mean
from ivr.yaml_source import YamlList, YamlMap, YamlScalar, YamlValue, read_yaml, shorten
from workorder.dispatch import Catalogue, Contacts, Duty, Question
from workorder.dispatch_lint import lint
from workorder.duty import read_rosters

_TOP_KEYS = frozenset(
    ["catalogue", "name", "version", "city", "status", "effective", "units", "duties", "questions", "contacts", "duty"]
)
_DUTY_KEYS = frozenset(["units", "when", "until", "area", "parts", "events", "general", "note"])
_MATTER_KEYS = ("parts", "events", "general")
_CONTACT_KEYS = {"leader": "分管负责人", "business": "业务负责人", "handler": "经办人"}


def read_catalogue(text: str, file: str) -> tuple[Catalogue | None, tuple[Problem, ...]]:
    """Read and lint a catalogue; None when it cannot be used. Problems hold every finding, with places."""
    tree, problems = read_yaml(text, file)
    if tree is None or any(problem.is_error for problem in problems):
        return None, problems
    found = list(problems)
    reader = CatalogueReader(tree, found)
    catalogue = reader.catalogue()
    lint(catalogue, reader)
    found.sort(key=lambda problem: (not problem.is_error, problem.place))
    return (None if any(problem.is_error for problem in found) else catalogue), tuple(found)


class CatalogueReader:
    """Typed reading of the tree; keeps the place of every unit and matter for the lint."""

    def __init__(self, tree: YamlMap, found: list[Problem]) -> None:
        self.tree = tree
        self.found = found
        self.listed: list[tuple[str, Place]] = []
        self.in_duties: list[tuple[str, Place]] = []
        self.owners: dict[str, list[tuple[str, str, str, Place]]] = {}
        self.contacts: dict[str, Contacts] = {}

    def catalogue(self) -> Catalogue:
        self._refuse_unknown(self.tree, _TOP_KEYS, "派单目录")
        version = self.tree.entries.get("catalogue")
        if not isinstance(version, YamlScalar) or version.value != 1:
            self.error(self.tree.place, "缺少目录格式版本。", "在文件开头写 catalogue: 1。")
        name, edition, city = (self._text(self.tree, key) for key in ("name", "version", "city"))
        if not edition:
            self.error(self.tree.place, "目录没有写版本。", "写上 version，改动目录时换新版本；旧工单保留旧版本。")
        self.listed = self._texts(self.tree.entries.get("units"), "units")
        duties = tuple(self._duties())
        self._read_contacts()
        units = tuple(unit for unit, _ in self.listed)
        rosters = MappingProxyType(read_rosters(self.tree.entries.get("duty"), self.listed, self.error))
        contacts = MappingProxyType(self.contacts)
        return Catalogue(name, edition, city, units, duties, self._questions(), contacts, rosters)

    def _read_contacts(self) -> None:
        value = self.tree.entries.get("contacts")
        if value is None:
            return
        written = value.entries if isinstance(value, YamlMap) else {}
        if not isinstance(value, YamlMap):
            self.error(value.place, "contacts 应按单位写。", "写成 单位: {leader: …, business: …, handler: …}。")
        for unit, place in self.listed:
            item = written.get(unit)
            said = {key: self._text(item, key) if isinstance(item, YamlMap) else "" for key in _CONTACT_KEYS}
            if lacking := [title for key, title in _CONTACT_KEYS.items() if not said[key]]:
                where = item.place if item is not None else place
                remedy = "在 contacts 下给它写全 leader、business、handler。"
                self.error(where, f"“{unit}”没有{'、'.join(lacking)}。（依据：Y-11、D-45）", remedy)
            self.contacts[unit] = Contacts(**said)
        known = {unit for unit, _ in self.listed}
        for unit, item in written.items():
            if unit not in known:
                self.error(
                    item.place, f"contacts 里的“{shorten(unit)}”不在单位清单里。", did_you_mean(unit, known) or "删去。"
                )
            elif isinstance(item, YamlMap):
                self._refuse_unknown(item, frozenset(_CONTACT_KEYS), f"“{unit}”的联系人")

    def _duties(self) -> Iterable[Duty]:
        value = self.tree.entries.get("duties")
        if not isinstance(value, YamlList):
            place = value.place if value is not None else self.tree.place
            self.error(place, "没有职责。", "在 duties 下逐条写 units 和 parts、events。")
            return
        for item in value.items:
            if not isinstance(item, YamlMap):
                self.error(item.place, "职责应为“units、parts、events”的映射。", "参照自带的派单目录书写。")
                continue
            self._refuse_unknown(item, _DUTY_KEYS, "职责")
            units = self._texts(item.entries.get("units"), "units")
            self.in_duties.extend(units)
            if not units:
                self.error(item.place, "这条职责没有写单位。", "写上 units。")
            when, until = self._text(item, "when"), self._text(item, "until")
            matters: list[str] = []
            for key in _MATTER_KEYS:
                for matter, place in self._texts(item.entries.get(key), key):
                    matters.append(matter)
                    for unit, _ in units:
                        self.owners.setdefault(matter, []).append((unit, when, until, place))
            yield Duty(tuple(unit for unit, _ in units), tuple(matters), when, until, self._text(item, "area"))

    def _questions(self) -> tuple[Question, ...]:
        value = self.tree.entries.get("questions")
        questions = []
        for item in value.items if isinstance(value, YamlList) else ():
            answers = item.entries.get("answers") if isinstance(item, YamlMap) else None
            if not isinstance(item, YamlMap) or not isinstance(answers, YamlMap):
                self.error(item.place, "问句应有 about、ask、answers。", "参照自带的派单目录书写。")
                continue
            known = {unit for unit, _ in self.listed}
            pairs: dict[str, str] = {}
            for answer, unit in answers.entries.items():
                said = unit.raw if isinstance(unit, YamlScalar) else ""
                if said not in known:
                    remedy = did_you_mean(said, known) or "写单位清单里的名称。"
                    self.error(unit.place, f"答案“{shorten(answer)}”指向不在清单里的“{shorten(said)}”。", remedy)
                pairs[answer] = said
            about = tuple(word for word, _ in self._texts(item.entries.get("about"), "about"))
            questions.append(Question(about, self._text(item, "ask"), MappingProxyType(pairs)))
        return tuple(questions)

    def error(self, place: Place, what: str, remedy: str) -> None:
        self.found.append(Problem(place, what, remedy))

    def warn(self, place: Place, what: str, remedy: str, clause: str = "") -> None:
        self.found.append(Problem(place, what, remedy, Severity.WARNING, clause))

    def _refuse_unknown(self, tree: YamlMap, known: frozenset[str], what: str) -> None:
        for key, place in tree.keys.items():
            if key not in known:
                remedy = did_you_mean(key, known) or f"可以写：{'、'.join(sorted(known))}。"
                self.error(place, f"{what}没有“{shorten(key)}”这一项。", remedy)

    def _text(self, tree: YamlMap, key: str) -> str:
        value = tree.entries.get(key)
        return value.raw.strip() if isinstance(value, YamlScalar) else ""

    def _texts(self, value: YamlValue | None, what: str) -> list[tuple[str, Place]]:
        if value is None:
            return []
        if not isinstance(value, YamlList):
            self.error(value.place, f"“{what}”应写成列表。", "写成 [甲, 乙]。")
            return []
        texts = []
        for item in value.items:
            if isinstance(item, YamlScalar) and item.raw.strip():
                texts.append((item.raw.strip(), item.place))
            else:
                self.error(item.place, f"“{what}”里应是文字。", "写一个名称。")
        return texts
