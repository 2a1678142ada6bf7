"""Which number on which trunk is tried next, and why an attempt failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from routing.emergency.policy import Target


@dataclass(frozen=True, slots=True)
class Route:
    """One number of one target on one trunk; each is tried at most once for one raise."""

    target: Target
    number: str
    trunk: str


BUSY, NO_ANSWER, REFUSED = "busy", "no_answer", "refused"
TRUNK_DOWN, HUNG_UP, UNKNOWN = "trunk_down", "hung_up", "unknown"
TITLES = {
    BUSY: "占线",
    NO_ANSWER: "无人接听",
    REFUSED: "拒接",
    TRUNK_DOWN: "线路不通",
    HUNG_UP: "对方挂断",
    UNKNOWN: "原因不明",
}

_BY_TECHNOLOGY = {
    "486": BUSY, "600": BUSY, "480": NO_ANSWER, "408": NO_ANSWER, "487": NO_ANSWER, "603": REFUSED, "403": REFUSED,
    "404": REFUSED, "484": REFUSED, "488": REFUSED, "500": TRUNK_DOWN, "502": TRUNK_DOWN, "503": TRUNK_DOWN,
    "504": TRUNK_DOWN,
}  # fmt: skip
_BY_CAUSE = {
    17: BUSY, 18: NO_ANSWER, 19: NO_ANSWER, 20: NO_ANSWER, 21: REFUSED, 1: REFUSED, 28: REFUSED, 3: TRUNK_DOWN,
    27: TRUNK_DOWN, 34: TRUNK_DOWN, 38: TRUNK_DOWN, 41: TRUNK_DOWN, 42: TRUNK_DOWN, 44: TRUNK_DOWN, 58: TRUNK_DOWN,
    16: HUNG_UP,
}  # fmt: skip


def routes_of(targets: Iterable[Target]) -> tuple[Route, ...]:
    """Return every route in the usual order: a target's numbers, then its other trunk, then the next target.

    Two targets may share a number (122 falls back on 110): the first keeps it, so that nobody is called twice.
    """
    found: dict[tuple[str, str], Route] = {}
    for target in targets:
        for trunk in target.trunks:
            for number in target.numbers:
                found.setdefault((number, trunk), Route(target, number, trunk))
    return tuple(found.values())


def next_route(tried: Route, left: tuple[Route, ...], why: str, down: Iterable[str] = ()) -> Route | None:
    """Return what to try after `tried` failed, or None: another number, then the same ones by another trunk.

    A trunk that is down (`down`, and `tried`'s when that is why) is left for another one first, with the same number.
    """
    shut = {*down, tried.trunk} if why == TRUNK_DOWN else set(down)
    is_worn = why != TRUNK_DOWN  # the far end itself did not answer: another trunk would reach the same
    return min(left, key=lambda each: (each.trunk in shut, is_worn and each.number == tried.number), default=None)


def why_failed(cause: int, tech_cause: str) -> str:
    """Return why a leg ended before it joined. The technology's answer is nearer to the truth than the Q.850 cause."""
    return _BY_TECHNOLOGY.get(tech_cause.strip()) or _BY_CAUSE.get(cause, UNKNOWN)
