"""Arithmetic of time spans: which seconds of a leg were heard, and which were missed.

A span is `(begun_s, ended_s)`; a set of spans is sorted, disjoint and holds no empty span.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Span: TypeAlias = tuple[float, float]
Spans: TypeAlias = tuple[Span, ...]

_TOUCH_S = 1e-6


def union(spans: Iterable[Span]) -> Spans:
    """All seconds that any of `spans` covers; neighbours that touch become one."""
    joined: list[Span] = []
    for begun, ended in sorted(span for span in spans if span[1] > span[0]):
        if joined and begun <= joined[-1][1] + _TOUCH_S:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ended))
        else:
            joined.append((begun, ended))
    return tuple(joined)


def missing(covered: Iterable[Span], whole: Span, shortest_s: float = 0.0) -> Spans:
    """The parts of `whole` that `covered` leaves out; parts shorter than `shortest_s` are not worth a look."""
    holes: list[Span] = []
    at = whole[0]
    for begun, ended in union(covered):
        if begun > at:
            holes.append((at, min(begun, whole[1])))
        at = max(at, ended)
        if at >= whole[1]:
            break
    if at < whole[1]:
        holes.append((at, whole[1]))
    return tuple(hole for hole in holes if hole[1] - hole[0] > max(shortest_s, _TOUCH_S))


def within(spans: Iterable[Span], whole: Span) -> Spans:
    """The parts of `spans` that lie inside `whole`."""
    return union((max(begun, whole[0]), min(ended, whole[1])) for begun, ended in spans)


def touches(span: Span, spans: Iterable[Span]) -> bool:
    """Whether `span` shares any time with one of `spans`."""
    return any(span[0] < ended and begun < span[1] for begun, ended in spans)


def holds(moment_s: float, spans: Iterable[Span]) -> bool:
    """Whether `moment_s` lies in one of `spans` (its end excluded)."""
    return any(begun <= moment_s < ended for begun, ended in spans)


def total_s(spans: Iterable[Span]) -> float:
    """How many seconds `spans` cover together."""
    return sum(ended - begun for begun, ended in union(spans))
