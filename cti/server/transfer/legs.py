"""Legs that agents' wishes brought about: whose they are, and what the queue would have told had it made them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.events import (
    BridgeEntered,
    BridgeLeft,
    CallerAbandoned,
    LegDown,
    LegHeld,
    LegUp,
    SeatAnswered,
    SeatMissed,
    SeatRang,
    SwitchEvent,
    TalkEnded,
)
from ivr.ports import SwitchSnapshot
from routing.transfer import Kind, Transfer

TRANSFER = "tr-"
MONITOR = "mo-"
CALLED = "oc-"
MOST_ENDED = 5000


def is_ours(leg: str) -> bool:
    """Whether the leg was called for a transfer, or listens in."""
    return leg.startswith((TRANSFER, MONITOR))


def call_of_leg(leg: str) -> CallId:
    """Return the call for whose sake the leg was called: `tr-<call>-<attempt>`."""
    return CallId(leg[3:].rpartition("-")[0])


@dataclass(frozen=True, slots=True)
class _Third:
    """A colleague who is asked aside."""

    channel: ChannelName
    seat: SeatId
    talks: bool = False


class TransferLegs:
    """Names events of our legs after their call, and says what nobody else will."""

    def __init__(self, queue: Callable[[], QueueName]) -> None:
        self._queue = queue
        self._seats: dict[str, SeatId] = {}  # by leg: whom we rang
        self._loose: dict[ChannelName, tuple[CallId, SeatId]] = {}  # talks of whose end the queue may not tell
        self._ended: set[tuple[CallId, SeatId]] = set()
        self._rejoined: set[tuple[CallId, SeatId]] = set()  # talks that went on over a second line of the same seat
        self._thirds: dict[CallId, _Third] = {}
        self._called: dict[CallId, str] = {}  # whom an agent calls
        self._agents: dict[CallId, LegUp] = {}
        self._answered: set[CallId] = set()
        self._taken_over: dict[str, tuple[SeatId, ChannelName]] = {}

    def loose(self, channel: ChannelName, call: CallId, seat: SeatId) -> None:
        """The queue may not tell when this seat's talk ends: then we do."""
        if seat:
            self._loose[channel] = (call, seat)

    def calling(self, call: CallId, number: str) -> None:
        """An agent's call to a number has been asked for."""
        self._called[call] = number

    def taking_over(self, leg: str, seat: SeatId, channel: ChannelName) -> None:
        """A leg that only listened becomes a party."""
        self._taken_over[leg] = (seat, channel)

    def third_stays(self, call: CallId) -> ChannelName | None:
        """The colleague who was asked aside is the caller's agent from now on; return their channel."""
        third = self._thirds.pop(call, None)
        if third is None:
            return None
        self.loose(third.channel, call, third.seat)
        return third.channel

    def adopt(self, snapshot: SwitchSnapshot) -> None:
        """An earlier controller called these legs."""
        for each in snapshot.channels:
            if is_ours(each.unique_id) and each.seat is not None:
                self._seats[each.unique_id] = each.seat
                if each.bridge:
                    self.loose(each.channel, each.call, each.seat)
            elif each.call.startswith(CALLED) and each.seat is not None and each.bridge:
                self._answered.add(each.call)
                self.loose(each.channel, each.call, each.seat)

    def ours(self, event: SwitchEvent, live: Mapping[CallId, Transfer]) -> tuple[SwitchEvent, ...]:
        """Return the event under its call and what belongs to it; nothing for what concerns nobody."""
        match event:
            case SeatAnswered(call=call, seat=seat):
                self._ended.discard((call, seat))
                return (event,)
            case TalkEnded(call=call, seat=seat) if (call, seat) in self._rejoined:
                return ()  # the queue only tells of the line that was left
            case TalkEnded(call=call, seat=seat):
                here = live.get(call)
                if here is not None and here.kind is Kind.CONSULT and here.seat == seat and here.agent is not None:
                    return ()  # they only talk to somebody else
                return () if self._is_told(call, seat) else (event,)
            case LegUp() | LegDown() | BridgeEntered() | BridgeLeft() | LegHeld():
                return self._of_leg(event)
            case _:
                return (event,)

    def _of_leg(self, event: LegUp | LegDown | BridgeEntered | BridgeLeft | LegHeld) -> tuple[SwitchEvent, ...]:
        leg = getattr(event, "unique_id", "") or event.call
        if leg.startswith(MONITOR) and leg not in self._taken_over:
            return ()  # who listens is no party
        if leg.startswith(MONITOR):
            return self._took_over(leg, event)
        if leg.startswith(TRANSFER):
            return self._rung(leg, event)
        if event.call.startswith(CALLED):
            return self._of_called(event)
        return (event, *self._end_of_talk(event))

    def _rung(self, leg: str, event: LegUp | LegDown | BridgeEntered | BridgeLeft | LegHeld) -> tuple[SwitchEvent, ...]:
        """A leg that we called so that it takes the caller."""
        named = replace(event, call=call_of_leg(leg))
        match named:
            case LegUp(call=call, seat=str() as seat, channel=channel, at=at):
                self._seats[leg] = seat
                return named, SeatRang(call, self._queue(), seat, channel, at)
            case BridgeEntered(call=call, channel=channel, at=at) if leg in self._seats:
                if channel in self._loose:
                    return (named,)
                if (call, self._seats[leg]) in self._loose.values():
                    self._rejoined.add((call, self._seats[leg]))
                self.loose(channel, call, self._seats[leg])
                return named, self._answer(call, self._seats[leg], channel, named)
            case LegDown(call=call, channel=channel, at=at) if leg in self._seats and channel not in self._loose:
                return named, SeatMissed(call, self._queue(), self._seats.pop(leg), at)
            case LegDown():
                self._seats.pop(leg, None)
                return (named, *self._end_of_talk(named))
            case _:
                return (named, *self._end_of_talk(named))

    def _took_over(
        self, leg: str, event: LegUp | LegDown | BridgeEntered | BridgeLeft | LegHeld
    ) -> tuple[SwitchEvent, ...]:
        seat, _ = self._taken_over[leg]
        named = replace(event, call=call_of_leg(leg))
        if isinstance(named, BridgeEntered) and named.channel not in self._loose:
            self.loose(named.channel, named.call, seat)
            up = LegUp(named.call, Leg.AGENT, named.channel, PhoneNumber(seat), named.at, seat)
            return up, named, self._answer(named.call, seat, named.channel, named)
        if isinstance(named, LegDown):
            del self._taken_over[leg]
        return (named, *self._end_of_talk(named))

    def _of_called(self, event: LegUp | LegDown | BridgeEntered | BridgeLeft | LegHeld) -> tuple[SwitchEvent, ...]:
        """A call that an agent makes: the seat's leg came first, whom they call is the call's citizen."""
        call = event.call
        match event:
            case LegUp(leg=Leg.AGENT, seat=str()) if call not in self._agents:
                self._agents[call] = event
                return (event,)
            case LegUp(leg=Leg.CALLER):
                number = self._called.get(call, event.number.digits)
                return (replace(event, number=PhoneNumber(number)),)
            case BridgeEntered(channel=channel) if call in self._agents and call not in self._answered:
                agent = self._agents[call]
                if channel != agent.channel or agent.seat is None:
                    return (event,)
                self._answered.add(call)
                self.loose(channel, call, agent.seat)
                return agent, event, self._answer(call, agent.seat, channel, event)
            case LegDown(channel=channel) if call in self._agents and channel == self._agents[call].channel:
                self._agents.pop(call)
                self._called.pop(call, None)
                self._answered.discard(call)
                return (event, *self._end_of_talk(event))
            case _:
                return (event, *self._end_of_talk(event))

    def aside(self, event: SwitchEvent, here: Transfer | None) -> tuple[tuple[SwitchEvent, SwitchEvent | None], ...]:
        """Return what only seats hear, and in its place the board: of a colleague asked aside, of a seat that calls."""
        match event:
            case LegUp(call=call, seat=str() as seat, channel=channel, at=at) if call.startswith(CALLED):
                return ((SeatRang(call, self._queue(), seat, channel, at), None),) if call not in self._answered else ()
            case LegDown(call=call, at=at) if call.startswith(CALLED) and call not in self._answered:
                return ((CallerAbandoned(call, self._queue(), 0, 0.0, at), None),)
            case LegUp(call=call, seat=str() as seat, channel=channel, at=at) if _is_asked(here, seat):
                self._thirds[call] = _Third(channel, seat)
                rang = SeatRang(call, self._queue(), seat, channel, at)
                return ((rang, rang),)
            case BridgeEntered() | LegDown() if event.call in self._thirds:
                return self._of_third(event, self._thirds[event.call])
            case _:
                return ()

    def _of_third(
        self, event: BridgeEntered | LegDown, third: _Third
    ) -> tuple[tuple[SwitchEvent, SwitchEvent | None], ...]:
        call, queue = event.call, self._queue()
        if event.channel != third.channel:
            return ()
        rings_no_more = SeatMissed(call, queue, third.seat, event.at)  # to the board it means no more than that
        if isinstance(event, BridgeEntered):
            if third.talks:
                return ()
            self._thirds[call] = replace(third, talks=True)
            return ((SeatAnswered(call, queue, third.seat, third.channel, 0.0, 0.0, event.at), rings_no_more),)
        del self._thirds[call]
        over = TalkEnded(call, queue, third.seat, "agent", 0.0, event.at) if third.talks else rings_no_more
        return ((over, rings_no_more),)

    def _answer(self, call: CallId, seat: SeatId, channel: ChannelName, event: BridgeEntered) -> SeatAnswered:
        self._ended.discard((call, seat))
        return SeatAnswered(call, self._queue(), seat, channel, 0.0, 0.0, event.at)

    def _end_of_talk(self, event: SwitchEvent) -> tuple[SwitchEvent, ...]:
        if not isinstance(event, LegDown) or event.channel not in self._loose:
            return ()
        call, seat = self._loose.pop(event.channel)
        if (call, seat) in self._rejoined and (call, seat) in self._loose.values():
            return ()
        self._rejoined.discard((call, seat))
        return () if self._is_told(call, seat) else (TalkEnded(call, self._queue(), seat, "agent", 0.0, event.at),)

    def _is_told(self, call: CallId, seat: SeatId) -> bool:
        """Whether the end of this talk was told already; from now on it was."""
        is_told = (call, seat) in self._ended
        if len(self._ended) > MOST_ENDED:
            self._ended.clear()
        self._ended.add((call, seat))
        return is_told


def _is_asked(here: Transfer | None, seat: SeatId) -> bool:
    return here is not None and here.kind is Kind.CONSULT and here.is_seat and here.to == seat
