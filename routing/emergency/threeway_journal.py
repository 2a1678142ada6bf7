"""A three-way call survives the controller: what the machine heard, as journal lines, and a case rebuilt from them.

The shell writes `line_of(raised or event)` before it carries out what the machine answered. After a restart `rebuild`
folds the lines (their commands were given before and are dropped); the switch, as Resynced, decides the rest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from ivr.call import Leg, PhoneNumber
from ivr.events import BridgeEntered, BridgeLeft, LegDown, LegUp, OriginateEnded, SwitchLost
from ivr.ports import SwitchSnapshot
from routing.emergency.kinds import Kind
from routing.emergency.policy import VERIFY_SECONDS, Mode, Plan, Source, Start, Target
from routing.emergency.threeway import advance, begin
from routing.emergency.threeway_state import Calling, Joined, Raise, ThreeWay
from routing.emergency.threeway_words import (
    Acknowledged,
    AgentJoined,
    AgentLeaves,
    Confirmed,
    Dismissed,
    EmergencyRang,
    Mark,
    OriginateRefused,
    OriginateSent,
    RaisedAgain,
    Resynced,
    ThreeWayEvent,
    TimerExpired,
    TurnsHeard,
    UnitNews,
    VerifiedByClick,
    Where,
)  # fmt: skip

PREFIX = "emergency."
"""Journal lines of this machine have a `name` that begins so; others are skipped."""

_EVENTS: Mapping[str, type] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            RaisedAgain, Confirmed, Dismissed, OriginateSent, EmergencyRang, VerifiedByClick, TurnsHeard, AgentJoined,
            AgentLeaves, Acknowledged, TimerExpired, Resynced, LegUp, LegDown, OriginateEnded, BridgeEntered,
            BridgeLeft, SwitchLost, UnitNews, OriginateRefused, Raise,
        )
    }
)  # fmt: skip


def line_of(told: Raise | ThreeWayEvent, case: str) -> dict[str, object]:
    """Return the journal line of a raise or an event of `case`: plain values only."""
    return {"name": f"{PREFIX}{type(told).__name__}", "case": case, "told": _plain(told)}


def _plain(value: object) -> object:
    if isinstance(value, PhoneNumber):
        return value.digits
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def told_by(line: Mapping[str, object]) -> Raise | ThreeWayEvent | None:
    """Return what a line tells, None when it is not ours; ValueError, KeyError or TypeError when it is damaged."""
    name = str(line.get("name", ""))
    kind = _EVENTS.get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
    told = line.get("told")
    if kind is None or not isinstance(told, Mapping):
        return None
    if kind is Raise:
        return _raise_of(told)
    values = {key: _event_value(key, value) for key, value in told.items()}
    event: ThreeWayEvent = kind(**values)
    return event


def _event_value(key: str, value: object) -> object:
    match key:
        case "at" if isinstance(value, str):
            return datetime.fromisoformat(value)
        case "source" if isinstance(value, str):
            return Source(value)
        case "mark" if isinstance(value, str):
            return Mark(value)
        case "leg" if isinstance(value, str):
            return Leg(value)
        case "legs" if isinstance(value, list):  # the speakers of TurnsHeard; a number of channels elsewhere
            return tuple(Leg(each) for each in value)
        case "number":
            return PhoneNumber(str(value))
        case _:
            return value


def _raise_of(told: Mapping[str, object]) -> Raise:
    values = dict(told)
    plan = values["plan"]
    if not isinstance(plan, Mapping):
        raise TypeError("plan is not a mapping")
    for key in ("at", "word_ended_at"):
        value = values.get(key)
        values[key] = datetime.fromisoformat(value) if isinstance(value, str) else None
    values |= {"plan": _plan_of(plan), "source": Source(str(values["source"])), "where": Where(str(values["where"]))}
    return Raise(**values)  # type: ignore[arg-type]  # its own fields, as written by line_of


def _plan_of(told: Mapping[str, object]) -> Plan:
    def targets(key: str) -> tuple[Target, ...]:
        listed = told[key]
        found = []
        for each in listed if isinstance(listed, list) else ():
            values: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in each.items()
            }
            found.append(Target(**values))
        return tuple(found)

    return Plan(
        kind=Kind(str(told["kind"])),
        mode=Mode(str(told["mode"])),
        start=Start(str(told["start"])),
        targets=targets("targets"),
        notify=targets("notify"),
        guide=str(told["guide"]),
        clause=str(told["clause"]),
        verify_seconds=int(str(told.get("verify_seconds", VERIFY_SECONDS))),
    )


def rebuild(lines: Iterable[Mapping[str, object]]) -> dict[str, ThreeWay]:
    """Return the state of every case in a call's journal, in the order raised. Lines that are not ours are skipped."""
    found: dict[str, ThreeWay] = {}
    for line in lines:
        told = told_by(line)
        case = str(line.get("case", ""))
        if isinstance(told, Raise):
            found.setdefault(case, begin(told)[0])
        elif told is not None and case in found:
            found[case] = advance(found[case], told)[0]
    return found


def resynced(state: ThreeWay, snapshot: SwitchSnapshot, at: datetime) -> Resynced:
    """Return what the switch's snapshot says of one case: its caller, the agent with them, and our leg."""
    case = state.case
    channels = {channel.channel: channel for channel in snapshot.channels}
    caller = channels.get(case.caller) if case.caller is not None else None
    ours = next((each for each in snapshot.channels if each.unique_id == our_leg(state)), None)
    bridges = {each.bridge for each in (caller, ours) if each is not None and each.bridge}
    agent = channels.get(case.agent) if case.agent is not None else None
    if agent is None:
        agent = next((each for each in snapshot.channels if each.leg is Leg.AGENT and each.bridge in bridges), None)
    return Resynced(
        caller=caller is not None,
        agent=agent.channel if agent is not None else None,
        seat=agent.seat if agent is not None else None,
        emergency=ours.channel if ours is not None else None,
        unique_id=ours.unique_id if ours is not None else "",
        is_joined=ours is not None and bool(ours.bridge),
        at=at,
    )


def our_leg(state: ThreeWay) -> str:
    """Return the ChannelId of our leg to the emergency side; empty when none lives."""
    match state:
        case Calling(channel_id=channel_id) | Joined(channel_id=channel_id):
            return channel_id
        case _:
            return ""
