"""`hotline evaluate`: how well classification, prefill and danger words do on a file of labelled calls, as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from cti.server.drafting import make_prefill
from cti.settings import Settings
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from workorder.evaluate import evaluate_calls

Row = Mapping[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to measure, on which file."""
    what = parser.add_subparsers(dest="what", metavar="内容", required=True)
    calls = what.add_parser("calls", help="预填：诉求类型、分类、单位、地点、时间、姓名、电话")
    calls.add_argument("file", metavar="FILE.jsonl")
    calls.add_argument("--field", default="asr", choices=("asr", "text"), help="读哪一列（默认 %(default)s）")
    parser.epilog = "示例：\n  hotline evaluate calls calls.jsonl\n  hotline evaluate calls calls.jsonl --field text\n"


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print one JSON object."""
    measures: Mapping[str, Callable[[], Mapping[str, object]]] = {
        "calls": lambda: evaluate_calls(rows_of(arguments.file), make_prefill(), arguments.field, seconds=perf_counter),
    }
    json.dump(measures[arguments.what](), sys.stdout, ensure_ascii=False, indent=2)
    print()
    return 0


def rows_of(name: str) -> list[Row]:
    """Read a JSON-lines file; AuthorError naming every line that is no object."""
    problems: list[Problem] = []
    rows: list[Row] = []
    try:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AuthorError(
            (Problem(Place(name), f"读不到文件（{error}）。", "检查路径、权限与 UTF-8 编码。"),)
        ) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            rows.append(row)
        else:
            problems.append(Problem(Place(name, number, 1), "这一行不是 JSON 对象。", '每行写一个 {"text": …}。'))
    if problems:
        raise AuthorError(tuple(problems))
    return rows
