"""The emergency desk: what the three-way machine decides, done on the real switch.

It hears every event of the switch and every word of the callers, keeps one machine per case, and writes each thing the
machine heard into the call's journal before it does what follows. Neither database nor broker is asked on the way from
a raise to the call of the emergency side: they are only told. After a restart the cases are rebuilt from the journals,
and the switch's own state decides what is done, so no leg is ever called twice. What it does on the switch is in
hands.py and deeds.py; the order in which things are heard, written down and done stays whole here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ivr.call import CallId, Leg, QueueName
from ivr.errors import SwitchError
from ivr.events import (
    BridgeEntered,
    BridgeLeft,
    LegDown,
    LegRang,
    LegUp,
    OriginateEnded,
    SeatAnswered,
    SwitchEvent,
    SwitchLost,
    SwitchReady,
)
from ivr.ports import Clock, Heard, Journal, Switch
from routing.emergency.adoption import adopt
from routing.emergency.deeds import Deeds, Loop, Tools
from routing.emergency.hands import Hands
from routing.emergency.interlock import Locks, simulated
from routing.emergency.invitations import Invitations
from routing.emergency.kinds import TITLES, Confidence, Kind
from routing.emergency.ledger import Call, Ledger
from routing.emergency.legs import AGENT, EMERGENCY, NOTICE, SAYING, call_of_leg
from routing.emergency.passing import Known
from routing.emergency.policy import ALWAYS_GO, Policy, Source, Start, Target, decide
from routing.emergency.telling import Answer, Teller, status_of
from routing.emergency.threeway_state import Calling, Closed, Joined, Raise, Suggested, Unreached
from routing.emergency.threeway_words import (
    AgentJoined,
    AgentLeaves,
    Confirmed,
    Dismissed,
    EmergencyRang,
    RaisedAgain,
    ThreeWayEvent,
    VerifiedByClick,
    Where,
)
from routing.emergency.units import Outlets, Units
from routing.emergency.watch import Alarm, Spots, Withdrawn
from routing.emergency.watch import hear as notice
from routing.emergency.whose import ours

log = logging.getLogger(__name__)

EARS = "ears"
CALLER = "caller"
_BY_PLACE = {Where.FLOW: Source.WORDS_IN_FLOW, Where.QUEUE: Source.WORDS_IN_QUEUE}


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
        locks: Locks = simulated,
        outlets: Outlets | None = None,
        known: Callable[[CallId, Kind, Target], Known] = lambda _call, _kind, _target: Known(),
    ) -> None:
        self._switch = switch
        self._clock = clock
        self._spotter = spotter
        self._policy = policy
        self._human_queue = human_queue
        self._ledger = ledger = Ledger(journal, clock, lambda name, commands: self._deeds.begin(name, commands))
        self._invitations = Invitations(hands := Hands(switch, human_queue))
        self._units = Units(ledger, hands, clock, locks, outlets or Outlets(), known)
        tools = Tools(switch, hands, self._invitations, self._units, teller, clock, locks, known)
        loop = Loop(tasks.create_task, lambda seconds, what: asyncio.get_running_loop().call_later(seconds, what))
        self._deeds = Deeds(ledger, tools, loop)

    def follow_policy(self, policy: Policy) -> None:
        """What is raised from now on is decided by this policy; what has begun goes on as it was planned."""
        self._policy = policy

    def follow_words(self, spotter: Spots) -> None:
        """What is said from now on is heard by these words."""
        self._spotter = spotter

    # -------------------------------------------------------------------------------------------- what people ask for

    def raise_case(
        self, call: CallId, kind: Kind, source: Source, by: str, why: str = "", category: str = ""
    ) -> Answer:
        """Begin an emergency, or say once more that it is one; a call to the same service is never made twice."""
        known = self._ledger.calls.get(call)
        if known is None or known.parties.caller is None:
            return Answer(False, "没有这通电话，或市民已挂机。")
        return self._raise(known, call, kind, source, Confidence.CONFIRMED, by, why, category)

    def call_for_help(self, call: CallId, kind: Kind) -> bool:
        """Begin what a key in the flow asks for; the flow brings the caller to the queue. False: no such service here.

        A flow that asks again after a restart begins nothing anew.
        """
        known = self._ledger.calls.get(call)
        if known is None or known.parties.caller is None:
            return False
        known.is_being_brought = True
        answer = self._raise(known, call, kind, Source.KEY, Confidence.CONFIRMED, CALLER, "来电人按紧急键")
        live = self._ledger.cases.get(answer.case)
        return live is not None and not isinstance(live.state, Closed)

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
        event = Dismissed(by, reason, self._clock.now())
        asked = self._ask(call, event, "已取消。", Suggested, Calling, Unreached)
        if asked.is_done:
            return asked
        return self._ask(call, event, "已记为误报；对方仍在线上，请向对方说明。", Joined)

    def verified(self, call: CallId, by: str) -> Answer:
        """A person says that caller and emergency service understand each other."""
        return self._ask(call, VerifiedByClick(by, self._clock.now()), "已确认双方通话。", Joined)

    def leave(self, call: CallId, *, insists: bool = False) -> Answer:
        """The agent wants out of the conversation; the others stay joined."""
        event = AgentLeaves(self._clock.now(), insists)
        asked = self._ask(call, event, "", Calling, Joined, Unreached, Suggested)
        if not asked.is_done:
            return asked
        has_left = all(live.state.case.agent is None for live in self._ledger.of(call).values())
        if has_left:
            return Answer(True, "您已退出，其余各方继续通话。", asked.case)
        return Answer(False, "还没有确认市民已与对方通话；仍要退出请加 --insist。", asked.case)

    def status(self) -> tuple[Mapping[str, object], ...]:
        """Return every case in plain values, the oldest first."""
        return tuple(status_of(live.state) for live in self._ledger.cases.values())

    # ------------------------------------------------------------------------------------------------- what happens

    def ours(self, event: SwitchEvent) -> tuple[SwitchEvent, ...]:
        """Return the event under the call it belongs to, for a leg of ours has an id of its own until it has joined.

        What the queue would have told is told here: of a caller whom we took out of it, of an agent whom we invited.
        """
        return ours(event, self._ledger, self._invitations, self._human_queue())

    async def take(self, event: SwitchEvent) -> None:
        """Let one event of the switch (after `ours`) reach its call's parties and cases."""
        if isinstance(event, SwitchLost | SwitchReady):
            self._deeds.is_linked = isinstance(event, SwitchReady)
            if self._deeds.is_linked:
                await self._adopt()
            return
        if isinstance(event, OriginateEnded):
            if event.action.startswith(NOTICE):
                await self._units.ended(event)
                return
            if event.action.startswith(SAYING):
                self._deeds.saying(event)
                return
            call = call_of_leg(event.unique_id or event.action)
            if not event.unique_id:
                event = replace(event, unique_id=event.action)  # it never became a channel
        else:
            call = getattr(event, "call", None)
        if call is None:
            return
        self._ledger.follow(call, event)
        if isinstance(event, BridgeEntered):
            self._answered_at_latest(call, event)
            if event.unique_id.startswith(EMERGENCY):
                self._deeds.hush(call)
        if isinstance(event, LegUp | LegDown | BridgeEntered | BridgeLeft | OriginateEnded):
            self._ledger.tell_all(call, event)
        elif isinstance(event, LegRang):
            self._ledger.tell_all(call, EmergencyRang(event.unique_id, event.at))
        elif isinstance(event, SeatAnswered):
            self._ledger.tell_all(call, AgentJoined(event.seat, event.channel, event.at))
            if event.channel in [self._ledger.legs.get(leg) for leg in self._invitations.legs_that_came()]:
                self._deeds.note_talk(call)
        if isinstance(event, LegDown | OriginateEnded) and event.unique_id.startswith(AGENT):
            self._deeds.invitation_ended(event)
        self._forget(call)

    def hear(self, heard: Heard) -> None:
        """Listen for danger, and for two parties who answer each other."""
        known = self._ledger.calls.get(heard.call)
        if known is None:
            return
        if heard.is_final and heard.text and heard.leg is not Leg.AGENT:
            self._ledger.hear_turn(heard.call, heard.leg)
        known.watch, noticed = notice(known.watch, heard, self._spotter)
        for each in noticed:
            match each:
                case Alarm():
                    self._alarm(known, each)
                case Withdrawn(call=call):
                    self._withdraw(call)

    # ------------------------------------------------------------------------------------------------------ raising

    def _alarm(self, known: Call, alarm: Alarm) -> None:
        if known.parties.caller is None:
            return
        source = _BY_PLACE.get(known.parties.where, Source.WORDS_IN_TALK)
        why = "、".join(dict.fromkeys(each.words for each in alarm.finding.why)) or alarm.said[-20:]
        ended_at = min(known.parties.begun_at + timedelta(seconds=alarm.ended_s), self._clock.now())
        finding = alarm.finding
        self._raise(known, alarm.call, finding.kind, source, finding.confidence, EARS, why, word_ended_at=ended_at)

    def _withdraw(self, call: CallId) -> None:
        """The words were revised: a suggestion that only they had made is taken back."""
        for name, live in self._ledger.of(call).items():
            if isinstance(live.state, Suggested) and live.state.case.raised.by == EARS:
                self._ledger.tell(name, Dismissed(EARS, "识别更正", self._clock.now()))

    def _raise(
        self,
        known: Call,
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
        for name, live in self._ledger.of(call).items():
            is_same = live.state.case.raised.plan.kind is kind
            if by_person and (isinstance(live.state, Unreached) or (isinstance(live.state, Suggested) and not is_same)):
                self._ledger.tell(name, Dismissed(by, "重新触发", now))
            elif is_same or not by_person:
                self._ledger.tell(name, RaisedAgain(source, by, now))
                if isinstance(live.state, Suggested) and plan.start is Start.GO:
                    self._ledger.tell(name, Confirmed(by, now))
                return Answer(True, f"{TITLES[live.state.case.raised.plan.kind]}已在处理，没有重复呼叫。", name)
        known.raised += 1
        name = f"{call}-{known.raised}"
        parties = known.parties
        assert parties.caller is not None
        raised = Raise(
            call, name, plan, source, by, parties.where, parties.caller, now, parties.agent, parties.seat, why,
            word_ended_at, parties.number.masked, round(((word_ended_at or now) - parties.begun_at).total_seconds(), 2),
        )  # fmt: skip
        self._ledger.open(raised)
        log.info("emergency_raised", extra={"call": call, "case": name, "kind": kind.value, "source": source.value})
        said = f"{TITLES[kind]}：{'已开始呼叫' if plan.start is Start.GO else '已提示，等待确认'}。"
        return Answer(True, said, name)

    def _ask(self, call: CallId, event: ThreeWayEvent, done: str, *fitting: type) -> Answer:
        for name, live in reversed(self._ledger.of(call).items()):
            if isinstance(live.state, fitting):
                self._ledger.tell(name, event)
                return Answer(True, done, name)
        return Answer(False, "这通电话没有等待此操作的紧急联动。")

    # ------------------------------------------------------------------------------------------------------ inside

    async def _adopt(self) -> None:
        """After a login: what the switch has is what is; cases that an earlier controller began go on."""
        try:
            snapshot = await self._switch.snapshot()
        except SwitchError as error:
            log.warning("emergencies_not_compared", extra={"reason": str(error)})
            return
        for call in adopt(self._ledger, self._invitations, snapshot, self._clock.now()):
            self._forget(call)

    def _answered_at_latest(self, call: CallId, joined: BridgeEntered) -> None:
        """The switch may tell that our leg has joined before it tells that it was answered; the clock wants both."""
        for name, live in self._ledger.of(call).items():
            state, leg = live.state, joined.unique_id
            if isinstance(state, Calling) and state.channel_id == leg and not state.is_answered:
                self._ledger.tell(name, OriginateEnded(leg, leg, True, 4, joined.at))

    def _forget(self, call: CallId) -> None:
        self._deeds.forget(call, self._ledger.forget(call))
