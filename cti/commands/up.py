"""`hotline up`: start the whole service and stay; Ctrl-C stops all of it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal

from rich.console import Console

from cti.server.log import log_to
from cti.server.progress import prompt_progress
from cti.server.service import running_service
from cti.settings import DEMO_MODEL, Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""
    parser.epilog = "示例：\n  hotline up\n  hotline --settings settings.yaml up\n"


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run the service until Ctrl-C, SIGTERM, or the terminal is closed."""
    log_to(settings.run_folder / "log" / "up.log")
    asyncio.run(_stay(settings, words_of(arguments), Console(highlight=False, soft_wrap=True)))
    return 0


def words_of(arguments: argparse.Namespace) -> list[str]:
    """Return the words before the subcommand, to be handed on to a child."""
    words = []
    for name in ("settings", "run_folder"):
        if getattr(arguments, name):
            words += [f"--{name.replace('_', '-')}", getattr(arguments, name)]
    return words


async def _stay(settings: Settings, words: list[str], console: Console) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    with prompt_progress(console) as progress:
        async with running_service(settings, words, console.print, progress) as service:
            progress.stop()
            console.print("\n服务已就绪。Ctrl-C 停止。", style="bold")
            for what, where in service.addresses:
                console.print(f"  {what}：{where}")
            if settings.speech_model == DEMO_MODEL:
                console.print(
                    "  注意：演示语音模型只懂合成语音，不能用于真实来电；安装正式模型见 hotline models --help"
                )
            watch = asyncio.ensure_future(service.watch())
            await told.wait()
            console.print("正在停止……")
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
    console.print("已全部停止。")
