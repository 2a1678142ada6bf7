"""Transfers in a call's journal: what was begun, and how it ended (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from ivr.call import CallId, ChannelName, SeatId
from routing.transfer import Kind, Transfer


def begun_line(here: Transfer, at: datetime) -> Mapping[str, object]:
    """Return the line that says what is begun."""
    begun = {
        "kind": here.kind.value,
        "seat": here.seat,
        "agent": here.agent,
        "caller": here.caller,
        "to": here.to,
        "is_seat": here.is_seat,
        "leg": here.leg,
    }
    return {"at": at.isoformat(), "transfer": begun}


def ended_line(here: Transfer, how: str, at: datetime) -> Mapping[str, object]:
    """Return the line that says how it ended."""
    return {"at": at.isoformat(), "transfer_ended": how, "to": here.to}


def last_begun(call: CallId, lines: Iterable[Mapping[str, object]]) -> Transfer | None:
    """Return the transfer that a journal says is still under way."""
    found: Transfer | None = None
    for line in lines:
        if "transfer_ended" in line:
            found = None
        begun = line.get("transfer")
        if isinstance(begun, Mapping):
            found = _read(call, begun)
    return found


def _read(call: CallId, begun: Mapping[str, object]) -> Transfer | None:
    try:
        return Transfer(
            call,
            Kind(str(begun["kind"])),
            SeatId(str(begun["seat"])),
            ChannelName(str(begun["agent"])),
            ChannelName(str(begun["caller"])),
            str(begun["to"]),
            bool(begun["is_seat"]),
            str(begun["leg"]),
        )
    except (KeyError, ValueError):
        return None
