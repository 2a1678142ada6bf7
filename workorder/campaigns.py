"""Campaigns (调研、拨测): a plan, its members, and what each of them gave.

A survey on behalf of a unit (委托调研) asks a sample of citizens the questions of its script; a dial test (拨测) has
simulated callers ring the hotline and scores what became of them. Both are one object: a client, a plan, members.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import TypeAlias

from workorder.life.refusal import Refusal
from workorder.order import OrderNumber

LONGEST_ANSWER = 500


class Kind(StrEnum):
    """What a campaign is."""

    SURVEY = "survey"
    DIAL_TEST = "dial_test"


class CampaignState(StrEnum):
    """Whether results are still taken."""

    OPEN = "open"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What became of a member; the first four of a survey, the last two of a dial test."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    SCORED = "scored"
    FAILED = "failed"


KIND_TITLES: Mapping[Kind, str] = MappingProxyType({Kind.SURVEY: "委托调研", Kind.DIAL_TEST: "拨测"})
OUTCOME_TITLES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.ANSWERED: "接受调研",
        Outcome.REFUSED: "拒绝",
        Outcome.NO_ANSWER: "无人接听",
        Outcome.WRONG_NUMBER: "号码不对",
        Outcome.SCORED: "已评分",
        Outcome.FAILED: "没有打通",
    }
)
OF_SURVEYS = (Outcome.ANSWERED, Outcome.REFUSED, Outcome.NO_ANSWER, Outcome.WRONG_NUMBER)


@dataclass(frozen=True, slots=True)
class Question:
    """One question; without choices the answer is free text."""

    name: str
    ask: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """Whom to ask: so many of the citizens whose orders were opened on these days (both included, China's).

    An empty `unit` or `category` is any; an empty `seed` is drawn by the machine.
    """

    since: date
    until: date
    size: int
    unit: str = ""
    category: str = ""
    seed: str = ""


@dataclass(frozen=True, slots=True)
class SurveyPlan:
    """A survey: for which client, by which script, whom."""

    title: str
    client: str
    opening: str
    questions: tuple[Question, ...]
    sample: Sample

    @property
    def kind(self) -> Kind:
        return Kind.SURVEY


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One simulated call: whom it rings, what the caller presses and says, and which words the agent should say."""

    name: str
    to: str
    keys: str = ""
    say: str = ""
    hears: tuple[str, ...] = ()
    stay_seconds: int = 20


@dataclass(frozen=True, slots=True)
class DialWeights:
    """What each criterion is worth; together 100."""

    connected: int = 20
    person: int = 40
    in_time: int = 30
    heard: int = 10


@dataclass(frozen=True, slots=True)
class DialPlan:
    """A dial test: its calls (repeated ones written out) and how they are scored."""

    title: str
    client: str
    calls: tuple[PlannedCall, ...]
    within_seconds: int = 15
    weights: DialWeights = DialWeights()

    @property
    def kind(self) -> Kind:
        return Kind.DIAL_TEST


Plan: TypeAlias = SurveyPlan | DialPlan


@dataclass(frozen=True, slots=True)
class Drawn:
    """How the members came to be; seed and population prove that nobody chose."""

    seed: str = ""
    population: int = 0
    is_seed_given: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign; `text` is the plan as it was written."""

    id: str
    plan: Plan
    text: str
    drawn: Drawn
    who: str
    at: datetime
    state: CampaignState = CampaignState.OPEN


@dataclass(frozen=True, slots=True)
class Member:
    """One drawn order, or one call of a dial test; `outcome` is None while it is still to be done."""

    nth: int
    subject: str
    outcome: Outcome | None = None
    result: Mapping[str, object] = field(default_factory=dict)
    who: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reachable:
    """An order of the population and the number under which its citizen is reached."""

    number: OrderNumber
    phone: str


def drawn(population: Sequence[Reachable], size: int, seed: str) -> tuple[OrderNumber, ...]:
    """Return `size` orders of different citizens (all, when there are fewer).

    Every citizen has the same chance, however many orders they have: telephones are put in the order of a hash over
    the seed, and of one telephone's orders again the first by hash. The same seed and population give the same sample.
    """
    of_phone: dict[str, OrderNumber] = {}
    for each in sorted(population, key=lambda one: (_rank(seed, one.number), one.number)):
        of_phone.setdefault(each.phone, each.number)
    phones = sorted(of_phone, key=lambda phone: _rank(seed, phone))
    return tuple(of_phone[phone] for phone in phones[: max(0, size)])


def citizens_in(population: Sequence[Reachable]) -> int:
    """Return how many citizens a population has."""
    return len({each.phone for each in population})


def answered(
    plan: SurveyPlan, member: Member, outcome: Outcome, answers: Mapping[str, str]
) -> Mapping[str, str] | Refusal:
    """Return the answers as they are kept; Refusal when they do not fit the script, or the member was asked before."""
    if member.outcome not in (None, Outcome.NO_ANSWER):
        return Refusal("这一位已经登记过结果。", "刷新后选下一位。", "Y-20")
    if outcome not in OF_SURVEYS:
        return Refusal("这不是调研的结果。", f"可以写：{'、'.join(OF_SURVEYS)}。", "Y-20")
    if outcome is not Outcome.ANSWERED:
        return {} if not answers else Refusal("没有接受调研，不能有答案。", "去掉答案，或改结果。", "Y-20")
    known = {each.name: each for each in plan.questions}
    for name, answer in answers.items():
        question = known.get(name)
        if question is None:
            return Refusal(f"问卷里没有“{name[:40]}”这一题。", f"可以写：{'、'.join(known)}。", "Y-20")
        if question.choices and answer not in question.choices:
            return Refusal(
                f"“{question.ask}”不能答“{answer[:40]}”。", f"可以选：{'、'.join(question.choices)}。", "Y-20"
            )
        if len(answer) > LONGEST_ANSWER:
            return Refusal(f"“{question.ask}”的回答超过 {LONGEST_ANSWER} 字。", "记要点。", "Y-20")
    missing = next((each.ask for each in plan.questions if each.choices and not answers.get(each.name)), "")
    return Refusal(f"“{missing}”没有回答。", "问完再登记，或登记为拒绝。", "Y-20") if missing else dict(answers)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a survey came to: how many per outcome, and per question how many gave each choice."""

    members: int
    outcomes: Mapping[Outcome, int]
    choices: Mapping[str, Mapping[str, int]]

    @property
    def response_rate(self) -> float | None:
        """Return answered ÷ drawn; None when nobody was drawn."""
        return self.outcomes.get(Outcome.ANSWERED, 0) / self.members if self.members else None


def tally(plan: SurveyPlan, members: Sequence[Member]) -> Tally:
    """Count a survey's results."""
    outcomes = {each: sum(one.outcome is each for one in members) for each in OF_SURVEYS}
    asked = [one.result for one in members if one.outcome is Outcome.ANSWERED]
    choices = {
        question.name: {choice: sum(one.get(question.name) == choice for one in asked) for choice in question.choices}
        for question in plan.questions
        if question.choices
    }
    return Tally(len(members), outcomes, choices)


def _rank(seed: str, key: str) -> bytes:
    return sha256(f"{seed}\0{key}".encode()).digest()
