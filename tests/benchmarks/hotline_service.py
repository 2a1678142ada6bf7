"""The real service for measuring: switch, broker and controller on free ports, and beside them the peers.

The peers live on the same switch, in contexts of this benchmark's own: `static` plays the same sounds from the
dialplan, `recorded` does so while recording as our calls are recorded, `agi:async` is driven by async_agi.py.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from cti.server.installation import folders_of
from cti.server.service import Service, running_service
from cti.settings import DEMO_MODEL, PROJECT, Settings, default_settings, load_settings, seats_with_telephones
from ivr.adapters.asterisk.private import PartName, ensure, parts_folder
from ivr.adapters.asterisk.private_parts import Part
from ivr.adapters.voice.sound_file import wav_bytes
from ivr.flow.prompt import words_sound
from ivr.speech.audio import pcm
from tests.benchmarks.figures import Say
from tests.system.running_switch import RawAmi

FLOW, STATIC, RECORDED, ASYNC = "99000", "99001", "99002", "99003"
"""The numbers to dial for ours and the peers. Key 1 plays sound one, key 2 sound two, everywhere and at once."""

HERTZ = {"1": 400.0, "2": 1000.0}
"""The tones of the two sounds: whole periods in a packet of 20 ms, so that each packet can be told alone."""

CALLERS = "127.0.0.2"
SOUND_SECONDS = 8.0

_WORDS = {"1": "第一句", "2": "第二句"}
_FLOW = """\
flow: 1
name: bench
start: one
fallback: human

nodes:
  one:
    kind: menu
    say: {{words: {words[1]}, audio: one.wav}}
    wait_seconds: 5
    tries: 3
    choices: &no
      "1": one
      "2": two
    no_input: human
    no_match: human

  two:
    kind: menu
    say: {{words: {words[2]}, audio: two.wav}}
    wait_seconds: 5
    tries: 3
    choices:
      "1": one
      "2": two
    no_input: human
    no_match: human

  human:
    kind: queue
    queue: general
    otherwise: end
"""

_PEERS = """
[from-trunk](+)
exten => {static},1,Goto(bench-static,s,1)
exten => {recorded},1,Goto(bench-recorded,s,1)
exten => {async_},1,Goto(bench-async,s,1)

[bench-static]
exten => s,1,Set(CHANNEL(language)=zh)
 same => n,Answer()
 same => n,Goto(1,1)
exten => 1,1,Background({sounds[1]})
 same => n,WaitExten(5)
 same => n,Goto(1,1)
exten => 2,1,Background({sounds[2]})
 same => n,WaitExten(5)
 same => n,Goto(2,1)

[bench-recorded]
exten => s,1,Set(CHANNEL(language)=zh)
 same => n,Set(HL_RECORDINGS={folder}/peer-recordings)
 same => n,Answer()
 same => n,Gosub(hl-record,s,1)
 same => n,Goto(bench-static,1,1)

[bench-async]
exten => s,1,Set(CHANNEL(language)=zh)
 same => n,Answer()
 same => n,AGI(agi:async)
 same => n,Hangup()
"""

_MANAGER = """
[bench]
secret={secret}
deny=0.0.0.0/0.0.0.0
permit=127.0.0.1/255.255.255.255
read=user,agi
write=agi,reporting
"""


@dataclass(frozen=True, slots=True)
class MeasuredService:
    """A running service with its peers; `ami` sees SafetyNet events and lists channels."""

    settings: Settings
    service: Service
    asterisk: Part
    ami: RawAmi
    secret: str
    hears: bool

    @property
    def asterisk_pid(self) -> int:
        return self._pid("Asterisk")

    @property
    def controller_pid(self) -> int:
        return self._pid("controller")

    def _pid(self, name: str) -> int:
        pid = self.service.child(name).pid
        if pid is None:
            raise RuntimeError(f"{name} is not running, see {folders_of(self.settings).run / 'log'}")
        return pid

    def channels(self) -> int:
        """Return how many callers are on the switch."""
        said = self.cli("core show channels concise")
        return sum(1 for line in said.splitlines() if line.startswith("PJSIP/"))

    def cli(self, command: str) -> str:
        main = folders_of(self.settings).run / "asterisk" / "etc" / "asterisk.conf"
        done = subprocess.run(
            [*self.asterisk.command, "-C", str(main), "-rx", command],
            env={**os.environ, **self.asterisk.env},
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return done.stdout

    def nets(self) -> Counter[str]:
        """Return how many callers fell into the dialplan's safety net so far, by reason."""
        return Counter(event["Why"] for event in self.ami.events if event.get("UserEvent") == "SafetyNet")

    def orders(self) -> int:
        """Return how many drafts are in the database."""
        file = folders_of(self.settings).run / "hotline.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)) as connection:
            return int(connection.execute("SELECT count(*) FROM orders").fetchone()[0])

    @asynccontextmanager
    async def without_controller(self) -> AsyncIterator[None]:
        """Stop our controller for a peer's turn: it would tap and write down the peer's calls too."""
        controller = self.service.child("controller")
        await controller.stop()
        try:
            yield
        finally:
            await controller.start()

    async def becomes_full(self, callers: int, within: float = 30.0) -> None:
        """Wait until so many callers are there."""
        async with asyncio.timeout(within):
            while await asyncio.to_thread(self.channels) < callers:  # noqa: ASYNC110  # the switch rings no bell
                await asyncio.sleep(0.2)

    async def becomes_empty(self, within: float = 15.0) -> None:
        """Wait until no caller is left."""
        async with asyncio.timeout(within):
            while await asyncio.to_thread(self.channels):  # noqa: ASYNC110  # the switch is asked, it rings no bell
                await asyncio.sleep(0.2)


