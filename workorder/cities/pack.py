"""One city's rules as values (政策包). Every rule names its clause; `silent` marks what the city's text leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from workorder.cities.pack_units import District, DutyHours, LadderStep
from workorder.clock.due import Limit
from workorder.life.actors import Role

SILENT = "silent"
"""The clause of a rule that the city's text does not state: we chose a default."""


class LimitKind(StrEnum):
    """What a limit is for."""

    DIRECT_ANSWER = "direct_answer"  # 直接答复
    SIGN = "sign"  # 签收
    HANDLE = "handle"  # 办理
    RETURN = "return"  # 申请退单
    SECOND_NOTICE = "second_notice"  # 二次抄告、整改、重办之后的新时限


class EmergencyMode(StrEnum):
    """What the hotline does with an emergency call."""

    GUIDE = "guide"  # 引导拨打
    TRANSFER = "transfer"  # 引导并转接
    THREE_WAY = "three_way"
    PARALLEL_NOTIFY = "parallel_notify"  # 同时联系职能单位和 110


class RepeatPolicy(StrEnum):
    """What is done with a repeat of a matter."""

    FINAL_INFORMS = "final_informs"  # 办理终结的只告知，不再转办
    LEADER_HANDLES = "leader_handles"  # 主要负责人直接跟进
    REFUSE_WITHOUT_NEW_FACTS = "refuse_without_new_facts"
    MERGE = "merge"  # 合并为一单


class VerifyMode(StrEnum):
    """How it is made sure that the work was done."""

    PHONE = "phone"
    FIELD = "field"
    REVIEW = "review"


class IdentityMode(StrEnum):
    """What is asked about the citizen's name."""

    REAL_NAME = "real_name"
    PROTECTED = "protected"
    ANONYMOUS_ALLOWED = "anonymous_allowed"


class RoutingStep(StrEnum):
    """By what a unit is found; the pack gives the order."""

    TERRITORY = "territory"  # 属地
    CHARGE = "charge"  # 谁主管谁负责
    SUPERVISION = "supervision"  # 谁监管谁负责
    OWNERSHIP = "ownership"  # 权责、产权


class FollowUp(StrEnum):
    """One step of asking whether the citizen is content."""

    SMS = "sms"
    PERSON = "person"


class TriggerWhen(StrEnum):
    """What opens a supervision (督办)."""

    OVERDUE = "overdue"
    RECURRING = "recurring"
    LEADER_ASSIGNED = "leader_assigned"
    MAJOR = "major"
    POOR_QUALITY = "poor_quality"
    MANY_UNITS = "many_units"
    CAN_BUT_WILL_NOT = "can_but_will_not"
    REFUSED = "refused"
    SHIRKED = "shirked"  # 推诿：退单没有道理，被驳回


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of request the city takes in; `is_protected`: only named people may read it."""

    name: str
    title: str
    clause: str
    is_protected: bool = False
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Where requests of these categories go when no unit was named: a role of the pack, or the dispatch catalogue."""

    categories: tuple[str, ...]
    to: str
    clause: str


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """One limit; `categories` empty: for all. `law` overrides the general rule and is shown on the order."""

    kind: LimitKind
    limit: Limit
    clause: str
    categories: tuple[str, ...] = ()
    is_soft: bool = False
    law: str = ""


@dataclass(frozen=True, slots=True)
class Extension:
    """How often and how long a limit may be extended, and who approves. The reason is always told to the citizen."""

    times: int
    longest: Limit
    approver: Role
    clause: str


@dataclass(frozen=True, slots=True)
class NotAccept:
    """A reason not to take a request in, with what is said and where the citizen is sent."""

    code: str
    title: str
    explanation: str
    referral: str
    clause: str
    needs_note: bool = False
    needs_approver: bool = False
    checklist: tuple[str, ...] = ()
    needs_earlier_order: bool = False


