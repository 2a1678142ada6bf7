"""The second act of the demonstration: a fire is told in a talk, the agent confirms, and the fire service joins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from cti.adapters.control.visit import ask
from cti.demo.cast import FIRE_AGENT, FIRE_CALLER, FIRE_CENTRE
from cti.demo.stage import ANSWER_SECONDS, FINISH_SECONDS, Listener, Performance
from cti.server.emergency import control_socket
from cti.server.installation import SIMULATED_PSTN, seat_password
from cti.settings import Settings
from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.voice.espeak import Espeak, Voice
from ivr.call import CallId

NOTICE_SECONDS = 40.0
JOIN_SECONDS = 30.0
PAUSE_SECONDS = 1.2
"""Between two speakers: the ears end a turn at the pause."""


@dataclass(slots=True)
class EmergencyPerformance(Performance):
    """What all three said; `line` is the number that the simulated centre was called under."""

    agent_spoken: list[str] = field(default_factory=list)
    centre_spoken: list[str] = field(default_factory=list)
    dialled: str = ""


class EmergencyAct:
    """Three telephones and one fire."""

    def __init__(self, settings: Settings, espeak: Espeak, heard: Listener, say: Callable[[str], object]) -> None:
        self._settings = settings
        self._espeak = espeak
        self._heard = heard
        self._say = say

    async def play(self) -> EmergencyPerformance:
        """Play it to its end; what went wrong is in `problem`."""
        done = EmergencyPerformance(FIRE_CALLER)
        trunk, switch = self._settings.emergency_trunk, self._settings.switch
        try:
            async with (
                SipPhone(bind_ip=trunk.host, port=trunk.port, number="centre") as centre,
                SipPhone(
                    bind_ip="127.0.0.1",
                    number=FIRE_AGENT.seat,
                    password=seat_password(self._settings, FIRE_AGENT.seat),
                ) as seat,
                SipPhone(bind_ip=SIMULATED_PSTN[0], number=FIRE_CALLER.number) as phone,
            ):
                centre.answering = Answering(after_seconds=FIRE_CENTRE.ring_seconds)
                await seat.register(switch.sip_host, switch.sip_port)
                call = await phone.call(FIRE_CALLER.called, switch.sip_host, switch.sip_port)
                await call.answered(30)
                done.call = await asyncio.wait_for(self._heard.call_of(FIRE_CALLER.number), 30)
                self._say(f"{FIRE_CALLER.name} 拨打 {FIRE_CALLER.called}，通话 {done.call}")
                agent = await seat.next_call(ANSWER_SECONDS)
                await agent.answered(30)
                await self._speak(done, call, agent, centre)
                for line in (agent, *centre.calls, call):
                    await line.hang_up()
                    await asyncio.sleep(0.2)
            await asyncio.wait_for(self._heard.event(done.call, "finished"), FINISH_SECONDS)
            self._say(f"{FIRE_CALLER.name} 的通话已结束，工单草稿与紧急时钟已保存")
        except Exception as error:  # the outermost of this act: the first act's account is shown all the same
            done.problem = f"{type(error).__name__}: {error}"
        return done

    async def _speak(self, done: EmergencyPerformance, caller: SipCall, agent: SipCall, centre: SipPhone) -> None:
        assert done.call is not None
        greeting, promise, farewell = FIRE_AGENT.lines
        alarm, place, thanks = FIRE_CALLER.lines
        question, answer = FIRE_CENTRE.lines
        await asyncio.wait_for(self._heard.event(done.call, "answered"), ANSWER_SECONDS)
        await self._line(agent, FIRE_AGENT.voice, greeting, done.agent_spoken)
        await self._line(caller, FIRE_CALLER.voice, alarm, done.spoken)
        await asyncio.wait_for(self._heard.event(done.call, "emergency_suggested"), NOTICE_SECONDS)
        self._say("系统听出火情，提示坐席；坐席一键确认")
        await self._ask("confirm", done.call)
        await self._line(agent, FIRE_AGENT.voice, promise, done.agent_spoken)
        emergency = await centre.next_call(JOIN_SECONDS)
        if emergency.invitation is not None:
            done.dialled = emergency.invitation.uri.removeprefix("sip:").partition("@")[0]
        await emergency.answered(JOIN_SECONDS)
        await asyncio.wait_for(self._heard.event(done.call, "emergency_joined"), JOIN_SECONDS)
        self._say(f"{done.dialled}（模拟的紧急中心）已加入，三方通话")
        await self._line(emergency, FIRE_CENTRE.voice, question, done.centre_spoken)
        await self._line(caller, FIRE_CALLER.voice, place, done.spoken)
        await self._line(emergency, FIRE_CENTRE.voice, answer, done.centre_spoken)
        await asyncio.wait_for(self._heard.event(done.call, "emergency_verified"), NOTICE_SECONDS)
        self._say("双方已听清对方")
        await self._line(agent, FIRE_AGENT.voice, farewell, done.agent_spoken)
        await self._line(caller, FIRE_CALLER.voice, thanks, done.spoken)

    async def _line(self, who: SipCall, voice: str, text: str, spoken: list[str]) -> None:
        await who.say(await self._espeak.speak(text, Voice(voice)))
        spoken.append(text)
        await asyncio.sleep(PAUSE_SECONDS)

    async def _ask(self, verb: str, call: CallId) -> None:
        request = {"verb": f"emergency.{verb}", "call": call, "by": FIRE_AGENT.seat}
        answer = await asyncio.to_thread(ask, control_socket(self._settings), request)
        if not answer.get("ok"):
            raise RuntimeError(f"emergency.{verb}: {answer.get('text')}")
