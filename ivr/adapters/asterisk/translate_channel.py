"""Whose leg a channel is, read from its name and ids: caller, agent, emergency, or none of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr.adapters.asterisk.wire import AmiMessage
from ivr.call import CallId, Leg, SeatId, call_id

EMERGENCY_PREFIX = "em-"
"""Channel ids of emergency legs, set by us: `em-<case>-<attempt>`."""

NOTICE_PREFIX = "nt-"
"""Channel ids of calls to the duty telephones of units, set by us: they hear a notice and belong to no conversation."""

_SEAT_CHANNEL = re.compile(r"PJSIP/([0-9]{2,8})-[0-9a-f]{8}")
_SEAT_INTERFACE = re.compile(r"PJSIP/([0-9]{2,8})")
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PARTY_CHANNEL = re.compile(r"PJSIP/[^/]+-[0-9a-f]{8}")


def seat_of_interface(interface: str) -> SeatId | None:
    """Return the seat of a queue member `PJSIP/801`, None for any other kind of member."""
    match = _SEAT_INTERFACE.fullmatch(interface)
    return SeatId(match[1]) if match else None


def seat_of_channel(channel: str) -> SeatId | None:
    """Return the seat of a channel `PJSIP/801-0000000a`: endpoints of digits are seats, trunks have names."""
    match = _SEAT_CHANNEL.fullmatch(channel)
    return SeatId(match[1]) if match else None


def interface_of(seat: SeatId) -> str:
    """Return the queue member interface of a seat."""
    return f"PJSIP/{seat}"


def leg_of(event: AmiMessage) -> Leg | None:
    """Return whose leg the event's channel is; None for taps, Local halves and other parties."""
    channel, unique_id = event["Channel"], event["Uniqueid"]
    if not _PARTY_CHANNEL.fullmatch(channel) or unique_id.startswith(NOTICE_PREFIX):
        return None
    if unique_id.startswith(EMERGENCY_PREFIX):
        return Leg.EMERGENCY
    if seat_of_channel(channel):
        return Leg.AGENT
    return Leg.CALLER if unique_id == event["Linkedid"] else None


def call_of(event: AmiMessage) -> CallId:
    """Return the call: Linkedid; for an emergency leg not yet in the bridge the HL_CALLID that we gave it, if any."""
    linked = event["Linkedid"]
    if linked.startswith(EMERGENCY_PREFIX):
        linked = variables_of(event).get("HL_CALLID") or linked
    return call_id(linked)


def variables_of(event: AmiMessage) -> Mapping[str, str]:
    """Return the channel variables that the switch adds to its events, those without a value left out.

    Asterisk writes their values with the escapes of C (measured: `\\"` and `\\\\`).
    """
    pairs = (text.partition("=") for text in event.every("ChanVariable"))
    return {name: _ESCAPED.sub(_unescaped, value) for name, _, value in pairs if name and value}


def _unescaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[1])
