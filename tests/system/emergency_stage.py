"""A stage for many emergencies at once on one real service: what people, lines and timers do, told as short scripts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cti.adapters.control.visit import ask
from cti.server.emergency import control_socket
from cti.server.installation import folders_of, part, seat_password
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.simulator.call_plan import FOREVER_SECONDS, Answering
from ivr.adapters.simulator.line import LineState
from ivr.adapters.simulator.phone_errors import SimulatedPhoneError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_message import SipRequest
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.sip_wire import Address
from ivr.adapters.simulator.tones import tone, tone_levels
from ivr.call import CallId
from routing.emergency.threeway_state import Joined, ThreeWay
from tests.system.emergency_story import Row, story
from tests.system.running_service import Bus, RunningService
from tests.system.running_switch import RawAmi, until

SEATS = tuple(str(801 + number) for number in range(20))
TONES = {"caller": tone(530.0, 60.0, 0.15), "agent": tone(700.0, 60.0, 0.15), "emergency": tone(930.0, 60.0, 0.15)}
HERTZ = {"caller": 530.0, "agent": 700.0, "emergency": 930.0}
MANNERS = {
    "5200": Answering(after_seconds=0.2),
    "5486": Answering(refuse_with=486),
    "5480": Answering(refuse_with=480),
    "5603": Answering(refuse_with=603),
    "5503": Answering(refuse_with=503),
}
"""What the simulated centre does with a number; every other one rings for ever."""

FIRST = ("ring", "5100"), ("answer", "5200"), ("busy", "5486"), ("absent", "5480"), ("refuse", "5603"), ("down", "5503")
NEXT = "5101"


def policy() -> str:
    """A city whose every category is a way in which a call can go.

    `ring`: the first number rings, another is left; `ring1`: no other is left; `ring+`: a unit is told at the same
    time; `suggest`: people are asked first; `shut`: a number that the interlock refuses comes first.
    """
    targets = [f"  rescue: {{title: 专业救援机构, numbers: ['{NEXT}'], ring_seconds: 60}}"]
    rules, categories = [], []
    for name, number in FIRST:
        for suffix, numbers in (("", f"'{number}', '{NEXT}'"), ("1", f"'{number}'")):
            targets.append(f"  {name}{suffix}: {{title: 119 消防, numbers: [{numbers}], ring_seconds: 60}}")
            for unit in ("", "+"):
                way = f"{name}{suffix}{unit}"
                mode = "mode: parallel_notify, notify: [rescue]" if unit else "mode: three_way"
                rules.append(f"  - {{kind: '119', category: {way}, {mode}, targets: [{name}{suffix}]}}")
                categories.append(f"  {way}: '119'")
    targets.append(f"  soon: {{title: 119 消防, numbers: ['5100', '{NEXT}'], ring_seconds: 5}}")
    targets.append("  soon1: {title: 119 消防, numbers: ['5100'], ring_seconds: 5}")
    targets.append(f"  shut: {{title: 119 消防, numbers: ['119', '{NEXT}'], trunks: [main, emergency]}}")
    rules += [f"  - {{kind: '119', category: {way}, mode: three_way, targets: [{way}]}}" for way in ("soon", "soon1")]
    rules.append("  - {kind: '119', category: shut, mode: three_way, targets: [shut]}")
    rules.append("  - {kind: '110', category: suggest, mode: three_way, targets: [ring]}")
    rules += [f"  - {{kind: '{kind}', mode: three_way, targets: [ring]}}" for kind in ("110", "119", "120", "122")]
    categories += ["  soon: '119'", "  soon1: '119'", "  shut: '119'", "  suggest: '110'"]
    return "\n".join(
        [
            "emergency_policy: 1", "name: 测试", "version: '1'", "verify_seconds: 8", "targets:", *targets,
            "categories:", *categories, "start:",
            "  category: {confirmed: go, suspected: go, '110': {confirmed: suggest, suspected: suggest}}",
            "rules:", *rules, "",
        ]
    )  # fmt: skip


class Centre(SipPhone):
    """The emergency centre: takes each call as its number says."""

    def _take_invitation(self, invite: SipRequest, sender: Address) -> None:
        number = invite.uri.removeprefix("sip:").partition("@")[0]
        self.answering = MANNERS.get(number, Answering(after_seconds=FOREVER_SECONDS))
        super()._take_invitation(invite, sender)


def asterisk_says(service: RunningService, command: str) -> str:
    """Ask Asterisk on its own socket: it is there even when its manager interface is not."""
    asterisk = part(service.settings, PartName.ASTERISK)
    main = folders_of(service.settings).run / "asterisk" / "etc" / "asterisk.conf"
    words = [*asterisk.command, "-C", str(main), "-rx", command]
    environment = {**os.environ, **asterisk.env}
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=True, timeout=20).stdout


def cut_links(service: RunningService) -> int:
    """Cut every connection to the manager interface; returns how many there were."""
    listed = asterisk_says(service, "manager show connected").splitlines()
    rows = [line.split() for line in listed if "127.0.0.1" in line]
    for row in rows:  # user, address, start, elapsed, descriptor
        asterisk_says(service, f"manager kick session {row[4]}")
    return len(rows)


def lost_links(service: RunningService) -> int:
    """Count how often the controller has told that its link to the switch was gone."""
    return sum(line["event"] == "switch_lost" for line in service.log())


@dataclass
class Stage:
    """The service, the centre, and the seats that are there."""

    service: RunningService
    bus: Bus
    ami: RawAmi
    centre: Centre
    seats: dict[str, SipPhone] = field(default_factory=dict)
    seen: set[Row] = field(default_factory=set)

    @asynccontextmanager
    async def no_link(self) -> AsyncIterator[None]:
        """Nobody can log in at the manager interface meanwhile, and nobody is."""
        file = folders_of(self.service.settings).run / "asterisk" / "etc" / "manager.conf"
        was = file.read_text(encoding="utf-8")
        file.write_text(was.replace("secret=", "secret=other-"), encoding="utf-8")
        try:
            await asyncio.to_thread(asterisk_says, self.service, "manager reload")
            before = lost_links(self.service)
            await asyncio.to_thread(cut_links, self.service)

            async def is_lost() -> bool:
                return lost_links(self.service) > before

            await until(is_lost, 40)
            yield
        finally:
            file.write_text(was, encoding="utf-8")
            await asyncio.to_thread(asterisk_says, self.service, "manager reload")

    @asynccontextmanager
    async def nobody_joins(self) -> AsyncIterator[None]:
        """Legs that are answered stay where they are meanwhile."""
        await asyncio.to_thread(asterisk_says, self.service, "dialplan add extension s,1,Wait,30 into hl-join replace")
        try:
            yield
        finally:
            await asyncio.to_thread(asterisk_says, self.service, "dialplan reload")

    @asynccontextmanager
    async def staffed(self, count: int) -> AsyncIterator[None]:
        """So many seats are there."""
        async with AsyncExitStack() as stack:
            for number in SEATS[:count]:
                phone = SipPhone(
                    bind_ip="127.0.0.1", number=number, password=seat_password(self.service.settings, number)
                )
                self.seats[number] = await stack.enter_async_context(phone)
            switch = self.service.settings.switch
            await asyncio.gather(*(phone.register(switch.sip_host, switch.sip_port) for phone in self.seats.values()))
            try:
                yield
            finally:
                self.seats.clear()

    @asynccontextmanager
    async def talking(self) -> AsyncIterator[Scene]:
        """A citizen talks with an agent."""
        async with self.waiting() as scene:
            await self.bus.event(scene.call, "answered", 60)
            yield scene

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[Scene]:
        """A citizen waits in the queue."""
        async with self.service.citizen() as citizen:
            line = await self.service.dial(citizen)
            call = await self.service.offered(self.bus, citizen)
            await self.bus.event(call, "queued", 30)
            scene = Scene(self, call, line, citizen.number)
            try:
                yield scene
            finally:
                self.seen |= set(scene.rows())
                await scene.over()


@dataclass
class Scene:
    """One call. `last` is the number of rows that were known at the last look."""

    stage: Stage
    call: CallId
    line: SipCall
    number: str
    last: int = 0

    # ---------------------------------------------------------------------------------------------------- what is so

    def rows(self) -> list[Row]:
        return story(self.stage.service.journal.read(self.call))[0]

    def state(self) -> ThreeWay:
        state = story(self.stage.service.journal.read(self.call))[1]
        assert state is not None
        return state

    def legs(self) -> list[SipCall]:
        """The calls of this case at the centre, the notices of units left out."""
        invited = [call for call in self.stage.centre.calls if call.invitation is not None]
        return [each for each in invited if each.invitation and each.invitation.get("X-12345-Order") == self.call]

    def parties(self) -> dict[str, SipCall]:
        """Who is on the call now, by what the machine believes."""
        state, found = self.state(), {}
        if self.line.state is LineState.TALKING:
            found["caller"] = self.line
        if state.case.seat is not None and state.case.agent is not None and state.case.seat in self.stage.seats:
            calls = self.stage.seats[state.case.seat].calls  # two may ring there at the same moment
            found["agent"] = [call for call in calls if call.invitation and self.number in str(call.invitation)][-1]
        talking = [leg for leg in self.legs() if leg.state is LineState.TALKING]
        if isinstance(state, Joined) and talking:
            found["emergency"] = talking[-1]
        return found

    async def heard(self, within: float = 40.0) -> None:
        """Everybody who is on the call hears everybody else; who comes meanwhile counts as well."""
        begun = time.monotonic()
        speaking: list[SipCall] = []
        unheard: list[str] = []

        async def all_heard() -> bool:
            now = self.parties()
            for who, line in now.items():
                if line not in speaking:
                    speaking.append(line)
                    line.hush()
                    line.start_saying(TONES[who])
            unheard[:] = [
                f"{who} does not hear {other}"
                for who, line in now.items()
                for other in now
                if other != who and not _hears(line, HERTZ[other], begun)
            ]
            return not unheard and len(now) >= 2

        try:
            await until(all_heard, within)
        except TimeoutError:
            raise AssertionError(f"{self.call}: {unheard}, {self.parties().keys()}, {self.rows()[-6:]}") from None
        for line in speaking:
            line.hush()

    async def row(self, event: str, within: float = 30.0) -> None:
        """Return when the machine has heard this since the last look."""

        async def is_there() -> bool:
            rows = self.rows()
            self.stage.seen |= set(rows)
            for number in range(self.last, len(rows)):
                if rows[number][1] == event:
                    self.last = number + 1
                    return True
            return False

        try:
            await until(is_there, within)
        except TimeoutError:
            raise AssertionError(
                f"{self.call}: no {event} among {self.rows()[self.last :]}, of {self.rows()}"
            ) from None

    # -------------------------------------------------------------------------------------------------- what is done

    async def ask(self, verb: str, **words: object) -> dict[str, object]:
        request = {"verb": f"emergency.{verb}", "call": self.call, "by": "801", "why": "测试", **words}
        return await asyncio.to_thread(ask, control_socket(self.stage.service.settings), request)

    async def hang(self, prefix: str, cause: int = 16) -> None:
        """The switch ends our leg with this cause, as the line to the centre would."""
        channel = await self.channel(prefix)
        assert (await self.stage.ami.act("Hangup", Channel=channel, Cause=str(cause)))["Response"] == "Success"

    async def channel(self, prefix: str) -> str:
        found: list[str] = []

        async def is_there() -> bool:
            listed = await self.stage.ami.listed("CoreShowChannels")
            found[:] = [one["Channel"] for one in listed if one["Uniqueid"].startswith(f"{prefix}{self.call}")]
            return bool(found)

        await until(is_there)
        return found[-1]

    async def play(self, *steps: str) -> None:
        """Play a script: the category first, then what happens; whoever is left hears the others after each step."""
        asked = await self.ask("raise", category=steps[0])
        assert asked["ok"], asked
        for step in steps[1:]:
            await self.step(step)
            if len(self.parties()) >= 2:
                await self.heard()

    async def step(self, step: str) -> None:
        """Let one thing happen, and wait until the machine has heard of it."""
        done, _, cause = step.partition(" ")
        match done:
            case "confirm" | "dismiss" | "verified":
                await self.ask(done)
            case "click":
                await self.ask("raise", kind=self.state().case.raised.plan.kind.value)
            case "again":
                await self.ask("raise", category=self.state().case.raised.plan.main.name)
            case "leave":
                await self.ask("leave")
            case "insist":
                await self.ask("leave", insists=True)
            case "caller-hangs":
                await self.line.hang_up()
            case "agent-hangs":
                await self.parties()["agent"].hang_up()
            case "bye":
                await self.parties()["emergency"].hang_up()
            case "cause":
                await self.hang("em-", int(cause))
            case "unit":
                await self.hang("nt-")
            case _:
                pass
        await self.row(EVENTS[step])

    async def over(self) -> None:
        """Everybody hangs up."""
        with contextlib.suppress(AssertionError):
            agent = self.parties().get("agent")
            for line in (self.line, *([agent] if agent else []), *self.legs()):
                with contextlib.suppress(SimulatedPhoneError):
                    await line.hang_up()
        with contextlib.suppress(SimulatedPhoneError):
            await self.line.hang_up()


EVENTS = {
    "confirm": "坐席确认",
    "dismiss": "坐席否定",
    "verified": "坐席点“已确认”",
    "click": "再次触发（点击）",
    "again": "再次触发（点击）",
    "leave": "坐席要退出",
    "insist": "坐席坚持退出",
    "caller-hangs": "市民断线",
    "agent-hangs": "坐席断线",
    "agent-comes": "坐席加入",
    "bye": "对方挂断",
    "cause 16": "对方挂断",
    "cause 17": "对方占线（486）",
    "cause 19": "对方无人接听（480）",
    "cause 21": "对方拒接（603）",
    "cause 34": "中继不通（503）",
    "busy": "对方占线（486）",
    "absent": "对方无人接听（480）",
    "refuse": "对方拒接（603）",
    "down": "中继不通（503）",
    "shut": "交换机拒绝呼叫",
    "unit": "单位值班电话没有打通",
    "rings": "对方振铃",
    "joined": "对方进入通话",
    "reminded": "一分钟未确认",
    "ring-timer": "振铃超时",
    "join-timer": "应答后未进入通话",
    "gone-timer": "挂断后腿未消失",
    "gone": "重启后：腿不在",
    "alive": "重启后：腿在，未进入",
    "together": "重启后：腿在通话中",
}
"""Each step of a script, and the event of the table that it is."""


def _hears(line: SipCall, hertz: float, since: float) -> bool:
    levels = tone_levels(line.heard_pcm(since), [hertz])[hertz]
    return sum(level > 0.03 for level in levels) >= 15


def journal_lines(file: Path) -> Iterator[str]:
    yield from file.read_text(encoding="utf-8").splitlines(keepends=True)
