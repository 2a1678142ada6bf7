"""Keep a program running: start it or adopt the running one, restart it when it dies, stop it gracefully."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.adapters.asterisk.supervise_ports import Listening, check_free
from ivr.adapters.asterisk.supervise_process import RunningProcess, remember, remembered
from ivr.errors import WorldError

log = logging.getLogger(__name__)

_BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_HEALTHY_SECONDS = 60.0
_POLL_SECONDS = 0.1
_KILL_SECONDS = 5.0


class ProcessFailedError(WorldError):
    """A program did not start, or did not become ready; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """How to run one program. `is_ready` must only say yes to *our* instance (by our secret, say).

    `longest_pause_seconds` bounds how patiently a program that dies again and again is started anew.
    """

    name: str
    command: tuple[str, ...]
    pid_file: Path
    log_file: Path
    is_ready: Callable[[], Awaitable[bool]]
    listens: tuple[Listening, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    ready_seconds: float = 30.0
    stop_seconds: float = 10.0
    stop_signal: signal.Signals = signal.SIGTERM
    longest_pause_seconds: float = _BACK_OFF_SECONDS[-1]


class ChildProcess:
    """One program under our care. It lives in its own session: our death does not end it, our successor adopts it."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self.adopted = False
        self._process: RunningProcess | None = None
        self._popen: subprocess.Popen[bytes] | None = None
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.is_alive else None

    @property
    def is_alive(self) -> bool:
        if self._popen is not None:
            return self._popen.poll() is None
        return self._process is not None and self._process.is_alive

    async def start(self) -> None:
        """Return when the program is ready; adopt a running one of our own. ProcessFailedError or PortTakenError."""
        self._stopping.clear()
        await self._start()

    async def _start(self) -> None:
        running = remembered(self.spec.pid_file)
        if running is not None:
            self._process, self._popen = running, None
            if await self._becomes_ready():
                self.adopted = True
                log.info("process_adopted", extra={"child": self.spec.name, "pid": running.pid})
                return
            await self._end()
        check_free(self.spec.listens)
        self._spawn()
        if not await self._becomes_ready():
            ended = not self.is_alive
            await self._end()
            what = "启动后就退出了" if ended else f"在 {self.spec.ready_seconds:g} 秒内没有就绪"
            raise ProcessFailedError(f"{self.spec.name} {what}。日志 {self.spec.log_file} 的末尾: {self._log_tail()}")

    async def watch(self) -> None:
        """Run until cancelled or `stop`: whenever the program is gone, start it again, ever more patiently."""
        began, failures = time.monotonic(), 0
        while not self._stopping.is_set():
            if self.is_alive:
                await asyncio.sleep(_POLL_SECONDS)
                continue
            if time.monotonic() - began > _HEALTHY_SECONDS:
                failures = 0
            pause = min(_BACK_OFF_SECONDS[min(failures, len(_BACK_OFF_SECONDS) - 1)], self.spec.longest_pause_seconds)
            log.error("process_died", extra={"child": self.spec.name, "restart_in": pause})
            await asyncio.sleep(pause)
            if self._stopping.is_set():
                return
            failures += 1
            began = time.monotonic()
            try:
                await self._start()
            except WorldError as error:
                log.error("process_start_failed", extra={"child": self.spec.name, "reason": str(error)[:300]})

    async def stop(self) -> None:
        """End the program: politely, then by force. Safe to call when it is gone already."""
        self._stopping.set()
        await self._end()

    async def _end(self) -> None:
        process = self._process
        if process is not None and self.is_alive:
            process.signal(self.spec.stop_signal)
            if not await self._is_gone(self.spec.stop_seconds):
                log.warning("process_killed", extra={"child": self.spec.name, "pid": process.pid})
                process.signal(signal.SIGKILL)
                await self._is_gone(_KILL_SECONDS)
        self.spec.pid_file.unlink(missing_ok=True)
        self._process = self._popen = None

    def _spawn(self) -> None:
        spec = self.spec
        spec.log_file.parent.mkdir(parents=True, exist_ok=True)
        with spec.log_file.open("ab") as out:
            try:
                self._popen = subprocess.Popen(
                    spec.command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **spec.env},
                    cwd=spec.cwd,
                    start_new_session=True,
                )
            except OSError as error:
                raise ProcessFailedError(f"{spec.name} 无法启动({spec.command[0]}): {error.strerror}") from error
        self._process = RunningProcess.of(self._popen.pid) or RunningProcess(self._popen.pid, 0)
        self.adopted = False
        remember(spec.pid_file, self._process)

    async def _becomes_ready(self) -> bool:
        ends = time.monotonic() + self.spec.ready_seconds
        while time.monotonic() < ends and self.is_alive:
            try:
                async with asyncio.timeout(max(0.1, ends - time.monotonic())):  # 3.11's wait_for may swallow a cancel
                    if await self.spec.is_ready():
                        return True
            except (OSError, TimeoutError):
                pass
            await asyncio.sleep(_POLL_SECONDS / 2)
        return False

    async def _is_gone(self, seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while self.is_alive:
            if time.monotonic() > ends:
                return False
            await asyncio.sleep(_POLL_SECONDS / 2)
        return True

    def _log_tail(self) -> str:
        try:
            lines = self.spec.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return "(没有日志)"
        return " | ".join(lines[-4:])[-500:]
