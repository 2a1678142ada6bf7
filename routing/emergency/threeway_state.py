"""What a three-way call knows: one raise, its case, and a state for each stage of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from ivr.call import CallId, ChannelName, SeatId
from routing.emergency.attempts import Route
from routing.emergency.policy import Plan, Source
from routing.emergency.threeway_words import ThreeWayCommand, Where

JOIN_SECONDS = 5.0
"""An answered leg that has not joined by then is given up."""
GONE_SECONDS = 3.0
"""A leg we hung up that is not reported gone by then: the switch is asked."""
NO_LEG_SECONDS = 0.5
"""How long after a failed Originate of which no leg was heard: the switch may tell of a leg's end after that."""
GRACE_SECONDS = 3.0
"""How much longer than the ringing we wait for the switch to say how it ended."""


@dataclass(frozen=True, slots=True)
class Raise:
    """One raise: the call, its parties then, what the policy decided, and when the words were said and noticed.

    `second` is where in the call's audio it happened: the end of the words, or the moment of the click.
    """

    call: CallId
    case: str
    plan: Plan
    source: Source
    by: str
    where: Where
    caller: ChannelName
    at: datetime
    agent: ChannelName | None = None
    seat: SeatId | None = None
    why: str = ""
    word_ended_at: datetime | None = None
    caller_number: str = ""
    second: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What every state knows. `caller` is None once they are gone; `left` are the routes not yet tried.

    `units` are the names of those whose duty telephone was called; `down` are trunks that took no call;
    `last_seat` is who was with the caller before.
    """

    raised: Raise
    caller: ChannelName | None
    agent: ChannelName | None
    seat: SeatId | None
    where: Where
    left: tuple[Route, ...]
    attempts: int = 0
    units: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    last_seat: SeatId | None = None

    @property
    def call(self) -> CallId:
        return self.raised.call


@dataclass(frozen=True, slots=True)
class Suggested:
    """Waiting for a person to say yes or no."""

    case: Case


@dataclass(frozen=True, slots=True)
class Calling:
    """One leg is on its way. `is_sent` once the Originate left, `channel` once the leg exists.

    `is_failed` once the switch has said that nothing came of it: why, its leg's end tells, if there was a leg.
    """

    case: Case
    route: Route
    channel_id: str
    is_sent: bool = False
    channel: ChannelName | None = None
    sent_at: datetime | None = None
    has_rung: bool = False
    is_answered: bool = False
    is_given_up: bool = False
    is_failed: bool = False


@dataclass(frozen=True, slots=True)
class Joined:
    """The emergency side is in the conversation."""

    case: Case
    channel_id: str
    is_verified: bool = False


@dataclass(frozen=True, slots=True)
class Unreached:
    """Nobody could be reached (or they left before anything was verified); people have been told."""

    case: Case


@dataclass(frozen=True, slots=True)
class Closed:
    """Over; nothing is heard any more."""

    case: Case
    why: str


ThreeWay: TypeAlias = Suggested | Calling | Joined | Unreached | Closed
Step: TypeAlias = tuple[ThreeWay, tuple[ThreeWayCommand, ...]]
