"""The emergency desk: what the three-way machine decides, done on the real switch.

It hears every event of the switch and every word of the callers, keeps one machine per case, and writes each thing the
machine heard into the call's journal before it does what follows. Neither database nor broker is asked on the way from
a raise to the call of the emergency side: they are only told. After a restart the cases are rebuilt from the journals,
and the switch's own state decides what is done, so no leg is ever called twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName
from ivr.errors import StoreError, SwitchError, SwitchLostError, SwitchRefusedError, UnsafeHeaderError
from ivr.events import (
    BridgeEntered,
    BridgeLeft,
    LegDown,
    LegRang,
    LegUp,
    OriginateEnded,
    QueueLeftBySwitch,
    SeatAnswered,
    SwitchEvent,
    SwitchLost,
    SwitchReady,
    TalkEnded,
)
from ivr.ports import Clock, Heard, Journal, Switch, SwitchSnapshot
from routing.emergency.hands import Hands
from routing.emergency.interlock import Interlock, Refused, may_dial
from routing.emergency.invitations import Invitations
from routing.emergency.kinds import TITLES, Confidence, Kind
from routing.emergency.legs import AGENT, EMERGENCY, call_of_leg, is_ours
from routing.emergency.parties import Parties, follow, parties_of
from routing.emergency.policy import ALWAYS_GO, Policy, Source, Start, decide
from routing.emergency.telling import Answer, Teller, status_of, tell
from routing.emergency.threeway import advance, begin
from routing.emergency.threeway_journal import line_of, our_leg, rebuild, resynced
from routing.emergency.threeway_state import Calling, Closed, Joined, Raise, Suggested, ThreeWay, Unreached
from routing.emergency.threeway_words import (
    AgentJoined,
    AgentLeaves,
    BringHuman,
    Confirmed,
    Dismissed,
    EmergencyRang,
    FreeAgent,
    HangUpLeg,
    InviteAgent,
    LookAtSwitch,
    MarkForSupervisor,
    NotifyUnit,
    Originate,
    OriginateSent,
    RaisedAgain,
    StartTimer,
    TellAgent,
    TellCaller,
    ThreeWayCommand,
    ThreeWayEvent,
    TimerExpired,
    TurnsHeard,
    VerifiedByClick,
    Where,
    WriteMark,
)
from routing.emergency.watch import Alarm, Spots, Watch, Withdrawn
from routing.emergency.watch import hear as notice

log = logging.getLogger(__name__)

EARS = "ears"
RETRY_INVITING_SECONDS = 5.0
SECONDS_TO_JOIN_ALONE = 0.3
_BY_PLACE = {Where.FLOW: Source.WORDS_IN_FLOW, Where.QUEUE: Source.WORDS_IN_QUEUE}


@dataclass(slots=True)
class _Live:
    """One case: its state, and who spoke since the emergency side joined."""

    state: ThreeWay
    turns: tuple[Leg, ...] = ()
    invitations: int = 0
    is_supervisor_told: bool = False


@dataclass(slots=True)
class _Call:
    """One call as the desk knows it."""

    parties: Parties
    watch: Watch = field(default_factory=Watch)
    raised: int = 0


class EmergencyDesk:
    """All emergencies. Start it with `take(SwitchReady)`; `ours` names the call of an event before anybody takes it."""

    def __init__(
        self,
        switch: Switch,
        journal: Journal,
        clock: Clock,
        spotter: Spots,
        policy: Policy,
        teller: Teller,
        human_queue: Callable[[], QueueName],
        tasks: asyncio.TaskGroup,
        interlock: Callable[[], Interlock] = Interlock,
    ) -> None:
        self._switch = switch
        self._journal = journal
        self._clock = clock
        self._spotter = spotter
        self._policy = policy
        self._teller = teller
        self._human_queue = human_queue
        self._hands = Hands(switch, human_queue)
        self._tasks = tasks
        self._interlock = interlock
        self._calls: dict[CallId, _Call] = {}
        self._cases: dict[str, _Live] = {}
        self._legs: dict[str, ChannelName] = {}
        self._to_join: dict[str, float] = {}
        self._invitations = Invitations(self._hands)
        self._is_linked = True

    # -------------------------------------------------------------------------------------------- what people ask for

    def raise_case(
        self, call: CallId, kind: Kind, source: Source, by: str, why: str = "", category: str = ""
    ) -> Answer:
        """Begin an emergency, or say once more that it is one; a call to the same service is never made twice."""
        known = self._calls.get(call)
        if known is None or known.parties.caller is None:
            return Answer(False, "没有这通电话，或市民已挂机。")
        return self._raise(known, call, kind, source, Confidence.CONFIRMED, by, why, category)

    def raise_category(self, call: CallId, category: str, by: str, why: str = "") -> Answer:
        """An agent has chosen this category for the order: an emergency where the city's policy says it is one."""
        kind = self._policy.kind_of(category)
        if kind is None:
            return Answer(False, f"事项“{category[:40]}”不是本地政策里的紧急事项（categories）。")
        said = "：".join(part for part in (f"事项“{category}”", why) if part)
        return self.raise_case(call, kind, Source.CATEGORY, by, said, category.rpartition("/")[2])

    def confirm(self, call: CallId, by: str) -> Answer:
        """A person says yes to a suggestion."""
        return self._ask(call, Confirmed(by, self._clock.now()), "已确认，正在呼叫。", Suggested)

    def dismiss(self, call: CallId, by: str, reason: str = "") -> Answer:
        """A person says that it is no emergency."""
        return self._ask(call, Dismissed(by, reason, self._clock.now()), "已取消。", Suggested, Calling, Unreached)

    def verified(self, call: CallId, by: str) -> Answer:
        """A person says that caller and emergency service understand each other."""
        return self._ask(call, VerifiedByClick(by, self._clock.now()), "已确认双方通话。", Joined)

    def leave(self, call: CallId, *, insists: bool = False) -> Answer:
        """The agent wants out of the conversation; the others stay joined."""
        event = AgentLeaves(self._clock.now(), insists)
        asked = self._ask(call, event, "", Calling, Joined, Unreached, Suggested)
        if not asked.is_done:
            return asked
        has_left = all(live.state.case.agent is None for live in self._of(call).values())
        if has_left:
            return Answer(True, "您已退出，其余各方继续通话。", asked.case)
        return Answer(False, "还没有确认市民已与对方通话；仍要退出请加 --insist。", asked.case)

    def status(self) -> tuple[Mapping[str, object], ...]:
        """Return every case in plain values, the oldest first."""
        return tuple(status_of(live.state) for live in self._cases.values())

    # ------------------------------------------------------------------------------------------------- what happens

    def ours(self, event: SwitchEvent) -> tuple[SwitchEvent, ...]:
        """Return the event under the call it belongs to, for a leg of ours has an id of its own until it has joined.

        What the queue would have told is told here: of a caller whom we took out of it, of an agent whom we invited.
        """
        leg = getattr(event, "unique_id", "") or getattr(event, "call", "")
        if isinstance(event, BridgeEntered) and (queue := self._left_queue(event)) is not None:
            return event, QueueLeftBySwitch(event.call, queue, event.at)
        if not isinstance(event, LegUp | LegRang | LegDown | BridgeEntered | BridgeLeft) or not is_ours(leg):
            return (event,)
        call = call_of_leg(leg)
        if isinstance(event, LegUp):
            self._legs[leg] = event.channel
        if call is None:
            return (event,)
        named = replace(event, call=call)
        queue = self._human_queue()
        if isinstance(event, BridgeEntered) and (seat := self._invitations.came(leg)) is not None:
            return named, SeatAnswered(call, queue, seat, event.channel, 0.0, 0.0, event.at)
        if isinstance(event, LegDown) and (seat := self._invitations.left(leg)) is not None:
            return named, TalkEnded(call, queue, seat, "agent", 0.0, event.at)
        return (named,)

    async def take(self, event: SwitchEvent) -> None:
        """Let one event of the switch (after `ours`) reach its call's parties and cases."""
        if isinstance(event, SwitchLost | SwitchReady):
            self._is_linked = isinstance(event, SwitchReady)
            if self._is_linked:
                await self._adopt()
            return
        if isinstance(event, OriginateEnded):
            call = call_of_leg(event.unique_id or event.action)
            if not event.unique_id:
                event = replace(event, unique_id=event.action)  # it never became a channel
            if event.succeeded and (wait := self._to_join.pop(event.unique_id, None)) is not None:
                self._tasks.create_task(self._join(event.unique_id, wait), name=f"join {event.unique_id}")
        else:
            call = getattr(event, "call", None)
        if call is None:
            return
        self._follow(call, event)
        if isinstance(event, BridgeEntered):
            self._answered_at_latest(call, event)
        if isinstance(event, LegUp | LegDown | BridgeEntered | BridgeLeft | OriginateEnded):
            self._tell_all(call, event)
        elif isinstance(event, LegRang):
            self._tell_all(call, EmergencyRang(event.unique_id, event.at))
        elif isinstance(event, SeatAnswered):
            self._tell_all(call, AgentJoined(event.seat, event.channel, event.at))
            if event.channel in [self._legs.get(leg) for leg in self._invitations.legs_that_came()]:
                self._tasks.create_task(self._note_talk(call), name=f"talk {call}")
        if isinstance(event, LegDown | OriginateEnded) and event.unique_id.startswith(AGENT):
            self._invitation_ended(event)
        self._forget(call)

    def hear(self, heard: Heard) -> None:
        """Listen for danger, and for two parties who answer each other."""
        known = self._calls.get(heard.call)
        if known is None:
            return
        if heard.is_final and heard.text and heard.leg is not Leg.AGENT:
            self._hear_turn(heard)
        known.watch, noticed = notice(known.watch, heard, self._spotter)
        for each in noticed:
            match each:
                case Alarm():
                    self._alarm(known, each)
                case Withdrawn(call=call):
                    self._withdraw(call)

    # ------------------------------------------------------------------------------------------------------ raising

    def _alarm(self, known: _Call, alarm: Alarm) -> None:
        if known.parties.caller is None:
            return
        source = _BY_PLACE.get(known.parties.where, Source.WORDS_IN_TALK)
        why = "、".join(dict.fromkeys(each.words for each in alarm.finding.why)) or alarm.said[-20:]
        ended_at = known.parties.begun_at + timedelta(seconds=alarm.ended_s)
        finding = alarm.finding
        self._raise(known, alarm.call, finding.kind, source, finding.confidence, EARS, why, word_ended_at=ended_at)

    def _withdraw(self, call: CallId) -> None:
        """The words were revised: a suggestion that only they had made is taken back."""
        for name, live in self._of(call).items():
            if isinstance(live.state, Suggested) and live.state.case.raised.by == EARS:
                self._tell(name, Dismissed(EARS, "识别更正", self._clock.now()))

    def _raise(
        self,
        known: _Call,
        call: CallId,
        kind: Kind,
        source: Source,
        confidence: Confidence,
        by: str,
        why: str,
        category: str = "",
        word_ended_at: datetime | None = None,
    ) -> Answer:
        now = self._clock.now()
        plan = decide(self._policy, kind, source, confidence, category, why)
        by_person = source in ALWAYS_GO
        for name, live in self._of(call).items():
            is_same = live.state.case.raised.plan.kind is kind
            if by_person and (isinstance(live.state, Unreached) or (isinstance(live.state, Suggested) and not is_same)):
                self._tell(name, Dismissed(by, "重新触发", now))
            elif is_same or not by_person:
                self._tell(name, RaisedAgain(source, by, now))
                if isinstance(live.state, Suggested) and plan.start is Start.GO:
                    self._tell(name, Confirmed(by, now))
                return Answer(True, f"{TITLES[live.state.case.raised.plan.kind]}已在处理，没有重复呼叫。", name)
        known.raised += 1
        name = f"{call}-{known.raised}"
        parties = known.parties
        assert parties.caller is not None
        raised = Raise(
            call, name, plan, source, by, parties.where, parties.caller, now, parties.agent, parties.seat, why,
            word_ended_at, parties.number.masked, round(((word_ended_at or now) - parties.begun_at).total_seconds(), 2),
        )  # fmt: skip
        self._journal.append(call, {"at": now.isoformat(), **line_of(raised, name)})
        state, commands = begin(raised)
        self._cases[name] = _Live(state)
        log.info("emergency_raised", extra={"call": call, "case": name, "kind": kind.value, "source": source.value})
        self._start(name, commands)
        said = f"{TITLES[kind]}：{'已开始呼叫' if plan.start is Start.GO else '已提示，等待确认'}。"
        return Answer(True, said, name)

    def _ask(self, call: CallId, event: ThreeWayEvent, done: str, *fitting: type) -> Answer:
        for name, live in reversed(self._of(call).items()):
            if isinstance(live.state, fitting):
                self._tell(name, event)
                return Answer(True, done, name)
        return Answer(False, "这通电话没有等待此操作的紧急联动。")

    # -------------------------------------------------------------------------------------------------- the machines

    def _tell_all(self, call: CallId, event: ThreeWayEvent) -> None:
        for name in self._of(call):
            self._tell(name, event)

    def _tell(self, name: str, event: ThreeWayEvent) -> None:
        """Give one event to a case: what changes it stands in the journal before anything is done."""
        live = self._cases.get(name)
        if live is None:
            return
        state, commands = advance(live.state, event)
        if state == live.state and not commands:
            return
        call = state.case.call
        self._journal.append(call, {"at": self._clock.now().isoformat(), **line_of(event, name)})
        if isinstance(state, Joined) and not isinstance(live.state, Joined):
            live.turns = ()
        live.state = state
        self._start(name, commands)

    def _answered_at_latest(self, call: CallId, joined: BridgeEntered) -> None:
        """The switch may tell that our leg has joined before it tells that it was answered; the clock wants both."""
        for name, live in self._of(call).items():
            state, leg = live.state, joined.unique_id
            if isinstance(state, Calling) and state.channel_id == leg and not state.is_answered:
                self._tell(name, OriginateEnded(leg, leg, True, 4, joined.at))

    def _start(self, name: str, commands: tuple[ThreeWayCommand, ...]) -> None:
        if commands:
            self._tasks.create_task(self._carry_out(name, commands), name=f"emergency {name}")

    async def _carry_out(self, name: str, commands: tuple[ThreeWayCommand, ...]) -> None:
        for command in commands:
            try:
                await self._do(name, command)
            except SwitchError as error:
                what = type(command).__name__
                log.error("emergency_not_done", extra={"case": name, "what": what, "reason": str(error)})
            except Exception:
                log.exception("emergency_command_failed", extra={"case": name, "what": type(command).__name__})

    async def _do(self, name: str, command: ThreeWayCommand) -> None:
        now = self._clock.now()
        match command:
            case Originate():
                await self._originate(name, command)
            case HangUpLeg(channel_id=channel_id):
                await self._hands.hang_up(channel_id, self._legs.get(channel_id))
            case FreeAgent(channel=channel):
                await self._switch.hang_up(channel)
            case BringHuman():
                if (known := self._calls.get(command.call)) is not None:
                    await self._hands.bring_human(command.call, known.parties)
            case LookAtSwitch():
                self._resync(name, await self._switch.snapshot())
            case StartTimer(name=timer, seconds=seconds):
                asyncio.get_running_loop().call_later(seconds, self._expired, name, timer)
            case WriteMark() | TellAgent() | TellCaller() | MarkForSupervisor() | NotifyUnit():
                if (live := self._cases.get(name)) is not None:
                    tell(self._teller, live.state, command, now)
            case InviteAgent():
                await self._invite(name)
            case _:
                assert_never(command)

    # ----------------------------------------------------------------------------------------------- on the switch

    async def _originate(self, name: str, wish: Originate) -> None:
        """Call the emergency side once: the journal knows of it before the switch does."""
        live = self._cases.get(name)
        state = live.state if live is not None else None
        if not isinstance(state, Calling) or state.channel_id != wish.channel_id or state.is_sent or state.is_given_up:
            return
        if not self._is_linked:
            return  # unsent, and known to be: the next look at the switch sends it
        now = self._clock.now()
        allowed = may_dial(wish.number, self._interlock(), on_emergency_trunk=wish.trunk == "emergency")
        if isinstance(allowed, Refused):
            log.error("emergency_number_refused", extra={"case": name, "reason": allowed.reason})
            self._tell(name, OriginateEnded(wish.channel_id, wish.channel_id, False, 0, now))
            return
        known = self._calls.get(wish.call)
        number = known.parties.number if known is not None else PhoneNumber("")
        is_in_talk = known is not None and known.parties.agent is not None
        if not is_in_talk:  # the caller is not in a bridge, or perhaps is when they answer: it is decided then
            self._to_join[wish.channel_id] = 0.0
        self._tell(name, OriginateSent(wish.channel_id, now))
        try:
            kind = state.case.raised.plan.kind
            await self._hands.call(wish, allowed.digits, number, kind, is_in_talk=is_in_talk)
        except SwitchLostError as lost:  # perhaps it was sent: the next look at the switch tells
            log.error("emergency_call_unsure", extra={"case": name, "reason": str(lost)})
        except (SwitchRefusedError, UnsafeHeaderError) as refused:
            log.error("emergency_call_refused", extra={"case": name, "reason": str(refused)})
            self._tell(name, OriginateEnded(wish.channel_id, wish.channel_id, False, 0, self._clock.now()))

    async def _join(self, channel_id: str, wait_seconds: float = 0.0) -> None:
        """Lead an answered leg to its caller: into their bridge, or out of queue or flow into a new one."""
        await asyncio.sleep(wait_seconds)
        call, channel = call_of_leg(channel_id), self._legs.get(channel_id)
        known = self._calls.get(call) if call is not None else None
        states = [live.state for live in self._cases.values()]
        is_waited_for = any(isinstance(each, Calling) and each.channel_id == channel_id for each in states)
        if known is None or channel is None or known.parties.caller is None or not is_waited_for:
            return
        try:
            await self._hands.lead(channel, known.parties)
        except SwitchError as error:  # the machine's own timer gives the leg up
            log.error("emergency_not_joined", extra={"call": call, "reason": str(error)})

    async def _invite(self, name: str) -> None:
        """Ring a free seat into the conversation; when none is free, a supervisor is told and it is tried again.

        Two who already understand each other need no third.
        """
        live = self._cases.get(name)
        if live is None or not isinstance(live.state, Joined):
            return
        if live.state.case.agent is not None or live.state.is_verified:
            return
        case = live.state.case
        into = case.caller or self._legs.get(live.state.channel_id)
        if into is None or self._invitations.is_ringing(name):
            return
        seat = self._invitations.next_seat(name, await self._switch.snapshot())
        if seat is None:
            if not live.is_supervisor_told:
                live.is_supervisor_told = True
                words = MarkForSupervisor(case.call, "没有空闲坐席，请班长加入三方通话")
                tell(self._teller, live.state, words, self._clock.now())
            self._invite_later(name, RETRY_INVITING_SECONDS)
            return
        live.invitations += 1
        known = self._calls.get(case.call)
        number = known.parties.number if known is not None else PhoneNumber("")
        try:
            await self._invitations.ring(name, seat, case.call, into, number, live.invitations)
        except SwitchError as error:
            log.warning("agent_not_invited", extra={"case": name, "reason": str(error)})
            self._invite_later(name, RETRY_INVITING_SECONDS)

    async def _note_talk(self, call: CallId) -> None:
        known = self._calls.get(call)
        if known is not None and known.parties.caller is not None:
            with contextlib.suppress(SwitchError):
                await self._hands.note_talk(known.parties.caller)

    def _invitation_ended(self, event: LegDown | OriginateEnded) -> None:
        """The seat did not answer, or its leg is over: the next one, as long as nobody is with the two."""
        if isinstance(event, OriginateEnded) and event.succeeded:
            return
        if (name := self._invitations.refused(event.unique_id)) is not None:
            self._invite_later(name, 0.1)

    def _invite_later(self, name: str, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._invite_again, name)

    def _invite_again(self, name: str) -> None:
        live = self._cases.get(name)
        if live is not None and isinstance(live.state, Joined) and live.state.case.agent is None:
            self._start(name, (InviteAgent(live.state.case.call),))

    def _expired(self, name: str, timer: str) -> None:
        self._tell(name, TimerExpired(timer, self._clock.now()))

    # ---------------------------------------------------------------------------------------------------- a new look

    async def _adopt(self) -> None:
        """After a login: what the switch has is what is; cases that an earlier controller began go on."""
        try:
            snapshot = await self._switch.snapshot()
        except SwitchError as error:
            log.warning("emergencies_not_compared", extra={"reason": str(error)})
            return
        now = self._clock.now()
        found = parties_of(snapshot, now)
        for channel in snapshot.channels:
            if channel.unique_id.startswith(EMERGENCY):
                self._legs[channel.unique_id] = channel.channel
                call = call_of_leg(channel.unique_id) or channel.call
                found.setdefault(call, Parties(PhoneNumber(""), now))
        for call in [*self._calls, *(each for each in found if each not in self._calls)]:
            self._adopt_call(call, found.get(call), snapshot)
        for channel in snapshot.channels:
            if channel.unique_id.startswith(EMERGENCY) and not channel.bridge:
                if channel.application == "Wait":  # answered while nobody was here to lead it
                    await self._join(channel.unique_id)
                else:  # still ringing; it may be one that joins by itself
                    self._to_join[channel.unique_id] = SECONDS_TO_JOIN_ALONE

    def _adopt_call(self, call: CallId, parties: Parties | None, snapshot: SwitchSnapshot) -> None:
        known = self._calls.get(call)
        if known is None and parties is not None:
            known = self._calls[call] = _Call(parties)
            rebuilt = self._written(call)
            known.raised = len(rebuilt)
            for name, state in rebuilt.items():
                if not isinstance(state, Closed):
                    self._cases[name] = _Live(state)
                    log.info("emergency_adopted", extra={"call": call, "case": name, "state": type(state).__name__})
        elif known is not None:
            here = parties or replace(known.parties, caller=None, agent=None)
            known.parties = replace(here, begun_at=known.parties.begun_at)
        for name in self._of(call):
            self._resync(name, snapshot)
        self._forget(call)

    def _written(self, call: CallId) -> dict[str, ThreeWay]:
        try:
            return rebuild(self._journal.read(call))
        except (StoreError, ValueError, KeyError, TypeError) as error:
            log.error("emergency_journal_unreadable", extra={"call": call, "reason": str(error)})
            return {}

    def _resync(self, name: str, snapshot: SwitchSnapshot) -> None:
        live = self._cases.get(name)
        if live is not None:
            self._tell(name, resynced(live.state, snapshot, self._clock.now()))

    # ------------------------------------------------------------------------------------------------------ inside

    def _follow(self, call: CallId, event: SwitchEvent) -> None:
        known = self._calls.get(call)
        parties = follow(known.parties if known is not None else None, event)
        if known is not None and parties is not None:
            known.parties = parties
        elif parties is not None:
            self._calls[call] = _Call(parties)

    def _left_queue(self, joined: BridgeEntered) -> QueueName | None:
        """Return the queue out of which a caller went into a bridge."""
        known = self._calls.get(joined.call)
        is_waiting = known is not None and known.parties.where is Where.QUEUE
        return (
            known.parties.queue if known is not None and is_waiting and joined.channel == known.parties.caller else None
        )

    def _hear_turn(self, heard: Heard) -> None:
        for name, live in self._of(heard.call).items():
            if isinstance(live.state, Joined) and not live.state.is_verified:
                live.turns = (*live.turns, heard.leg)
                self._tell(name, TurnsHeard(live.turns, self._clock.now()))

    def _of(self, call: CallId) -> dict[str, _Live]:
        """Return the cases of a call that are not over, in the order raised."""
        return {
            name: live
            for name, live in self._cases.items()
            if live.state.case.call == call and not isinstance(live.state, Closed)
        }

    def _forget(self, call: CallId) -> None:
        """Nobody is left and nothing is open: the call is history."""
        known = self._calls.get(call)
        if known is None or not known.parties.is_empty or self._of(call):
            return
        del self._calls[call]
        for name in [name for name, live in self._cases.items() if live.state.case.call == call]:
            leg = our_leg(self._cases.pop(name).state)
            self._legs.pop(leg, None)
            self._to_join.pop(leg, None)
            self._invitations.forget(name)
