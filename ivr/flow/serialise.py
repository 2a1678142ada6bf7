"""Events and commands of a call ⇄ plain dicts for the journal: an exact round trip by the dataclasses' own fields.

The journal holds full numbers and words: its file is personal data, and its keeper's duty to protect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, get_args

from ivr.call import PhoneNumber
from ivr.commands import Command, InstantCommand, StepCommand
from ivr.events import FlowEvent
from ivr.flow.switch_cases import QueueFacts

Plain = Mapping[str, object]

_EVENTS: Mapping[str, type] = MappingProxyType({kind.__name__: kind for kind in get_args(FlowEvent)})
_COMMANDS: Mapping[str, type] = MappingProxyType(
    {kind.__name__: kind for union in (StepCommand, InstantCommand) for kind in get_args(union)}
)
_KIND = "kind"


def to_plain(message: Any) -> Plain:
    """Return any of our messages (a dataclass) as JSON-ready values, for the lines that are only to be read."""
    return _to_plain(message)


def event_to_plain(event: FlowEvent) -> Plain:
    """Return an event as JSON-ready values under its class name in `kind`."""
    return _to_plain(event)


def command_to_plain(command: Command) -> Plain:
    """Return a command as JSON-ready values under its class name in `kind`."""
    return _to_plain(command)


def event_from_plain(plain: Plain) -> FlowEvent:
    """Return the event; ValueError when it is not one we wrote."""
    event: FlowEvent = _from_plain(plain, _EVENTS)
    return event


def command_from_plain(plain: Plain) -> Command:
    """Return the command; ValueError when it is not one we wrote."""
    command: Command = _from_plain(plain, _COMMANDS)
    return command


def facts_to_plain(queues: Mapping[str, QueueFacts]) -> Plain:
    """Return what a session was told of the queues."""
    return {name: [facts.waiting, facts.ready] for name, facts in queues.items()}


def facts_from_plain(plain: Plain) -> Mapping[str, QueueFacts]:
    """Return what a session was told of the queues; ValueError when it is not what we wrote."""
    found = {}
    for name, pair in plain.items():
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(isinstance(number, int) for number in pair):
            raise ValueError(f"not the facts of a queue: {name!r}")
        found[name] = QueueFacts(pair[0], pair[1])
    return MappingProxyType(found)


def _to_plain(message: Any) -> dict[str, object]:
    plain: dict[str, object] = {_KIND: type(message).__name__}
    for field in fields(message):
        plain[field.name] = _value_to_plain(getattr(message, field.name))
    return plain


def _value_to_plain(value: object) -> object:
    match value:
        case PhoneNumber(digits=digits):
            return digits
        case datetime():
            return value.isoformat()
        case tuple():
            return list(value)
        case Mapping():
            return dict(value)
        case _:
            return value


def _from_plain(plain: Plain, kinds: Mapping[str, type]) -> Any:
    kind = kinds.get(str(plain.get(_KIND)))
    if kind is None:
        raise ValueError(f"not a line of this journal: {str(plain.get(_KIND))[:60]!r}")
    known = {field.name: str(field.type) for field in fields(kind)}
    try:
        return kind(**{name: _value_from_plain(plain[name], type_) for name, type_ in known.items() if name in plain})
    except (TypeError, AttributeError) as error:
        raise ValueError(f"a broken {kind.__name__}: {error}") from error


def _value_from_plain(value: Any, type_: str) -> object:
    match type_:
        case "PhoneNumber":
            return PhoneNumber(str(value))
        case "datetime":
            return datetime.fromisoformat(str(value))
        case "tuple[str, ...]":
            return tuple(str(item) for item in value)
        case "Mapping[str, str]":
            return {str(name): str(text) for name, text in value.items()}
        case "float":
            return float(value)
        case "int":
            return int(value)
        case _:
            return str(value)
