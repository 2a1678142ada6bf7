"""`hotline evaluate`: how well classification, prefill and danger words do on a file of labelled calls, as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from cti.server.drafting import make_prefill, own_words
from cti.settings import Settings
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from routing.adapters.emergency_words import load_spotter
from routing.adapters.packaged_lexicon import load_classifier
from workorder.evaluate import evaluate_calls
from workorder.evaluate_emergency import evaluate_emergency
from workorder.evaluate_unit import evaluate_unit

Row = Mapping[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to measure, on which file."""
    what = parser.add_subparsers(dest="what", metavar="内容", required=True)
    calls = what.add_parser("calls", help="预填：诉求类型、分类、单位、地点、时间、姓名、电话")
    calls.add_argument("file", metavar="FILE.jsonl")
    calls.add_argument("--field", default="asr", choices=("asr", "text"), help="读哪一列（默认 %(default)s）")
    unit = what.add_parser("unit", help="承办单位：关键词库、从工单学到的模型、两者合用，各有多准")
    unit.add_argument("--train", required=True, metavar="A.jsonl", help="学习用的工单（text、unit）")
    unit.add_argument("--test", required=True, metavar="B.jsonl", help="测量用的工单（text、unit）")
    emergency = what.add_parser("emergency", help="险情：查全、查准、类型")
    emergency.add_argument("file", metavar="FILE.jsonl")
    parser.epilog = "示例：\n  hotline evaluate calls calls.jsonl\n  hotline evaluate calls calls.jsonl --field text\n"


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print one JSON object."""
    measures: Mapping[str, Callable[[], Mapping[str, object]]] = {
        "emergency": lambda: evaluate_emergency(rows_of(arguments.file, "text", "label"), load_spotter(), perf_counter),
        "calls": lambda: evaluate_calls(
            rows_of(arguments.file, arguments.field),
            make_prefill(own_words(settings)),
            arguments.field,
            emergency_of=_emergency_of(),
            seconds=perf_counter,
        ),
        "unit": lambda: evaluate_unit(
            rows_of(arguments.train, "text", "unit"),
            rows_of(arguments.test, "text", "unit"),
            load_classifier(own_words(settings)),
            seconds=perf_counter,
        ),
    }
    json.dump(measures[arguments.what](), sys.stdout, ensure_ascii=False, indent=2)
    print()
    return 0


def _emergency_of() -> Callable[[str], str]:
    """Return what says of a text 110, 119, 120, 122 or none."""
    spotter = load_spotter()

    def emergency_of(text: str) -> str:
        finding = spotter.spot(text)
        return finding.kind.value if finding else "none"

    return emergency_of


def rows_of(name: str, *needed: str) -> list[Row]:
    """Read a JSON-lines file; AuthorError naming every line that is no object or lacks a key of `needed`."""
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
        lacking = [key for key in needed if key not in row] if isinstance(row, dict) else []
        if not isinstance(row, dict):
            problems.append(Problem(Place(name, number, 1), "这一行不是 JSON 对象。", '每行写一个 {"text": …}。'))
        elif lacking:
            problems.append(Problem(Place(name, number, 1), f"缺少 {'、'.join(lacking)}。", "补上这一项。"))
        else:
            rows.append(row)
    if not rows and not problems:
        problems.append(Problem(Place(name), "文件里一行也没有。", '每行写一个 {"text": …}。'))
    if problems:
        raise AuthorError(tuple(problems))
    return rows
