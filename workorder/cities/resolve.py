"""Which unit, when several have a claim: the city's own order of territory, charge, supervision and ownership."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workorder.cities.pack import Pack, RoutingStep


@dataclass(frozen=True, slots=True)
class Resolved:
    """The one unit, by which step of the pack's order and which clause; or none, and between whom a meeting decides."""

    unit: str
    step: RoutingStep | None
    clause: str
    between: tuple[str, ...] = ()


def resolve(pack: Pack, claims: Mapping[RoutingStep, Sequence[str]]) -> Resolved:
    """Return the unit of the first step, in the pack's order, on which exactly one unit has a claim.

    A step on which several units have an equal claim leaves the choice between them to the next steps.
    """
    between: tuple[str, ...] = ()
    for step in pack.routing_order:
        units = tuple(dict.fromkeys(unit for unit in claims.get(step, ()) if not between or unit in between))
        if len(units) == 1:
            return Resolved(units[0], step, pack.routing_clause)
        between = units or between
    return Resolved("", None, pack.routing_clause, between)
