"""Random people do random things to orders of all five cities: no invariant ever breaks, and every order can end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.workorder.life.packs import AGENT, CENTRE, CHECKED, CITIES, COLLECTOR, HOST, LEADER, ROADS, WATER, Life, unit
from workorder.clock.due import Limit, TimeUnit
from workorder.life import actions as a
from workorder.life.actors import Actor, Role
from workorder.life.history import LifeEvent
from workorder.life.invariants import broken
from workorder.life.states import ENDS, LifeState
from workorder.life.table import MOVES, moves_from
from workorder.order import OrderNumber

UNITS = (WATER, ROADS, "公投集团", "")
ACTORS = st.one_of(
    st.sampled_from([AGENT, CENTRE, HOST, LEADER, COLLECTOR, *(unit(each) for each in UNITS)]),
    st.builds(Actor, st.just("某人"), st.sampled_from(list(Role)), st.sampled_from(UNITS)),
)
TEXTS = st.sampled_from([*["写了。"] * 6, "", " "])
WORDS: Mapping[str, st.SearchStrategy[Any]] = {
    "unit": st.sampled_from(UNITS),
    "lead": st.sampled_from(UNITS),
    "assistants": st.lists(st.sampled_from(UNITS), max_size=3).map(tuple),
    "level": st.sampled_from(["handler", "head"]),
    "category": st.just(""),
    "code": st.sampled_from(["NA-L1", "NA-J1", "NA-Y6", "NA-S4", "NA-D1", "?"]),
    "asked": st.sampled_from([(), ("时间", "地点", "对象", "诉求")]),
    "lacking": st.sampled_from([(), ("standard",), ("nonsense",)]),
    "satisfaction": st.sampled_from(["satisfied", "dissatisfied", "no_answer", "not_asked", "?"]),
    "trigger": st.sampled_from(["overdue", "recurring", "refused", "major", "?"]),
    "nth": st.integers(-1, 2),
    "milestones": st.lists(
        st.tuples(st.dates(date(2026, 11, 18), date(2026, 12, 31)), st.sampled_from(["一步", ""])), max_size=3
    ).map(tuple),
}
BY_TYPE: Mapping[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    bool: st.booleans(),
    int: st.integers(-1, 3),
    Limit: st.builds(Limit, st.integers(1, 8), st.sampled_from(list(TimeUnit))),
    OrderNumber: st.sampled_from([OrderNumber("WO20261120-000001"), OrderNumber("WO20261001-000007")]),
}


def action_of(kind: type[a.Action], seen: datetime) -> st.SearchStrategy[a.Action]:
    """Any action of a kind, well written or not."""

    def field(name: str, hint: Any) -> st.SearchStrategy[Any]:
        if name in WORDS:
            return WORDS[name]
        if hint is datetime:
            return st.sampled_from([seen, seen - timedelta(days=9), seen + timedelta(days=9)])
        if get_origin(hint) is tuple:
            return st.lists(BY_TYPE[get_args(hint)[0]], max_size=2).map(tuple)
        return BY_TYPE[hint]

    return st.builds(kind, **{name: field(name, hint) for name, hint in get_type_hints(kind).items()})


class AnyLife(RuleBasedStateMachine):
    """One order, moved at random."""

    @initialize(
        city=st.sampled_from(CITIES),
        nth=st.integers(0, 8),
        repeat=st.sampled_from(["", "", "final", "window"]),
        is_major=st.booleans(),
    )
    def open(self, city: str, nth: int, repeat: str, is_major: bool) -> None:
        opening: dict[str, object] = {"is_major": is_major}
        if repeat:
            opening |= {"repeat_of": OrderNumber("WO20261001-000007"), "repeat_kind": repeat}
        categories = Life(city).pack.categories
        self.life = Life(city, categories[nth % len(categories)].name, **opening)

    @rule(data=st.data(), hours=st.integers(-2, 60), actor=ACTORS)
    def anybody_does_anything(self, data: st.DataObject, hours: int, actor: Actor) -> None:
        self.life.go_on(hours=hours)
        kind = data.draw(st.sampled_from(list(MOVES)))
        self.life.tries(actor, data.draw(action_of(kind, self.life.at)))

    @rule(data=st.data(), hours=st.integers(0, 30))
    def the_right_one_does_something_possible(self, data: st.DataObject, hours: int) -> None:
        possible = moves_from(self.life.order.state)
        if not possible:
            return
        self.life.go_on(hours=hours)
        move = data.draw(st.sampled_from(possible))
        role = data.draw(st.sampled_from(sorted(move.roles)))
        name = self.life.order.owner if role is Role.UNIT else ""
        before = self.life.order.version
        found = self.life.tries(Actor("某人", role, name), data.draw(action_of(move.action, self.life.at)))
        assert self.life.order.version == before + isinstance(found, LifeEvent)

    @rule()
    def the_case_goes_its_ordinary_way(self) -> None:
        step(self.life)

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "life"):
            assert broken(self.life.order, self.life.history, self.life.pack) == ()

    def teardown(self) -> None:
        """However the order came to be where it is, people of good will bring it to an end."""
        if not hasattr(self, "life"):
            return
        for _ in range(25):
            if self.life.order.state in ENDS:
                return
            step(self.life)
        raise AssertionError(f"stuck in {self.life.order.state}: {self.life.order}")


def step(life: Life) -> None:
    """One sensible move towards the end."""
    order, at = life.order, life.at
    mine = unit(order.owner)
    tell = a.TellCitizen("电话", "今天", "办好了。")
    if order.is_supervised and order.state in (LifeState.TOLD, LifeState.SMS_FOLLOWUP, LifeState.MANUAL_FOLLOWUP):
        life.does(HOST, a.LiftSupervision("已落实"))
        return
    match order.state:
        case LifeState.DRAFTED:
            life.does(AGENT, CHECKED)
        case LifeState.ACCEPTED if order.repeat_kind == "final" and not order.new_facts:
            life.does(AGENT, a.InformRepeat("已告知。"))
        case LifeState.ACCEPTED if order.category in life.pack.handling.pre_review and not order.is_opinion_approved:
            life.does(AGENT, a.SubmitOpinion("转办"))
        case LifeState.ACCEPTED if order.is_major and life.pack.handling.special_reports and not order.instruction:
            life.does(HOST, a.ReportToLeaders("报告"))
        case LifeState.ACCEPTED:
            life.does(CENTRE, a.Coordinate("说不清", "热线办"))
        case LifeState.PRE_REVIEW:
            life.does(HOST, a.ApproveOpinion())
        case LifeState.AWAITING_INSTRUCTION:
            life.does(LEADER, a.Instruct("办"))
        case LifeState.COORDINATING:
            life.does(HOST, a.DecideLead(WATER, (ROADS,)))
        case LifeState.DISPATCHED:
            life.does(mine, a.Sign("某人"))
        case LifeState.RETURN_REQUESTED:
            life.does(HOST, a.RejectReturn("职责明确"))
        case LifeState.EXTENSION_REQUESTED:
            life.does(Actor("批", life.pack.extension.approver), a.RefuseExtension("不必"))
        case LifeState.EXTENSION_APPROVED:
            life.does(AGENT, a.TellExtension("电话", "今天"))
        case LifeState.DEFERRED | LifeState.PAUSED:
            life.does(mine, a.Resume("可以了"))
        case LifeState.HANDLING | LifeState.REDO | LifeState.RECTIFYING | LifeState.SECOND_NOTICE:
            life.does(mine, a.Reply("办好了。", asks_recheck=True))
        case LifeState.REPLIED if life.pack.handling.conformity_review:
            life.does(CENTRE, a.PassReview())
        case LifeState.REPLIED | LifeState.REVIEWED if life.pack.handling.field_check and not order.is_seen:
            life.does(CENTRE, a.AskFieldCheck("甲"))
        case LifeState.REPLIED | LifeState.REVIEWED:
            life.does(CENTRE, tell)
        case LifeState.FIELD_VERIFICATION:
            life.does(COLLECTOR, a.PassFieldCheck("p.jpg", "某路", max(at, order.updated)))
        case LifeState.TOLD if not life.pack.handling.follow_up:
            life.does(CENTRE, a.Close())
        case LifeState.TOLD:
            first = life.pack.handling.follow_up[0].value
            life.does(CENTRE, a.SendSms() if first == "sms" else a.CallPerson())
        case LifeState.SMS_FOLLOWUP | LifeState.MANUAL_FOLLOWUP:
            life.does(CENTRE, a.Close("satisfied"))
        case LifeState.CLOSED:
            life.does(CENTRE, a.Archive())


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
