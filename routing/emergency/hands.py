"""The emergency desk's hands on the switch: each method is one deed, and raises SwitchError."""

from __future__ import annotations

from collections.abc import Callable

from ivr.call import CallId, ChannelName, PhoneNumber, QueueName, SeatId
from ivr.moves import HOTLINE, end_leg, send_to_queue
from ivr.ports import GOTO, Switch
from routing.emergency.interlock import EMERGENCY_TRUNKS
from routing.emergency.kinds import Kind
from routing.emergency.parties import Parties
from routing.emergency.passing import Known, headers_of
from routing.emergency.spoken import FOLDER
from routing.emergency.threeway_words import Originate, Where
from routing.plan import EMERGENCY_PRIORITY

AGENT_RING_SECONDS = 20
SAY_WITHIN_SECONDS = 5


class Hands:
    """Calls, joins, invites, hangs up. `human_queue` is the queue for everybody."""

    def __init__(self, switch: Switch, human_queue: Callable[[], QueueName]) -> None:
        self._switch = switch
        self._human_queue = human_queue

    async def call(self, wish: Originate, digits: str, caller: PhoneNumber, kind: Kind, known: Known) -> None:
        """Call the emergency side; once answered it joins its caller by itself, wherever they are then."""
        passes = wish.target.may_pass_number and caller.is_known
        headers = headers_of(wish.call, kind, wish.target, known)
        await self._switch.originate(
            channel=f"PJSIP/{digits}@{wish.trunk}",
            channel_id=wish.channel_id,
            application=GOTO,
            data="hl-join,s",
            caller=caller if passes else HOTLINE,
            variables={
                "HL_CALLID": wish.call,
                "HL_INTO": wish.into,
                **{f"PJSIP_HEADER(add,{name})": value for name, value in headers.items()},
            },
            timeout_seconds=wish.ring_seconds,
        )

    async def say(self, leg: str, sound: str, to: ChannelName) -> None:
        """Say a sound to one party, over all they hear; nobody is moved or interrupted.

        Not by barging in on both at once: the switch would tell of the other's hang-up only when all was said.
        """
        await self._switch.originate(
            channel=f"Local/{sound.removeprefix(f'{FOLDER}/')}@hl-say/n",
            channel_id=leg,
            application="ChanSpy",
            data=f"{to},qwES",
            caller=HOTLINE,
            variables={},
            timeout_seconds=SAY_WITHIN_SECONDS,
        )

    async def notify(self, leg: str, call: CallId, digits: str, trunk: str, sounds: str, ring_seconds: int) -> None:
        """Call a unit's duty telephone and play it the sounds (joined by `&`) once it is answered.

        Any trunk but the emergency ones means the ordinary way out of the dialplan.
        """
        is_direct = trunk in EMERGENCY_TRUNKS
        await self._switch.originate(
            channel=f"PJSIP/{digits}@{trunk}" if is_direct else f"Local/{digits}@hl-notice/n",
            channel_id=leg,
            application="Playback",
            data=sounds,
            caller=HOTLINE,
            variables={"HL_CALLID": call},
            timeout_seconds=ring_seconds,
        )

    async def ring(self, seat: SeatId, leg: str, call: CallId, into: ChannelName, caller: PhoneNumber) -> None:
        """Ring a seat into the conversation of `into`."""
        await self._switch.originate(
            channel=f"PJSIP/{seat}",
            channel_id=leg,
            application="BridgeAdd",
            data=into,
            caller=caller,
            variables={"HL_CALLID": call},
            timeout_seconds=AGENT_RING_SECONDS,
        )

    async def hang_up(self, channel_id: str, channel: ChannelName | None) -> None:
        """End a leg of ours; one whose channel nobody told us of is looked for."""
        if channel is None:
            await end_leg(self._switch, channel_id)
        else:
            await self._switch.hang_up(channel)

    async def bring_human(self, call: CallId, parties: Parties) -> None:
        """To the head of the queue: the one in which they wait, or out of the flow into the queue for everybody."""
        caller, queue = parties.caller, parties.queue
        if caller is None:
            return
        if parties.where is Where.QUEUE and queue is not None:
            await self._switch.prioritise(call, caller, queue, EMERGENCY_PRIORITY)
            return
        await send_to_queue(self._switch, caller, self._human_queue(), EMERGENCY_PRIORITY)

    async def note_talk(self, caller: ChannelName) -> None:
        """The dialplan must know that the caller has talked to a person: at the end it says goodbye, and queues not."""
        await self._switch.set_variable(caller, "HL_TALKED", "1")
