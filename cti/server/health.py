"""How every external part is: found, in order, and the remedy for what is not. `hotline doctor` and the pages ask."""

from __future__ import annotations

import asyncio
import platform
import shutil
import sys
from pathlib import Path

from cti.adapters.mqtt.publisher import MqttPublisher
from cti.adapters.sql.database import Database
from cti.server.installation import folders_of, model_places, ready_file
from cti.settings import PRIVATE, Settings
from ivr.adapters.asterisk.doctor import Finding, probe, probe_ports
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.asterisk.supervise_ports import Listening
from ivr.adapters.vosk.model_check import verify
from ivr.adapters.vosk.models import DEMO_WARNING, find
from ivr.errors import EarsError, HotlineError

LEAST_FREE_BYTES = 2_000_000_000
ANSWER_SECONDS = 3.0


async def examined(settings: Settings) -> list[Finding]:
    """Return a finding for every part; it takes a second or so, and fetches nothing."""
    findings = await asyncio.to_thread(_at_rest, settings)
    findings += await _services(settings)
    if not ready_file(settings).is_file():
        findings += await asyncio.to_thread(_ports, settings)
    return findings


def _at_rest(settings: Settings) -> list[Finding]:
    return [_python(), *_parts(settings), _model(settings), *_disk(settings)]


def _python() -> Finding:
    ok = (3, 11) <= sys.version_info[:2] < (3, 13)
    remedy = "" if ok else "安装 Python 3.11 或 3.12，再删除 .venv 重新运行"
    return Finding("Python", True, platform.python_version(), sys.executable, ok, remedy)


def _parts(settings: Settings) -> list[Finding]:
    needed = [PartName.ASTERISK, PartName.ESPEAK, PartName.POSTGRESQL, PartName.SIPP]
    if settings.broker == PRIVATE:
        needed.insert(1, PartName.MOSQUITTO)
    return probe(folders_of(settings).parts, tuple(needed))


def _model(settings: Settings) -> Finding:
    try:
        entry = find(settings.speech_model, model_places(settings))
    except EarsError as error:
        return Finding("语音模型", False, settings.speech_model, "", False, str(error))
    verdict = verify(entry.folder)
    remedy = "；".join(verdict.problems) or (DEMO_WARNING if entry.is_demo else "")
    return Finding("语音模型", True, entry.name, str(entry.folder), verdict.is_good, remedy)


def _disk(settings: Settings) -> list[Finding]:
    findings = []
    for what, folder in (("录音目录", settings.recordings_folder), ("运行目录", settings.run_folder)):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
        ok = free > LEAST_FREE_BYTES and _is_writable(there)
        remedy = "" if ok else "清理磁盘，或在设置中换一个可写、空间足够的目录"
        findings.append(Finding(what, True, f"空余 {free / 1e9:.0f} GB", str(folder), ok, remedy))
    return findings


def _is_writable(folder: Path) -> bool:
    try:
        probe_file = folder / ".hotline-doctor"
        probe_file.touch()
        probe_file.unlink()
    except OSError:
        return False
    return True


async def _services(settings: Settings) -> list[Finding]:
    findings = []
    if not settings.database.startswith("sqlite"):
        findings.append(await _database(settings))
    if settings.broker != PRIVATE:
        findings.append(await _broker(settings))
    if settings.pages.is_served and ready_file(settings).is_file():
        findings.append(await _pages(settings))
    return findings


async def _pages(settings: Settings) -> Finding:
    """The process of the pages, while the service runs: whether it takes connections."""
    pages = settings.pages
    host = "127.0.0.1" if pages.host in ("0.0.0.0", "::", "") else pages.host
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            _, writer = await asyncio.open_connection(host, pages.port)
        writer.close()
    except (OSError, TimeoutError):
        log = settings.run_folder / "log" / "pages.out"
        remedy = f"网页进程没有应答，通话不受影响；hotline up 会自动再启动它。一直如此请看 {log}"
        return Finding("网页", False, "", pages.base_url, False, remedy)
    return Finding("网页", True, "", pages.base_url, True)


async def _database(settings: Settings) -> Finding:
    where = settings.database.split("@")[-1]
    try:
        async with Database(settings.database):
            pass
    except HotlineError as error:
        return Finding("数据库", False, "", where, False, str(error))
    return Finding("数据库", True, "", where, True)


async def _broker(settings: Settings) -> Finding:
    where = settings.broker.split("@")[-1]
    try:
        publisher = MqttPublisher(settings.broker)
    except HotlineError as error:
        return Finding("消息代理", False, "", where, False, str(error))
    task = asyncio.create_task(publisher.run())
    try:
        await asyncio.wait_for(publisher.wait_connected(), 5)
    except TimeoutError:
        return Finding("消息代理", False, "", where, False, "连不上：检查地址、账号，或在设置中写 broker: private")
    finally:
        task.cancel()
    return Finding("消息代理", True, "", where, True)


def _ports(settings: Settings) -> list[Finding]:
    switch = settings.switch
    places = [
        Listening("udp", switch.sip_host, switch.sip_port, "端口：电话信令 SIP"),
        Listening("tcp", "127.0.0.1", switch.ami_port, "端口：交换机管理 AMI"),
        Listening("tcp", "127.0.0.1", switch.agi_port, "端口：语音流程 FastAGI"),
        Listening("tcp", "127.0.0.1", switch.http_port, "端口：浏览器话机"),
    ]
    if settings.pages.is_served:
        places.append(Listening("tcp", settings.pages.host, settings.pages.port, "端口：网页"))
    if settings.broker == PRIVATE:
        places.append(Listening("tcp", "127.0.0.1", settings.broker_port, "端口：消息代理 MQTT"))
    return probe_ports(tuple(places))
