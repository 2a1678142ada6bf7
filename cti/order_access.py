"""In which capacities an account may move orders, which orders it sees, and how much of them."""

from __future__ import annotations

from collections.abc import Sequence

from cti.access import Account, Permission
from cti.access import Role as Office
from workorder.life.actors import Actor, Role
from workorder.life.living import LivingOrder
from workorder.life.table import MOVES, Move

WHOLE = (Permission.ORDERS_HANDLE, Permission.ORDERS_INSPECT)
"""Who reads orders with the citizen's name and words; all others read them masked, or their unit's alone."""


def actors_of(account: Account) -> tuple[Actor, ...]:
    """Return in which capacities this person may act. Who runs the hotline approves nothing: the host's office does."""
    roles: list[Role] = []
    if account.may(Permission.ORDERS_HANDLE):
        roles.append(Role.AGENT)
        if Office.SUPERVISOR in account.roles:
            roles += [Role.CENTRE, Role.COLLECTOR]
    if account.may(Permission.ORDERS_INSPECT):
        roles += [Role.HOST, Role.GOVERNING, Role.LEADER]
    elif account.may(Permission.ORDERS_GOVERN):
        roles.append(Role.GOVERNING)
    found = [Actor(account.name, role) for role in roles]
    if account.may(Permission.ORDERS_UNIT) and account.unit:
        found.append(Actor(account.name, Role.UNIT, account.unit))
    return tuple(found)


def actor_for(account: Account, move: Move) -> Actor | None:
    """Return the capacity in which this person makes a move: one that the table lets, else any that they have."""
    mine = actors_of(account)
    return next((each for each in mine if each.role in move.roles), mine[0] if mine else None)


def moves_for(account: Account, order: LivingOrder) -> Sequence[tuple[Move, Actor]]:
    """Return the moves of the table that lie open from the order's state to one of this person's capacities."""
    found = []
    for move in MOVES.values():
        actor = actor_for(account, move)
        if order.state in move.sources and actor is not None and actor.role in move.roles:
            found.append((move, actor))
    return found


def sees_all(account: Account) -> bool:
    """Whether this person may open every order; a unit may open its own only."""
    return account.may(Permission.ORDERS_READ)


def sees(account: Account, order: LivingOrder) -> bool:
    """Whether this person may open this order: a unit only while it leads or assists."""
    return sees_all(account) or bool(account.unit and account.unit in (order.lead, order.district, *order.assistants))


def viewer(account: Account) -> Actor:
    """Return as whom this person looks at an order's citizen; without a capacity of their own: as a stranger."""
    whole = account.may(Permission.ORDERS_HANDLE) or account.may(Permission.ORDERS_INSPECT)
    mine = actors_of(account)
    return mine[0] if mine and (whole or account.unit) else Actor(account.name, Role.COLLECTOR)
