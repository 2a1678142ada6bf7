"""An order as a page shows it to one person: plain JSON, masked by role, consent and complaint; nothing left to chance.

Whoever may not see the citizen does not get the words that name them: a unit that is complained about gets neither
name, number nor caller, and every text it reads is searched for private numbers first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime

from cti.access import Account, Permission, mask_number, mask_plain
from cti.order_access import viewer
from ivr.call import PhoneNumber
from ivr.speech.redact import PrivateKind
from workorder.cities.pack import Pack
from workorder.draft import Draft, FieldName
from workorder.life.actions import Open
from workorder.life.actors import ROLE_TITLES, Role
from workorder.life.codec import to_plain
from workorder.life.handling import HANDLING_TITLES
from workorder.life.history import LifeEvent
from workorder.life.lights import light_of
from workorder.life.living import LivingOrder
from workorder.life.opening import service_line
from workorder.life.states import STATE_TITLES
from workorder.life.table import MOVES
from workorder.life.view import HIDDEN, Citizen, citizen_for, masked_name
from workorder.order import WorkOrder
from workorder.outside import other_city

_SHOWN = (
    FieldName.TITLE,
    FieldName.SUMMARY,
    FieldName.PLACE,
    FieldName.PLACE_STANDARD,
    FieldName.TIME,
    FieldName.REQUEST_TYPE,
    FieldName.CATEGORY,
    FieldName.UNIT,
    FieldName.URGENCY,
    FieldName.EXPECTED,
)
_CALLER_FIELDS = (FieldName.NAME, FieldName.SURNAME, FieldName.PHONE, FieldName.CALLER_NUMBER, FieldName.PARTY)
_ORDER = re.compile(r"WO\d{8}-\d{6}")


def row_of(
    draft: WorkOrder | None, life: LivingOrder | None, account: Account, now: datetime, hidden: Collection[PrivateKind]
) -> dict[str, object]:
    """Return one line of a list; no citizen in it."""
    told = draft.draft if draft else None
    opened = life.opened if life else draft.created if draft else now
    text = {
        "title": (told.value(FieldName.TITLE) or told.value(FieldName.SUMMARY)[:40]) if told else "",
        "place": told.value(FieldName.PLACE) if told else "",
    }
    number = life.number if life else draft.number if draft else ""
    whole: dict[str, object] = {
        "number": number,
        "state": life.state.value if life else "draft",
        "state_title": STATE_TITLES[life.state] if life else "待确认",
        "opened_at": opened.isoformat(),
        "urgency": told.value(FieldName.URGENCY) if told else "",
        **_scrubbed(text, account, life, told, hidden),
    }
    if life is None:
        return whole | {"revision": draft.revision if draft else 0, "call": told.call if told else None}
    light = light_of(life, now)
    return whole | {
        "version": life.version,
        "category": life.category,
        "channel": life.channel,
        "owner": life.owner,
        "lead": life.lead,
        "due_at": life.due.isoformat() if life.due else None,
        "light": light.colour,
        "light_words": light.words,
        "is_supervised": life.is_supervised,
        "repeat_kind": life.repeat_kind,
    }


def detail_of(
    draft: WorkOrder | None,
    life: LivingOrder | None,
    pack: Pack | None,
    account: Account,
    now: datetime,
    hidden: Collection[PrivateKind],
) -> dict[str, object]:
    """Return the whole order as this person may see it."""
    told = draft.draft if draft else None
    whole = row_of(draft, life, account, now, hidden)
    fields = {name.value: told.value(name) for name in _SHOWN} if told else {}
    whole["fields"] = _scrubbed(fields, account, life, told, hidden)
    seen = citizen_seen(life, account, told)
    whole["citizen"] = {"name": seen.name, "phone": mask_number(seen.phone, hidden)}
    elsewhere = other_city(told.value(FieldName.PLACE), pack.city.removesuffix("市")) if told and pack else ""
    hint = f"地点在{elsewhere}，似乎不归本市。改法：核对地点；确实不归本市的按不予受理指路"
    whole["hints"] = [hint] if elsewhere else []
    whole["is_confirmed"] = draft.confirmed is not None if draft else True
    if life is None:
        return whole
    plain = to_plain(life)
    assert isinstance(plain, dict)
    hides_source = is_complained_about(account, life)
    for name in (
        "is",
        "head",
        "calls",
        "clock",
        *(("first_receiver",) if _is_strange(account) else ()),
        *(("repeat_of",) if hides_source else ()),
    ):
        plain.pop(name, None)
    if hides_source or Permission.CALLS_READ not in account.permissions:
        plain.pop("absorbed", None)
    else:
        plain["calls"] = list(life.calls)
    texts = {name: plain[name] for name in ("new_facts", "reply", "instruction", "pause_why") if name in plain}
    category = pack.category(life.category) if pack else None
    return {
        **whole,
        **plain,
        **_scrubbed(texts, account, life, told, hidden),
        "mode": life.mode.value if life.mode else "",
        "mode_title": HANDLING_TITLES[life.mode] if life.mode else "",
        "service_line": service_line(life.category),
        "category_title": category.title if category else life.category,
        "is_protected": bool(category and category.is_protected),
        "state_title": STATE_TITLES[life.state],
    }


def history_plain(
    events: Collection[LifeEvent], draft: Draft | None, account: Account, hidden: Collection[PrivateKind]
) -> list[dict[str, object]]:
    """Return the events, oldest first; what a person wrote in them is masked like the order's own words."""
    found = []
    for event in events:
        action = to_plain(event.action)
        assert isinstance(action, dict)
        kind = str(action.pop("is"))
        if isinstance(event.action, Open):
            subject = event.action.subject_unit
            words: dict[str, object] = (
                {} if account.unit and account.unit == subject else {"category": event.action.category}
            )
        else:
            words = _scrub_all(action, account, draft, hidden, is_strange=_is_strange(account))
        found.append(
            {
                "seq": event.seq,
                "at": event.at.isoformat(),
                "who": _who(event, account),
                "role": ROLE_TITLES[event.actor.role],
                "move": kind,
                "title": "登记" if isinstance(event.action, Open) else MOVES[type(event.action)].title,
                "state": event.after.value,
                "state_title": STATE_TITLES[event.after],
                "owner": event.owner,
                "due_at": event.due.isoformat() if event.due else None,
                "words": words,
            }
        )
    return found


