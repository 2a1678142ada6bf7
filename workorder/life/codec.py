"""Frozen dataclasses to plain JSON values and back, by their type hints; a closed union carries its class's name."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_KIND = "is"


def to_plain(value: object) -> object:
    """Return `value` as JSON knows it; instants in UTC. `from_plain` of its type gives back an equal value.

    Fields at their default are left out: a field that a later version adds changes nothing that is stored or sealed.
    """
    if is_dataclass(value) and not isinstance(value, type):
        whole: dict[str, object] = {_KIND: type(value).__name__}
        held = ((field, getattr(value, field.name)) for field in fields(value))
        return whole | {field.name: to_plain(each) for field, each in held if each != field.default}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [to_plain(each) for each in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: type[T], plain: object) -> T:
    """Read what `to_plain` wrote; ValueError when it is anything else. Fields that are missing take their default."""
    try:
        read: T = _read(kind, plain)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a {kind.__name__}: {error!r}") from error
    return read


def _read(kind: Any, plain: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _read_union(get_args(kind), plain)
    if origin is tuple:
        inner = get_args(kind)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_read(inner[0], each) for each in plain)
        return tuple(_read(each, value) for each, value in zip(inner, plain, strict=True))
    if is_dataclass(kind):
        return _read_dataclass(kind, plain)
    if kind is datetime:
        return datetime.fromisoformat(plain)
    if kind is date:
        return date.fromisoformat(plain)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(plain)
    wanted = getattr(kind, "__supertype__", kind)  # a NewType is its supertype
    if not isinstance(plain, wanted):
        raise TypeError(f"{plain!r} is not a {wanted.__name__}")
    return plain


def _read_dataclass(kind: Any, plain: Any) -> Any:
    if not isinstance(plain, Mapping):
        raise TypeError(f"{kind} from {type(plain).__name__}")
    return kind(**{name: _read(hint, plain[name]) for name, hint in _hints(kind).items() if name in plain})


def _read_union(kinds: tuple[Any, ...], plain: Any) -> Any:
    if plain is None and type(None) in kinds:
        return None
    inner = [kind for kind in kinds if kind is not type(None)]
    if len(inner) == 1:
        return _read(inner[0], plain)
    named = {kind.__name__: kind for kind in inner}
    return _read(named[plain[_KIND]], plain)


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
