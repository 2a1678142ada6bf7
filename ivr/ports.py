"""What stage 1 asks of the world, in our words; adapters and fakes fulfil these under one contract suite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.commands import Dial, Enqueue, HangUp, PlayPrompt, RecordMessage
from ivr.events import FlowEvent, SwitchEvent, WordsHeard

GOTO = "Goto"


class Clock(Protocol):
    """Time, asked for at the edge only."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class CallSteps(Protocol):
    """One caller's line while the flow has it (FastAGI). Raises SwitchLostError when the line to the switch broke."""

    async def perform(self, command: PlayPrompt) -> FlowEvent:
        """Play, wait, and return how it ended; a caller who is gone is CallerHungUp, never an exception."""

    async def hand_over(self, command: Enqueue | Dial | RecordMessage | HangUp) -> None:
        """Tell the switch to do a long step and end this turn; how it ended comes with the call's next turn, if any."""

    async def interrupt_with_words(self, words: WordsHeard) -> bool:
        """End the present prompt with `words`; False when there was none to end."""

    async def set_variable(self, name: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class QueueMember:
    """A seat's standing in a queue, read from the switch."""

    queue: QueueName
    seat: SeatId
    penalty: int
    paused: bool
    reason: str
    device: str


@dataclass(frozen=True, slots=True)
class WaitingCaller:
    """A caller in a queue, read from the switch."""

    queue: QueueName
    call: CallId
    channel: ChannelName
    position: int
    waited_seconds: float
    priority: int


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """A channel that exists now; `bridge` is empty when it stands alone."""

    call: CallId
    channel: ChannelName
    unique_id: str
    number: PhoneNumber
    application: str
    bridge: str
    seconds: float
    variables: Mapping[str, str]
    leg: Leg = Leg.CALLER
    seat: SeatId | None = None


@dataclass(frozen=True, slots=True)
class SwitchSnapshot:
    """The switch's state as it says itself, read after every login before work goes on."""

    epoch: int
    channels: tuple[LiveChannel, ...]
    members: tuple[QueueMember, ...]
    waiting: tuple[WaitingCaller, ...]
    listening: tuple[LiveChannel, ...] = ()
    """Supervisors' legs that listen in: parties of no call."""


class Switch(Protocol):
    """The telephone switch (AMI). Every method has a deadline and raises SwitchError; `originate` is never repeated."""

    def events(self) -> AsyncIterator[SwitchEvent]:
        """Facts in the order the switch told them, SwitchLost and SwitchReady among them. One reader."""

    async def snapshot(self) -> SwitchSnapshot: ...

    async def add_member(self, queue: QueueName, seat: SeatId, name: str, penalty: int = 0) -> None: ...

    async def remove_member(self, queue: QueueName, seat: SeatId) -> None: ...

    async def pause_member(self, seat: SeatId, paused: bool, reason: str = "") -> None: ...

    async def prioritise(self, call: CallId, channel: ChannelName, queue: QueueName, priority: int) -> None: ...

    async def stop_prompt(self, channel: ChannelName) -> None: ...

    async def set_variable(self, channel: ChannelName, name: str, value: str) -> None: ...

    async def beat(self, seconds: int) -> None:
        """Say that this controller is alive at `seconds` since the epoch."""

    async def tap(self, channel: ChannelName, stream: str, host: str, port: int) -> None:
        """Send what this party says as 8 kHz signed linear to an AudioSocket at `host:port` under the uuid `stream`."""

    async def originate(
        self,
        *,
        channel: str,
        channel_id: str,
        application: str,
        data: str,
        caller: PhoneNumber,
        variables: Mapping[str, str],
        timeout_seconds: int,
    ) -> None:
        """Call `channel` under a fixed id; once answered it runs `application` with `data`.

        With the application `GOTO` it goes on in the dialplan instead, at `data` = `context,extension`.
        """

    async def redirect(self, channel: ChannelName, context: str, extension: str, priority: int = 1) -> None: ...

    async def hang_up(self, channel: ChannelName, cause: int = 16) -> None: ...

    async def mute_recording(self, channel: ChannelName, muted: bool) -> None: ...

    async def reload_queues(self) -> None: ...


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One recognised word; seconds count from the answer of the call."""

    text: str
    begun_s: float
    ended_s: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recogniser says of one speaker: partials are revised, finals are not. No spaces between hanzi."""

    call: CallId
    leg: Leg
    text: str
    is_final: bool
    begun_s: float
    ended_s: float
    words: tuple[HeardWord, ...] = ()


class Recogniser(Protocol):
    """One speaker's recogniser, fed with PCM at its model's rate. Results are JSON as Kaldi writes it.

    May be used in any thread, by one at a time. Whatever it raises ends this one speaker's stream.
    """

    def accept(self, pcm: bytes) -> str | None:
        """Hear more; returns the result of an utterance that has come to its end, else None."""

    def partial(self) -> str:
        """Return what is known of the present utterance, `{"partial": …}`; may lack it before anything was fed."""

    def final(self) -> str:
        """End the present utterance and return it, `{"result": [{"word", "start", "end", "conf"}…]}`.

        Seconds count what was ever fed to this recogniser; it may be fed further.
        """


class SpeechModel(Protocol):
    """What knows a language: it opens a recogniser for each speaker."""

    @property
    def name(self) -> str: ...

    @property
    def rate_hz(self) -> int: ...

    def open(self) -> Recogniser: ...


class Ears(Protocol):
    """Live speech recognition: one stream per leg. Losing the ears never touches the call."""

    async def expect(self, call: CallId, leg: Leg, begun_at_s: float) -> str:
        """Announce a stream and return its uuid; `begun_at_s` is its offset from the answer of the call."""

    def address_of(self, stream: str) -> tuple[str, int]:
        """Return where the switch must send this AudioSocket stream; EarsError when nobody waits for it any more."""

    async def pause(self, call: CallId, is_paused: bool) -> None:
        """Hear nothing of the call (its streams go on, and so does its clock) until told otherwise."""

    def heard(self) -> AsyncIterator[Heard]:
        """Partial and final results of all streams, seconds from the answer of the call. One reader."""

    async def finish(self, call: CallId) -> tuple[Heard, ...]:
        """End the call's streams and return every final result of it, in order of time."""

    def coverage(self, call: CallId, leg: Leg) -> tuple[tuple[float, float], ...]:
        """Return which seconds of the call the live tap of this leg heard; may be asked until `finish` was long ago."""

    async def recognise(
        self, call: CallId, leg: Leg, recording: Path, holes: Sequence[tuple[float, float]]
    ) -> tuple[Heard, ...]:
        """Write down the parts of a recording (seconds) that the live tap missed."""


class Journal(Protocol):
    """The append-only story of each call; lines survive the death of the process that wrote them."""

    def append(self, call: CallId, line: Mapping[str, object]) -> None: ...

    def read(self, call: CallId) -> tuple[Mapping[str, object], ...]: ...

    def calls_since(self, since: datetime) -> tuple[CallId, ...]:
        """Return the calls whose story went on after `since`, sorted; it looks at every file, so not in the loop."""
