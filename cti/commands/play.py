"""`hotline play`: walk through a flow at the terminal, and get a test that repeats the walk."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from cti.commands.check import catalogue_for
from cti.server.files.flow_files import FlowFiles
from cti.server.installation import queues_of
from cti.settings import Settings
from ivr.call import PhoneNumber
from ivr.errors import AuthorError
from ivr.flow.book import make_book
from ivr.flow.calls import Opening
from ivr.flow.check import check_files
from ivr.flow.manifest import load_prompts, prompt_manifest
from ivr.flow.play import HELP, call_document, start_play, typed
from ivr.problems import Place, Problem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which flow, who calls, when."""
    parser.add_argument("file", metavar="FILE", help="流程文件")
    parser.add_argument("--caller", default="13800001234", help="主叫号码（默认 %(default)s）")
    parser.add_argument("--at", metavar="TIME", help="来电时间，例如 2026-11-22T10:00:00+08:00（默认现在）")
    parser.add_argument("--test", metavar="FILE", help="把这次会话写成测试文件（默认打印出来）")
    parser.epilog = (
        f"{HELP}\n\n示例：\n  hotline play ivr/flows/menu.yaml\n"
        "  printf '2\\n!\\n' | hotline play ivr/flows/menu.yaml\n"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Play until the call ends or the input does."""
    file = Path(arguments.file)
    try:
        flows = {str(file): file.read_bytes()}
    except OSError as error:
        problem = Problem(Place(str(file)), f"读不到文件（{error.strerror}）。", "检查路径与权限。")
        raise AuthorError((problem,)) from error
    catalogue = catalogue_for(flows, settings)
    checked = check_files(flows, catalogue)
    if not checked.is_sound:
        raise AuthorError(checked.problems)
    every = [*checked.flows, *catalogue.others.values()]
    prompts, _ = load_prompts(FlowFiles.read(settings).prompts, "prompts.yaml")
    words = {sound.name: sound.words for sound in prompt_manifest(every, prompts)}
    try:
        at = datetime.fromisoformat(arguments.at).astimezone() if arguments.at else datetime.now().astimezone()
    except ValueError:
        print(f"--at 看不懂“{arguments.at}”。例如：2026-11-22T10:00:00+08:00", file=sys.stderr)
        return 2
    caller = PhoneNumber.parse(arguments.caller).digits
    opening = Opening(flow=checked.flows[0].name, at=at, caller=caller)
    played, shown = start_play(make_book(every, queues_of(settings).default.name), opening, words)
    is_terminal = sys.stdin.isatty()
    print(f"{HELP}\n\n{shown}" if is_terminal else shown)
    while not played.is_over:
        if is_terminal:
            print("> ", end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            break
        played, shown = typed(played, line.rstrip("\n"))
        print(shown)
    document = call_document(played, f"{file.stem} 的一次试听")
    if arguments.test:
        Path(arguments.test).write_text(document, encoding="utf-8")
        print(f"测试已写入 {arguments.test}")
    else:
        print("\n# 重复这次会话的测试（存为 tests/calls/*.yaml）：")
        print(document, end="")
    return 0
