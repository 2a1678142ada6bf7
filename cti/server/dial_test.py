"""Making the calls of a dial test (拨测): simulated callers ring the hotline on this machine, and facts are read after.

The callers are the simulator's: they send no packet to another machine, and ring no number but the hotline's own. What
a call was worth is read from the store, as the controller wrote it, not from what the caller believes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.campaign_store import Found, SqlCampaigns
from ivr.adapters.simulator.phone_errors import SimulatedPhoneError
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.call import Leg, PhoneNumber
from ivr.ports import Clock
from workorder.audit import Person
from workorder.call_record import CallRecord
from workorder.campaigns import Campaign, DialPlan, Member, Outcome, PlannedCall
from workorder.dial_tests import CallFacts, scored
from workorder.life.refusal import Refusal

log = logging.getLogger(__name__)

CALLERS = "1990000{:04d}"
"""Test calls come from these numbers, so that everybody can tell them from citizens."""
ANSWER_SECONDS, WRITTEN_SECONDS, LOOK_EVERY = 30.0, 60.0, 0.2
BEFORE_SPEAKING_SECONDS = 2.0
LATEST = 200
"""Among so many calls the one just made is looked for."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where the hotline is rung, and from which address of this machine."""

    host: str
    port: int
    from_address: str
    written_seconds: float = WRITTEN_SECONDS


class DialTester:
    """Makes the calls of one campaign, one after another. `speak` turns words into sound."""

    def __init__(
        self,
        campaigns: SqlCampaigns,
        calls: SqlCallStore,
        line: Line,
        speak: Callable[[str], Awaitable[bytes]],
        clock: Clock,
    ) -> None:
        self._campaigns = campaigns
        self._calls = calls
        self._line = line
        self._speak = speak
        self._clock = clock

    async def make(self, campaign: Campaign, plan: DialPlan, member: Member, person: Person) -> Member | Refusal | None:
        """Make one call, score it and keep the result."""
        call, caller = plan.calls[member.nth - 1], CALLERS.format(member.nth)
        begun = self._clock.now()
        is_connected = await self._ring(call, caller)
        facts = await self._facts(PhoneNumber(caller), begun) if is_connected else CallFacts()
        found = scored(plan, call, facts)
        outcome = Outcome.SCORED if is_connected else Outcome.FAILED
        kept: Found = (
            outcome,
            {
                "points": found.points,
                "met": dict(found.met),
                "waited_seconds": facts.waited_seconds,
                "call": facts.call,
                "caller": caller,
            },
        )
        return await self._campaigns.record(campaign.id, member.nth, person, self._clock.now(), lambda _: kept)

    async def _ring(self, call: PlannedCall, caller: str) -> bool:
        """Ring, press, speak and stay on the line; whether the hotline answered at all."""
        sound = await self._speak(call.say) if call.say else b""
        try:
            async with SipPhone(bind_ip=self._line.from_address, number=caller) as phone:
                line = await phone.call(call.to, self._line.host, self._line.port)
                await line.answered(ANSWER_SECONDS)
                with contextlib.suppress(SimulatedPhoneError):  # who is hung up on says no more
                    await asyncio.sleep(BEFORE_SPEAKING_SECONDS if call.keys or sound else 0.0)
                    await line.press(call.keys)
                    if sound:
                        await line.say(sound)
                    await line.ended(call.stay_seconds)
                await line.hang_up()
        except (SimulatedPhoneError, OSError) as error:
            log.warning("dial_test_call_failed", extra={"reason": str(error)[:200]})
            return False
        return True

    async def _facts(self, caller: PhoneNumber, begun: datetime) -> CallFacts:
        """Return what the controller wrote of the call, once it is over; what is known by then if that never comes."""
        record = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._line.written_seconds):
                while record is None or record.ended is None:
                    record = await self._written(caller, begun) or record
                    if record is None or record.ended is None:
                        await asyncio.sleep(LOOK_EVERY)
        if record is None:
            return CallFacts(is_connected=True)
        heard = await self._calls.turns(record.call)
        words = "".join(turn.text for turn in heard if turn.leg is Leg.AGENT and turn.is_final)
        waited = None
        if record.queued is not None and record.answered is not None:
            waited = round((record.answered - record.queued).total_seconds(), 1)
        return CallFacts(record.call, True, waited, words)

    async def _written(self, caller: PhoneNumber, begun: datetime) -> CallRecord | None:
        since = begun - timedelta(seconds=1)
        found = [
            each
            for each in await self._calls.latest_calls(LATEST)
            if each.caller == caller and each.started is not None and each.started >= since
        ]
        return found[0] if found else None
