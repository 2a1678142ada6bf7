"""Whose leg a channel is, read from its name and ids: caller, agent, emergency, or none of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr.adapters.asterisk.wire import AmiMessage
from ivr.call import CallId, Leg, SeatId, call_id

EMERGENCY_PREFIX = "em-"
"""Channel ids of emergency legs, set by us: `em-<case>-<attempt>`."""

TRANSFER_PREFIX = "tr-"
"""Channel ids of legs to which a caller is transferred, set by us: `tr-<call>-<attempt>`; such a leg may be Local."""

MONITOR_PREFIX = "mo-"
"""Channel ids of supervisors' legs that listen in, set by us: no party of a call until they take it over."""

CALLED_PREFIX = "oc-"
"""Channel ids of agents' legs that call a number, set by us; the call is named after it."""

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
    channel, unique_id, linked = event["Channel"], event["Uniqueid"], event["Linkedid"]
    if unique_id.startswith((TRANSFER_PREFIX, MONITOR_PREFIX)):
        return Leg.AGENT
    if not _PARTY_CHANNEL.fullmatch(channel) or unique_id.startswith(NOTICE_PREFIX):
        return None
    if unique_id.startswith(EMERGENCY_PREFIX):
        return Leg.EMERGENCY
    if seat_of_channel(channel):
        return Leg.AGENT
    if linked.startswith(CALLED_PREFIX):
        return Leg.CALLER  # whom the agent called
    return Leg.CALLER if unique_id == linked else None


def call_of(event: AmiMessage) -> CallId:
    """Return the call: Linkedid; for a leg of ours not yet in the bridge the HL_CALLID that we gave it, if any."""
    linked = event["Linkedid"]
    if linked.startswith((EMERGENCY_PREFIX, TRANSFER_PREFIX, MONITOR_PREFIX)):
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