def citizen_seen(life: LivingOrder | None, account: Account, told: Draft | None) -> Citizen:
    """Return the citizen as this person may see them."""
    name = (told.value(FieldName.NAME) or told.value(FieldName.SURNAME)) if told else ""
    phone = (told.value(FieldName.PHONE) or told.value(FieldName.CALLER_NUMBER)) if told else ""
    number = PhoneNumber.parse(phone)
    if life is not None:
        return citizen_for(life, viewer(account), name, number)
    if viewer(account).role in (Role.AGENT, Role.CENTRE, Role.HOST):
        return Citizen(name, number.digits)
    return Citizen(masked_name(name), number.masked)


def is_complained_about(account: Account, life: LivingOrder) -> bool:
    """Whether this person's unit is the one that the order complains about."""
    return bool(account.unit) and account.unit == life.subject_unit


def _is_strange(account: Account) -> bool:
    return not (account.may(Permission.ORDERS_HANDLE) or account.may(Permission.ORDERS_INSPECT))


def _who(event: LifeEvent, account: Account) -> str:
    """Names of the hotline's own people stay in the house; a unit sees its own people's names."""
    if not _is_strange(account) or (account.unit and event.actor.unit == account.unit):
        return event.actor.name
    return event.actor.unit or ROLE_TITLES[event.actor.role]


def _scrubbed(
    texts: Mapping[str, object],
    account: Account,
    life: LivingOrder | None,
    draft: Draft | None,
    hidden: Collection[PrivateKind],
) -> dict[str, object]:
    seen = citizen_seen(life, account, draft)
    name = draft.value(FieldName.NAME) if draft else ""
    shows_citizen = seen.name == name and seen.name != HIDDEN and not _masks(seen)
    return _scrub_all(texts, account, draft, hidden, is_strange=not shows_citizen)


def _scrub_all(
    texts: Mapping[str, object],
    account: Account,
    draft: Draft | None,
    hidden: Collection[PrivateKind],
    *,
    is_strange: bool,
) -> dict[str, object]:
    """Take private numbers and the citizen's own name and numbers out of texts."""
    named = {key: value for key, value in texts.items() if isinstance(value, str) and _ORDER.fullmatch(value)}
    plain: dict[str, object] = dict(texts)
    if is_strange and draft is not None:
        private = sorted({draft.value(name) for name in _CALLER_FIELDS} - {""}, key=len, reverse=True)
        plain = {key: _without(value, private) for key, value in plain.items()}
    masked = mask_plain(plain, frozenset(PrivateKind) if is_strange else hidden)
    assert isinstance(masked, dict)
    return masked | named  # to a masker an order's number looks like a telephone's


def _without(value: object, private: Collection[str]) -> object:
    if isinstance(value, str):
        for each in private:
            value = value.replace(each, "＊＊")
        return value
    if isinstance(value, list):
        return [_without(each, private) for each in value]
    return value


def _masks(seen: Citizen) -> bool:
    return "*" in seen.name or "*" in seen.phone
