"""The history of an order: append-only, each event sealed with the hash of the one before, so that edits show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from workorder.life.actions import Action
from workorder.life.actors import Actor
from workorder.life.codec import to_plain
from workorder.life.living import Clock
from workorder.life.states import LifeState
from workorder.order import OrderNumber

GENESIS = "0" * 64
"""What the first event of an order follows."""


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """One thing that happened to an order: who did what when, where it stood before and after, and whose it is now."""

    number: OrderNumber
    seq: int  # from 1
    at: datetime
    actor: Actor
    action: Action
    before: LifeState | None
    after: LifeState
    owner: str
    clock: Clock | None
    due: datetime | None
    is_provisional: bool
    previous: str
    hash: str = ""

    def sealed(self) -> LifeEvent:
        """Return the event with its hash."""
        return replace(self, hash=hash_of(self))


@dataclass(frozen=True, slots=True)
class Break:
    """Where a history does not hold: the event's number, and what is wrong in Chinese."""

    seq: int
    what: str


def hash_of(event: LifeEvent) -> str:
    """Return the sha256 of everything in the event, the hash of the one before included."""
    plain = to_plain(replace(event, hash=""))
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def breaks_in(events: Sequence[LifeEvent]) -> tuple[Break, ...]:
    """Return every place where events were changed, left out, put in or put in another order."""
    found: list[Break] = []
    previous, state = GENESIS, None
    for nth, event in enumerate(events, 1):
        if event.seq != nth:
            found.append(Break(nth, f"第 {nth} 条的序号是 {event.seq}：有缺漏或插入。"))
        if event.previous != previous:
            found.append(Break(nth, f"第 {nth} 条接不上前一条：前面被改动过。"))
        if event.hash != hash_of(event):
            found.append(Break(nth, f"第 {nth} 条的内容与封印不符：它被改动过。"))
        if event.before is not state:
            found.append(Break(nth, f"第 {nth} 条之前的状态对不上。"))
        previous, state = event.hash, event.after
    return tuple(found)
