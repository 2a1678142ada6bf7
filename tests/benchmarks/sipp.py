"""sipp, bounded in calls and time, bound to loopback: the many callers of a benchmark."""

from __future__ import annotations

import asyncio
import csv
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr.adapters.asterisk.private import PartName, ensure, parts_folder
from tests.benchmarks.hotline_service import CALLERS, MeasuredService

_HEAD = """\
<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="callers">
  <send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:1391[call_number]@[local_ip]:[local_port]>;tag=[pid]T[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:sipp@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=u 5 2 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [auto_media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
]]></send>
  <recv response="100" optional="true"></recv>
  <recv response="180" optional="true"></recv>
  <recv response="183" optional="true"></recv>
  <recv response="200" rtd="true" rrs="true"></recv>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[last_From:]
[last_To:]
[routes]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
  <nop><action><assignstr assign_to="url" value="[next_url]"/></action></nop>
"""

_SPEAK = """\
  <nop><action><exec rtp_stream="{sound},-1,8,PCMA/8000"/></action></nop>
"""

_PRESS = """\
  <pause distribution="uniform" min="1500" max="2500"/>
  <send retrans="500"><![CDATA[
INFO [$url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[last_From:]
[last_To:]
Call-ID: [call_id]
CSeq: [cseq] INFO
Max-Forwards: 70
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal={key}
Duration=100
]]></send>
  <recv response="200"></recv>
"""

_TAIL = """\
  <pause milliseconds="{stay_ms}"/>
  <send retrans="500"><![CDATA[
BYE [$url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[last_From:]
[last_To:]
[routes]
Call-ID: [call_id]
CSeq: [cseq] BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200" crlf="true"></recv>
  <ResponseTimeRepartition value="10, 50"/>
</scenario>
"""


@dataclass(frozen=True, slots=True)
class Callers:
    """What sipp is to do: `calls` in all, `rate` new ones a second, at most `at_once` of them at a time.

    Each presses `keys` (SIP INFO, one about every two seconds), stays `stay_ms` longer and hangs up; with `speaks`
    they send audio packets (silence), as telephones do.
    """

    number: str
    calls: int
    rate: float
    at_once: int
    keys: str = ""
    stay_ms: int = 1000
    speaks: bool = False

    @property
    def longest_seconds(self) -> float:
        return self.calls / self.rate + 2.5 * len(self.keys) + self.stay_ms / 1000 + 40


@dataclass(frozen=True, slots=True)
class Told:
    """What sipp says at its end; `answer_ms` is INVITE to 200 OK, one value a call."""

    succeeded: int
    failed: int
    retransmissions: int
    answer_ms: Sequence[float]


class Sipp:
    """One run of sipp."""

    def __init__(self, service: MeasuredService, callers: Callers, folder: Path) -> None:
        self._part = ensure(PartName.SIPP, parts_folder(Path.home()))
        self._service, self._callers, self._folder = service, callers, folder
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        callers, switch = self._callers, self._service.settings.switch
        self._folder.mkdir(parents=True)
        sound, scenario = self._folder / "silence.alaw", self._folder / "callers.xml"
        sound.write_bytes(b"\xd5" * 8000)
        pressing = "".join(_PRESS.format(key=key) for key in callers.keys)
        speaking = _SPEAK.format(sound=sound) if callers.speaks else ""
        scenario.write_text(_HEAD + speaking + pressing + _TAIL.format(stay_ms=callers.stay_ms), encoding="ascii")
        command = [
            *self._part.command,
            f"{switch.sip_host}:{switch.sip_port}",
            *("-sf", str(scenario), "-s", callers.number, "-i", CALLERS, "-mi", CALLERS),
            *("-m", str(callers.calls), "-r", f"{callers.rate:g}", "-l", str(callers.at_once)),
            *("-mp", "10000"),
            *("-timeout", f"{callers.longest_seconds:.0f}s", "-recv_timeout", "10000"),
            *("-trace_stat", "-stf", str(self._folder / "stat.csv"), "-fd", "1"),
            *("-trace_rtt", "-rtt_freq", "1", "-trace_err", "-error_file", str(self._folder / "errors.log")),
            *("-nostdin", "-buff_size", "4194304"),
        ]
        with (self._folder / "screen.log").open("wb") as out:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self._folder,
                env={**os.environ, **self._part.env, "TERM": "dumb"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def finished(self) -> Told:
        """Wait for its end and read what it noted."""
        assert self._process is not None
        async with asyncio.timeout(self._callers.longest_seconds + 10):
            await self._process.wait()
        return self._told()

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def _told(self) -> Told:
        stat = self._folder / "stat.csv"
        if not stat.is_file():
            raise RuntimeError(f"sipp failed: {(self._folder / 'screen.log').read_text(errors='replace')[-600:]}")
        with stat.open(encoding="ascii", errors="replace") as file:
            last = list(csv.DictReader(file, delimiter=";"))[-1]
        took: list[float] = []
        for file_ in self._folder.glob("*_rtt.csv"):
            with file_.open(encoding="ascii", errors="replace") as file:
                took += [float(row["response_time_ms"]) for row in csv.DictReader(file, delimiter=";")]
        return Told(
            int(last["SuccessfulCall(C)"]),
            int(last["FailedCall(C)"]),
            int(last["Retransmissions(C)"]),
            took,
        )


@asynccontextmanager
async def many_callers(service: MeasuredService, callers: Callers, folder: Path) -> AsyncIterator[Sipp]:
    """Let the callers call; whatever happens, sipp does not outlive the block."""
    sipp = Sipp(service, callers, folder)
    try:
        await sipp.start()
        yield sipp
    finally:
        await sipp.stop()
