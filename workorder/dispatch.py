"""The dispatch catalogue (派单目录): who undertakes what, read from strict YAML, and its lint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from ivr.problems import Place, Problem, Severity
from ivr.yaml_fields import did_you_mean
from ivr.yaml_source import YamlList, YamlMap, YamlScalar, YamlValue, read_yaml, shorten
from workorder.duty import Roster, read_rosters

_TOP_KEYS = frozenset(
    ["catalogue", "name", "version", "city", "status", "effective", "units", "duties", "questions", "contacts", "duty"]
)
_DUTY_KEYS = frozenset(["units", "when", "until", "area", "parts", "events", "general", "note"])
_MATTER_KEYS = ("parts", "events", "general")
_CITY_NAMES = (
    "北京 上海 天津 重庆 广州 深圳 杭州 宁波 温州 嘉兴 桐乡 海宁 湖州 绍兴"
    " 金华 义乌 南京 苏州 无锡 常州 扬州 宿迁 徐州 南通 济南 青岛 烟台 潍坊 郑州"
    " 洛阳 武汉 宜昌 "
    "长沙 株洲 南昌 合肥 芜湖 福州 厦门 泉州 成都 绵阳 贵阳 遵义 昆明 大理 西安 杨凌 宝鸡 咸阳 兰州 白银 天水 武威"
    " 张掖 酒泉 西宁 银川 乌鲁木齐 呼和浩特 包头 太原 大同 石家庄 唐山 保定 "
    "沈阳 大连 长春 吉林市 哈尔滨 大庆 南宁 桂林 柳州 海口 三亚 拉萨 佛山 东莞 珠海 中山 惠州"
)
_CITIES = _CITY_NAMES.split()
_CONTACT_KEYS = {"leader": "分管负责人", "business": "业务负责人", "handler": "经办人"}
_COVER = "井盖"
_MANY_OWNERS = 3


@dataclass(frozen=True, slots=True)
class Duty:
    """`matters` (parts, events, general duties) belong to each of `units`; only `when` its condition holds.

    With an `area` the duty ends at its border: the grids of the digital city say which of them lie in it.
    """

    units: tuple[str, ...]
    matters: tuple[str, ...]
    when: str = ""
    until: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question that splits several owners: each answer leads to one unit."""

    about: tuple[str, ...]
    ask: str
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contacts:
    """Whom a unit answers by (Y-11, D-45): each a name with a number, as the city writes it."""

    leader: str
    business: str
    handler: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One version of a city's dispatch catalogue. Old orders keep the version they were dispatched under."""

    name: str
    version: str
    city: str
    units: tuple[str, ...]
    duties: tuple[Duty, ...]
    questions: tuple[Question, ...] = ()
    contacts: Mapping[str, Contacts] = field(default_factory=dict)
    duty: Mapping[str, Roster] = field(default_factory=dict)

    @property
    def edition(self) -> str:
        """What a dispatched order keeps: `数字城管派单目录@2010.3`."""
        return f"{self.name}@{self.version}"

    def owners(self, matter: str) -> tuple[str, ...]:
        """Return the units that undertake `matter`, in the order of the catalogue."""
        return tuple(unit for duty in self.duties if matter in duty.matters for unit in duty.units)

    def question_for(self, candidates: Sequence[str], text: str) -> str:
        """Return the one question that splits `candidates` best given what was said, or an empty string.

        Best is the question whose answers leave the fewest candidates together; one about a word that was said wins.
        """
        best: tuple[int, int, str] | None = None
        for question in self.questions:
            said = any(word in text for word in question.about)
            split = len({unit for unit in question.answers.values() if unit in candidates})
            if said and split > 1 and (best is None or split > best[0]):
                best = (split, 0, question.ask)
        if best is not None:
            return best[2]
        return f"这件事归{'还是'.join(candidates[:2])}？请问清设施或场所是哪家的。" if len(candidates) > 1 else ""

    def question_about(self, text: str) -> Question | None:
        """Return the question about the longest word that was said, for a matter that no unit is known for."""
        said = [(len(word), question) for question in self.questions for word in question.about if word in text]
        return max(said, key=lambda pair: pair[0])[1] if said else None


def read_catalogue(text: str, file: str) -> tuple[Catalogue | None, tuple[Problem, ...]]:
    """Read and lint a catalogue; None when it cannot be used. Problems hold every finding, with places."""
    tree, problems = read_yaml(text, file)
    if tree is None or any(problem.is_error for problem in problems):
        return None, problems
    found = list(problems)
    reader = _Reader(tree, found)
    catalogue = reader.catalogue()
    _lint(catalogue, reader, found)
    return (None if any(problem.is_error for problem in found) else catalogue), tuple(found)


