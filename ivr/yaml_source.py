"""Strict YAML: text → tree with the place of every value, or problems; never an exception, never a bomb.

Refused (rule T9): more than 256 kB, more than 20 levels, anchors, aliases, tags, merge keys, directives, a second
document, duplicate keys, keys that are not plain words, bad UTF-8, control and direction characters. Scalars follow
YAML 1.2, and stricter: only `true` and `false` are booleans; `yes`, `on`, `012` and `12:34` stay text.
Typed reading of a tree, with "did you mean", is in `ivr/yaml_fields.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import yaml

from ivr.problems import Place, Problem

LONGEST_BYTES = 256 * 1024
DEEPEST = 20
MOST_PROBLEMS = 50

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class YamlScalar:
    """One value. `raw` is its text as written, which keeps `010` and `1.50` exactly."""

    value: Scalar
    place: Place
    raw: str = ""


@dataclass(frozen=True, slots=True)
class YamlList:
    """Values in their order."""

    items: tuple[YamlValue, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class YamlMap:
    """Values by key, in the order written; `keys` tells where each key stands."""

    entries: Mapping[str, YamlValue]
    keys: Mapping[str, Place]
    place: Place


YamlValue: TypeAlias = YamlMap | YamlList | YamlScalar
Tree: TypeAlias = YamlMap

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(
    r"[-+]?(0|[1-9][0-9]*)?\.[0-9]+([eE][-+]?[0-9]{1,3})?|[-+]?(0|[1-9][0-9]*)\.?([eE][-+]?[0-9]{1,3})?"
)
_WORDS: Mapping[str, Scalar] = MappingProxyType(
    {"": None, "~": None}
    | dict.fromkeys(("null", "Null", "NULL"))
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
)


def read_yaml(text: str | bytes, file: str) -> tuple[Tree | None, tuple[Problem, ...]]:
    """Read one YAML document whose top is a mapping; `file` is only the name put into places.

    The tree is None when nothing could be read. A tree may come together with errors (as much as could be read, so that
    all problems can be told at once): use it for work only when no problem `is_error`.
    """
    decoded, problem = _decode(text, file)
    if problem is not None:
        return None, (problem,)
    reader = _Reader(file)
    try:
        for event in yaml.parse(decoded, Loader=yaml.SafeLoader):
            reader.take(event)
    except _TooMuchError:
        pass
    except yaml.MarkedYAMLError as error:
        reader.complain(
            _place_of_error(error, file), _explain(error), "检查这一行和上一行的缩进、冒号、引号与括号是否成对。"
        )
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        reader.complain(
            Place(file), f"不是有效的 YAML（{type(error).__name__}）。", "检查文件是否完整、是否为文本文件。"
        )
    return reader.finish()


def _decode(text: str | bytes, file: str) -> tuple[str, Problem | None]:
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > LONGEST_BYTES:
        what = f"文件有 {size // 1024} kB，超过上限 {LONGEST_BYTES // 1024} kB。"
        return "", Problem(Place(file), what, "拆成几个文件，或删去不需要的内容。")
    try:
        decoded = text if isinstance(text, str) else bytes(text).decode("utf-8")
    except UnicodeDecodeError as error:
        good = bytes(error.object[: error.start]).decode("utf-8")
        return "", Problem(_place_in(good, file), "这里不是 UTF-8 编码的文字。", "用 UTF-8 编码重新保存文件。")
    text = decoded.removeprefix("\ufeff").replace("\r\n", "\n")
    found = _UNSAFE.search(text)
    if found:
        what = f"含有不可见的控制字符 U+{ord(found.group()):04X}。"
        return "", Problem(_place_in(text[: found.start()], file), what, "删去这个字符。")
    return text, None


def _place_in(before: str, file: str) -> Place:
    return Place(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _place_of_error(error: yaml.MarkedYAMLError, file: str) -> Place:
    mark = error.problem_mark or error.context_mark
    return Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)


_EXPLANATIONS = (
    (r"'\t' that cannot start", "用制表符（Tab）做了缩进。"),
    ("mapping values are not allowed", "这里不该有冒号：多半是缩进不对，或文字里的冒号没有加引号。"),
    ("could not find expected ':'", "这里缺少冒号。"),
    ("expected <block end>", "缩进与上文不一致。"),
    ("expected ',' or", "方括号或花括号没有正确结束，或缺少逗号。"),
    ("end of stream", "文件在这里中断，引号或括号没有结束。"),
    ("found undefined", "用了没有定义的标记。"),
    ("unknown escape", "双引号里的反斜杠写法不认识。"),
)


def _explain(error: yaml.MarkedYAMLError) -> str:
    said = f"{error.context or ''} {error.problem or ''}"
    found = next((words for mark, words in _EXPLANATIONS if mark in said), None)
    return found or "不符合 YAML 写法。"


def scalar_of(raw: str) -> Scalar:
    """Return the value of a plain (unquoted) scalar."""
    if raw in _WORDS:
        return _WORDS[raw]
    if _INTEGER.fullmatch(raw):
        return int(raw)
    if any("0" <= character <= "9" for character in raw[:3]) and _FLOAT.fullmatch(raw):
        return float(raw)
    return raw


class _TooMuchError(Exception):
    """Stop reading: what was said is enough."""


@dataclass(slots=True)
class _Open:
    """A list or mapping that is still being read."""

    place: Place
    is_map: bool
    items: list[YamlValue] = field(default_factory=list)
    entries: dict[str, YamlValue] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    key: str | None = None
    is_key_next: bool = True

    def close(self) -> YamlValue:
        if self.is_map:
            return YamlMap(MappingProxyType(self.entries), MappingProxyType(self.keys), self.place)
        return YamlList(tuple(self.items), self.place)


class _Reader:
    """Builds the tree from parse events with a stack of its own, so that depth is a number and not a crash."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: list[Problem] = []
        self._stack: list[_Open] = []
        self._top: YamlValue | None = None
        self._documents = 0

    def complain(self, place: Place, what: str, remedy: str) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(Problem(place, what, remedy))

    def finish(self) -> tuple[Tree | None, tuple[Problem, ...]]:
        if isinstance(self._top, YamlMap):
            return self._top, tuple(self._problems)
        if not self._problems:
            place = self._top.place if self._top else Place(self._file)
            what = "文件是空的。" if self._top is None else "文件最外层应为“名称: 值”的形式。"
            self.complain(place, what, "参照 docs/flows.md 中的例子书写。")
        return None, tuple(self._problems)

    def take(self, event: yaml.Event) -> None:
        mark = event.start_mark
        place = Place(self._file, mark.line + 1, mark.column + 1) if mark else Place(self._file)
        match event:
            case yaml.DocumentStartEvent():
                self._begin_document(event, place)
            case yaml.AliasEvent():
                self.complain(place, "不允许使用引用（*）。", "把内容写在这里，不要引用。")
                self._put(YamlScalar(None, place))
            case yaml.ScalarEvent():
                self._refuse_marks(event, place)
                plain = event.style is None
                found = _UNSAFE.search(event.value)
                if found:
                    self.complain(place, f"含有不可见的控制字符 U+{ord(found.group()):04X}。", "删去这个字符。")
                self._put(YamlScalar(scalar_of(event.value) if plain else event.value, place, event.value))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._refuse_marks(event, place)
                if len(self._stack) >= DEEPEST:
                    self.complain(place, f"嵌套超过 {DEEPEST} 层。", "减少嵌套。")
                    raise _TooMuchError
                self._refuse_as_key(place)
                self._stack.append(_Open(place, isinstance(event, yaml.MappingStartEvent)))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._put(self._stack.pop().close())
            case _:
                pass

    def _begin_document(self, event: yaml.DocumentStartEvent, place: Place) -> None:
        self._documents += 1
        if event.version or event.tags:
            self.complain(place, "不允许使用以 % 开头的指令。", "删去以 % 开头的行。")
        if self._documents > 1:
            self.complain(place, "一个文件里只能有一份文档。", "删去“---”，或拆成几个文件。")
            raise _TooMuchError

    def _refuse_marks(self, event: yaml.NodeEvent, place: Place) -> None:
        if event.anchor is not None:
            self.complain(place, f"不允许使用锚点（&{event.anchor[:40]}）。", "删去锚点，把内容直接写出。")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.complain(place, f"不允许使用标签（{tag[:40]}）。", "删去以 ! 开头的标签。")

    def _refuse_as_key(self, place: Place) -> None:
        if self._stack and self._stack[-1].is_map and self._stack[-1].is_key_next:
            self.complain(place, "名称不能是列表或映射。", "冒号左边只写一个词。")
            raise _TooMuchError

    def _put(self, value: YamlValue) -> None:
        if not self._stack:
            self._top = value
            return
        here = self._stack[-1]
        if not here.is_map:
            here.items.append(value)
        elif here.is_key_next:
            here.key = self._take_key(here, value)
            here.is_key_next = False
        else:
            if here.key is not None:
                here.entries[here.key] = value
            here.is_key_next = True

    def _take_key(self, here: _Open, value: YamlValue) -> str | None:
        if not isinstance(value, YamlScalar) or value.raw == "":
            self.complain(value.place, "缺少名称。", "在冒号左边写上名称。")
            return None
        key = value.raw
        if key == "<<":
            self.complain(value.place, "不允许使用合并（<<）。", "把内容直接写出。")
            return None
        if key in here.keys:
            first = here.keys[key]
            self.complain(value.place, f"“{shorten(key)}”重复：第 {first.line} 行已经写过。", "删去其中一个，或改名。")
            return None
        here.keys[key] = value.place
        return key


def shorten(text: str, longest: int = 40) -> str:
    """Return `text` fit to stand inside a message."""
    return text if len(text) <= longest else f"{text[:longest]}…"
