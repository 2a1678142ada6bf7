"""Who is on a call and where its caller is, as an emergency must know it at any moment (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.events import BridgeEntered, CallerQueued, LegDown, LegUp, QueueLeftBySwitch, SeatAnswered, SwitchEvent
from ivr.ports import LiveChannel, SwitchSnapshot
from routing.emergency.legs import EMERGENCY
from routing.emergency.threeway_words import Where


@dataclass(frozen=True, slots=True)
class Parties:
    """The people of one call; `caller` is None once they are gone, `begun_at` is when the ears' seconds begin."""

    number: PhoneNumber
    begun_at: datetime
    caller: ChannelName | None = None
    agent: ChannelName | None = None
    seat: SeatId | None = None
    where: Where = Where.FLOW
    queue: QueueName | None = None

    @property
    def is_empty(self) -> bool:
        return self.caller is None and self.agent is None


def follow(known: Parties | None, event: SwitchEvent) -> Parties | None:
    """Return the parties after one event of their call; None while no caller was ever there."""
    match event:
        case LegUp(leg=Leg.CALLER, channel=channel, number=number, at=at) if known is None:
            return Parties(number, at, channel)
        case _ if known is None:
            return None
        case CallerQueued(queue=queue, channel=channel) if channel == known.caller:
            return replace(known, where=Where.QUEUE, queue=queue, agent=None, seat=None)
        case QueueLeftBySwitch() if known.where is Where.QUEUE:
            return replace(known, where=Where.FLOW, queue=None)
        case SeatAnswered(seat=seat, channel=channel):
            return replace(known, where=Where.TALK, agent=channel, seat=seat)
        case BridgeEntered(unique_id=leg) if leg.startswith(EMERGENCY) and known.agent is None:
            return replace(known, where=Where.ROOM)
        case LegDown(unique_id=leg) if leg.startswith(EMERGENCY) and known.where is Where.ROOM:
            return replace(known, where=Where.FLOW)
        case LegDown(channel=channel) if channel == known.caller:
            return replace(known, caller=None)
        case LegDown(channel=channel) if channel == known.agent:
            return replace(known, agent=None, seat=None, where=Where.FLOW)
        case _:
            return known


def parties_of(snapshot: SwitchSnapshot, now: datetime) -> dict[CallId, Parties]:
    """Return the parties of every call that the switch has, our legs to emergency services counted to theirs."""
    waiting = {each.call: each.queue for each in snapshot.waiting}
    found: dict[CallId, Parties] = {}
    for caller in snapshot.channels:
        if caller.leg is Leg.CALLER:
            found[caller.call] = _with(caller, snapshot, waiting.get(caller.call), now)
    for channel in snapshot.channels:  # their caller is gone, they still talk
        if channel.leg is Leg.AGENT and channel.bridge and channel.call not in found:
            begun = now - timedelta(seconds=channel.seconds)
            parties = Parties(PhoneNumber(""), begun, None, channel.channel, channel.seat, Where.TALK)
            found[channel.call] = parties
    return found


def _with(caller: LiveChannel, snapshot: SwitchSnapshot, queue: QueueName | None, now: datetime) -> Parties:
    here = Parties(caller.number, now - timedelta(seconds=caller.seconds), caller.channel)
    if queue is not None:
        return replace(here, where=Where.QUEUE, queue=queue)
    beside = [each for each in snapshot.channels if caller.bridge and each.bridge == caller.bridge]
    agent = next((each for each in beside if each.leg is Leg.AGENT), None)
    if agent is not None:
        return replace(here, where=Where.TALK, agent=agent.channel, seat=agent.seat)
    is_alone_with_help = any(each.leg is Leg.EMERGENCY for each in beside)
    return replace(here, where=Where.ROOM if is_alone_with_help else Where.FLOW)
