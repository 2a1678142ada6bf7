"""What pages may ask of the running controller: each verb, the right it needs, what the server fills in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cti.access import Permission
from ivr.call import PhoneNumber
from ivr.speech.redact import redact

P = Permission


@dataclass(frozen=True, slots=True)
class Asked:
    """One verb. `at_own_seat`: the server puts the asker's seat; `of_own_call`: the call must be theirs.

    `is_audited`: it shows personal data or steers what is somebody else's.
    """

    verb: str
    permission: Permission
    at_own_seat: bool = False
    of_own_call: bool = False
    is_audited: bool = False


def _table(*rows: Asked) -> Mapping[str, Asked]:
    return MappingProxyType({row.verb: row for row in rows})


def _own(verbs: Iterable[str]) -> list[Asked]:
    return [Asked(verb, P.DESK, at_own_seat=True) for verb in verbs]


def _own_call(verbs: Iterable[str], permission: Permission = P.DESK, *, is_audited: bool = False) -> list[Asked]:
    return [Asked(verb, permission, at_own_seat=True, of_own_call=True, is_audited=is_audited) for verb in verbs]


VERBS: Mapping[str, Asked] = _table(
    *_own(["seat.sign_in", "seat.sign_out", "seat.ready", "seat.not_ready", "seat.after_call"]),
    Asked("seat.reasons", P.DESK),
    *_own(f"phone.{each}" for each in ("answer", "hangup", "hold", "unhold", "mute", "unmute", "dtmf", "status")),
    *_own_call(["call.hangup", "call.pause", "call.resume", "call.similar", "call.rejoin"]),
    *_own_call(["call.transfer_blind", "call.consult", "call.consult_complete", "call.consult_cancel"]),
    *_own_call(["call.conference", "call.draft", "order.type", "order.confirm"]),
    *_own_call(["call.words", "call.caller", "call.escalate"], is_audited=True),
    Asked("call.out", P.DESK, at_own_seat=True, is_audited=True),
    Asked("call.call_back", P.DESK, at_own_seat=True, is_audited=True),
    *(
        Asked(f"emergency.{each}", P.EMERGENCY, of_own_call=True, is_audited=True)
        for each in ("raise", "confirm", "dismiss", "verified", "leave")
    ),
    Asked("emergency.status", P.CALLS_ALL),
    *(
        Asked(f"monitor.{each}", P.MONITOR, at_own_seat=True, is_audited=True)
        for each in ("listen", "whisper", "barge", "stop", "take_over")
    ),
    Asked("seat.force", P.SEATS_FORCE, is_audited=True),
    Asked("queue.move", P.QUEUES_STEER, is_audited=True),
    Asked("queue.prioritise", P.QUEUES_STEER, is_audited=True),
)


def subject_of(body: Mapping[str, object]) -> str:
    """Return what an act was about, for the audit trail."""
    return next((str(body[key]) for key in ("call", "order", "seat", "queue") if body.get(key)), "")


def detail_of(body: Mapping[str, object]) -> dict[str, object]:
    """Return what the audit trail keeps of a request: numbers masked, words shortened."""
    detail: dict[str, object] = {}
    for key, value in body.items():
        if key in ("number", "to") and isinstance(value, str):
            number = PhoneNumber.parse(value)
            detail[key] = number.masked if len(number.digits) > 6 else value[:40]
        elif key not in ("verb", "by", "value"):
            detail[key] = redact(value)[:200] if isinstance(value, str) and key not in ("call", "order") else value
    return detail
