"""The emergency desk's deeds: each wish of a case carried out on the switch, in order, one case's failure its own."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, assert_never

from ivr.call import CallId, ChannelName, PhoneNumber
from ivr.errors import SwitchError, SwitchLostError, SwitchRefusedError, UnsafeHeaderError
from ivr.events import LegDown, OriginateEnded
from ivr.ports import Clock, Switch
from routing.emergency import spoken
from routing.emergency.hands import Hands
from routing.emergency.interlock import Locks, Refused, may_dial_on
from routing.emergency.invitations import Invitations
from routing.emergency.kinds import Kind
from routing.emergency.ledger import Ledger, Live
from routing.emergency.legs import SAYING
from routing.emergency.passing import Known
from routing.emergency.policy import Target
from routing.emergency.telling import Teller, tell
from routing.emergency.threeway_state import Calling, Joined
from routing.emergency.threeway_words import (
    BringHuman,
    FreeAgent,
    HangUpLeg,
    InviteAgent,
    LookAtSwitch,
    MarkForSupervisor,
    NotifyUnit,
    Originate,
    OriginateRefused,
    OriginateSent,
    StartTimer,
    TellAgent,
    TellCaller,
    ThreeWayCommand,
    TimerExpired,
    WriteMark,
)
from routing.emergency.units import Units

log = logging.getLogger(__name__)

RETRY_INVITING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Loop:
    """The event loop, as far as deeds need it."""

    spawn: Callable[[Coroutine[Any, Any, None]], object]
    later: Callable[[float, Callable[[], object]], object]


@dataclass(frozen=True, slots=True)
class Tools:
    """What deeds are done with."""

    switch: Switch
    hands: Hands
    invitations: Invitations
    units: Units
    teller: Teller
    clock: Clock
    locks: Locks
    known: Callable[[CallId, Kind, Target], Known]


class Deeds:
    """Does what cases want. `is_linked` is false while the switch is away: then nobody is called."""

    def __init__(self, ledger: Ledger, tools: Tools, loop: Loop) -> None:
        self._ledger = ledger
        self._tools = tools
        self._loop = loop
        self._says_until: dict[CallId, float] = {}
        self._saying: dict[CallId, list[ChannelName]] = {}
        self._said = 0
        self.is_linked = True

    def begin(self, name: str, commands: tuple[ThreeWayCommand, ...]) -> None:
        """See that these are done, in this order."""
        if (live := self._ledger.cases.get(name)) is not None:  # it may be forgotten before all is done
            self._loop.spawn(self._carry_out(name, live, commands))

    async def _carry_out(self, name: str, live: Live, commands: tuple[ThreeWayCommand, ...]) -> None:
        for command in commands:
            try:
                await self._do(name, live, command)
            except SwitchError as error:
                what = type(command).__name__
                log.error("emergency_not_done", extra={"case": name, "what": what, "reason": str(error)})
            except Exception:
                log.exception("emergency_command_failed", extra={"case": name, "what": type(command).__name__})

    async def _do(self, name: str, live: Live, command: ThreeWayCommand) -> None:
        tools, ledger = self._tools, self._ledger
        match command:
            case Originate():
                await self._originate(name, command)
            case HangUpLeg(channel_id=channel_id):
                await tools.hands.hang_up(channel_id, ledger.legs.get(channel_id))
            case FreeAgent(channel=channel):
                await tools.switch.hang_up(channel)
            case BringHuman():
                if (known := ledger.calls.get(command.call)) is not None and not known.is_being_brought:
                    await tools.hands.bring_human(command.call, known.parties)
            case LookAtSwitch():
                ledger.resync(name, await tools.switch.snapshot())
            case StartTimer(name=timer, seconds=seconds):
                self._loop.later(seconds, lambda: self._expired(name, timer))
            case InviteAgent():
                await self.invite(name)
            case TellCaller(call=call, text=words):
                self._tell(live, command)
                self._say_in_turn(live, call, words)
            case NotifyUnit(target=target):
                self._tell(live, command)
                await tools.units.notify(name, target)
            case WriteMark() | TellAgent() | MarkForSupervisor():
                self._tell(live, command)
            case _:
                assert_never(command)

    def _tell(self, live: Live, command: WriteMark | TellAgent | TellCaller | MarkForSupervisor | NotifyUnit) -> None:
        tell(self._tools.teller, live.state, command, self._tools.clock.now())

    def _expired(self, name: str, timer: str) -> None:
        self._ledger.tell(name, TimerExpired(timer, self._tools.clock.now()))

    # --------------------------------------------------------------------------------------------- the emergency side

    async def _originate(self, name: str, wish: Originate) -> None:
        """Call the emergency side once: the journal knows of it before the switch does."""
        live = self._ledger.cases.get(name)
        state = live.state if live is not None else None
        if not isinstance(state, Calling) or state.channel_id != wish.channel_id or state.is_sent or state.is_given_up:
            return
        if not self.is_linked:
            return  # unsent, and known to be: the next look at the switch sends it
        now = self._tools.clock.now()
        allowed = may_dial_on(wish.number, wish.trunk, self._tools.locks)
        if isinstance(allowed, Refused):
            log.error("emergency_number_refused", extra={"case": name, "reason": allowed.reason})
            self._ledger.tell(name, OriginateRefused(wish.channel_id, now))
            return
        self._ledger.tell(name, OriginateSent(wish.channel_id, now))
        try:
            kind = state.case.raised.plan.kind
            known = self._tools.known(wish.call, kind, wish.target)
            await self._tools.hands.call(wish, allowed.digits, self._number(wish.call), kind, known)
        except SwitchLostError as lost:  # perhaps it was sent: the next look at the switch tells
            log.error("emergency_call_unsure", extra={"case": name, "reason": str(lost)})
        except (SwitchRefusedError, UnsafeHeaderError) as refused:
            log.error("emergency_call_refused", extra={"case": name, "reason": str(refused)})
            now = self._tools.clock.now()
            self._ledger.tell(name, OriginateRefused(wish.channel_id, now))

    def _number(self, call: CallId) -> PhoneNumber:
        known = self._ledger.calls.get(call)
        return known.parties.number if known is not None else PhoneNumber("")

    # ---------------------------------------------------------------------------------------------- words for callers

    def _say_in_turn(self, live: Live, call: CallId, words: str) -> None:
        """Say words once what was said before is over, if they are still true then."""
        now = self._tools.clock.monotonic()
        begins = max(now, self._says_until.get(call, now))
        self._says_until[call] = begins + spoken.seconds_of(words)
        stage = type(live.state)

        def say() -> None:
            if type(live.state) is stage:
                self._loop.spawn(self._say(call, words))

        if begins > now:
            self._loop.later(begins - now, say)
        else:
            say()

    async def _say(self, call: CallId, words: str) -> None:
        """Say words to the caller, and to the agent who talks with them: they must not talk against each other."""
        known = self._ledger.calls.get(call)
        if known is None or known.parties.caller is None:
            return
        for party in (known.parties.caller, known.parties.agent):
            if party is None:
                continue
            self._said += 1
            leg = f"{SAYING}{call}-{int(self._tools.clock.now().timestamp() * 1000)}-{self._said}"
            try:
                await self._tools.hands.say(leg, spoken.sound_of(words), party)
            except SwitchError as error:
                log.warning("words_not_said", extra={"call": call, "reason": str(error)})

    def saying(self, event: OriginateEnded) -> None:
        """Words began to be said."""
        if event.succeeded and event.channel:
            call = CallId(event.action.removeprefix(SAYING).rsplit("-", 2)[0])
            if any(isinstance(live.state, Joined) for live in self._ledger.of(call).values()):
                self._loop.spawn(self._end(event.channel))  # the service came while the words were on their way
                return
            self._saying.setdefault(call, []).append(event.channel)

    def hush(self, call: CallId) -> None:
        """The service speaks: nothing of ours is said over it any more."""
        self._says_until.pop(call, None)
        for channel in self._saying.pop(call, ()):
            self._loop.spawn(self._end(channel))

    async def _end(self, channel: ChannelName) -> None:
        with contextlib.suppress(SwitchError):  # most are over by themselves
            await self._tools.switch.hang_up(channel)

    # --------------------------------------------------------------------------------------------------------- agents

    async def invite(self, name: str) -> None:
        """Ring a free seat into the conversation; when none is free, a supervisor is told and it is tried again.

        Two who already understand each other need no third.
        """
        tools = self._tools
        live = self._ledger.cases.get(name)
        if live is None or not isinstance(live.state, Joined):
            return
        if live.state.case.agent is not None or live.state.is_verified:
            return
        case = live.state.case
        into = case.caller or self._ledger.legs.get(live.state.channel_id)
        if into is None or tools.invitations.is_ringing(name):
            return
        seat = tools.invitations.next_seat(name, await tools.switch.snapshot())
        if seat is None:
            if not live.is_supervisor_told:
                live.is_supervisor_told = True
                self._tell(live, MarkForSupervisor(case.call, "没有空闲坐席，请班长加入三方通话"))
            self._invite_later(name, RETRY_INVITING_SECONDS)
            return
        live.invitations += 1
        try:
            await tools.invitations.ring(name, seat, case.call, into, self._number(case.call), live.invitations)
        except SwitchError as error:
            log.warning("agent_not_invited", extra={"case": name, "reason": str(error)})
            self._invite_later(name, RETRY_INVITING_SECONDS)

    def invitation_ended(self, event: LegDown | OriginateEnded) -> None:
        """The seat did not answer, or its leg is over: the next one, as long as nobody is with the two."""
        if isinstance(event, OriginateEnded) and event.succeeded:
            return
        if (name := self._tools.invitations.refused(event.unique_id)) is not None:
            self._invite_later(name, 0.1)

    def _invite_later(self, name: str, seconds: float) -> None:
        self._loop.later(seconds, lambda: self._invite_again(name))

    def _invite_again(self, name: str) -> None:
        live = self._ledger.cases.get(name)
        if live is not None and isinstance(live.state, Joined) and live.state.case.agent is None:
            self.begin(name, (InviteAgent(live.state.case.call),))

    def note_talk(self, call: CallId) -> None:
        """The dialplan must know that the caller has talked to a person."""
        self._loop.spawn(self._note_talk(call))

    async def _note_talk(self, call: CallId) -> None:
        known = self._ledger.calls.get(call)
        if known is not None and known.parties.caller is not None:
            with contextlib.suppress(SwitchError):
                await self._tools.hands.note_talk(known.parties.caller)

    def forget(self, call: CallId, cases: tuple[str, ...]) -> None:
        """The call is history, and so are its cases, if it had any."""
        if cases:
            self._says_until.pop(call, None)
            self._saying.pop(call, None)
        for name in cases:
            self._tools.invitations.forget(name)
