"""The due light of an order: green, amber, red or none, with the words that say it without the colour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from workorder.life.living import LivingOrder
from workorder.life.states import ENDS, LifeState

_DONE = frozenset({LifeState.CLOSED, LifeState.TOLD, LifeState.SMS_FOLLOWUP, LifeState.MANUAL_FOLLOWUP, *ENDS})
_AMBER_SHARE = 4
"""Amber in the last quarter of the time, and always in the last two hours."""
_AMBER_AT_LEAST = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Light:
    """`colour` is green, amber, red or none."""

    colour: str
    words: str


def light_of(order: LivingOrder, now: datetime) -> Light:
    """Return the light at `now`."""
    if order.state in _DONE:
        return Light("none", "已办结")
    if order.state is LifeState.PAUSED:
        return Light("none", "暂停计时")
    if order.due is None or order.clock is None:
        return Light("none", "没有时限在走")
    left = order.due - now
    if left < timedelta():
        return Light("red", f"已超期 {_span(-left)}")
    amber = max(_AMBER_AT_LEAST, (order.due - order.clock.start) / _AMBER_SHARE)
    words = f"还有 {_span(left)}" + ("（暂定）" if order.is_provisional else "")
    return Light("amber" if left <= amber else "green", words)


def _span(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} 分钟"
    hours = minutes // 60
    return f"{hours} 小时" if hours < 48 else f"{hours // 24} 天"
