"""`hotline doctor`: what was found of each external part, which version, and the remedy for what is missing."""

from __future__ import annotations

import argparse
import asyncio
import platform
import shutil
import sys
from pathlib import Path

from rich.console import Console

from cti.adapters.mqtt.publisher import MqttPublisher
from cti.adapters.sql.database import Database
from cti.commands.doctor_emergency import examine
from cti.server.installation import folders_of, model_places, ready_file
from cti.settings import PRIVATE, Settings
from ivr.adapters.asterisk.doctor import Finding, probe, probe_ports
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.asterisk.supervise_ports import Listening
from ivr.adapters.vosk.model_check import verify
from ivr.adapters.vosk.models import DEMO_WARNING, find
from ivr.errors import EarsError, HotlineError

LEAST_FREE_BYTES = 2_000_000_000


EXAMPLES = """\
示例：
  hotline doctor                                    每个部件
  hotline doctor --emergency                        真实的紧急号码能不能拨；还没有确认时做测试呼叫
  hotline doctor --emergency --confirm-by 王班长    再做一次测试呼叫，由王班长确认（服务须在运行）
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The emergency trunk, and who confirms its test call."""
    parser.epilog = EXAMPLES
    parser.add_argument("--emergency", action="store_true", help="检查紧急中继，做测试呼叫，由值班员确认")
    parser.add_argument("--confirm-by", metavar="NAME", default="", help="确认测试呼叫的值班员姓名")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the findings; 1 when something must be done first."""
    console = Console(highlight=False, soft_wrap=True)
    if arguments.emergency or arguments.confirm_by:
        return examine(settings, arguments.confirm_by, console)
    findings = [_python(), *_parts(settings), _model(settings), *_disk(settings)]
    findings += asyncio.run(_services(settings))
    if not ready_file(settings).is_file():
        findings += _ports(settings)
    for finding in findings:
        colour, word = _state(finding)
        console.print(f"[{colour}]{word}[/{colour}] {finding.part}　{finding.version}　{finding.where}".rstrip("　"))
        if finding.remedy:
            console.print(f"      补救：{finding.remedy}", markup=False)
    bad = sum(not finding.ok for finding in findings)
    console.print("一切就绪。" if not bad else f"有 {bad} 项需要处理，见“补救”。")
    return 1 if bad else 0


def _state(finding: Finding) -> tuple[str, str]:
    if not finding.ok:
        return "red", "需处理"
    return ("green", "正常　") if finding.found else ("yellow", "可选　")


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
    return findings


async def _database(settings: Settings) -> Finding:
    where = settings.database.split("@")[-1]
    try:
        database = Database(settings.database)
        await database.open()
        await database.close()
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
    if settings.broker == PRIVATE:
        places.append(Listening("tcp", "127.0.0.1", settings.broker_port, "端口：消息代理 MQTT"))
    return probe_ports(tuple(places))
