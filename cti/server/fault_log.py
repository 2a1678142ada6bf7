"""The log of faults on disk, and the watch that writes it: every part is asked now and then, in the controller.

The log is a file beside the database's, for the database is one of the parts. While the controller lives it touches a
file, and takes it away when it stops in good order; a start that finds it knows since when nobody was there.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import text

from cti.adapters.sql.database import Database
from cti.faults import Fault, FaultEvent, FaultLine, faults_in, line_text, lines_in
from cti.settings import Settings
from ivr.adapters.vosk.deaf import DeafEars
from ivr.adapters.vosk.shared_ears import SharedEars
from ivr.errors import AuthorError, HotlineError, StoreAwayError
from ivr.ports import Clock, Ears, Switch
from ivr.problems import Place, Problem

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
FIRST_LOOK_SECONDS = 30.0
"""What has just been started is not broken yet."""
CONTROLLER = "控制器"
OURSELVES = "hotline"

Probe = Callable[[], Awaitable[str]]
"""Says what is wrong with a part, nothing when it is well."""


class FaultLog:
    """Lines added durably, and read; StoreAwayError when the disk will not."""

    def __init__(self, settings: Settings) -> None:
        self.file = settings.run_folder / "faults.jsonl"
        self.alive = settings.run_folder / "controller.alive"

    def lines(self) -> tuple[FaultLine, ...]:
        """Return every line."""
        try:
            return lines_in(self.file.read_text(encoding="utf-8", errors="replace"))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StoreAwayError(f"读不到故障记录（{error.strerror}）。改法：检查 {self.file}") from error

    def faults(self) -> tuple[Fault, ...]:
        """Return every fault, by its begin."""
        return faults_in(self.lines())

    def add(self, line: FaultLine) -> None:
        """Add a line."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a+b") as file:
                is_torn = file.seek(0, os.SEEK_END) > 0 and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n"
                file.write((b"\n" if is_torn else b"") + line_text(line).encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreAwayError(f"写不进故障记录（{error.strerror}）。改法：检查 {self.file}") from error

    def person(self, part: str, event: FaultEvent, by: str, words: str, at: datetime) -> None:
        """Let a person write down a fault's begin or end; AuthorError when it cannot be."""
        part, words = part.strip()[:60], words.strip()[:300]  # as it is kept: by the same words it is ended
        is_open = any(each.part == part and each.ended is None for each in self.faults())
        if not part or not words:
            raise AuthorError((Problem(Place("fault"), "没有写部件或情况。", "写明哪个部件、怎么了。"),))
        if event is FaultEvent.BEGAN and is_open:
            raise AuthorError((Problem(Place(part[:40]), "这个部件的故障已经记下，还没有恢复。", "恢复后写 end。"),))
        if event is FaultEvent.ENDED and not is_open:
            raise AuthorError((Problem(Place(part[:40]), "这个部件没有未恢复的故障。", "hotline fault 看列表。"),))
        self.add(FaultLine(at, part, event, by, words))

    def begun(self, now: datetime) -> None:
        """The controller begins: what was left of an earlier one that died tells since when nobody was there."""
        try:
            last = datetime.fromtimestamp(self.alive.stat().st_mtime, UTC)
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("alive_not_read", extra={"reason": str(error)})
            return
        self.add(FaultLine(min(last, now), CONTROLLER, FaultEvent.BEGAN, OURSELVES, "没有停止就不在了"))
        self.add(FaultLine(now, CONTROLLER, FaultEvent.ENDED, OURSELVES, "重新启动"))

    def touch(self) -> None:
        """We are alive."""
        self.alive.touch()

    def stopped(self) -> None:
        """We stop in good order."""
        self.alive.unlink(missing_ok=True)


class FaultWatch:
    """Asks every part now and then, and writes down what begins and what ends."""

    def __init__(self, faults: FaultLog, clock: Clock, probes: Mapping[str, Probe]) -> None:
        self._log, self._clock, self._probes = faults, clock, probes

    async def run(self) -> None:
        """Watch until cancelled, which is an orderly stop."""
        try:
            await self._kept(lambda: self._log.begun(self._clock.now()))
            nth = 0
            while True:
                await self._kept(self._log.touch)
                await asyncio.sleep(LOOK_SECONDS)
                nth += 1
                if nth * LOOK_SECONDS >= FIRST_LOOK_SECONDS:
                    await self.look()
        finally:
            self._log.stopped()

    async def look(self) -> None:
        """Ask every part once."""
        for part, probe in self._probes.items():
            why = await probe()
            await self._kept(lambda part=part, why=why: self._found(part, why))  # type: ignore[misc]

    def _found(self, part: str, why: str) -> None:
        known = next((each for each in self._log.faults() if each.part == part and each.ended is None), None)
        if why and known is None:
            self._log.add(FaultLine(self._clock.now(), part, FaultEvent.BEGAN, OURSELVES, why[:300]))
            log.error("fault_began", extra={"part": part, "reason": why})
        elif not why and known is not None and known.by == OURSELVES:
            self._log.add(FaultLine(self._clock.now(), part, FaultEvent.ENDED, OURSELVES, "自行恢复"))
            log.warning("fault_ended", extra={"part": part})

    async def _kept(self, work: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(work)
        except (StoreAwayError, OSError) as error:
            log.error("fault_not_kept", extra={"reason": str(error)})


def failing(ask: Callable[[], Awaitable[object]]) -> Probe:
    """Return a probe that is well when `ask` returns, and says what it raised."""

    async def probe() -> str:
        try:
            await ask()
        except (HotlineError, OSError, TimeoutError) as error:
            return str(error) or type(error).__name__
        return ""

    return probe


def unless(is_well: Callable[[], bool], words: str) -> Probe:
    """Return a probe that looks at something, and says `words` when it is not well."""

    async def probe() -> str:
        return "" if is_well() else words

    return probe


def database_probe(database: Database) -> Probe:
    """Return a probe that asks the database something."""
    return failing(lambda: database.read("探测", lambda connection: connection.execute(text("SELECT 1"))))


def _hears(ears: Ears) -> bool:
    return bool(ears.workers) if isinstance(ears, SharedEars) else not isinstance(ears, DeafEars)


def fault_watch(
    settings: Settings, clock: Clock, switch: Switch, database: Database, has_broker: Callable[[], bool], ears: Ears
) -> FaultWatch:
    """Return the watch over everything that a controller talks to."""
    probes = {
        "交换机": failing(lambda: switch.beat(int(clock.now().timestamp()))),
        "数据库": database_probe(database),
        "消息代理": unless(has_broker, "没有连上消息代理"),
        "语音识别": unless(lambda: _hears(ears), "没有可用的识别进程或模型"),
    }
    return FaultWatch(FaultLog(settings), clock, probes)
