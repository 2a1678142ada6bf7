"""`hotline demo`: the main job on real input, on simulated lines, with an account that a newcomer understands."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from rich.console import Console

from cti.demo.emergency import EmergencyAct
from cti.demo.report import account, show
from cti.demo.report_emergency import emergency_account, show_emergency
from cti.demo.stage import Stage, listening
from cti.server.installation import espeak_of, folders_of, part
from cti.server.log import log_to
from cti.server.progress import prompt_progress
from cti.server.service import running_service
from cti.settings import DEMO_MODEL, Settings, default_settings, load_settings, seats_with_telephones
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.asterisk.supervise import ProcessFailedError
from ivr.adapters.asterisk.supervise_ports import free_port
from ivr.adapters.asterisk.supervise_process import end_remembered


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the report goes."""
    parser.add_argument("--report", metavar="FILE", help="把结果另存为 JSON")
    parser.add_argument("--keep", action="store_true", help="保留上次演示的数据（默认每次从空的目录开始）")
    parser.epilog = "示例：\n  hotline demo\n  hotline demo --report demo.json\n"


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Play the demonstration; 0 when every call left a transcript, a recording and a draft."""
    console = Console(highlight=False, soft_wrap=True)
    folder = settings.run_folder / "demo"
    if arguments.report:
        Path(arguments.report).open("a").close()  # told now, not after two minutes of telephone calls
    end_as_by_ctrl_c()
    with _only_one(settings.run_folder):
        return _run(arguments, settings, folder, console)


def end_as_by_ctrl_c() -> None:
    """Stop all that was started also when we are terminated or the terminal is closed.

    A script that starts us with `&` lets us ignore SIGINT (POSIX shell, 2.11): then no word would end us.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))


@contextmanager
def _only_one(run_folder: Path) -> Iterator[None]:
    """Hold the stage; ProcessFailedError when another demonstration of this folder is being played."""
    run_folder.mkdir(parents=True, exist_ok=True)
    with (run_folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ProcessFailedError(
                f"{run_folder} 里已有一个演示正在进行。改法：等它结束，或用 --run-folder 换一个目录"
            ) from error
        yield


def _run(arguments: argparse.Namespace, settings: Settings, folder: Path, console: Console) -> int:
    if left := end_remembered(folder):
        console.print(f"上次演示被强行中断，留下 {left} 个进程，已停止")
    if not arguments.keep:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    log_to(folder / "log" / "demo.log")
    file = write_settings(settings, folder)
    own, problems = load_settings(file.read_bytes(), str(file), default_settings(settings.data_folder, folder))
    assert own is not None, problems
    report = asyncio.run(_play(own, ["--settings", str(file)], console))
    if arguments.report:
        Path(arguments.report).write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        console.print(f"报告已写入 {arguments.report}")
    return 1 if report["faults"] else 0


def write_settings(settings: Settings, folder: Path) -> Path:
    """Write the settings of a demonstration: a folder and ports of its own, beside a service that may be running."""
    own = {
        "settings_version": 1,
        "data_folder": str(settings.data_folder),
        "run_folder": str(folder),
        "recordings_folder": str(folder / "recordings"),
        "speech_model": settings.speech_model,
        "broker_port": free_port(),
        "ears": {"workers": 2},  # for three calls
        "seats": seats_with_telephones(default_settings(settings.data_folder).seats),
        "pages": {"serve": False},
        "emergency": {"link": {"port": free_port()}},
        "emergency_trunk": {"port": free_port("127.0.0.3")},
        "switch": {
            "sip_port": free_port(),
            "ami_port": free_port(),
            "agi_port": free_port(),
            "http_port": free_port(),
            "rtp_first": 30000,
        },
    }
    file = folder / "settings.yaml"
    file.write_text(yaml.safe_dump(own, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return file


async def _play(settings: Settings, words: list[str], console: Console) -> dict[str, object]:
    console.print(
        "[bold]hotline12345 演示[/bold]：四位（虚构的）市民真实拨打 SIP 电话，说普通话（合成语音），两位坐席接听；"
        "随后一位市民报告火情，模拟的紧急中心加入通话。\n"
    )
    espeak = espeak_of(settings, part(settings, PartName.ESPEAK))
    with prompt_progress(console) as progress:
        async with running_service(settings, words, console.print, progress) as service:
            progress.stop()
            async with listening(settings) as heard:
                console.print("\n[bold]通话进行中[/bold]（约两分钟）")

                def tell(line: str) -> None:
                    console.print(f"  {line}")

                performances = await Stage(settings, espeak, heard, tell).play()
                fire = await EmergencyAct(settings, espeak, heard, tell).play()
                await asyncio.sleep(1.0)  # the last orders' events are on their way
            accounts = await account(settings, [*performances, fire])
            emergency, clock, lacking = await emergency_account(settings, fire)
            show(accounts, console)
            show_emergency(emergency, clock, console)
    faults = [*(fault for each in accounts for fault in each.faults), *lacking]
    console.rule()
    console.print(f"Asterisk {service.asterisk_version}，总线上 {len(heard.keys)} 条事件，{len(accounts)} 通电话。")
    if settings.speech_model == DEMO_MODEL:
        console.print("注意：演示语音模型只用合成语音训练，听不懂真人说话；真实来电请安装正式模型。")
    for fault in faults:
        console.print(f"[red]问题[/red]：{fault}")
    console.print(
        f"数据留在 {folders_of(settings).run}" if not faults else f"日志在 {folders_of(settings).run / 'log'}"
    )
    return {
        "asterisk": service.asterisk_version,
        "calls": [each.json for each in accounts],
        "emergency": emergency,
        "events_published": len(heard.keys),
        "journal_replay": "same"
        if all(each.json.get("journal_replay") == "same" for each in accounts)
        else "different",
        "faults": faults,
    }
