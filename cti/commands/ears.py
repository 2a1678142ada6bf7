"""`hotline ears`: recognition workers on this machine, for the service here or on another one."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import signal
import socket
from collections.abc import Awaitable
from pathlib import Path

from rich.console import Console

from cti.adapters.mqtt.publisher import broker_address
from cti.commands.up import words_of
from cti.server.ears import work, worker_processes, workers_of
from cti.server.installation import broker_url, folders_of
from cti.server.log import log_to
from cti.settings import Settings
from ivr.adapters.asterisk.supervise import ChildProcess
from ivr.errors import EarsError

SERIES = "more"
"""Ours are not those of `hotline up` in the same run folder, which we must neither adopt nor stop."""

EXAMPLES = """\
示例：
  hotline ears --workers 4                                        为本机的服务增加 4 个识别进程
  hotline ears --broker mqtt://hotline:密码@10.0.0.5 --listen 10.0.0.7   在另一台机器上运行，只增加容量
  hotline ears --broker-file broker.txt --listen 10.0.0.7         消息代理地址写在文件里（权限 600），命令行看不到密码
通话的声音会不加密地送到 --listen 的地址：只用内网地址。能在消息代理上写 hotline/v1/ears/ 的人就能收到声音。
hotline up 会自己启动识别进程（设置 ears.workers），单台机器不需要这个命令。
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whom to work for, how many, and where to listen."""
    parser.add_argument("--broker", default="", metavar="URL", help="消息代理，默认用设置里的")
    parser.add_argument("--broker-file", default="", metavar="FILE", help="写有消息代理地址的文件")
    parser.add_argument("--workers", type=int, default=-1, metavar="N", help="进程数，默认每核一个")
    parser.add_argument("--listen", default="127.0.0.1", metavar="HOST", help="本机的地址（默认 %(default)s）")
    parser.add_argument("--one", default="", metavar="NAME", help=argparse.SUPPRESS)
    parser.epilog = EXAMPLES


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run workers until Ctrl-C or SIGTERM."""
    url = _url(arguments, settings)
    broker_address(url)
    _check(arguments.listen)
    if arguments.one:
        log_to(settings.run_folder / "log" / f"ears-{arguments.one}.log")
        asyncio.run(_until_told(work(settings, arguments.one, arguments.listen, url)))
        return 0
    log_to(settings.run_folder / "log" / "ears.log")
    asyncio.run(_until_told(_supervise(arguments, settings, url)))
    return 0


def _url(arguments: argparse.Namespace, settings: Settings) -> str:
    if arguments.broker_file:
        try:
            return Path(arguments.broker_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise EarsError(f"读不到 {arguments.broker_file}（{error}）。改法：检查路径与权限。") from error
    return arguments.broker or broker_url(settings)


def _check(host: str) -> None:
    """Refuse what is no address that others could be told."""
    try:
        found = ipaddress.ip_address(socket.gethostbyname(host))
    except (OSError, ValueError) as error:
        raise EarsError(f"--listen {host} 不是地址（{error}）。改法：写本机的内网地址，例如 10.0.0.7。") from error
    if found.is_unspecified:
        raise EarsError(f"--listen {host} 不能告诉别人。改法：写本机的一个内网地址，例如 10.0.0.7。")


async def _supervise(arguments: argparse.Namespace, settings: Settings, url: str) -> None:
    console = Console(highlight=False, soft_wrap=True)
    count = arguments.workers if arguments.workers >= 0 else max(1, workers_of(settings))
    options = ["--listen", arguments.listen, "--broker-file", str(_kept(settings, url))]
    specs = worker_processes(settings, words_of(arguments), count, options, SERIES)
    children = [ChildProcess(spec) for spec in specs]
    try:
        for child in children:
            await child.start()
        console.print(f"{count} 个识别进程已启动，在 {arguments.listen} 上接收声音。Ctrl-C 停止。")
        async with asyncio.TaskGroup() as tasks:
            for child in children:
                tasks.create_task(child.watch())
    finally:
        for child in children:
            await child.stop()


def _kept(settings: Settings, url: str) -> Path:
    """Write the broker's address where only we can read it: it holds a password, and others see command lines."""
    file = folders_of(settings).secrets / "ears-broker"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.touch(mode=0o600)
    file.write_text(url, encoding="utf-8")
    return file


async def _until_told(work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
