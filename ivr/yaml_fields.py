"""Typed reading of a YAML tree: each wrong, missing or unknown key becomes a problem with a remedy.

    problems: list[Problem] = []
    fields = Fields(tree, "队列", problems)
    name = fields.text("name")                               # required: "" and a problem when it is missing
    weight = fields.integer("weight", default=0, low=0, high=10)
    fields.done()                                            # unknown keys, with 是不是想写 …

A reader that finds a problem returns the default (or an empty value): reading goes on, and all problems come at once.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from ivr.problems import Place, Problem, Severity
from ivr.yaml_source import YamlList, YamlMap, YamlScalar, YamlValue, shorten


class _Missing:
    """Stands for "no default: the key must be there"."""


REQUIRED: Final = _Missing()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return “是不是想写“x”？” when a known word is close to `word`, else an empty string."""
    found = difflib.get_close_matches(shorten(word, 60), list(known), n=1, cutoff=0.5)
    return f"是不是想写“{found[0]}”？" if found else ""


def remedy_for_unknown(word: str, known: Iterable[str]) -> str:
    """Return the remedy for an unknown word: the nearest known one, and what may be written."""
    names = sorted(known)
    shown = "、".join(names[:12]) + ("等" if len(names) > 12 else "")
    return f"{did_you_mean(word, names)}可以写：{shown}。" if names else "删去它。"


def kind_of(value: YamlValue) -> str:
    """Return the Chinese word for what a value is."""
    match value:
        case YamlMap():
            return "映射"
        case YamlList():
            return "列表"
        case YamlScalar(value=bool()):
            return "真假值"
        case YamlScalar(value=None):
            return "空值"
        case YamlScalar(value=int() | float()):
            return "数字"
        case _:
            return "文字"


