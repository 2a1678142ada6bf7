"""The emergency desk's hands on the switch: each method is one deed, and raises SwitchError."""

from __future__ import annotations

from collections.abc import Callable

from ivr.call import CallId, ChannelName, PhoneNumber, QueueName, SeatId
from ivr.ports import Switch
from routing.emergency.kinds import Kind
from routing.emergency.parties import Parties
from routing.emergency.threeway_words import Originate, Where
from routing.plan import EMERGENCY_PRIORITY

AGENT_RING_SECONDS = 20
WAIT_TO_JOIN_SECONDS = 30
"""An answered leg waits so long at most until it is led to its caller; usually some milliseconds."""
OURSELVES = PhoneNumber("12345")


class Hands:
    """Calls, joins, invites, hangs up. `human_queue` is the queue for everybody."""

    def __init__(self, switch: Switch, human_queue: Callable[[], QueueName]) -> None:
        self._switch = switch
        self._human_queue = human_queue

    async def call(self, wish: Originate, digits: str, caller: PhoneNumber, kind: Kind, *, is_in_talk: bool) -> None:
        """Call the emergency side: into the bridge of a talk by itself, else to wait for `lead`."""
        passes = wish.target.may_pass_number and caller.is_known
        await self._switch.originate(
            channel=f"PJSIP/{digits}@{wish.trunk}",
            channel_id=wish.channel_id,
            application="BridgeAdd" if is_in_talk else "Wait",
            data=wish.into if is_in_talk else str(WAIT_TO_JOIN_SECONDS),
            caller=caller if passes else OURSELVES,
            variables={
                "HL_CALLID": wish.call,
                "HL_INTO": wish.into,
                "PJSIP_HEADER(add,X-12345-Order)": wish.call,
                "PJSIP_HEADER(add,X-12345-Type)": kind.value,
            },
            timeout_seconds=wish.ring_seconds,
        )

    async def lead(self, leg: ChannelName, parties: Parties) -> None:
        """Lead an answered leg to its caller: into their bridge, or out of queue or flow into a new one."""
        way = "add" if parties.where in (Where.TALK, Where.ROOM) else "take"
        await self._switch.redirect(leg, "hl-join", way)

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
            snapshot = await self._switch.snapshot()
            channel = next((each.channel for each in snapshot.channels if each.unique_id == channel_id), None)
        if channel is not None:
            await self._switch.hang_up(channel)

    async def bring_human(self, call: CallId, parties: Parties) -> None:
        """To the head of the queue: the one in which they wait, or out of the flow into the queue for everybody."""
        caller, queue = parties.caller, parties.queue
        if caller is None:
            return
        if parties.where is Where.QUEUE and queue is not None:
            await self._switch.prioritise(call, caller, queue, EMERGENCY_PRIORITY)
            return
        wishes = {"HL_QUEUE": self._human_queue(), "HL_PRIO": str(EMERGENCY_PRIORITY), "HL_WAIT": "", "HL_KEYS": ""}
        for variable, value in {**wishes, "HL_DO": "queue"}.items():
            await self._switch.set_variable(caller, variable, value)
        await self._switch.redirect(caller, "hl-done", "s")

    async def note_talk(self, caller: ChannelName) -> None:
        """The dialplan must know that the caller has talked to a person: at the end it says goodbye, and queues not."""
        await self._switch.set_variable(caller, "HL_TALKED", "1")
