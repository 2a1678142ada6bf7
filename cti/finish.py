"""The end of a call: words, recording, draft, each saved by itself.

Whatever part of the world is away costs that part only. A call is finished when its record has an end; until then the
next start finishes it again, and every save may be repeated.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from cti.conversation import Conversation, Outcome, record_of
from cti.pauses import marked, spans_of
from cti.world import World
from ivr.call import CallId, Leg, PhoneNumber
from ivr.commands import InstantCommand, Note, RequestCallback, SaveSurvey
from ivr.errors import StoreError, WorldError
from ivr.ports import Heard
from ivr.recording import Part, Recording
from ivr.speech.transcript import in_order
from ivr.speech.transcript_mend import before_first_hole, holes_to_mend, mend
from routing.emergency.clock import EmergencyClock, clocks
from workorder.call_record import CallbackRequest, Survey
from workorder.draft import Draft, Field, FieldName
from workorder.envelope import call_event

log = logging.getLogger(__name__)

ABANDONED_REASON = "排队中挂机"
"""A missed caller is called back (漏接回拨, 国办函〔2025〕66号)."""

SHORTER_SECONDS = 2.0
"""So much may a recording be shorter than its call before that is worth a word."""

_TAPES = {Leg.CALLER: Part.CALLER, Leg.AGENT: Part.AGENT}
Result = TypeVar("Result")


async def finish(world: World, here: Conversation, heard: Awaitable[Sequence[Heard]]) -> None:
    """Save everything the call leaves behind, then its end; where nobody saw the end, the recording tells it.

    `heard` are the ears' last words of the call; they come to an end while the recordings are measured.
    """
    recordings = await _tried(here, "recordings", world.tapes.measure(here.call)) or ()
    if here.ended_at is None:
        seconds = max((recording.seconds for recording in recordings), default=0.0)
        here = replace(here, ended_at=min(here.begun_at + timedelta(seconds=seconds), world.clock.now()))
    else:
        recorded_s = here.seconds(here.caller_left_at or here.ended_at)  # an emergency may outlive the caller's leg
        recordings = tuple(_held_against(recording, recorded_s) for recording in recordings)
    ended_s = here.seconds(here.ended_at) if here.ended_at else 0.0
    words = await _tried(here, "words", heard) or ()
    for recording in recordings:
        words = await _mended(world, here, recording, words)
    if here.outcome is Outcome.ABANDONED and here.caller.is_known:
        await keep(world, here, RequestCallback(here.call, here.caller.digits, ABANDONED_REASON))
    draft = await world.drafter(here.call, here.caller, words, here.begun_at)
    draft = replace(_with_their_place(draft, here), emergency=_clocks(world, here.call), their_id=here.their_id)
    order = await _tried(here, "draft", world.orders.save_draft(draft, world.clock.now()))
    await _tried(here, "turns", world.calls.save_turns(here.call, marked(here.call, words, here.pauses, ended_s)))
    await _tried(here, "recordings", world.calls.save_recordings(here.call, recordings))
    data = {
        "outcome": here.outcome,
        "seconds": max((recording.seconds for recording in recordings), default=0.0),
        "order": order.number if order else None,
        **({"their_id": here.their_id} if here.their_id else {}),
        "recording_problems": [recording.problem for recording in recordings if recording.problem],
    }
    now = world.clock.now()
    world.journal.append(here.call, {"at": now.isoformat(), "finished": data["order"]})
    await _tried(here, "record", world.calls.save_call(record_of(here), [call_event(here.call, "finished", now, data)]))
    log.info("call_finished", extra={"call": here.call, "outcome": here.outcome})


def _with_their_place(draft: Draft, here: Conversation) -> Draft:
    """Return the draft with the place that 110 told, where the caller has told none."""
    place = here.referred.get("place", "")
    if not place or draft.value(FieldName.PLACE):
        return draft
    told = Field(place, confidence=1.0, source=here.referred.get("from", ""))
    return replace(draft, fields={**draft.fields, FieldName.PLACE: told})


def _clocks(world: World, call: CallId) -> tuple[EmergencyClock, ...]:
    """Return the emergency clocks that the call's journal tells; none when it cannot be read."""
    try:
        return clocks(world.journal.read(call))
    except StoreError as error:
        log.error("call_end_lacks", extra={"call": call, "what": "emergency clock", "reason": str(error)})
        return ()


