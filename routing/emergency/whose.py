"""Whose an event of the switch is: legs of ours have ids of their own until they have joined their call."""

from __future__ import annotations

from dataclasses import replace

from ivr.call import QueueName
from ivr.events import (
    BridgeEntered,
    BridgeLeft,
    LegDown,
    LegRang,
    LegUp,
    QueueLeftBySwitch,
    SeatAnswered,
    SwitchEvent,
    TalkEnded,
)
from routing.emergency.invitations import Invitations
from routing.emergency.ledger import Ledger
from routing.emergency.legs import call_of_leg, is_ours
from routing.emergency.threeway_words import Where


def ours(
    event: SwitchEvent, ledger: Ledger, invitations: Invitations, human_queue: QueueName
) -> tuple[SwitchEvent, ...]:
    """Return the event under its call, and what the queue would have told had it brought caller and agent together.

    The queue knows neither of a caller whom we took out of it, nor of an agent whom we invited.
    """
    leg = getattr(event, "unique_id", "") or getattr(event, "call", "")
    if isinstance(event, BridgeEntered) and (queue := _left_queue(event, ledger)) is not None:
        return event, QueueLeftBySwitch(event.call, queue, event.at)
    if not isinstance(event, LegUp | LegRang | LegDown | BridgeEntered | BridgeLeft) or not is_ours(leg):
        return (event,)
    call = call_of_leg(leg)
    if isinstance(event, LegUp):
        ledger.legs[leg] = event.channel
    if call is None:
        return (event,)
    named = replace(event, call=call)
    if isinstance(event, BridgeEntered) and (seat := invitations.came(leg)) is not None:
        return named, SeatAnswered(call, human_queue, seat, event.channel, 0.0, 0.0, event.at)
    if isinstance(event, LegDown) and (seat := invitations.left(leg)) is not None:
        return named, TalkEnded(call, human_queue, seat, "agent", 0.0, event.at)
    return (named,)


def _left_queue(joined: BridgeEntered, ledger: Ledger) -> QueueName | None:
    """Return the queue out of which a caller went into a bridge."""
    known = ledger.calls.get(joined.call)
    is_waiting = known is not None and known.parties.where is Where.QUEUE
    return known.parties.queue if known is not None and is_waiting and joined.channel == known.parties.caller else None
