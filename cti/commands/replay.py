"""`hotline replay`: run the journal of a call through the engine again; it must ask for the same commands."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from cti.server.files.flow_files import archived_book, catalogue_of
from cti.server.installation import folders_of, queues_of
from cti.settings import Settings
from ivr.adapters.files.journal_files import JournalFiles
from ivr.call import CallId, call_id
from ivr.errors import StoreError
from ivr.flow.replay import replay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which journal."""
    parser.add_argument("journal", metavar="JOURNAL", help="通话日志文件，或通话编号")
    parser.add_argument("--editions", metavar="DIR", help="流程存档目录（默认运行目录下的 editions）")
    parser.epilog = (
        "示例：\n  hotline replay hl-1795312728.0\n  hotline replay run/journal/2026/11/22/hl-1795312728.0.jsonl\n"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Replay; 0 when all commands are the same."""
    call, lines = _lines(arguments.journal, settings)
    digest = next((str(line["digest"]) for line in lines if "digest" in line), "")
    if not digest:
        print(f"{arguments.journal}：没有语音流程的记录（控制器可能没有接到这通电话）。", file=sys.stderr)
        return 1
    queues = queues_of(settings)
    editions = Path(arguments.editions) if arguments.editions else folders_of(settings).run / "editions"
    book = archived_book(editions / digest, catalogue_of(settings, queues), queues)
    if book is None:
        print(f"找不到流程存档 {editions / digest}。改法：用 --editions 指明存档目录。", file=sys.stderr)
        return 1
    try:
        replayed = replay(lines, book, call)
    except ValueError as odd:
        print(f"{arguments.journal}：{odd}", file=sys.stderr)
        return 1
    if replayed.difference:
        print(replayed.difference)
        return 1
    print(f"通话 {call}：{replayed.events} 个事件，指令完全相同。经过：{' → '.join(replayed.session.path)}")
    return 0


def _lines(where: str, settings: Settings) -> tuple[CallId, tuple[Mapping[str, object], ...]]:
    file = Path(where)
    if not file.is_file():
        try:
            call = call_id(where)
        except ValueError:
            raise StoreError(f"没有日志文件 {where}。改法：写日志文件的路径，或通话编号。") from None
        return call, JournalFiles(folders_of(settings).journal).read(call)
    lines = []
    for number, text in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        try:
            line = json.loads(text)
        except ValueError:
            print(f"{file}:{number}: 这一行不完整，跳过。", file=sys.stderr)
            continue
        if isinstance(line, dict):
            lines.append(line)
    return call_id(file.name.removesuffix(".jsonl")), tuple(lines)
