"""The whole service for tests: `hotline up` in a folder of its own, citizens and seats on loopback, and eyes inside."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
import yaml

from cti.adapters.mqtt.publisher import broker_address
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import SqlOrderStore
from cti.server.installation import broker_url, espeak_of, folders_of, part, queues_of, seat_password, switch_config
from cti.settings import Settings, default_settings, load_settings, seats_with_telephones
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.files.journal_files import JournalFiles
from ivr.adapters.simulator.call_plan import Answering, Dialling
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.voice.espeak import Espeak, Voice
from ivr.call import CallId
from ivr.errors import StoreError
from ivr.ports import Heard
from ivr.recording import Recording
from tests.ports import free_port, rtp_first
from tests.system.running_switch import RawAmi, until
from workorder.call_record import CallRecord
from workorder.order import WorkOrder

ROOT = Path(__file__).resolve().parents[2]
READY = "服务已就绪"
FINISH_SECONDS = 90.0
PID_FILES = {
    "controller": "controller.json",
    "asterisk": "asterisk/run/hotline-asterisk.json",
    "broker": "mosquitto/hotline-mosquitto.json",
    "pages": "pages.json",
}
_NUMBERS = itertools.count(random.randrange(1000, 9000))

Envelope = dict[str, Any]


@dataclass
class Bus:
    """Everything that came over the broker, in order."""

    envelopes: list[Envelope] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, payload: bytes) -> None:
        self.envelopes.append(json.loads(payload))
        self._news.set()

    async def envelope(self, wanted: Callable[[Envelope], bool], within: float = 30.0) -> Envelope:
        """Return the first envelope that fits, whenever it came; AssertionError if none does."""
        try:
            async with asyncio.timeout(within):
                while True:
                    self._news.clear()
                    for one in self.envelopes:
                        if wanted(one):
                            return one
                    await self._news.wait()
        except TimeoutError:
            seen = [(one["call"], one["type"], one["data"]) for one in self.envelopes][-20:]
            raise AssertionError(f"no such envelope within {within} s; seen: {seen}") from None

    async def event(self, call: CallId, name: str, within: float = 30.0) -> Envelope:
        """Return the first event of this name of a call."""
        return await self.envelope(lambda e: e["call"] == call and e["type"] == name, within)


class RunningService:
    """`hotline up` as a process, its children as theirs."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.file = folder / "settings.yaml"
        self.journal = JournalFiles(folders_of(settings).journal)
        self.espeak: Espeak = espeak_of(settings, part(settings, PartName.ESPEAK))
        self._up: subprocess.Popen[bytes] | None = None

    # ------------------------------------------------------------------------------------------------- its processes

    def up(self, within: float = 200.0) -> None:
        """Start it and return when it says that it is ready."""
        out = self.folder / "up.txt"
        with out.open("wb") as told:
            self._up = subprocess.Popen(
                self.command("up"), cwd=ROOT, stdout=told, stderr=subprocess.STDOUT, start_new_session=True
            )
        ends = time.monotonic() + within
        while READY not in (text := out.read_text(errors="replace")):
            if self._up.poll() is not None or time.monotonic() > ends:
                raise AssertionError(f"{text}\n{self.log_tail()}")
            time.sleep(0.05)
        while self.settings.pages.is_served and not is_answered(self.settings.pages.port):  # calls do not wait for it
            assert time.monotonic() < ends, f"no pages\n{self.log_tail()}"
            time.sleep(0.05)

    def down(self) -> None:
        """Ctrl-C."""
        if self._up is not None:
            self._up.send_signal(signal.SIGTERM)
            self._up.wait(40)
            self._up = None

    def command(self, *words: str) -> tuple[str, ...]:
        """Return the words of a `hotline` command on this service's settings."""
        return (sys.executable, "-m", "cti", "--settings", str(self.file), *words)

    async def hotline(self, *words: str) -> tuple[int, str]:
        """Run a `hotline` command; its exit code, and all that it said."""
        process = await asyncio.create_subprocess_exec(
            *self.command(*words), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        told, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, told.decode(errors="replace")

    def pid(self, child: str) -> int:
        """Return the process id of `controller`, `asterisk` or `broker`; 0 while there is none."""
        try:
            return int(json.loads((self.folder / "run" / PID_FILES[child]).read_text())["pid"])
        except (OSError, ValueError):
            return 0

    def kill(self, child: str) -> int:
        """Kill a child as a crash would; returns its process id."""
        pid = self.pid(child)
        assert pid > 1, f"there is no {child}"  # 0 would be ourselves
        os.kill(pid, signal.SIGKILL)
        return pid

    @contextmanager
    def nothing_restarted(self) -> Iterator[None]:
        """Whoever supervises stands still meanwhile: what was killed stays dead."""
        assert self._up is not None
        self._up.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._up.send_signal(signal.SIGCONT)

    def is_serving(self) -> bool:
        """Whether a living controller says that it is ready."""
        try:
            told = int((self.folder / "run" / "controller.ready").read_text())
            os.kill(told, 0)
        except (OSError, ValueError):
            return False
        return told == self.pid("controller")

    async def serving(self, not_pid: int = 0, within: float = 90.0) -> None:
        """Return when a controller (another one than `not_pid`) is ready."""

        async def again() -> bool:
            return self.pid("controller") not in (0, not_pid) and self.is_serving()

        await until(again, within)

    def log(self, file: str = "controller.log") -> list[dict[str, Any]]:
        """Return the records of a log of ours."""
        try:
            lines = (self.folder / "run" / "log" / file).read_text(errors="replace").splitlines()
        except OSError:
            return []
        records = []
        for line in lines:
            with contextlib.suppress(ValueError):
                records.append(json.loads(line))
        return records

    def tracebacks(self) -> list[dict[str, Any]]:
        """Return what went wrong without our expecting it: nothing, after every test."""
        return [record for record in self.log() if "traceback" in record]

    def log_tail(self) -> str:
        files = sorted((self.folder / "run" / "log").glob("*")) if (self.folder / "run" / "log").is_dir() else []
        return "\n".join(
            f"--- {file.name}\n{file.read_text(errors='replace')[-1500:]}" for file in files if file.is_file()
        )

    # ------------------------------------------------------------------------------------------------- who is on it

    @asynccontextmanager
    async def bus(self) -> AsyncIterator[Bus]:
        """Follow the broker; a broker that goes away is followed again when it is back."""
        address, bus = broker_address(broker_url(self.settings)), Bus()
        subscribed = asyncio.Event()

        async def follow() -> None:
            while True:
                with contextlib.suppress(aiomqtt.MqttError):
                    async with aiomqtt.Client(
                        address.host, address.port, username=address.name, password=address.password
                    ) as client:
                        await client.subscribe("hotline/v1/#", qos=1)
                        subscribed.set()
                        async for message in client.messages:
                            assert isinstance(message.payload, bytes)
                            bus.take(message.payload)
                await asyncio.sleep(0.1)

        task = asyncio.create_task(follow())
        try:
            await asyncio.wait_for(subscribed.wait(), 30)
            yield bus
        finally:
            task.cancel()

    @asynccontextmanager
    async def ami(self) -> AsyncIterator[RawAmi]:
        config = switch_config(self.settings, queues_of(self.settings))
        ami = await RawAmi.login(config.ports.ami, config.ami_user, config.ami_secret)
        try:
            yield ami
        finally:
            await ami.close()

    @asynccontextmanager
    async def seat(
        self, number: str, answering: Answering | None = None, lines: tuple[bytes, ...] = ()
    ) -> AsyncIterator[SipPhone]:
        """A seat with a reachable telephone; it answers at once unless `answering` says otherwise, and says `lines`."""
        phone = SipPhone(
            bind_ip="127.0.0.1", number=number, password=seat_password(self.settings, number), answering=answering
        )

        async def speak(call: SipCall) -> None:
            for line in lines:
                await call.say(line)

        phone.on_call = speak if lines else None
        async with phone:
            await phone.register(self.settings.switch.sip_host, self.settings.switch.sip_port)
            yield phone

    @asynccontextmanager
    async def citizen(self, number: str = "", ip: str = "127.0.0.2") -> AsyncIterator[SipPhone]:
        """A telephone in the simulated public network, with a number that nobody else has."""
        async with SipPhone(bind_ip=ip, number=number or f"1380000{next(_NUMBERS):04d}") as phone:
            yield phone

    async def dial(self, phone: SipPhone, number: str = "12345", how: Dialling | None = None) -> SipCall:
        """Call the hotline; returns when it has answered."""
        call = await phone.call(number, self.settings.switch.sip_host, self.settings.switch.sip_port, how)
        await call.answered(30)
        return call

    async def offered(self, bus: Bus, phone: SipPhone) -> CallId:
        """Return the id of the call that this citizen has made, once the flow has it."""
        masked = f"{phone.number[:3]}****{phone.number[-4:]}"

        def is_his(envelope: Envelope) -> bool:
            return (envelope["type"], envelope["data"].get("caller")) == ("offered_to_flow", masked)

        return CallId((await bus.envelope(is_his))["call"])

    async def speech(self, text: str, voice: str = "f2") -> bytes:
        return await self.espeak.speak(text, Voice(voice))

    # ------------------------------------------------------------------------------------------------- what it left

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        database = Database(self.settings.database)
        try:
            yield database
        finally:
            await database.close()

    async def record(self, call: CallId) -> CallRecord | None:
        async with self.database() as database:
            return await SqlCallStore(database).call(call)

    async def order(self, call: CallId) -> WorkOrder | None:
        async with self.database() as database:
            return await SqlOrderStore(database).order_of(call)

    async def orders(self) -> tuple[WorkOrder, ...]:
        async with self.database() as database:
            return await SqlOrderStore(database).latest_orders(1000)

    async def turns(self, call: CallId) -> tuple[Heard, ...]:
        async with self.database() as database:
            return await SqlCallStore(database).turns(call)

    async def recordings(self, call: CallId) -> tuple[Recording, ...]:
        async with self.database() as database:
            return await SqlCallStore(database).recordings(call)

    async def finished(self, call: CallId, within: float = FINISH_SECONDS) -> CallRecord:
        """Return the record of a call as soon as it has an end."""
        found: list[CallRecord] = []

        async def has_end() -> bool:
            try:
                record = await self.record(call)
            except StoreError:
                return False
            found[:] = [record] if record is not None and record.ended is not None else []
            return bool(found)

        await until(has_end, within)
        return found[0]

    def nodes(self, call: CallId) -> tuple[str, ...]:
        """Return the nodes that the journal says the caller was sent to, in order."""
        written = (line.get("commands") for line in self.journal.read(call))
        commands = [command for each in written if isinstance(each, list) for command in each]
        return tuple(command["node"] for command in commands if "node" in command)

    async def at_node(self, call: CallId, node: str, within: float = 30.0) -> None:
        """Return when the flow has sent the caller there."""

        async def there() -> bool:
            return node in self.nodes(call)

        await until(there, within)


def is_answered(port: int) -> bool:
    """Whether somebody accepts connections at this port of ours."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def service_of(
    change: Mapping[str, Any] | None = None,
    queues: str = "",
    hurried: bool = False,
    before: Callable[[RunningService], None] = lambda _service: None,
) -> Iterator[RunningService]:
    """A running service on free ports; `change` is laid over its settings, `before` runs before it starts.

    Its folder is short-named: a Unix socket's path may not be long. RTP starts at random: services run side by side.
    """
    folder = Path(tempfile.mkdtemp(prefix="hl-svc-"))
    service = RunningService(folder, write_settings(folder, change, queues, hurried))
    before(service)
    try:
        service.up()
        yield service
    finally:
        service.down()
        shutil.rmtree(folder, ignore_errors=True)


def write_settings(
    folder: Path, change: Mapping[str, Any] | None = None, queues: str = "", hurried: bool = False
) -> Settings:
    """Write settings.yaml (and queues.yaml) and read it as the service will.

    `hurried`: the shipped flows, but spoken twice as fast and less patient.
    """
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    own: dict[str, Any] = {
        "settings_version": 1,
        "data_folder": str(Path(home) / "hotline12345"),
        "run_folder": str(folder / "run"),
        "recordings_folder": str(folder / "recordings"),
        "broker_port": free_port(),
        "emergency": {"link": {"serve": False}},
        "pages": {"serve": False},
        "emergency_trunk": {"port": free_port("127.0.0.3")},  # a simulator of its own: modules run side by side
        "seats": seats_with_telephones(default_settings(folder / "data").seats),
        "ears": {"workers": 0},  # each would load a model; test_service_ears has workers
        "switch": {
            "sip_port": free_port(),
            "ami_port": free_port(),
            "agi_port": free_port(),
            "http_port": free_port(),
            "rtp_first": rtp_first(400),
            "most_calls": 40,
        },
    }
    if queues:
        (folder / "queues.yaml").write_text(queues, encoding="utf-8")
        own["queues_file"] = "queues.yaml"
    if hurried:
        (folder / "flows").mkdir()
        for file in (ROOT / "ivr" / "flows").glob("*.yaml"):
            (folder / "flows" / file.name).write_text(in_a_hurry(file.read_text(encoding="utf-8")), encoding="utf-8")
        own["flows_folder"] = "flows"
    for key, value in (change or {}).items():
        own[key] = {**own[key], **value} if isinstance(value, Mapping) and key in own else value
    file = folder / "settings.yaml"
    file.write_text(yaml.safe_dump(own, allow_unicode=True, sort_keys=False), encoding="utf-8")
    settings, problems = load_settings(file.read_bytes(), str(file), default_settings(folder / "data", folder / "run"))
    assert settings is not None, problems
    return settings


def in_a_hurry(flow: str) -> str:
    """Return the text of a flow that speaks twice as fast and waits one second for a key."""
    flow = re.sub(r"^speed: .*\n", "", flow, flags=re.MULTILINE)
    flow = re.sub(r"^(title: .*)$", r"\1\nspeed: 2.0", flow, count=1, flags=re.MULTILINE)
    return re.sub(r"^( +wait_seconds:) [5-9]$", r"\1 1", flow, flags=re.MULTILINE)


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    return re.search(r"^State:\s+[^ZX]", _status(pid), re.MULTILINE) is not None


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""
