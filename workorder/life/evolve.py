"""From events to the order: `fold` a history, or `evolve` an order by one event. Needs no pack and no calendar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from workorder.life import actions as a
from workorder.life.handling import Handling
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder, Milestone


def fold(events: Iterable[LifeEvent]) -> LivingOrder:
    """Return the order that a history adds up to; ValueError when it is empty or does not begin with Open."""
    order: LivingOrder | None = None
    for event in events:
        order = evolve(order, event)
    if order is None:
        raise ValueError("an order without events is none")
    return order


def evolve(order: LivingOrder | None, event: LifeEvent) -> LivingOrder:
    """Return the order after `event`."""
    if isinstance(event.action, a.Open):
        changed = _opened(event, event.action)
    elif order is None:
        raise ValueError("the first event of an order is Open")
    else:
        changed = _changed(order, event)
    return replace(
        changed,
        version=event.seq,
        head=event.hash,
        state=event.after,
        owner=event.owner,
        updated=event.at,
        clock=event.clock,
        due=event.due,
        is_provisional=event.is_provisional,
    )


def _opened(event: LifeEvent, action: a.Open) -> LivingOrder:
    return LivingOrder(
        number=event.number,
        version=event.seq,
        head=event.hash,
        state=event.after,
        owner=event.owner,
        opened=event.at,
        updated=event.at,
        pack=action.pack,
        category=action.category,
        channel=action.channel,
        request_type=action.request_type,
        calls=action.calls,
        first_receiver=action.first_receiver or event.actor.name,
        repeat_of=action.repeat_of,
        repeat_kind=action.repeat_kind,
        subject_unit=action.subject_unit,
        consents=action.consents,
        is_major=action.is_major,
        is_anonymous=action.is_anonymous,
        is_leader_assigned=action.is_leader_assigned,
        upstream_id=action.upstream_id,
        upstream_due=action.upstream_due,
    )


def _changed(order: LivingOrder, event: LifeEvent) -> LivingOrder:
    match event.action:
        case a.Accept(category=category):
            return replace(order, category=category or order.category)
        case a.AddNewFacts(text=text):
            return replace(order, new_facts=f"{order.new_facts}\n{text}".strip())
        case a.SetMode(mode=mode):
            return replace(order, mode=Handling(mode))
        case a.AnswerDirectly(answer=answer):
            order = replace(order, mode=order.mode or Handling.DIRECT_ANSWER)
            return replace(order, reply=answer, replied=event.at, told=event.at)
        case a.RefuseRequest(code=code):
            return replace(order, refusal=code, told=event.at)
        case a.InformRepeat():
            return replace(order, told=event.at)
        case a.Merge(into=into):
            return replace(order, merged_into=into, told=event.at)
        case a.Absorb(other=other, calls=calls):
            linked = tuple(dict.fromkeys((*order.calls, *calls)))
            return replace(order, absorbed=(*order.absorbed, other), calls=linked)
        case a.ApproveOpinion():
            return replace(order, is_opinion_approved=True)
        case a.RejectOpinion():
            return replace(order, is_opinion_approved=False)
        case a.Instruct(text=text):
            return replace(order, instruction=text)
        case a.Coordinate(has_no_owner=has_no_owner):
            return replace(order, has_no_owner=has_no_owner, lead="", assistants=(), district="")
        case a.DecideLead(lead=lead, assistants=assistants, duty=duty):
            return replace(_dispatched(order, event, lead), assistants=assistants, is_coordinated=True, duty=duty)
        case a.Dispatch(unit=unit, level=level, duty=duty):
            return replace(_dispatched(order, event, unit), assistants=(), level=level, duty=duty)
        case a.SubDispatch(unit=unit, duty=duty):
            return replace(order, lead=unit, district=event.actor.unit, dispatched=event.at, signed=None, duty=duty)
        case a.Sign():
            return replace(order, signed=event.at)
        case a.RejectReturn():
            return replace(order, shirked=order.shirked + 1)
        case a.AcceptReturn():
            returned = (*order.returned_by, order.lead)
            return replace(order, returned_by=returned, lead="", assistants=(), is_coordinated=False, district="")
        case _:
            return _worked(order, event)


def _dispatched(order: LivingOrder, event: LifeEvent, unit: str) -> LivingOrder:
    mode, nth = order.mode or Handling.ORDER_FLOW, order.dispatches + 1
    return replace(order, lead=unit, dispatched=event.at, signed=None, dispatches=nth, mode=mode, district="")


def _worked(order: LivingOrder, event: LifeEvent) -> LivingOrder:
    match event.action:
        case a.RequestExtension(by=by):
            return replace(order, wanted=by)
        case a.RefuseExtension():
            return replace(order, wanted=None)
        case a.TellExtension():
            return replace(order, wanted=None, extensions=order.extensions + 1)
        case a.Defer(milestones=milestones):
            return replace(order, milestones=tuple(Milestone(day, text) for day, text in milestones))
        case a.ReachMilestone(nth=nth):
            steps = tuple(replace(each, is_done=each.is_done or n == nth) for n, each in enumerate(order.milestones))
            return replace(order, milestones=steps)
        case a.Pause(why=why):
            return replace(order, paused=event.at, pause_why=why)
        case a.Resume():
            return replace(order, paused=None, pause_why="")
        case a.Reply(text=text):
            return replace(_new_round(order), reply=text, replied=event.at, is_unsolvable=False)
        case a.ReplyUnsolvable(explanation=explanation):
            return replace(_new_round(order), reply=explanation, replied=event.at, is_unsolvable=True)
        case _:
            return _ended(order, event)


def _new_round(order: LivingOrder) -> LivingOrder:
    """What was reviewed, seen and told was about the reply before this one."""
    return replace(order, is_reviewed=False, is_seen=False, told=None, followed=(), satisfaction="")


def _ended(order: LivingOrder, event: LifeEvent) -> LivingOrder:
    match event.action:
        case a.PassReview():
            return replace(order, is_reviewed=True)
        case a.FailReview():
            return replace(order, review_fails=order.review_fails + 1)
        case a.PassFieldCheck():
            return replace(order, is_seen=True)
        case a.FailFieldCheck():
            return replace(order, second_notices=order.second_notices + 1)
        case a.TellCitizen():
            return replace(order, told=event.at)
        case a.SendSms():
            return replace(order, followed=(*order.followed, "sms"))
        case a.SmsDissatisfied() | a.CallPerson():
            return replace(order, followed=(*order.followed, "person"))
        case a.Rectify():
            return replace(order, rectifications=order.rectifications + 1)
        case a.Redo():
            return replace(order, redos=order.redos + 1, closed=None)
        case a.Close(satisfaction=satisfaction):
            return replace(order, satisfaction=satisfaction, closed=event.at)
        case a.Urge():
            return replace(order, urges=order.urges + 1)
        case a.Supervise():
            return replace(order, supervisions=order.supervisions + 1, is_supervised=True)
        case a.Escalate(step=step):
            return replace(order, ladder=(*order.ladder, step))
        case a.TimerRan(timer="due"):
            return replace(order, overdues=order.overdues + 1)
        case a.LiftSupervision():
            return replace(order, is_supervised=False)
        case _:
            return order
