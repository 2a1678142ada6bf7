"""`hotline models`: the speech models: list, verify, install."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from cti.server.installation import model_places
from cti.settings import Settings
from ivr.adapters.vosk.model_check import verify
from ivr.adapters.vosk.model_install import install
from ivr.adapters.vosk.models import DEMO_WARNING, find, installed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    deeds = parser.add_subparsers(dest="deed", metavar="动作")
    deeds.add_parser("list", help="列出已安装的模型（默认）")
    check = deeds.add_parser("verify", help="校验模型：sha256、能否加载、采样率")
    check.add_argument("name", nargs="?", default="", help="模型名（默认正在使用的）")
    put = deeds.add_parser("install", help="安装模型：文件夹、zip 或网址")
    put.add_argument("source", help="文件夹、.zip，或 https:// 网址")
    put.add_argument("--sha256", default="", help="zip 的 sha256（http:// 网址必须给出）")
    put.add_argument("--name", default="", help="安装后的名称（默认取自来源）")
    parser.epilog = (
        "示例：\n  hotline models\n  hotline models verify\n  hotline models install vosk-model-cn-0.22.zip\n"
        "安装后在设置文件中写 speech_model: 模型名。\n"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """List, verify or install."""
    console = Console(highlight=False, soft_wrap=True)
    match arguments.deed:
        case "verify":
            return _verify(arguments.name or settings.speech_model, settings, console)
        case "install":
            with Progress(
                TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=console
            ) as bar:
                task = bar.add_task("取得模型", total=None)
                entry = install(
                    arguments.source,
                    settings.models_folder,
                    sha256_hex=arguments.sha256,
                    name=arguments.name,
                    progress=lambda done, total: bar.update(task, completed=done, total=total or None),
                )
            console.print(
                f"已安装 {entry.name}（{entry.sample_rate_hz} Hz）。在设置文件中写：speech_model: {entry.name}"
            )
            return 0
        case _:
            return _list(settings, console)


def _verify(name: str, settings: Settings, console: Console) -> int:
    entry = find(name, model_places(settings))
    verdict = verify(entry.folder)
    for problem in verdict.problems:
        console.print(f"{entry.name}：{problem}")
    if verdict.is_good:
        sums = "sha256 与清单一致" if verdict.has_manifest else "没有 sha256 清单"
        console.print(
            f"{entry.name}：可以使用，{sums}，{verdict.sample_rate_hz} Hz，加载 {verdict.load_seconds:.2f} 秒"
        )
    if entry.is_demo:
        console.print(DEMO_WARNING)
    return 0 if verdict.is_good else 1


def _list(settings: Settings, console: Console) -> int:
    for model in installed(model_places(settings)):
        state = "；".join(model.problems) or ("校验通过" if model.checked else "未校验")
        used = "★" if model.name == settings.speech_model else "　"
        console.print(
            f"{used} {model.name}　{model.language}　{model.size_bytes / 1e6:.0f} MB　{model.sample_rate_hz} Hz　"
            f"{model.licence}　{state}\n　　{model.card}",
            markup=False,
        )
    console.print("★ 正在使用")
    return 0
