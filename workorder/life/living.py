"""An order as it lives: what its history adds up to. Nothing here is stored by itself; see `evolve.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from workorder.clock.due import Limit, Pause
from workorder.life.handling import Handling
from workorder.life.states import LifeState
from workorder.order import OrderNumber

CENTRE_UNIT = "热线中心"
"""Who holds an order that no unit holds."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The running limit: `kind` of the pack, since when, its extensions and pauses; `fixed` when a date was set."""

    kind: str
    start: datetime
    limits: tuple[Limit, ...]
    pauses: tuple[Pause, ...] = ()
    clause: str = ""
    fixed: datetime | None = None
    is_soft: bool = False


@dataclass(frozen=True, slots=True)
class Milestone:
    """One dated step of an order that cannot be solved at once."""

    day: date
    text: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class LivingOrder:
    """One order now. `version` counts its events, `head` is the hash of the last one; `owner` is exactly one unit."""

    number: OrderNumber
    version: int
    head: str
    state: LifeState
    owner: str
    opened: datetime
    updated: datetime
    pack: str
    category: str
    channel: str = "call"
    request_type: str = ""
    calls: tuple[str, ...] = ()
    first_receiver: str = ""
    repeat_of: OrderNumber | None = None
    repeat_kind: str = ""
    new_facts: str = ""
    subject_unit: str = ""
    consents: bool = False  # 同意向承办单位公开姓名和电话
    is_major: bool = False
    is_anonymous: bool = False
    is_leader_assigned: bool = False
    upstream_id: str = ""
    upstream_due: datetime | None = None

    mode: Handling | None = None
    lead: str = ""
    assistants: tuple[str, ...] = ()
    level: str = "handler"
    district: str = ""  # 经哪个县（区）的部门转派
    duty: str = ""  # 非工作时间派出时，打给谁
    has_no_owner: bool = False
    dispatched: datetime | None = None
    signed: datetime | None = None
    dispatches: int = 0
    returned_by: tuple[str, ...] = ()
    shirked: int = 0  # 申请退单被驳回的次数
    is_coordinated: bool = False
    is_opinion_approved: bool = False
    instruction: str = ""

    clock: Clock | None = None
    due: datetime | None = None
    is_provisional: bool = False
    paused: datetime | None = None
    pause_why: str = ""
    extensions: int = 0
    wanted: Limit | None = None
    milestones: tuple[Milestone, ...] = ()

    reply: str = ""
    replied: datetime | None = None
    is_unsolvable: bool = False
    is_reviewed: bool = False
    is_seen: bool = False  # 现场核实属实
    told: datetime | None = None
    followed: tuple[str, ...] = ()
    satisfaction: str = ""
    closed: datetime | None = None

    review_fails: int = 0
    second_notices: int = 0
    rectifications: int = 0
    redos: int = 0
    urges: int = 0
    supervisions: int = 0
    is_supervised: bool = False
    overdues: int = 0
    ladder: tuple[str, ...] = ()  # 约谈、通报、专报：已走的各步

    refusal: str = ""
    merged_into: OrderNumber | None = None
    absorbed: tuple[OrderNumber, ...] = ()

    @property
    def returns(self) -> int:
        return len(self.returned_by)
