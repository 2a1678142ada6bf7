"""An order's move from a page's JSON: typed, bounded, with every mistake in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from cti.action_words import NAMES
from ivr.yaml_fields import did_you_mean
from workorder.life.actions import Action, Open, TimerRan
from workorder.life.codec import from_plain
from workorder.life.forms import LONGEST_TEXT, hints_of, missing_fields
from workorder.order import HOTLINE_TIME, OrderNumber, order_number

_HIDDEN = (Open, TimerRan)
_MOST_ITEMS = 50


def action_of(name: str, given: Mapping[str, Any]) -> Action | str:
    """Return the move, or what is wrong with it and what to do."""
    kind = NAMES.get(name)
    if kind is None or kind in _HIDDEN:
        return f"没有“{name[:40]}”这个动作。改法：{did_you_mean(name, NAMES) or '刷新页面后再试。'}"
    hints = hints_of(kind)
    strange = next((key for key in given if key not in hints), None)
    if strange is not None:
        return f"“{strange[:40]}”不是这个动作的一项。改法：去掉它。"
    lacking = missing_fields(kind, [key for key, value in given.items() if value is not None])
    if lacking:
        return f"没有填{'、'.join(lacking)}。改法：填好再提交。"
    values: dict[str, Any] = {}
    for key, value in given.items():
        if value is None:
            continue
        try:
            values[key] = _value(hints[key], value)
        except (ValueError, TypeError):
            return f"“{key}”这一项看不懂或太长。改法：检查后再填。"
    return kind(**values)


def _value(hint: Any, value: Any) -> object:
    _bounded(value)
    if hint is OrderNumber or OrderNumber in get_args(hint):
        return order_number(str(value))
    if hint is bool and not isinstance(value, bool):
        raise ValueError("not a boolean")
    if hint is int and isinstance(value, bool):
        raise ValueError("not a number")
    if hint is datetime:
        at = datetime.fromisoformat(value)
        return at if at.tzinfo else at.replace(tzinfo=HOTLINE_TIME)
    return from_plain(hint, value)


def _bounded(value: Any) -> None:
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise ValueError("too long")
    if isinstance(value, list):
        if len(value) > _MOST_ITEMS:
            raise ValueError("too many")
        for each in value:
            _bounded(each)
