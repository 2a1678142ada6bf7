"""Who may do and see what: roles as data, each a set of permissions; what a role may not see is masked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from ivr.call import PhoneNumber
from ivr.speech.redact import PrivateKind, redact
from workorder.audit import Person
from workorder.masking import Masking


class Role(StrEnum):
    """What somebody is in the centre; a person may have several. The order is that of `Account.role`."""

    SUPERVISOR = "supervisor"
    AGENT = "agent"
    UNIT = "unit"
    ADMIN = "admin"
    INSPECTOR = "inspector"
    REVIEWER = "reviewer"
    GOVERNING = "governing"
    MERCHANT = "merchant"


class Permission(StrEnum):
    """One thing that a page may show or do."""

    DESK = "desk"
    EMERGENCY = "emergency"
    CALLS_READ = "calls.read"
    CALLS_ALL = "calls.all"
    WALLBOARD = "wallboard"
    MONITOR = "monitor"
    SEATS_FORCE = "seats.force"
    QUEUES_STEER = "queues.steer"
    RECORDINGS = "recordings"
    SEARCH = "search"
    QUALITY = "quality"
    REPORTS = "reports"
    EXPORT = "export"
    EXPORT_APPROVE = "export.approve"
    ORDERS_READ = "orders.read"
    ORDERS_HANDLE = "orders.handle"
    ORDERS_UNIT = "orders.unit"
    ORDERS_INSPECT = "orders.inspect"
    ORDERS_REVIEW = "orders.review"
    ORDERS_GOVERN = "orders.govern"
    KNOWLEDGE_READ = "knowledge.read"
    KNOWLEDGE_SUBMIT = "knowledge.submit"
    KNOWLEDGE_EDIT = "knowledge.edit"
    FLOWS_READ = "flows.read"
    FLOWS_EDIT = "flows.edit"
    FLOWS_PUBLISH = "flows.publish"
    ADMIN_USERS = "admin.users"
    ADMIN_SETTINGS = "admin.settings"
    HEALTH = "health"
    AUDIT_READ = "audit.read"
    MERCHANTS = "merchants"
    MERCHANTS_OWN = "merchants.own"
    CAMPAIGNS = "campaigns"


_P = Permission

TITLES: Mapping[Role, str] = MappingProxyType(
    {
        Role.AGENT: "坐席员",
        Role.SUPERVISOR: "班长",
        Role.ADMIN: "管理员",
        Role.UNIT: "承办单位",
        Role.INSPECTOR: "督办员",
        Role.REVIEWER: "质检审核员",
        Role.GOVERNING: "主管单位",
        Role.MERCHANT: "加盟企业",
    }
)

_AGENT = frozenset(
    {_P.DESK, _P.EMERGENCY, _P.CALLS_READ, _P.ORDERS_READ, _P.ORDERS_HANDLE, _P.KNOWLEDGE_READ, _P.FLOWS_READ}
    | {_P.MERCHANTS}
)

ROLES: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.AGENT: _AGENT,
        Role.SUPERVISOR: _AGENT
        | {
            _P.CALLS_ALL,
            _P.WALLBOARD,
            _P.MONITOR,
            _P.SEATS_FORCE,
            _P.QUEUES_STEER,
            _P.RECORDINGS,
            _P.SEARCH,
            _P.QUALITY,
            _P.REPORTS,
            _P.EXPORT,
            _P.EXPORT_APPROVE,
            _P.KNOWLEDGE_EDIT,
            _P.HEALTH,
            _P.CAMPAIGNS,
        },
        Role.ADMIN: frozenset(
            {
                _P.WALLBOARD,
                _P.FLOWS_READ,
                _P.FLOWS_EDIT,
                _P.FLOWS_PUBLISH,
                _P.ADMIN_USERS,
                _P.ADMIN_SETTINGS,
                _P.HEALTH,
                _P.AUDIT_READ,
                _P.REPORTS,
                _P.KNOWLEDGE_READ,
                _P.KNOWLEDGE_EDIT,
            }
        ),
        Role.UNIT: frozenset({_P.ORDERS_UNIT, _P.KNOWLEDGE_READ, _P.KNOWLEDGE_SUBMIT}),
        Role.INSPECTOR: frozenset({_P.ORDERS_READ, _P.ORDERS_INSPECT, _P.REPORTS, _P.KNOWLEDGE_READ}),
        Role.REVIEWER: frozenset(
            {_P.ORDERS_READ, _P.ORDERS_REVIEW, _P.QUALITY, _P.RECORDINGS, _P.SEARCH, _P.REPORTS, _P.KNOWLEDGE_READ}
        ),
        Role.GOVERNING: frozenset(
            {_P.WALLBOARD, _P.ORDERS_READ, _P.ORDERS_GOVERN, _P.REPORTS, _P.EXPORT, _P.EXPORT_APPROVE}
            | {_P.KNOWLEDGE_READ}
        ),
        Role.MERCHANT: frozenset({_P.MERCHANTS_OWN}),
    }
)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in; `unit` is the responsible unit they act for, `seat` the desk they have taken now.

    A merchant's account has the merchant's id as its `unit`.
    `must_change`: the password was given by somebody else; nothing but changing it is allowed.
    """

    name: str
    title: str
    roles: tuple[Role, ...]
    unit: str = ""
    seat: str = ""
    must_change: bool = False

    @property
    def permissions(self) -> frozenset[Permission]:
        """Return everything that any of the roles allows; nothing while the password must be changed."""
        if self.must_change:
            return frozenset()
        return frozenset(each for role in self.roles for each in ROLES[role])

    @property
    def role(self) -> Role:
        """Return the role under which this person stands in the audit trail: the first of them in our order."""
        return next((role for role in Role if role in self.roles), Role.REVIEWER)

    @property
    def person(self) -> Person:
        """Return this person as the audit trail knows them."""
        return Person(self.name, self.role.value)

    def may(self, permission: Permission) -> bool:
        """Whether this person may do it."""
        return permission in self.permissions


