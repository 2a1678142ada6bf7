"""Agents whom we ring into a conversation that has none: who was asked, who came, who is asked next."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.call import CallId, ChannelName, PhoneNumber, SeatId
from ivr.errors import SwitchError
from ivr.ports import LiveChannel, SwitchSnapshot
from routing.emergency.hands import Hands
from routing.emergency.legs import AGENT, agent_leg


class Invitations:
    """The legs `ag-…`; one at a time for each case, and no seat twice before every free one was asked."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._ringing: dict[str, SeatId] = {}
        self._came: dict[str, SeatId] = {}
        self._asked: dict[str, list[SeatId]] = {}

    def is_ringing(self, case: str) -> bool:
        return any(case_of(leg) == case for leg in self._ringing)

    def next_seat(self, case: str, snapshot: SwitchSnapshot) -> SeatId | None:
        """Return the seat to ask; None when nobody is free, and then everybody may be asked again.

        A seat that rings for another case is not free, though the switch may not yet say so.
        """
        asked = self._asked.setdefault(case, [])
        seat = free_seat(snapshot, (*asked, *self._ringing.values()))
        if seat is None:
            asked.clear()
        return seat

    async def ring(
        self, case: str, seat: SeatId, call: CallId, into: ChannelName, caller: PhoneNumber, nth: int
    ) -> None:
        """Ring the seat; SwitchError when the switch would not."""
        leg = agent_leg(case, nth)
        self._ringing[leg] = seat
        self._asked.setdefault(case, []).append(seat)
        try:
            await self._hands.ring(seat, leg, call, into, caller)
        except SwitchError:
            self._ringing.pop(leg, None)
            raise

    def came(self, leg: str) -> SeatId | None:
        """The leg has joined; return whose it is, the first time."""
        seat = self._ringing.pop(leg, None)
        if seat is not None:
            self._came[leg] = seat
        return seat

    def left(self, leg: str) -> SeatId | None:
        """The leg of an agent who had come is over; return who it was."""
        return self._came.pop(leg, None)

    def refused(self, leg: str) -> str | None:
        """The leg is over and nobody came; return its case, the first time it is told."""
        return case_of(leg) if self._ringing.pop(leg, None) is not None else None

    def adopt(self, channel: LiveChannel) -> None:
        """An earlier controller invited this seat: it rings still, or has come."""
        if channel.seat is None or channel.unique_id in self._came or channel.unique_id in self._ringing:
            return
        (self._came if channel.bridge else self._ringing)[channel.unique_id] = channel.seat
        self._asked.setdefault(case_of(channel.unique_id), []).append(channel.seat)

    def legs_that_came(self) -> tuple[str, ...]:
        return tuple(self._came)

    def forget(self, case: str) -> None:
        """The case is over."""
        self._asked.pop(case, None)


def case_of(leg: str) -> str:
    """Return the case of an agent's leg `ag-<case>-<attempt>`."""
    return leg.removeprefix(AGENT).rsplit("-", 1)[0]


def free_seat(snapshot: SwitchSnapshot, passed: Iterable[SeatId]) -> SeatId | None:
    """Return a seat that could answer now, the least penalty first."""
    asked = set(passed)
    free = [each for each in snapshot.members if each.device == "not in use" and not each.paused]
    fitting = sorted((each.penalty, each.seat) for each in free if each.seat not in asked)
    return fitting[0][1] if fitting else None
