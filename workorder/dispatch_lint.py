"""What makes a dispatch catalogue dispatch wrongly: units without duties, things with many owners, copied names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from ivr.problems import Place
from ivr.yaml_fields import did_you_mean
from ivr.yaml_source import YamlList, YamlMap, YamlScalar, YamlValue
from workorder.dispatch import Catalogue

_CITY_NAMES = (
    "北京 上海 天津 重庆 广州 深圳 杭州 宁波 温州 嘉兴 桐乡 海宁 湖州 绍兴"
    " 金华 义乌 南京 苏州 无锡 常州 扬州 宿迁 徐州 南通 济南 青岛 烟台 潍坊 郑州"
    " 洛阳 武汉 宜昌 "
    "长沙 株洲 南昌 合肥 芜湖 福州 厦门 泉州 成都 绵阳 贵阳 遵义 昆明 大理 西安 杨凌 宝鸡 咸阳 兰州 白银 天水 武威"
    " 张掖 酒泉 西宁 银川 乌鲁木齐 呼和浩特 包头 太原 大同 石家庄 唐山 保定 "
    "沈阳 大连 长春 吉林市 哈尔滨 大庆 南宁 桂林 柳州 海口 三亚 拉萨 佛山 东莞 珠海 中山 惠州"
)
_CITIES = _CITY_NAMES.split()
_COVER = "井盖"
_MANY_OWNERS = 3


class Written(Protocol):
    """A catalogue as it was read: every name with its place, and where findings go."""

    tree: YamlMap
    listed: list[tuple[str, Place]]
    in_duties: list[tuple[str, Place]]
    owners: dict[str, list[tuple[str, str, str, Place]]]
    """By matter: the unit, under which condition, until when, and where that is written."""

    def error(self, place: Place, what: str, remedy: str) -> None: ...

    def warn(self, place: Place, what: str, remedy: str, clause: str = "") -> None: ...


def lint(catalogue: Catalogue, reader: Written) -> None:
    """Report what makes a catalogue dispatch wrongly."""
    _lint_units(reader)
    _lint_owners(catalogue, reader)
    _lint_leftovers(catalogue, reader)


def _lint_units(reader: Written) -> None:
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
    empty = on_duty - {unit for owners in reader.owners.values() for unit, _, _, _ in owners}
    for unit, place in reader.in_duties:
        if unit in empty:
            reader.error(place, f"“{unit}”的职责是空的。", "写上它承办的部件或事件。")
    if reader.listed and "contacts" not in reader.tree.entries:
        what = "没有写各单位的分管负责人、业务负责人和经办人。"
        remedy = "在 contacts 下按单位写 leader、business、handler。"
        reader.warn(reader.tree.place, what, remedy, "D-45、Y-11")


def _lint_owners(catalogue: Catalogue, reader: Written) -> None:
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


def _lint_leftovers(catalogue: Catalogue, reader: Written) -> None:
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
