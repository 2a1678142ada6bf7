"""An order's action from a command line: `request_extension by=5,workdays why=等配件`; all problems at once."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

from ivr.problems import Place, Problem
from ivr.yaml_fields import did_you_mean
from workorder.clock.due import UNIT_TITLES, Limit, TimeUnit
from workorder.life.actions import ACTIONS, Action, Open
from workorder.life.actors import ROLE_TITLES, Actor, Role
from workorder.order import HOTLINE_TIME, order_number

NAMES: Mapping[str, type[Action]] = types.MappingProxyType(
    {"".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_"): kind for kind in ACTIONS}
)
"""`request_extension` → RequestExtension; Open is made by opening."""


def read_actor(text: str) -> tuple[Actor | None, tuple[Problem, ...]]:
    """Read `agent:801` or `unit:老李:水务局`."""
    role, _, rest = text.partition(":")
    name, _, unit = rest.partition(":")
    known = [each.value for each in Role]
    if role not in known or not name or (role == Role.UNIT.value and not unit):
        roles = "、".join(f"{each.value} {ROLE_TITLES[each]}" for each in Role)
        remedy = f"写成 角色:姓名，单位写成 unit:姓名:单位。角色：{roles}。"
        return None, (Problem(Place("--by"), f"“{text[:40]}”说不清是谁。", remedy),)
    return Actor(name, Role(role), unit), ()


def read_action(name: str, words: Sequence[str]) -> tuple[Action | None, tuple[Problem, ...]]:
    """Return the action, or None and every problem."""
    kind = NAMES.get(name)
    if kind is None or kind is Open:
        remedy = did_you_mean(name, NAMES) or "hotline order actions 列出全部动作。"
        return None, (Problem(Place(name), "没有这个动作。", remedy),)
    hints, problems, values = get_type_hints(kind), list[Problem](), dict[str, Any]()
    for word in words:
        key, equals, text = word.partition("=")
        if key not in hints or not equals:
            remedy = did_you_mean(key, hints) or f"可以写：{'、'.join(hints) or '这个动作没有参数'}。"
            problems.append(Problem(Place(word[:40]), "没有这一项，或没有写等号。", remedy))
            continue
        try:
            values[key] = _value(hints[key], text)
        except (ValueError, KeyError, TypeError):
            problems.append(Problem(Place(word[:40]), "这个值看不懂。", _how(hints[key])))
    for each in fields(kind):
        if (
            each.default is MISSING
            and each.name not in values
            and not any(p.place.file.startswith(each.name) for p in problems)
        ):
            problems.append(
                Problem(Place(name), f"缺少 {each.name}。", f"加上 {each.name}=…；{_how(hints[each.name])}")
            )
    return (None, tuple(problems)) if problems else (kind(**values), ())


def _value(hint: Any, text: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return _value(next(each for each in get_args(hint) if each is not type(None)), text)
    if hint is bool:
        return {"true": True, "false": False, "是": True, "否": False}[text]
    if hint is int:
        return int(text)
    if hint is datetime:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=HOTLINE_TIME)
    if hint is Limit:
        amount, _, unit = text.partition(",")
        return Limit(int(amount), TimeUnit(unit))
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        pieces = [piece for piece in text.split(";") if piece]
        if get_origin(inner) is tuple:
            return tuple((date.fromisoformat(day), words) for day, _, words in (each.partition(":") for each in pieces))
        return tuple(_value(inner, piece) for piece in pieces)
    return order_number(text) if getattr(hint, "__name__", "") == "OrderNumber" else text


def _how(hint: Any) -> str:
    if hint is Limit:
        return f"写成 5,workdays；单位：{'、'.join(f'{unit.value} {title}' for unit, title in UNIT_TITLES.items())}。"
    if hint is bool:
        return "写 true 或 false。"
    if hint is datetime:
        return "写成 2026-11-22T10:00。"
    if get_origin(hint) is tuple:
        nested = get_origin(get_args(hint)[0]) is tuple
        return "写成 2026-12-31:立项;2027-03-31:完工。" if nested else "几项之间用分号隔开。"
    return "写文字，有空格的加引号。"


def plain_json(value: object) -> str:
    """Return one line of JSON."""
    return json.dumps(value, ensure_ascii=False)
