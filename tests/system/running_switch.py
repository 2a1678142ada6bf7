"""A real Asterisk for tests: private ports, a folder of its own, seats and queues, and a bare AMI to look inside."""

from __future__ import annotations

import asyncio
import itertools
import math
import struct
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from ivr.adapters.asterisk.private import Part
from ivr.adapters.asterisk.render import RenderedSwitch, render
from ivr.adapters.asterisk.render_config import CalledNumber, Ports, QueueConfig, RtpRange, Seat, SwitchConfig, Trunk
from ivr.adapters.asterisk.render_queue_names import switch_queue
from ivr.adapters.asterisk.render_secrets import kept_secret
from ivr.adapters.asterisk.supervise import ChildProcess
from ivr.adapters.asterisk.supervise_switch import switch_process
from ivr.adapters.simulator.sip_phone import SipPhone
from tests.ports import free_port, rtp_first

Message = dict[str, str]

IMPATIENT_IP = "127.0.0.4"
"""A trunk whose silent callers are dropped after three seconds."""


class RawAmi:
    """The manager interface as it is: for tests that must see what the product's own link would hide."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._ids = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self.events: list[Message] = []
        self._news = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def login(cls, port: int, user: str, secret: str) -> Self:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        ami = cls(reader, writer)
        said = await ami.act("Login", Username=user, Secret=secret, Events="on")
        assert said["Response"] == "Success", said
        return ami

    async def act(self, action: str, **headers: str) -> Message:
        """Send one action and return its response (not the events that follow it)."""
        number = str(next(self._ids))
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._answers[number] = future
        lines = [f"Action: {action}", f"ActionID: {number}", *(f"{key}: {value}" for key, value in headers.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        return await asyncio.wait_for(future, 20)

    async def listed(self, action: str, **headers: str) -> list[Message]:
        """Send an action that answers with a list, and return the list's events."""
        said = await self.act(action, **headers)
        assert said["Response"] == "Success", said
        number = said["ActionID"]
        await self.event(lambda e: e.get("ActionID") == number and e.get("EventList") == "Complete")
        return [e for e in self.events if e.get("ActionID") == number and e.get("EventList") != "Complete"]

    async def event(self, wanted: Callable[[Message], bool] | str, within: float = 30, after: int = 0) -> Message:
        """Return the first event (from number `after` on) that fits, or has this name; AssertionError if none."""
        fits = (lambda e: e.get("Event") == wanted) if isinstance(wanted, str) else wanted
        try:
            async with asyncio.timeout(within):
                while True:
                    self._news.clear()
                    for one in self.events[after:]:
                        if fits(one):
                            return one
                    await self._news.wait()
        except TimeoutError:
            seen = [(e.get("Event"), e.get("UserEvent", "")) for e in self.events[after:]][-40:]
            raise AssertionError(f"no such event within {within} s; seen: {seen}") from None

    async def close(self) -> None:
        self._task.cancel()
        self._writer.close()

    async def _read(self) -> None:
        while True:
            raw = (await self._reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
            message = dict(
                line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in raw.split("\r\n") if line
            )
            future = self._answers.pop(message.get("ActionID", ""), None) if "Response" in message else None
            if future is not None and not future.done():
                future.set_result(message)
            elif "Event" in message:
                self.events.append(message)
                self._news.set()


@dataclass(frozen=True)
class RunningSwitch:
    """The Asterisk under test."""

    config: SwitchConfig
    rendered: RenderedSwitch
    process: ChildProcess
    part: Part
    boot_log: str

    @property
    def sip_port(self) -> int:
        return self.config.ports.sip

    @property
    def agi_port(self) -> int:
        return self.config.ports.agi

    @asynccontextmanager
    async def ami(self, user: str = "", secret: str = "") -> AsyncIterator[RawAmi]:
        ami = await RawAmi.login(self.config.ports.ami, user or self.config.ami_user, secret or self.config.ami_secret)
        try:
            yield ami
        finally:
            await ami.close()

    @asynccontextmanager
    async def seat(self, ami: RawAmi, seat_id: str, queue: str = "general") -> AsyncIterator[SipPhone]:
        """A registered telephone, signed in at a queue; it answers at once unless its `answering` says otherwise."""
        password = next(seat.password for seat in self.config.seats if seat.id == seat_id)
        phone = SipPhone(bind_ip="127.0.0.1", number=seat_id, password=password)
        async with phone:
            await phone.register("127.0.0.1", self.sip_port)
            interface = f"PJSIP/{seat_id}"
            queue = switch_queue(queue)
            said = await ami.act("QueueAdd", Queue=queue, Interface=interface, MemberName=seat_id)
            assert said["Response"] == "Success", said
            try:
                yield phone
            finally:
                await ami.act("QueueRemove", Queue=queue, Interface=interface)

    @asynccontextmanager
    async def caller(self, number: str = "13800001234", ip: str = "127.0.0.2") -> AsyncIterator[SipPhone]:
        """A telephone in the simulated public network."""
        phone = SipPhone(bind_ip=ip, number=number)
        async with phone:
            yield phone

    @asynccontextmanager
    async def globals(self, ami: RawAmi, **values: str) -> AsyncIterator[None]:
        """Change the dialplan's global variables for the length of a test."""
        before = {}
        for name, value in values.items():
            before[name] = (await ami.act("Getvar", Variable=name)).get("Value", "")
            assert (await ami.act("Setvar", Variable=name, Value=value))["Response"] == "Success"
        try:
            yield
        finally:
            for name, value in before.items():
                await ami.act("Setvar", Variable=name, Value=value)

    def log_lines(self, *levels: str) -> list[str]:
        text = self.rendered.log_file.read_text(encoding="utf-8", errors="replace")
        return [line for line in text.splitlines() if any(f" {level}[" in line for level in levels)]


def switch_config(folder: Path) -> SwitchConfig:
    """Return a configuration on free ports; RTP ranges of parallel test workers do not meet (the start is random)."""
    sounds = folder / "sounds"
    for name in ("net-wait", "net-voicemail", "net-thanks", "net-goodbye", "net-refused"):
        write_tone(sounds / "hl" / f"{name}.wav", 440, 0.4)
    sip = free_port()
    first = rtp_first(900)
    return SwitchConfig(
        sounds=sounds,
        recordings=folder / "recordings",
        ami_secret=kept_secret(folder / "secrets", "ami"),
        seats=tuple(Seat(str(n), f"seat-{n}-secret", browser=n >= 805) for n in range(801, 807)),
        numbers=(CalledNumber("12345"), CalledNumber("12320", flow="health", original_line="12320")),
        queues=(
            QueueConfig("general", exit_keys="0"),
            QueueConfig("enterprise"),
            QueueConfig("strict", join_empty="strict"),
        ),
        default_queue="general",
        trunks=(
            Trunk("pstn", "127.0.0.2", free_port("127.0.0.2"), match=("127.0.0.2",)),
            Trunk("impatient", IMPATIENT_IP, 5099, match=(IMPATIENT_IP,), rtp_timeout_seconds=3),
        ),
        emergency=Trunk("emergency", "127.0.0.3", free_port("127.0.0.3"), match=("127.0.0.3",)),
        ports=Ports(sip, free_port(), free_port(), free_port()),
        rtp=RtpRange(first, first + 899),
    )


async def start_switch(
    part: Part, folder: Path, change: Callable[[SwitchConfig], SwitchConfig] = lambda c: c
) -> RunningSwitch:
    """Render and boot; the caller stops `process`."""
    config = change(switch_config(folder))
    rendered = render(config, folder, part)
    process = ChildProcess(replace(switch_process(part, rendered, config), ready_seconds=60))
    await process.start()
    boot_log = rendered.log_file.read_text(encoding="utf-8", errors="replace")
    return RunningSwitch(config, rendered, process, part, boot_log)


def write_tone(file: Path, hertz: float, seconds: float) -> None:
    """Write an 8 kHz mono WAV with a plain tone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    count = int(8000 * seconds)
    samples = [int(8000 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(count)]
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(struct.pack(f"<{count}h", *samples))


async def until(condition: Callable[[], Awaitable[bool]], within: float = 30.0) -> None:
    """Ask again and again until something of the outside world is so; AssertionError when it never is."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110  (the outside world rings no bell)
            await asyncio.sleep(0.05)
