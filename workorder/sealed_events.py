"""What of a sensitive order's event may lie open: where it stands and whose it is; no word that anybody wrote."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from workorder.life.actions import Action, TimerRan
from workorder.life.history import LifeEvent
from workorder.life.living import Clock

HIDDEN_WORDS = "（已加密）"
"""Stands for words that lie sealed, so that what must not be empty is not."""

_SEALED = """
answer basis contact explanation finding how milestones minutes note opinion
photo place reason report suggestion text told why
"""
SEALED_TEXTS = frozenset(_SEALED.split())
"""The fields of moves in which people write what they like."""

_OPEN = """
approver article asked assistants attachments calls category channel checked code collector coordinator duty
first_receiver handler lacking law lead level mode pack repeat_kind request_type route satisfaction step subject_unit
timer trigger unit upstream_id
"""
OPEN_TEXTS = frozenset(_OPEN.split())
"""Those that hold codes, units, colleagues: the rules and the lists need them."""


def husk_of_event(event: LifeEvent) -> LifeEvent:
    """Return the event without words; its hash stays that of the whole one, so the chain goes on."""
    return replace(event, action=_husk(event.action), clock=_without_reasons(event.clock))


def _husk(action: Action) -> Action:
    if isinstance(action, TimerRan):  # written by the system, of units and offices
        return action
    hidden: dict[str, Any] = {}
    for each in fields(action):
        value = getattr(action, each.name)
        if each.name in SEALED_TEXTS and value:
            hidden[each.name] = HIDDEN_WORDS if isinstance(value, str) else _hidden(value)
    return replace(action, **hidden)


def _hidden(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return dated steps with their days, and other lists by their length."""
    return tuple((each[0], HIDDEN_WORDS) if isinstance(each, tuple) else HIDDEN_WORDS for each in values)


def _without_reasons(clock: Clock | None) -> Clock | None:
    if clock is None or not clock.pauses:
        return clock
    return replace(clock, pauses=tuple(replace(each, why=HIDDEN_WORDS) for each in clock.pauses))
