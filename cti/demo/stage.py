"""Plays the demonstration: seats sign in, citizens call, and everybody speaks in turn."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiomqtt

from cti.adapters.mqtt.publisher import broker_address
from cti.demo.cast import AGENTS, CITIZENS, Agent, Citizen, Way
from cti.server.installation import SIMULATED_PSTN, broker_url, seat_password
from cti.settings import Settings
from ivr.adapters.simulator.pyvoip_seat import PyVoipSeat, SeatScript
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.voice.espeak import Espeak, Voice
from ivr.call import CallId, PhoneNumber

ANSWER_SECONDS = 90.0
TALK_SECONDS = 120.0
FINISH_SECONDS = 60.0
QUIET_SECONDS = 1.0
SURVEY_SECONDS = 4.0
"""How long a caller listens to the survey's question before pressing."""


@dataclass(slots=True)
class Listener:
    """What came over the bus, by call and event; `keys` are the distinct facts."""

    keys: set[str] = field(default_factory=set)
    calls: dict[str, str] = field(default_factory=dict)
    _seen: dict[tuple[str, str], asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    def take(self, topic: str, payload: bytes) -> None:
        """Take one message of the bus."""
        envelope = json.loads(payload)
        self.keys.add(envelope["key"])
        call = envelope["call"] or ""
        if envelope["type"] == "offered_to_flow":
            self.calls[envelope["data"]["caller"]] = call
            self._seen["", "offered_to_flow"].set()
        self._seen[call, topic.rsplit("/", 1)[-1]].set()

    async def call_of(self, number: str) -> CallId:
        """Return the call of the citizen with this number, as soon as the bus tells of it."""
        masked = PhoneNumber.parse(number).masked
        while masked not in self.calls:
            self._seen["", "offered_to_flow"].clear()
            await self._seen["", "offered_to_flow"].wait()
        return CallId(self.calls[masked])

    async def event(self, call: str, name: str) -> None:
        """Return when this event of this call has come."""
        await self._seen[call, name].wait()


@asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[Listener]:
    """Follow the bus."""
    address, heard = broker_address(broker_url(settings)), Listener()
    client = aiomqtt.Client(
        address.host, address.port, username=address.name or None, password=address.password or None
    )
    async with client:
        await client.subscribe([("hotline/v1/calls/#", 1), ("hotline/v1/orders/#", 1)])

        async def follow() -> None:
            async for message in client.messages:
                if isinstance(message.payload, bytes):
                    heard.take(str(message.topic), message.payload)

        task = asyncio.create_task(follow())
        try:
            yield heard
        finally:
            task.cancel()


@dataclass(slots=True)
class Performance:
    """What a citizen did and when (monotonic seconds)."""

    citizen: Citizen
    call: CallId | None = None
    spoken: list[str] = field(default_factory=list)
    problem: str = ""


class Stage:
    """Everything the demonstration needs to speak and to be heard."""

    def __init__(self, settings: Settings, espeak: Espeak, heard: Listener, say: Callable[[str], object]) -> None:
        self._settings = settings
        self._espeak = espeak
        self._heard = heard
        self._say = say

    async def play(self) -> list[Performance]:
        """Let everybody act; returns when each call is finished by the service."""
        scripts = await asyncio.gather(*(self._script(agent) for agent in AGENTS))
        seats = [self._seat(agent, script) for agent, script in zip(AGENTS, scripts, strict=True)]
        try:
            await asyncio.gather(*(seat.start() for seat in seats))
            self._say(f"席位 {'、'.join(agent.seat for agent in AGENTS)} 已签入")
            return list(await asyncio.gather(*(self._act(each, 2.0 * nth) for nth, each in enumerate(CITIZENS))))
        finally:
            await asyncio.gather(*(seat.stop() for seat in seats))

    def _seat(self, agent: Agent, script: SeatScript) -> PyVoipSeat:
        switch = self._settings.switch
        password = seat_password(self._settings, agent.seat)
        return PyVoipSeat(seat=agent.seat, password=password, host=switch.sip_host, port=switch.sip_port, script=script)

    async def _script(self, agent: Agent) -> SeatScript:
        voice = Voice(agent.voice)
        return SeatScript(tuple([await self._espeak.speak(line, voice) for line in agent.lines]))

    async def _act(self, citizen: Citizen, after_seconds: float) -> Performance:
        done = Performance(citizen)
        await asyncio.sleep(after_seconds)
        try:
            await self._call(citizen, done)
        except Exception as error:  # the outermost of one caller's act: the others go on
            done.problem = f"{type(error).__name__}: {error}"
        return done

    async def _call(self, citizen: Citizen, done: Performance) -> None:
        voice, switch = Voice(citizen.voice), self._settings.switch
        lines = [await self._espeak.speak(line, voice) for line in citizen.lines]
        async with SipPhone(bind_ip=SIMULATED_PSTN[0], number=citizen.number) as phone:
            call = await phone.call(citizen.called, switch.sip_host, switch.sip_port)
            await call.answered(30)
            done.call = await asyncio.wait_for(self._heard.call_of(citizen.number), 30)
            self._say(f"{citizen.name} 拨打 {citizen.called}，通话 {done.call}")
            match citizen.way:
                case Way.KEYS:
                    await call.wait_for_audio(30)
                    await asyncio.sleep(2.0)
                    await call.press(citizen.opening)
                    self._say(f"{citizen.name} 按了 {citizen.opening}")
                case Way.SPEECH:
                    await call.wait_for_audio(30)
                    await call.wait_for_silence(1.2, 40)
                    await call.say(await self._espeak.speak(citizen.opening, voice))
                    done.spoken.append(citizen.opening)
                    self._say(f"{citizen.name} 说：{citizen.opening}")
                case _:
                    pass
            await asyncio.wait_for(self._heard.event(done.call, "answered"), ANSWER_SECONDS)
            self._say(f"{citizen.name} 与坐席接通")
            for text, sound in zip(citizen.lines, lines, strict=True):
                await call.wait_for_audio(30)
                await call.wait_for_silence(QUIET_SECONDS, 30)
                await call.say(sound)
                done.spoken.append(text)
            await asyncio.wait_for(self._heard.event(done.call, "talk_ended"), TALK_SECONDS)
            if citizen.rating:
                await asyncio.sleep(SURVEY_SECONDS)
                await call.press(citizen.rating)
                self._say(f"{citizen.name} 给服务评了 {citizen.rating}")
                await call.ended(TALK_SECONDS)
            else:
                await call.hang_up()
        await asyncio.wait_for(self._heard.event(done.call, "finished"), FINISH_SECONDS)
        self._say(f"{citizen.name} 的通话已结束，工单草稿已保存")
