"""Invented orders whose histories obey their city's rules: each step is decided by the same table as real ones."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from cti.demo.matters import AGENTS, Matter, Told
from ivr.call import CallId, PhoneNumber
from workorder.call_record import CallRecord
from workorder.cities.pack import FollowUp, Pack
from workorder.clock.days import WorkCalendar
from workorder.draft import Draft, Field, FieldName, FieldState
from workorder.life import actions as a
from workorder.life.actors import SYSTEM, Actor, Role
from workorder.life.automatic import supervision_due
from workorder.life.decide import decide, open_order
from workorder.life.evolve import evolve
from workorder.life.guards_desk import FILING_CHECKLIST
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.life.opening import Opening, opening_of
from workorder.life.refusal import Refusal
from workorder.life.states import ENDS, LifeState
from workorder.life.timers import Timer, reaction
from workorder.life.whole import WholeOrder
from workorder.order import HOTLINE_TIME, OrderNumber, OrderState, WorkOrder

S = LifeState
CENTRE, HOST, GOVERNING = Actor("值班长", Role.CENTRE), Actor("督办员", Role.HOST), Actor("主管", Role.GOVERNING)
COLLECTOR = Actor("采集员", Role.COLLECTOR)
_CHANNELS = (("call", 78), ("web", 9), ("wechat", 8), ("letter", 3), ("upstream", 2))
_HOURS = (2, 1, 1, 1, 1, 2, 6, 14, 30, 36, 34, 28, 20, 24, 32, 33, 30, 26, 20, 18, 16, 12, 7, 4)
"""How many call in each hour of a day."""
_MOST_STEPS = 40


class Inventor:
    """Makes orders one by one; the same seed makes the same orders."""

    def __init__(
        self,
        told: Told,
        pack: Pack,
        calendar: WorkCalendar,
        now: datetime,
        articles: Mapping[str, str],
        seed: int = 12345,
    ) -> None:
        self._told = told
        self._pack = pack
        self._calendar = calendar
        self._now = now
        self._articles = articles  # by unit
        self._random = random.Random(seed)

    def instants(self, count: int, days: int) -> list[datetime]:
        """Return when the citizens of the last `days` called, oldest first: few at night, fewer at weekends."""
        found: list[datetime] = []
        while len(found) < count:
            day = (self._now.astimezone(HOTLINE_TIME) - timedelta(days=self._random.randrange(days))).date()
            if day.weekday() >= 5 and self._random.random() < 0.4:
                continue
            hour = self._random.choices(range(24), _HOURS)[0]
            at = datetime(day.year, day.month, day.day, hour, tzinfo=HOTLINE_TIME)
            at += timedelta(seconds=self._random.randrange(3600))
            if at < self._now - timedelta(minutes=5):
                found.append(at)
        return sorted(found)

    def order(self, number: OrderNumber, at: datetime) -> WholeOrder:
        """Return one order as it stands now."""
        matter = self._random.choices(self._told.matters, [each.weight for each in self._told.matters])[0]
        channel = self._random.choices([name for name, _ in _CHANNELS], [weight for _, weight in _CHANNELS])[0]
        draft, phone = self._draft(number, matter, channel)
        agent = Actor(self._random.choice(AGENTS), Role.AGENT)
        wish = Opening(
            channel=channel,
            consents=self._random.random() < 0.4,
            is_leader_assigned=self._random.random() < 0.01,
        )
        first = open_order(
            number, opening_of(draft, wish, agent.name, self._pack), agent, at, self._pack, self._calendar
        )
        assert isinstance(first, LifeEvent), first
        history = [first]
        order = evolve(None, first)
        for event in self._life(order, matter, agent):
            history.append(event)
            order = evolve(order, event)
        kept = WorkOrder(number, draft.confirmed(), OrderState.DRAFTED, 2, at, at, 2, at, agent.name)
        talked = timedelta(seconds=self._random.randint(60, 420))
        waited = timedelta(seconds=min(180, int(self._random.expovariate(1 / 9)) + 2))
        call = CallRecord(draft.call, PhoneNumber.parse(phone), "12345")
        if channel == "call":
            began = at - talked - waited
            call = CallRecord(
                draft.call,
                PhoneNumber.parse(phone),
                "12345",
                flow="main",
                started=began,
                queued=began,
                answered=began + waited,
                ended=at,
                queue="general",
                seat=f"80{1 + AGENTS.index(agent.name)}",
                outcome="answered",
            )
        return WholeOrder(kept, order, tuple(history), call)

    def _draft(self, number: OrderNumber, matter: Matter, channel: str) -> tuple[Draft, str]:
        place = f"{self._random.choice(self._told.streets)}{self._random.randint(1, 299)}号"
        name = self._random.choice(self._told.surnames) + self._random.choice(self._told.given)
        phone = f"1990{self._random.randint(0, 9999999):07d}"
        days = str(self._random.randint(2, 9))
        texts = {
            FieldName.CALLER_NUMBER: phone,
            FieldName.PHONE: phone,
            FieldName.NAME: name,
            FieldName.REQUEST_TYPE: matter.manner,
            FieldName.CATEGORY: matter.category,
            FieldName.UNIT: matter.unit,
            FieldName.URGENCY: "紧急" if "停" in matter.title else "一般",
            FieldName.PLACE: place if "{place}" in matter.title + matter.told else "",
            FieldName.TITLE: matter.title.format(place=place),
            FieldName.SUMMARY: f"{name}反映：{matter.told.format(place=place, days=days)}",
            FieldName.KEYWORDS: matter.keywords,
        }
        fields: Mapping[FieldName, Field] = MappingProxyType(
            {key: Field(text, 1.0, state=FieldState.EDITED) for key, text in texts.items() if text}
        )
        contact = f"demo-{number}" if channel == "call" else f"{channel}-demo-{number}"
        return Draft(CallId(contact), fields), phone

    def _life(self, order: LivingOrder, matter: Matter, agent: Actor) -> Iterator[LifeEvent]:
        for _ in range(_MOST_STEPS):
            if order.state in ENDS:
                return
            actor, action, wait = self._next(order, matter, agent)
            at = order.updated + wait
            late = self._overdue(order, at)
            if late:
                at = max(at, late[-1].at)
                for missed in late:
                    yield missed
                    order = evolve(order, missed)
            if at > self._now:
                return
            event = decide(order, action, actor, at, self._pack, self._calendar)
            if isinstance(event, Refusal):
                return
            yield event
            order = evolve(order, event)
            watch = supervision_due(order, self._pack)
            watched = decide(order, watch, SYSTEM, at, self._pack, self._calendar) if watch else None
            if isinstance(watched, LifeEvent):
                yield watched
                order = evolve(order, watched)

    def _overdue(self, order: LivingOrder, until: datetime) -> list[LifeEvent]:
        """What the system did when the limit ran out before the next step."""
        due = order.due
        if due is None or not order.updated < due < min(until, self._now) or order.is_supervised or not order.lead:
            return []
        found = []
        for action in reaction(order, Timer(due, "due"), self._pack, due):
            event = decide(order, action, SYSTEM, due, self._pack, self._calendar)
            if isinstance(event, LifeEvent):
                found.append(event)
                order = evolve(order, event)
        return found

    def _next(self, order: LivingOrder, matter: Matter, agent: Actor) -> tuple[Actor, a.Action, timedelta]:
        """Return who does what next, and how long after the last step."""
        chance, pack = self._random.random(), self._pack
        unit = Actor(f"{order.lead}经办", Role.UNIT, order.lead)
        soon, hours = timedelta(minutes=self._random.randint(2, 40)), timedelta(hours=self._random.randint(1, 20))
        match order.state:
            case S.DRAFTED if matter.manner == "咨询" and chance < 0.75 and self._articles:
                article = self._articles.get(matter.unit) or next(iter(self._articles.values()))
                return agent, a.AnswerDirectly(article, matter.reply), timedelta(minutes=1)
            case S.DRAFTED if chance > 0.97:
                reason = next(each for each in pack.not_accept if not each.needs_earlier_order)
                refusal = a.RefuseRequest(reason.code, reason.explanation, "不属于受理范围", "值班长", reason.checklist)
                return agent, refusal, timedelta(minutes=2)
            case S.DRAFTED:
                checklist = pack.lists[FILING_CHECKLIST].items if FILING_CHECKLIST in pack.lists else ()
                return agent, a.Accept(checked=checklist), timedelta(minutes=1)
            case S.ACCEPTED if order.category in pack.handling.pre_review and not order.is_opinion_approved:
                return agent, a.SubmitOpinion(f"建议转{matter.unit}办理。"), soon
            case S.ACCEPTED if order.returned_by:
                return CENTRE, a.Coordinate("职责有争议", "值班长"), soon
            case S.ACCEPTED:
                return agent, a.Dispatch(matter.unit, "head" if order.repeat_kind else "handler"), soon
            case S.PRE_REVIEW:
                return HOST, a.ApproveOpinion(), soon
            case S.COORDINATING:
                return HOST, a.DecideLead(matter.unit, minutes="按三定方案确定。"), hours
            case S.DISPATCHED if chance < 0.03 and not order.is_coordinated:
                return unit, a.RequestReturn("不属于本单位职责", "建议转属地办理"), soon
            case S.DISPATCHED:
                return unit, a.Sign(f"{order.lead}经办"), soon
            case S.RETURN_REQUESTED if chance < 0.5:
                return CENTRE, a.AcceptReturn(), soon
            case S.RETURN_REQUESTED:
                return CENTRE, a.RejectReturn("属于你单位职责"), soon
            case S.EXTENSION_REQUESTED:
                approver = {Role.HOST: HOST, Role.CENTRE: CENTRE, Role.GOVERNING: GOVERNING}[pack.extension.approver]
                return approver, a.ApproveExtension(), soon
            case S.EXTENSION_APPROVED:
                return agent, a.TellExtension("电话", "已通话告知"), soon
            case S.HANDLING if chance < 0.05 and not order.extensions:
                return unit, a.RequestExtension(pack.extension.longest, "等待配件"), hours
            case S.HANDLING | S.SECOND_NOTICE | S.RECTIFYING | S.REDO:
                return unit, a.Reply(matter.reply, asks_recheck=pack.handling.field_check), self._work(order)
            case _:
                return self._towards_the_end(order, agent, chance, hours)

    def _towards_the_end(
        self, order: LivingOrder, agent: Actor, chance: float, hours: timedelta
    ) -> tuple[Actor, a.Action, timedelta]:
        handling = self._pack.handling
        tell = a.TellCitizen("电话", "已通话告知", order.reply)
        is_followed = bool(handling.follow_up) and not order.followed
        rating = self._random.choices(("satisfied", "dissatisfied", "no_answer"), (84, 7, 9))[0]
        match order.state:
            case S.REPLIED if chance < 0.05 and order.review_fails == 0:
                return CENTRE, a.FailReview(("specific",), "没有写明何时修好"), hours
            case S.REPLIED:
                return CENTRE, a.PassReview(), hours
            case S.REVIEWED if handling.field_check and not order.is_seen:
                return CENTRE, a.AskFieldCheck("采集员"), hours
            case S.REVIEWED:
                return CENTRE, tell, hours
            case S.FIELD_VERIFICATION:
                seen = order.updated + hours / 2
                return COLLECTOR, a.PassFieldCheck("现场照片", "现场", seen), hours
            case S.TOLD if is_followed and handling.follow_up[0] is FollowUp.SMS:
                return agent, a.SendSms(), hours
            case S.TOLD if is_followed:
                return agent, a.CallPerson(), hours
            case S.SMS_FOLLOWUP if rating == "dissatisfied":
                return SYSTEM, a.SmsDissatisfied("2"), hours
            case S.MANUAL_FOLLOWUP if rating == "dissatisfied" and not order.rectifications:
                return CENTRE, a.Rectify("市民说问题还在"), hours
            case S.TOLD | S.SMS_FOLLOWUP | S.MANUAL_FOLLOWUP if order.is_supervised:
                return HOST, a.LiftSupervision("已核实落实"), hours
            case S.TOLD | S.SMS_FOLLOWUP | S.MANUAL_FOLLOWUP:
                return CENTRE, a.Close(rating), hours
            case S.CLOSED:
                return CENTRE, a.Archive(), timedelta(days=self._random.randint(2, 12))
            case _:
                return HOST, a.Resume("条件具备"), hours

    def _work(self, order: LivingOrder) -> timedelta:
        """Most work is done within the limit, some late, a little never."""
        whole = (order.due - order.updated) if order.due and order.due > order.updated else timedelta(hours=12)
        chance = self._random.random()
        if chance < 0.90:
            return whole * (0.15 + 0.8 * self._random.random())
        return whole * (1.05 + self._random.random()) if chance < 0.98 else timedelta(days=400)
