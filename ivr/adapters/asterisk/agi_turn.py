"""One turn of the controller, read from the AGI request: who calls, what was dialled, and how the last long step ended.

The seven arguments are those of AGI() in asterisk-config/extensions.conf, where their meaning is written down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote

from ivr.adapters.asterisk.agi import AgiError, AgiRequest
from ivr.adapters.asterisk.agi_server import AgiCall
from ivr.call import CallId, ChannelName, PhoneNumber, QueueName, call_id
from ivr.events import DialEnded, FlowEvent, QueueLeft, StepFailed, VoicemailLeft

SENT_BY_110 = "110"
LONGEST_PLACE = 60
LONGEST_ENCODED_PLACE = 600
_THEIR_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_TYPE = re.compile(r"[0-9A-Za-z._-]{1,20}")

QUEUE_OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "CONTINUE": "answered",
        "TIMEOUT": "timeout",
        "FULL": "full",
        "JOINEMPTY": "empty",
        "LEAVEEMPTY": "empty",
        "JOINUNAVAIL": "empty",
        "LEAVEUNAVAIL": "empty",
        "KEY": "key",
    }
)
"""QUEUESTATUS → QueueLeft.outcome; anything else (WITHDRAW, nothing) is `failed`."""

DIAL_OUTCOMES: Mapping[str, str] = MappingProxyType(
    {"ANSWER": "answered", "BUSY": "busy", "NOANSWER": "no_answer", "CANCEL": "no_answer", "REFUSED": "refused"}
)
"""DIALSTATUS → DialEnded.outcome; anything else (CONGESTION, CHANUNAVAIL, ...) is `failed`."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A caller is ours (again). `did` is what the dialplan did last (`queue`, `dial`, `record`), `` on a first turn."""

    call: CallId
    channel: ChannelName
    caller: PhoneNumber
    called: str
    flow: str
    original_line: str
    did: str
    result: str
    key: str
    sent_by: str = ""


def turn_of(request: AgiRequest) -> Turn:
    """Read who it is; AgiError when the request is not from our dialplan."""
    called, flow, line, did, result, key, sent_by = (*request.arguments, *[""] * 7)[:7]
    try:
        call = call_id(request["uniqueid"])
    except ValueError as odd:
        raise AgiError("an AGI request without a channel id") from odd
    caller = PhoneNumber.parse(request["callerid"])
    called = "" if called == "unknown" else called
    channel, sent_by = ChannelName(request["channel"]), sent_by if sent_by == SENT_BY_110 else ""
    return Turn(call, channel, caller, called, flow, line, did, result.upper(), key[:1], sent_by)


async def context_of(turn: Turn, line: AgiCall) -> Mapping[str, str]:
    """Return what 110 told of a call that it sent to us: `from`, and `id`, `type`, `place` where they make sense.

    Empty for every other call, and on every turn but the first.
    """
    if not turn.sent_by or turn.did:
        return MappingProxyType({})
    told = {name: (await line.ask("GET VARIABLE", f"HL_110_{name.upper()}")).value for name in ("id", "type", "place")}
    return MappingProxyType({"from": turn.sent_by, **checked_context(told)})


def checked_context(told: Mapping[str, str]) -> dict[str, str]:
    """Return of what came in headers only what makes sense; the place comes percent-encoded (UTF-8)."""
    place = unquote(told.get("place", "")[:LONGEST_ENCODED_PLACE], errors="replace")
    known = {
        "id": told.get("id", "") if _THEIR_ID.fullmatch(told.get("id", "")) else "",
        "type": told.get("type", "") if _TYPE.fullmatch(told.get("type", "")) else "",
        "place": place if place.isprintable() and len(place) <= LONGEST_PLACE and "\ufffd" not in place else "",
    }
    return {name: value for name, value in known.items() if value}


async def outcome_of(turn: Turn, line: AgiCall) -> FlowEvent | None:
    """Return how the last long step ended, None on a first turn; asks the switch for what the arguments do not hold."""
    match turn.did:
        case "":
            return None
        case "queue":
            queue = QueueName((await line.ask("GET VARIABLE", "HL_QUEUE")).value)
            return QueueLeft(turn.call, queue, QUEUE_OUTCOMES.get(turn.result, "failed"), turn.key)
        case "dial":
            return DialEnded(turn.call, DIAL_OUTCOMES.get(turn.result, "failed"))
        case "record" | "voicemail" if turn.result not in ("", "ERROR", "SKIP"):
            file = (await line.ask("GET VARIABLE", "HL_FILE")).value
            seconds = (await line.ask("GET VARIABLE", "HL_SECONDS")).value
            return VoicemailLeft(turn.call, file, float(seconds) if seconds.isdigit() else 0.0)
        case did:
            return StepFailed(turn.call, f"{did[:20]}: {turn.result[:20] or 'no result'}")
