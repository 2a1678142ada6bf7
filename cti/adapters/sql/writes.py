"""Every write a call may ask of the stores, as plain values that can lie in a file until the database is back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from ivr.call import CallId, PhoneNumber
from ivr.ports import Heard
from ivr.recording import Recording
from workorder.call_record import CallbackRequest, CallRecord, Survey
from workorder.draft import Draft
from workorder.envelope import Envelope, decode


@dataclass(frozen=True, slots=True)
class SaveDraft:
    draft: Draft
    at: datetime


@dataclass(frozen=True, slots=True)
class SaveCall:
    record: CallRecord
    events: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True)
class SaveTurns:
    call: CallId
    heard: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class SaveRecordings:
    call: CallId
    files: tuple[Recording, ...]


@dataclass(frozen=True, slots=True)
class SaveCallback:
    request: CallbackRequest
    events: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True)
class CallbacksDone:
    number: PhoneNumber
    at: datetime


@dataclass(frozen=True, slots=True)
class SaveSurvey:
    survey: Survey
    events: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True)
class PutEnvelopes:
    envelopes: tuple[Envelope, ...]


Write: TypeAlias = (
    SaveDraft | SaveCall | SaveTurns | SaveRecordings | SaveCallback | CallbacksDone | SaveSurvey | PutEnvelopes
)

_KINDS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in get_args(Write)}


def to_plain(write: Write) -> dict[str, object]:
    """Return the write as values that JSON knows; `from_plain` gives back an equal one."""
    return {"write": type(write).__name__, **{f.name: _out(getattr(write, f.name)) for f in fields(write)}}


def from_plain(plain: Mapping[str, Any]) -> Write:
    """Read what `to_plain` wrote; ValueError when it is anything else."""
    try:
        kind = _KINDS[plain["write"]]
        write: Write = _read_dataclass(kind, plain)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a write: {error!r}") from error
    return write


def _out(value: object) -> object:
    if isinstance(value, Draft):
        return value.to_json()
    if isinstance(value, Envelope):
        return value.encode().decode()  # as it will travel, its numbers masked
    if isinstance(value, PhoneNumber):
        return value.digits
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value):
        return {f.name: _out(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _out(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_out(entry) for entry in value]
    return value


_LEAVES: Mapping[type, Callable[[Any], object]] = {
    Draft: Draft.from_json,
    Envelope: lambda text: decode(text.encode()),
    PhoneNumber: PhoneNumber,
    datetime: datetime.fromisoformat,
}


def _in(kind: Any, plain: Any) -> Any:
    if plain is None:
        return None
    if kind in _LEAVES:
        return _LEAVES[kind](plain)
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _in(next(each for each in get_args(kind) if each is not type(None)), plain)
    if origin is tuple:
        return tuple(_in(get_args(kind)[0], entry) for entry in plain)
    if is_dataclass(kind):
        return _read_dataclass(kind, plain)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(plain)
    return plain


def _read_dataclass(kind: Any, plain: Mapping[str, Any]) -> Any:
    return kind(**{name: _in(hint, plain[name]) for name, hint in _hints(kind).items() if name in plain})


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}
