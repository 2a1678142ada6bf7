"""The transfer desk's hands on the switch: each method is one deed in the dialplan's words, and raises SwitchError."""

from __future__ import annotations

from cti.server.call_places import Places, Target
from ivr.call import CallId, ChannelName, PhoneNumber, SeatId
from ivr.moves import HOTLINE
from ivr.ports import GOTO, Switch
from routing.transfer import CONSULT_SECONDS, RING_SECONDS


class TransferHands:
    """Rings colleagues, takes agents aside and brings everybody together again."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    async def ring(self, places: Places, target: Target, leg: str) -> None:
        """Ring a seat or a number while the talk goes on; once it answers, it takes the agent's place."""
        await self._switch.originate(
            channel=f"PJSIP/{target.seat}" if target.seat else f"Local/{target.number}@hl-third/n",
            channel_id=leg,
            application=GOTO,
            data="hl-back,s",
            caller=places.caller.number if target.seat else HOTLINE,
            variables={"HL_CALLID": places.call, "HL_INTO": places.caller.channel, "HL_RING": str(RING_SECONDS)},
            timeout_seconds=RING_SECONDS,
        )

    async def call_out(self, seat: SeatId, leg: str, number: str) -> None:
        """Ring the seat; once it is answered the dialplan dials the number, by the only way out."""
        await self._switch.originate(
            channel=f"PJSIP/{seat}",
            channel_id=leg,
            application=GOTO,
            data=f"hl-call,{number}",
            caller=PhoneNumber(number),
            variables={"HL_CALLID": leg},
            timeout_seconds=RING_SECONDS,
        )

    async def keep_while_ringing(self, caller: ChannelName) -> None:
        """Let the dialplan look after the caller should the talk end before whom we ring has answered."""
        await self._keep(caller, None, RING_SECONDS + 5)

    async def prepare_consult(self, places: Places, to: str) -> None:
        """Let the dialplan keep the caller while the agent is aside, and tell it whom the agent will talk to."""
        await self._keep(places.caller.channel, places.agent.channel, CONSULT_SECONDS)
        wishes = {"HL_INTO": places.caller.channel, "HL_DIAL": to, "HL_RING": str(RING_SECONDS)}
        for name, value in {**wishes, "HL_CALLID": places.call}.items():
            await self._switch.set_variable(places.agent.channel, name, value)

    async def begin_consult(self, agent: ChannelName) -> None:
        """Take the agent out of the talk and to whom they want to ask."""
        await self._switch.redirect(agent, "hl-consult", "s")

    async def end_consult(self, agent: ChannelName) -> None:
        """Bring the agent back to the caller."""
        await self._switch.redirect(agent, "hl-back", "s")

    async def join(self, caller: ChannelName, agent: ChannelName | None) -> None:
        """Bring the caller into the talk of the agent and the third."""
        await self._switch.set_variable(caller, "HL_ASIDE_OF", agent or "")
        await self._switch.redirect(caller, "hl-join-talk", "s")

    async def take_over(self, channel: ChannelName, call: CallId, caller: ChannelName) -> None:
        """Make a line that only listened a party of the caller's talk."""
        for name, value in {"HL_INTO": caller, "HL_CALLID": call}.items():
            await self._switch.set_variable(channel, name, value)
        await self._switch.redirect(channel, "hl-back", "s")

    async def stay_beside(self, caller: ChannelName) -> None:
        """The dialplan need not look after the caller any more."""
        await self._switch.set_variable(caller, "HL_ASIDE", "")

    async def _keep(self, caller: ChannelName, agent: ChannelName | None, seconds: int) -> None:
        for name, value in (("HL_ASIDE_OF", agent or ""), ("HL_ASIDE_SECONDS", str(seconds)), ("HL_ASIDE", "1")):
            await self._switch.set_variable(caller, name, value)