@dataclass(frozen=True, slots=True)
class Emergency:
    """How emergencies are met; `policy` names the file in routing/emergency/policies that carries it out."""

    mode: EmergencyMode
    parallel_notify: bool
    targets: tuple[str, ...]
    policy: str
    clause: str


@dataclass(frozen=True, slots=True)
class RepeatWindow:
    """A complaint is a repeat when it comes `within` after closing, or when unsolved `after` the first complaint."""

    name: str
    counts_from: str  # close | first_complaint
    limit: Limit
    clause: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """One reason for supervision; `at_least` is its number (units, repeats, returns) where it has one."""

    when: TriggerWhen
    title: str
    clause: str
    at_least: int = 1


@dataclass(frozen=True, slots=True)
class Escalation:
    """Somebody is told `before` (or after) the due instant: `hours` before it when positive, after it when negative."""

    hours: int
    to: Role
    clause: str


@dataclass(frozen=True, slots=True)
class Named:
    """A list of the city's own words (channels, places, violation codes), with its clause."""

    items: tuple[str, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class Weighted:
    """One dimension of the assessment; the weights of a pack make 100."""

    name: str
    weight: int
    clause: str


@dataclass(frozen=True, slots=True)
class Switched:
    """A switch with its clause."""

    value: str
    clause: str


@dataclass(frozen=True, slots=True)
class Handling:
    """The steps an order must take in this city."""

    pre_review: tuple[str, ...]  # categories whose opinion the host approves before dispatch
    conformity_review: bool
    field_check: bool
    special_reports: bool  # major matters wait for the leaders' instruction
    follow_up: tuple[FollowUp, ...]
    finality: bool
    most_returns: int  # more is ping-pong: only a coordination may dispatch again
    clauses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pack:
    """One version of one city's rules. An order keeps the name and version it was opened under."""

    name: str
    title: str
    city: str
    version: str
    status: str
    effective: str
    source: str
    roles: Mapping[Role, Named]
    categories: tuple[Category, ...]
    routes: tuple[Route, ...]
    limits: tuple[TimeLimit, ...]
    extension: Extension
    not_accept: tuple[NotAccept, ...]
    emergency: Emergency
    routing_order: tuple[RoutingStep, ...]
    routing_clause: str
    identity: IdentityMode
    identity_clause: str
    repeat: RepeatPolicy
    repeat_clause: str
    repeat_windows: tuple[RepeatWindow, ...]
    verify: VerifyMode
    verify_clause: str
    day_unit: Switched
    merchant: Switched
    handling: Handling
    triggers: tuple[Trigger, ...]
    escalations: tuple[Escalation, ...]
    dimensions: tuple[Weighted, ...]
    grades: Named
    lists: Mapping[str, Named]
    catalogue: str = ""
    districts: tuple[District, ...] = ()
    duty: DutyHours | None = None
    ladder: tuple[LadderStep, ...] = ()

    @property
    def edition(self) -> str:
        """What an order keeps: `suqian@2020-10-19`."""
        return f"{self.name}@{self.version}"

    def category(self, name: str) -> Category | None:
        return next((each for each in self.categories if each.name == name), None)

    def route(self, category: str) -> Route | None:
        return next((each for each in self.routes if category in each.categories), None)

    def limit(self, kind: LimitKind, category: str) -> TimeLimit | None:
        """Return the limit of this kind: one set by law first, then one for the category, then the general one."""
        mine = [each for each in self.limits if each.kind is kind and category in (each.categories or (category,))]
        return min(mine, key=lambda each: (not each.law, not each.categories), default=None)

    def district_of(self, unit: str) -> District | None:
        """Return the district to which a unit belongs, None for a unit of the city itself."""
        return next((each for each in self.districts if each.holds(unit)), None)

    def reason(self, code: str) -> NotAccept | None:
        return next((each for each in self.not_accept if each.code == code), None)

    def trigger(self, when: TriggerWhen) -> Trigger | None:
        return next((each for each in self.triggers if each.when is when), None)