@asynccontextmanager
async def measured_service(
    say: Say, most_calls: int = 600, seats: Sequence[str] = ()
) -> AsyncIterator[MeasuredService]:
    """Start everything in a folder of its own, and leave nothing behind. `seats`: these instead of the usual ones."""
    folder = Path(tempfile.mkdtemp(prefix="hl-bench-"))
    try:
        file = _write_installation(folder, most_calls, seats)
        settings, problems = load_settings(
            file.read_bytes(), str(file), default_settings(parts_folder(Path.home()).parent, folder)
        )
        if settings is None:
            raise RuntimeError("\n".join(map(str, problems)))
        asterisk = ensure(PartName.ASTERISK, settings.data_folder / "parts")
        async with running_service(settings, ["--settings", str(file)], lambda line: say(f"  {line}")) as service:
            secret = secrets.token_hex(16)
            _add_peers(folder, secret)
            measured = MeasuredService(settings, service, asterisk, None, secret, False)  # type: ignore[arg-type]
            for command in ("dialplan reload", "manager reload"):
                await asyncio.to_thread(measured.cli, command)
            ami = await RawAmi.login(settings.switch.ami_port, "bench", secret)
            try:
                yield MeasuredService(settings, service, asterisk, ami, secret, _hears(folder))
            finally:
                await ami.close()
    finally:
        if os.environ.get("HOTLINE_BENCH_KEEP"):
            say(f"  kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _write_installation(folder: Path, most_calls: int, seats: Sequence[str] = ()) -> Path:
    flows = folder / "flows"
    flows.mkdir()
    for flow in (PROJECT / "ivr" / "flows").glob("*.yaml"):
        shutil.copy(flow, flows)
    (flows / "bench.yaml").write_text(_FLOW.replace(" &no", "").format(words=["", *_WORDS.values()]), encoding="utf-8")
    for name, hertz in zip(("one", "two"), HERTZ.values(), strict=True):
        times = np.arange(round(SOUND_SECONDS * 8000)) / 8000
        (flows / f"{name}.wav").write_bytes(wav_bytes(pcm(6000 * np.sin(2 * np.pi * hertz * times))))
    port = _free_ports()
    chosen = {
        "settings_version": 1,
        "run_folder": str(folder),
        "recordings_folder": str(folder / "recordings"),
        "flows_folder": str(flows),
        "speech_model": os.environ.get("HOTLINE_TEST_MODEL") or DEMO_MODEL,
        "switch": {
            "sip_port": next(port),
            "ami_port": next(port),
            "agi_port": next(port),
            "http_port": next(port),
            "rtp_first": 30000,
            "most_calls": most_calls,
        },
        "broker_port": next(port),
        "emergency": {"link": {"serve": False}},
        "pages": {"serve": False},
        "emergency_trunk": {"port": next(port)},
        "called_numbers": {"12345": {"flow": "main"}, FLOW: {"flow": "bench"}},
    }
    if seats:
        chosen["seats"] = [{"seat": seat, "agent": f"坐席{seat}"} for seat in seats]
    else:
        chosen["seats"] = seats_with_telephones(default_settings(folder).seats)
    file = folder / "settings.yaml"
    file.write_text(yaml.safe_dump(chosen, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return file


def _free_ports() -> Iterator[int]:
    """Yield ports that are free for TCP and UDP, outside the range from which the machine lends them to others."""
    while True:
        port = random.randrange(20_000, 29_000)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port


def _add_peers(folder: Path, secret: str) -> None:
    sounds = ["", *(words_sound(_WORDS[key], audio=file) for key, file in (("1", "one.wav"), ("2", "two.wav")))]
    peers = _PEERS.format(folder=folder, static=STATIC, recorded=RECORDED, async_=ASYNC, sounds=sounds)
    for name, more in (("extensions.conf", peers), ("manager.conf", _MANAGER.format(secret=secret))):
        with (folder / "asterisk" / "etc" / name).open("a", encoding="utf-8") as file:
            file.write(more)


def _hears(folder: Path) -> bool:
    """Whether the controller found a speech model: then it also listens to each caller."""
    log = folder / "log" / "controller.log"
    return not re.search(r'"event": "no_ears"', log.read_text(encoding="utf-8"))


@asynccontextmanager
async def async_agi(service: MeasuredService) -> AsyncIterator[int]:
    """Run the AsyncAGI peer as a process of its own, as our controller is; yields its pid."""
    sounds = [words_sound(_WORDS[key], audio=file) for key, file in (("1", "one.wav"), ("2", "two.wav"))]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.async_agi",
        str(service.settings.switch.ami_port),
        service.secret,
        *sounds,
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(10):
            if not await process.stdout.readline():
                raise RuntimeError("the AsyncAGI peer did not start")
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
