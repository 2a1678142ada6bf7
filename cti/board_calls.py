"""How facts change one call's row on the board. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cti.board_facts import Opened, Told
from cti.board_rows import CallRow, Consult, Party
from ivr.call import ChannelName, Leg
from ivr.events import LegDown, LegUp

MOST_WORDS = 30


def settled(row: CallRow, is_waiting: bool) -> CallRow:
    """Return the row with its state as its parties and its queue make it."""
    state = _state(row, is_waiting)
    return row if row.state == state else replace(row, state=state)


def _state(row: CallRow, is_waiting: bool) -> str:
    if row.seat is not None or any(each.in_talk for each in row.parties if each.leg is not Leg.CALLER):
        return "talking"
    if row.ringing_seats:
        return "ringing"
    return "queue" if is_waiting else "flow"


def opened(row: CallRow | None, fact: Opened) -> CallRow:
    """A flow has the call."""
    offered = fact.offered
    row = row or CallRow(offered.call, offered.caller, offered.at)
    return replace(
        row,
        caller=offered.caller,
        called=offered.called,
        line=offered.original_line,
        flow=fact.flow,
        their_id=offered.their_id,
        context=dict(offered.context),
    )


def leg_up(row: CallRow, fact: LegUp) -> CallRow:
    """A leg of the call exists."""
    if any(each.channel == fact.channel for each in row.parties):
        return row
    return replace(row, parties=(*row.parties, Party(fact.leg, fact.seat, fact.number, fact.channel)))


def leg_down(row: CallRow, fact: LegDown) -> CallRow:
    """A leg is gone; the seat that it was talks no more."""
    gone = next((each for each in row.parties if each.channel == fact.channel), None)
    if gone is None:
        return row
    left_over = tuple(each for each in row.parties if each is not gone)
    is_seat = gone.seat is not None and gone.seat == row.seat and all(each.seat != row.seat for each in left_over)
    return replace(row, parties=left_over, seat=None if is_seat else row.seat)


def entered(row: CallRow, channel: ChannelName) -> CallRow:
    """A leg joined a conversation."""
    return _with(row, channel, in_talk=True)


def left(row: CallRow, channel: ChannelName) -> CallRow:
    """A leg left a conversation."""
    return _with(row, channel, in_talk=False)


def held(row: CallRow, channel: ChannelName, on_hold: bool) -> CallRow:
    """A party put the others on hold, or took them back."""
    return replace(
        row, parties=tuple(replace(each, on_hold=on_hold) if each.channel == channel else each for each in row.parties)
    )


def _with(row: CallRow, channel: ChannelName, in_talk: bool) -> CallRow:
    if all(each.in_talk == in_talk for each in row.parties if each.channel == channel):
        return row
    return replace(
        row, parties=tuple(replace(each, in_talk=in_talk) if each.channel == channel else each for each in row.parties)
    )


def consulted(row: CallRow, consult: Consult | None) -> CallRow:
    """The agent asks a third, or no longer does."""
    return replace(row, consult=consult)


def told(row: CallRow, fact: Told, is_waiting: bool) -> CallRow:
    """Something about the call was announced."""
    data: Mapping[str, object] = fact.data
    match fact.type:
        case "recording_paused" | "recording_resumed":
            return replace(row, recording_paused=fact.type == "recording_paused")
        case "text_late":
            shed = data.get("shed_seconds")
            return replace(row, text_late_s=float(shed)) if isinstance(shed, int | float) else row
        case "heard" if data.get("leg") == Leg.CALLER and _state(row, is_waiting) != "talking":
            words = str(data.get("text") or "")
            return replace(row, words_in_flow=(*row.words_in_flow, words)[-MOST_WORDS:]) if words else row
        case "escalated":
            asked = {name: str(data.get(name) or "") for name in ("seat", "by", "why")}
            return replace(row, escalated={**asked, "at": fact.at, "taken_by": ""})
        case "monitored" if row.escalated is not None and not row.escalated["taken_by"]:
            return replace(row, escalated={**row.escalated, "taken_by": str(data.get("seat") or "")})
        case "order":
            return replace(row, order=fact.order)
        case _:
            return row


def escalation_in(lines: Iterable[Mapping[str, object]]) -> Mapping[str, object] | None:
    """Return how a call was put before the supervisors, as its journal tells; None when it was not.

    A controller that comes after the one that was told shows it again.
    """
    escalated: dict[str, object] | None = None
    for line in lines:
        if line.get("done") == "escalated":
            seat, by, why = (str(line.get(name) or "") for name in ("seat", "asked_by", "why"))
            escalated = {"seat": seat, "by": by, "why": why, "at": line.get("at"), "taken_by": ""}
        elif line.get("done") == "monitored" and escalated is not None and not escalated["taken_by"]:
            escalated["taken_by"] = str(line.get("seat") or "")
    return escalated