def _held_against(recording: Recording, call_seconds: float) -> Recording:
    """Return the recording, with a problem noted when it is shorter than the call: a full disk says nothing."""
    if recording.problem or recording.seconds + SHORTER_SECONDS >= call_seconds:
        return recording
    told = f"录音只有 {recording.seconds:.1f} 秒，通话有 {call_seconds:.1f} 秒。改法：检查磁盘是否已满、线路是否有声音"
    return replace(recording, problem=told)


async def keep(world: World, here: Conversation, command: InstantCommand) -> None:
    """Save what the flow asked for: a callback, a survey's answers, a note."""
    now = world.clock.now()
    match command:
        case RequestCallback(number=digits, reason=reason, variables=variables):
            request = CallbackRequest(here.call, PhoneNumber.parse(digits), reason, now, variables)
            event = call_event(here.call, "callback_requested", now, {"reason": reason, "number": request.number})
            await _tried(here, "callback", world.calls.save_callback(request, [event]))
        case SaveSurvey(answers=answers):
            event = call_event(here.call, "surveyed", now, {"answers": dict(answers)})
            await _tried(here, "survey", world.calls.save_survey(Survey(here.call, answers, now), [event]))
        case Note(name=name, fields=fields):
            world.publisher.announce(call_event(here.call, name, now, dict(fields)))
        case _:
            pass


async def _mended(world: World, here: Conversation, recording: Recording, words: Sequence[Heard]) -> tuple[Heard, ...]:
    """Return the words with the holes of this recording's leg filled from it."""
    leg = next((leg for leg, part in _TAPES.items() if part is recording.part), None)
    if leg is None or recording.problem or recording.seconds <= 0:
        return tuple(words)
    spoke_from = here.seconds(here.answered_at) if leg is Leg.AGENT and here.answered_at else 0.0
    if leg is Leg.AGENT and here.answered_at is None and here.flow:
        return tuple(words)  # nobody took the call: what the caller heard was the flow and the music
    own = [heard for heard in words if heard.leg is leg]
    covered = (*world.ears.coverage(here.call, leg), *spans_of(here.pauses, recording.seconds))
    if leg is Leg.AGENT:  # its tape is what the caller heard: an emergency service's words are no agent's
        covered = (*covered, *world.ears.coverage(here.call, Leg.EMERGENCY))
    whole = (min(spoke_from, recording.seconds), recording.seconds)
    holes = holes_to_mend(own, covered, whole)
    if holes and leg is Leg.CALLER and _was_tapped_anew(world, here.call, leg):
        holes = holes_to_mend(own, before_first_hole(covered, whole), whole)
    if not holes:
        return tuple(words)
    found = await _tried(here, "recognition", world.ears.recognise(here.call, leg, world.tapes.path(recording), holes))
    mended = mend(own, found or (), holes) if found is not None else own
    return in_order([*(heard for heard in words if heard.leg is not leg), *mended])


def _was_tapped_anew(world: World, call: CallId, leg: Leg) -> bool:
    """Whether this leg had more than one tap: the clock of the later ones is not quite the recording's.

    On a machine that is far too busy they differ by more than a pause; then nothing after the break can be pieced
    together to the letter, and the recording is heard from there to its end.
    """
    try:
        asked = [line.get("asked") for line in world.journal.read(call)]
    except StoreError:
        return True
    taps = [tap for tap in asked if isinstance(tap, Mapping) and tap.get("leg") == leg.value]
    return len(taps) > 1


async def _tried(here: Conversation, what: str, work: Awaitable[Result]) -> Result | None:
    """Return the result, or None when that part of the world is away: it is logged, and the rest goes on."""
    try:
        return await work
    except WorldError as error:
        log.error("call_end_lacks", extra={"call": here.call, "what": what, "reason": str(error)})
        return None
