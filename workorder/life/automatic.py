"""What the system does by itself right after a move: it opens the supervision that the city's rules demand."""

from __future__ import annotations

from workorder.cities.pack import Pack, TriggerWhen
from workorder.life.actions import Supervise
from workorder.life.living import LivingOrder
from workorder.life.states import WITH_UNIT


def supervision_due(order: LivingOrder, pack: Pack) -> Supervise | None:
    """Return the supervision that this order calls for now, or None. Each order is supervised by itself only once.

    Overdue is seen by the timers; recurring, refused and able-but-unwilling are judged by people.
    """
    if order.state not in WITH_UNIT or order.supervisions:
        return None
    counts = {
        TriggerWhen.LEADER_ASSIGNED: int(order.is_leader_assigned),
        TriggerWhen.MAJOR: int(order.is_major),
        TriggerWhen.POOR_QUALITY: order.returns + order.review_fails,
        TriggerWhen.MANY_UNITS: 1 + len(order.assistants),
        TriggerWhen.SHIRKED: order.shirked,
    }
    for trigger in pack.triggers:
        if trigger.when in counts and counts[trigger.when] >= trigger.at_least:
            return Supervise(trigger.when.value, f"{trigger.title}，自动督办。")
    return None