class Fields:
    """The keys of one mapping, read one by one; remembers which were asked for, so that `done()` knows the rest."""

    def __init__(self, tree: YamlMap, what: str, problems: list[Problem]) -> None:
        self.tree = tree
        self.what = what
        self.problems = problems
        self._known: set[str] = set()

    @property
    def known(self) -> frozenset[str]:
        """The keys that were asked for so far."""
        return frozenset(self._known)

    # ---------------------------------------------------------------------------------------------- plain access

    def has(self, key: str) -> bool:
        """Whether the key is written (and known from now on)."""
        self._known.add(key)
        return key in self.tree.entries

    def value(self, key: str) -> YamlValue | None:
        """Return the raw value, or None when the key is not written."""
        self._known.add(key)
        return self.tree.entries.get(key)

    def place(self, key: str) -> Place:
        """Return where the value of `key` stands, or else where the mapping stands."""
        value = self.tree.entries.get(key)
        return value.place if value is not None else self.tree.place

    def error(self, place: Place, what: str, remedy: str) -> None:
        """Collect one error."""
        self.problems.append(Problem(place, what, remedy))

    def warn(self, place: Place, what: str, remedy: str, clause: str = "") -> None:
        """Collect one warning."""
        self.problems.append(Problem(place, what, remedy, Severity.WARNING, clause))

    def done(self, also_known: Iterable[str] = ()) -> None:
        """Report every key nobody asked for."""
        known = self._known | set(also_known)
        for key, place in self.tree.keys.items():
            if key not in known:
                self.error(place, f"{self.what}没有“{shorten(key)}”这一项。", remedy_for_unknown(key, known))

    # ---------------------------------------------------------------------------------------------- typed reading

    def text(self, key: str, default: str | _Missing = REQUIRED, longest: int = 2000) -> str:
        """Return text without outer blanks; a bare number counts as the text that was written."""
        value = self._get(key, default)
        if value is None:
            return default if isinstance(default, str) else ""
        text = text_of(value)
        if text is None or (not text and isinstance(default, _Missing)):
            self._wrong(key, value, "文字")
        elif len(text) > longest:
            self.error(value.place, f"“{key}”有 {len(text)} 个字，超过 {longest} 个。", "写短一些。")
        else:
            return text
        return default if isinstance(default, str) else ""

    def choice(self, key: str, options: Iterable[str], default: str | _Missing = REQUIRED) -> str:
        """Return one of `options`."""
        names = tuple(options)
        fallback = default if isinstance(default, str) else (names[0] if names else "")
        value = self._get(key, default)
        if value is None:
            return fallback
        text = text_of(value)
        if text in names:
            return text
        said = f"“{shorten(text)}”" if text else kind_of(value)
        self.error(value.place, f"“{key}”不能是{said}。", remedy_for_unknown(text or "", names))
        return fallback

    def integer(self, key: str, default: int | _Missing = REQUIRED, low: int = 0, high: int = 10**9) -> int:
        """Return a whole number within `low`..`high`."""
        fallback = default if isinstance(default, int) else low
        value = self._get(key, default)
        if value is None:
            return fallback
        match value:
            case YamlScalar(value=bool()):
                self._wrong(key, value, "整数")
            case YamlScalar(value=int() as number) if low <= number <= high:
                return number
            case YamlScalar(value=int() as number):
                self.error(
                    value.place, f"“{key}”是 {number}，不在 {low} 到 {high} 之间。", f"改为 {low} 到 {high} 的整数。"
                )
            case _:
                self._wrong(key, value, "整数")
        return fallback

    def number(self, key: str, default: float | _Missing = REQUIRED, low: float = 0.0, high: float = math.inf) -> float:
        """Return a finite number within `low`..`high`."""
        fallback = low if isinstance(default, _Missing) else float(default)
        value = self._get(key, default)
        if value is None:
            return fallback
        match value:
            case YamlScalar(value=bool()):
                self._wrong(key, value, "数字")
            case YamlScalar(value=(int() | float()) as number) if math.isfinite(number) and low <= number <= high:
                return float(number)
            case YamlScalar(value=int() | float()):
                bounds = f"不小于 {low:g}" if math.isinf(high) else f"{low:g} 到 {high:g}"
                self.error(value.place, f"“{key}”是 {shorten(value.raw)}，应为{bounds}。", f"改为{bounds}的数字。")
            case _:
                self._wrong(key, value, "数字")
        return fallback

    def boolean(self, key: str, default: bool | _Missing = REQUIRED) -> bool:
        """Return `true` or `false`."""
        fallback = default if isinstance(default, bool) else False
        value = self._get(key, default)
        if value is None:
            return fallback
        if isinstance(value, YamlScalar) and isinstance(value.value, bool):
            return value.value
        self.error(value.place, f"“{key}”应为真假值。", "写成 true 或 false。")
        return fallback

    def texts(self, key: str, default: tuple[str, ...] | _Missing = REQUIRED) -> tuple[str, ...]:
        """Return a list of texts; a single text counts as a list of one."""
        fallback = () if isinstance(default, _Missing) else default
        value = self._get(key, default)
        if value is None:
            return fallback
        items = value.items if isinstance(value, YamlList) else (value,)
        found = []
        for item in items:
            text = text_of(item)
            if not text:
                self._wrong(key, item, "文字或文字列表")
                return fallback
            found.append(text)
        return tuple(found)

    def map(self, key: str, required: bool = False) -> YamlMap | None:
        """Return a mapping, or None."""
        value = self._get(key, REQUIRED if required else "")
        if value is None or isinstance(value, YamlMap):
            return value
        self._wrong(key, value, "映射（下一行缩进后写“名称: 值”）")
        return None

    def list(self, key: str, required: bool = False) -> YamlList | None:
        """Return a list, or None."""
        value = self._get(key, REQUIRED if required else "")
        if value is None or isinstance(value, YamlList):
            return value
        self._wrong(key, value, "列表（每项一行，以“- ”开头）")
        return None

    def text_map(self, key: str, required: bool = False) -> Mapping[str, str]:
        """Return a mapping of texts to texts; empty when the key is not written."""
        tree = self.map(key, required)
        found: dict[str, str] = {}
        for name, value in tree.entries.items() if tree else ():
            text = text_of(value)
            if text is None:
                self._wrong(name, value, "文字")
            else:
                found[name] = text
        return MappingProxyType(found)

    def each_map(self, key: str, required: bool = False) -> Iterator[YamlMap]:
        """Yield each item of a list of mappings; items that are something else become problems."""
        listed = self.list(key, required)
        for item in listed.items if listed else ():
            if isinstance(item, YamlMap):
                yield item
            else:
                self._wrong(key, item, "映射的列表")

    # ---------------------------------------------------------------------------------------------------- inside

    def _get(self, key: str, default: object) -> YamlValue | None:
        """Return the value unless it is missing; `key:` with nothing after it counts as written but empty."""
        self._known.add(key)
        value = self.tree.entries.get(key)
        if value is None and isinstance(default, _Missing) and key not in self.tree.keys:
            close = next((name for name in self.tree.keys if difflib.SequenceMatcher(a=name, b=key).ratio() > 0.7), "")
            hint = f"是不是把它写成了“{close}”？" if close and close not in self._known else ""
            self.error(self.tree.place, f"{self.what}缺少“{key}”。", f"{hint}加上“{key}: …”。")
        return value

    def _wrong(self, key: str, value: YamlValue, wanted: str) -> None:
        self.error(value.place, f"“{shorten(key)}”应为{wanted}，这里是{kind_of(value)}。", f"改为{wanted}。")


def text_of(value: YamlValue) -> str | None:
    """Return the text of a scalar (a number as it was written), or None for anything else."""
    match value:
        case YamlScalar(value=str() as text):
            return text.strip()
        case YamlScalar(value=bool() | None):
            return None
        case YamlScalar(raw=raw):
            return raw
        case _:
            return None
