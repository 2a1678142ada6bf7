"""After a login: what the switch has is what is; cases that an earlier controller began go on where they stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ivr.call import CallId, PhoneNumber
from ivr.ports import SwitchSnapshot
from routing.emergency.invitations import Invitations, case_of
from routing.emergency.ledger import Ledger
from routing.emergency.legs import AGENT, EMERGENCY, attempt_of, call_of_leg, is_ours
from routing.emergency.parties import Parties, parties_of


def adopt(ledger: Ledger, invitations: Invitations, snapshot: SwitchSnapshot, now: datetime) -> tuple[CallId, ...]:
    """Make the ledger fit the switch and tell every case what it says; return the calls looked at."""
    found = parties_of(snapshot, now)
    for channel in snapshot.channels:
        if not is_ours(channel.unique_id):
            continue
        ledger.legs[channel.unique_id] = channel.channel
        if channel.unique_id.startswith(EMERGENCY):
            call = call_of_leg(channel.unique_id) or channel.call
            found.setdefault(call, Parties(PhoneNumber(""), now))
        else:
            invitations.adopt(channel)
    calls = (*ledger.calls, *(each for each in found if each not in ledger.calls))
    for call in calls:
        _adopt_call(ledger, call, found.get(call), snapshot)
    return calls


def _adopt_call(ledger: Ledger, call: CallId, parties: Parties | None, snapshot: SwitchSnapshot) -> None:
    known = ledger.calls.get(call)
    if known is None and parties is not None:
        ledger.take_over(call, parties)
    elif known is not None:
        here = parties or replace(known.parties, caller=None, agent=None)
        known.parties = replace(here, begun_at=known.parties.begun_at)
    for channel in snapshot.channels:  # an id must not be given again while its leg lives
        live = ledger.cases.get(case_of(channel.unique_id)) if channel.unique_id.startswith(AGENT) else None
        if live is not None:
            live.invitations = max(live.invitations, attempt_of(channel.unique_id))
    for name in ledger.of(call):
        ledger.resync(name, snapshot)