class _Reader:
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


def _lint(catalogue: Catalogue, reader: _Reader, found: list[Problem]) -> None:
    """Report what makes a catalogue dispatch wrongly: notes of field experience, section 5."""
    _lint_units(reader)
    _lint_owners(catalogue, reader)
    _lint_leftovers(catalogue, reader)
    found.sort(key=lambda problem: (not problem.is_error, problem.place))


def _lint_units(reader: _Reader) -> None:
    listed = {unit for unit, _ in reader.listed}
    on_duty = {unit for unit, _ in reader.in_duties}
    for names, where in ((reader.listed, "单位清单"), (reader.in_duties, "职责")):
        counts: Counter[str] = Counter()
        for unit, place in names:
            counts[unit] += 1
            if counts[unit] == 2:
                reader.error(place, f"“{unit}”在{where}里写了两次。", "合并成一条。")
    for unit, place in reader.listed:
        if unit not in on_duty:
            reader.error(place, f"“{unit}”在单位清单里，却没有任何职责。", "补上职责，或从清单里删去。")
    reported: set[str] = set()
    for unit, place in reader.in_duties:
        if unit not in listed and unit not in reported:
            reported.add(unit)
            remedy = did_you_mean(unit, listed) or "把它加进 units。"
            reader.error(place, f"“{unit}”有职责，却不在单位清单里。", remedy)
    empty = {unit for duty_unit in on_duty for unit in [duty_unit]} - {
        unit for owners in reader.owners.values() for unit, _, _, _ in owners
    }
    for unit, place in reader.in_duties:
        if unit in empty:
            reader.error(place, f"“{unit}”的职责是空的。", "写上它承办的部件或事件。")
    if reader.listed and "contacts" not in reader.tree.entries:
        what = "没有写各单位的分管负责人、业务负责人和经办人。"
        remedy = "在 contacts 下按单位写 leader、business、handler。"
        reader.warn(reader.tree.place, what, remedy, "D-45、Y-11")


def _lint_owners(catalogue: Catalogue, reader: _Reader) -> None:
    """Several owners of one thing need a question; an owner on condition needs an end date."""
    asked = [word for question in catalogue.questions for word in question.about]
    conditions: set[tuple[str, str]] = set()
    covers: dict[str, set[str]] = {}
    for matter, owners in reader.owners.items():
        units = list(dict.fromkeys(unit for unit, _, _, _ in owners))
        place = owners[-1][3]
        if matter.endswith(_COVER):
            covers.setdefault(_COVER, set()).update(units)
        if len(units) > 1 and not _is_shared_on_purpose(owners):
            remedy = "写明条件（when），并在 questions 里给出能分清的一个问句。"
            has_question = any(word in matter for word in asked)
            kind = reader.warn if has_question and any(when for _, when, _, _ in owners) else reader.error
            kind(place, f"“{matter}”有 {len(units)} 个承办单位：{'、'.join(units)}。", remedy)
        for unit, when, until, at in owners:
            if "期内" in when and not until and (unit, when) not in conditions:
                conditions.add((unit, when))
                what = f"“{unit}”只在“{when}”时承办，却没有到期日。"
                reader.warn(at, what, "按设施写 until: 年-月-日；不知道的由坐席问清。", "D-46")
    for word, cover_units in covers.items():
        if len(cover_units) >= _MANY_OWNERS and not any(word in about or about in word for about in asked):
            what = f"只说“{word}”分不清：{len(cover_units)} 个单位各管一种。"
            reader.error(reader.tree.place, what, f"在 questions 里写一个关于“{word}”的问句，绝不要猜。")


def _is_shared_on_purpose(owners: Sequence[tuple[str, str, str, Place]]) -> bool:
    """Whether every owner stands in one duty under one condition (three telephone companies, eight streets)."""
    return len({(when, place) for _, when, _, place in owners}) == 1 and bool(owners[0][1])


def _lint_leftovers(catalogue: Catalogue, reader: _Reader) -> None:
    """Names of other cities show that the file was copied."""
    for scalar in _scalars(reader.tree):
        for city in _CITIES:
            if city in scalar.raw and city not in catalogue.city and catalogue.city not in scalar.raw:
                what = f"出现了别的城市“{city}”：像是从别处抄来没有改。"
                reader.error(scalar.place, what, f"改成{catalogue.city or '本市'}的单位，或删去。")


def _scalars(value: YamlValue) -> Iterable[YamlScalar]:
    match value:
        case YamlScalar():
            yield value
        case YamlList(items=items):
            for item in items:
                yield from _scalars(item)
        case YamlMap(entries=entries):
            for item in entries.values():
                yield from _scalars(item)