def hidden_from(account: Account, masking: Masking) -> frozenset[PrivateKind]:
    """Return the kinds of numbers that are masked for somebody: those that none of their roles may see."""
    kinds = [masking.hidden_from(role.value) for role in account.roles]
    return frozenset.intersection(*kinds) if kinds else masking.hidden_from("")


_NUMBER_KEYS = frozenset({"caller", "number", "phone", "callback", "callback_number", "from_number", "to_number"})
"""Keys under which a telephone number stands by itself."""
_PLAIN_KEYS = frozenset(
    {"call", "calls", "seat", "seats", "queue", "order", "channel", "epoch", "at", "type", "state", "kind", "flow"}
    | {"path", "leg", "case", "id", "user", "unit", "units", "agent", "their_id", "line", "priority", "position"}
    | {"edition", "category", "ringing_seats", "monitored_by", "verdict"}
)
"""Keys under which names of ours stand: they look like numbers to a masker, and are none."""


_OURS = re.compile(r"WO\d{8}-\d{6,}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
"""An order's number or a moment, whatever key it stands under: to a masker they look like numbers of people."""

_DIGIT = re.compile(r"[零〇一二两三四五六七八九幺妖洞拐十百千万\d]")
_LETTER = re.compile(r"[A-Za-z]")


def may_hold_number(text: str) -> bool:
    """Whether a private number could be in `text` at all: most texts hold none, and looking closely takes its time."""
    digits = len(_DIGIT.findall(text))
    return digits >= 2 or (digits == 1 and _LETTER.search(text) is not None)


def mask_plain(value: object, hidden: Collection[PrivateKind], key: str = "") -> object:
    """Return plain JSON with every private number of the `hidden` kinds masked; the shape stays.

    A text with words beside it (`text`, `words`) loses the words where its text had to be masked: a number said
    digit by digit would be read from them.
    """
    if not hidden:
        return value
    if isinstance(value, str):
        if key in _PLAIN_KEYS or _OURS.fullmatch(value):
            return value
        if key in _NUMBER_KEYS:
            return mask_number(value, hidden)
        return redact(value, hidden) if may_hold_number(value) else value
    if isinstance(value, Mapping):
        new = {name: mask_plain(entry, hidden, str(name)) for name, entry in value.items()}
        if "words" in new and new.get("text") != value.get("text"):
            new["words"] = []
        return new
    if isinstance(value, list | tuple):
        return [mask_plain(entry, hidden, key) for entry in value]
    return value


def mask_number(number: str, hidden: Collection[PrivateKind]) -> str:
    """Return a telephone number as somebody from whom these kinds are hidden sees it."""
    if PrivateKind.PHONE not in hidden or not number:
        return number
    return PhoneNumber(number).masked
