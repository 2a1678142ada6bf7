"""What the demonstration's emergency proved: its clock, and the words of all three, read back from the database.

The object `emergency` of the report:

    call, kind, source, outcome, attempts   the call's id, 119, who or what raised it, how far it came, legs called
    dialled            the number that the simulated centre was called under
    times              each moment of the clock, RFC 3339: word_ended, detected, suggested, confirmed, invite_sent,
                       ringing, answered, joined, verified
    seconds            each stretch of the clock that has both ends: word_to_ringing, sent, rang, answered, …
    transcript         turns in order: leg (caller, agent, emergency), begun_s, text
    emergency_spoken, emergency_heard, emergency_cer    what the centre said, what was written down, the error rate
    recording          the call's mixed recording, in which all three are
"""

from __future__ import annotations

from datetime import UTC

from rich.console import Console

from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import SqlOrderStore
from cti.commands.report import show_clock
from cti.demo.emergency import EmergencyPerformance
from cti.demo.report import BOUND
from cti.settings import Settings
from ivr.call import Leg
from ivr.recording import Part
from ivr.speech.transcript import text_of
from ivr.speech.transcript_cer import character_error_rate
from routing.emergency.clock import TIMES, TITLES, EmergencyClock
from routing.emergency.clock_report import STRETCHES, took
from routing.emergency.threeway_words import Mark


async def emergency_account(
    settings: Settings, done: EmergencyPerformance
) -> tuple[dict[str, object], EmergencyClock | None, tuple[str, ...]]:
    """Return the object `emergency` of the report, its clock, and what is wrong."""
    if done.call is None:
        return {"call": None}, None, ()  # told by the account of the call
    async with Database(settings.database) as database:
        order = await SqlOrderStore(database).order_of(done.call)
        turns = await SqlCallStore(database).turns(done.call)
        tapes = {each.part: each for each in await SqlCallStore(database).recordings(done.call)}
    clock = order.draft.emergency[0] if order is not None and order.draft.emergency else None
    spoken, heard = "".join(done.centre_spoken), text_of(turns, Leg.EMERGENCY)
    cer = character_error_rate(spoken, heard)
    mix = tapes.get(Part.MIX)
    entry: dict[str, object] = {
        "call": done.call,
        "kind": clock.kind if clock else None,
        "source": clock.source if clock else None,
        "outcome": clock.outcome if clock else None,
        "attempts": clock.attempts if clock else 0,
        "dialled": done.dialled,
        "times": {mark.value: at.astimezone(UTC).isoformat() for mark, at in clock.times.items()} if clock else {},
        "seconds": _seconds(clock) if clock else {},
        "transcript": [{"leg": turn.leg.value, "begun_s": round(turn.begun_s, 2), "text": turn.text} for turn in turns],
        "emergency_spoken": spoken,
        "emergency_heard": heard,
        "emergency_cer": round(cer, 4),
        "recording": str(settings.recordings_folder / mix.file) if mix else None,
    }
    return entry, clock, tuple(f"{done.citizen.name}：{fault}" for fault in _faults(clock, cer))


def _seconds(clock: EmergencyClock) -> dict[str, float]:
    found = {stretch.name: took(clock, stretch) for stretch in STRETCHES}
    return {name: round(seconds, 3) for name, seconds in found.items() if seconds is not None}


def _faults(clock: EmergencyClock | None, cer: float) -> list[str]:
    if clock is None:
        return ["工单里没有紧急时钟"]
    lacking = "、".join(TITLES[mark] for mark in TIMES if mark not in clock.times)
    faults = [f"紧急时钟缺少：{lacking}"] if lacking else []
    times = [clock.times[mark] for mark in TIMES if mark in clock.times and mark is not Mark.WORD_ENDED]
    faults += [] if times == sorted(times) else ["紧急时钟的先后不对"]
    faults += [] if cer <= BOUND else [f"紧急一方的字错误率 {cer:.0%} 高于 {BOUND:.0%}"]
    return faults


def show_emergency(entry: dict[str, object], clock: EmergencyClock | None, console: Console) -> None:
    """Print the clock, and how well the third voice was understood."""
    if clock is None:
        return
    console.rule("[bold]紧急联动")
    show_clock(clock, console)
    console.print(f"紧急一方原话：{entry['emergency_spoken']}")
    console.print(f"紧急一方转写：{entry['emergency_heard']}（字错误率 {entry['emergency_cer']:.1%}）")
