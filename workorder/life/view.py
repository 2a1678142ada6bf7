"""What of the citizen's identity each person sees: consent governs units, and the one complained about sees nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.call import PhoneNumber
from workorder.life.actors import Actor, Role
from workorder.life.living import LivingOrder

_DESK = frozenset({Role.AGENT, Role.CENTRE, Role.HOST})
HIDDEN = "（不显示）"


@dataclass(frozen=True, slots=True)
class Citizen:
    """Who asked, as far as the one who looks may know."""

    name: str
    phone: str


def citizen_for(order: LivingOrder, actor: Actor, name: str, phone: PhoneNumber) -> Citizen:
    """Return the citizen as `actor` sees them.

    Whole at the desk, and for a unit that works on the order with consent; else masked. The unit that is complained
    about sees neither name nor number, consent or not.
    """
    if actor.role is Role.UNIT and actor.unit == order.subject_unit:
        return Citizen(HIDDEN, HIDDEN)
    works = actor.role is Role.UNIT and actor.unit in (order.owner, *order.assistants)
    if actor.role in _DESK or (works and order.consents):
        return Citizen(name, phone.digits)
    return Citizen(masked_name(name), phone.masked)


def masked_name(name: str) -> str:
    """Return `王**` for 王小明."""
    return name[:1] + "*" * max(0, len(name) - 1) if name else ""
