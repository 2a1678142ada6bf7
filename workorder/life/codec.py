"""Frozen dataclasses to plain JSON values and back, by their type hints; a closed union carries its class's name."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
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
    wanted: Any = kind
    try:
        read: T = _reader(wanted)(plain)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a {kind.__name__}: {error!r}") from error
    return read


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return what reads a value of this kind; a list of orders reads thousands, so hints are looked at once."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _union_reader(get_args(kind))
    if origin is tuple:
        return _tuple_reader(get_args(kind))
    if is_dataclass(kind):
        return _dataclass_reader(kind)
    if kind is datetime:
        return datetime.fromisoformat
    if kind is date:
        return date.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _value_reader(getattr(kind, "__supertype__", kind))  # a NewType is its supertype


def _union_reader(kinds: tuple[Any, ...]) -> Callable[[Any], Any]:
    readers = {kind.__name__: _reader(kind) for kind in kinds if kind is not type(None)}
    may_be_none, only = type(None) in kinds, next(iter(readers.values())) if len(readers) == 1 else None

    def read(plain: Any) -> Any:
        if plain is None and may_be_none:
            return None
        return only(plain) if only is not None else readers[plain[_KIND]](plain)

    return read


def _tuple_reader(kinds: tuple[Any, ...]) -> Callable[[Any], Any]:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        every = _reader(kinds[0])
        return lambda plain: tuple([every(each) for each in plain])
    readers = [_reader(kind) for kind in kinds]
    return lambda plain: tuple([read(each) for read, each in zip(readers, plain, strict=True)])


def _dataclass_reader(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}

    def read(plain: Any) -> Any:
        if not isinstance(plain, Mapping):
            raise TypeError(f"{kind} from {type(plain).__name__}")
        return kind(**{name: read_field(plain[name]) for name, read_field in readers.items() if name in plain})

    return read


def _value_reader(kind: Any) -> Callable[[Any], Any]:
    def read(plain: Any) -> Any:
        if not isinstance(plain, kind):
            raise TypeError(f"{plain!r} is not a {kind.__name__}")
        return plain

    return read
