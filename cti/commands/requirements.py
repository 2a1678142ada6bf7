"""`hotline requirements`: for each of the 249 rows the tests that prove it, and what came of them just now."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files

from cti.requirement_rows import VERDICT_TITLES, Row, Verdict, load_rows, verdict
from cti.settings import PROJECT, Settings
from ivr.errors import AuthorError
from ivr.problems import Place, Problem

_TESTS = PROJECT / "tests"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to run, and how to print."""
    parser.add_argument("rows", nargs="*", metavar="ID", help="只看这些行，例如 J-09 S-26")
    parser.add_argument("--no-run", action="store_true", help="只列出哪一行有哪些测试，不运行")
    parser.add_argument("--system", action="store_true", help="连同要启动整套电话系统的测试（很慢）")
    parser.add_argument("--json", action="store_true", help="打印成 JSON")
    parser.epilog = (
        "“已证明”是说：标着这一行的测试刚刚运行并通过。没有测试的行列为“尚无证明”，\n和没有通过的一样以 1 结束。\n"
        "示例：\n  hotline requirements\n  hotline requirements J-09 S-26\n  hotline requirements --no-run --json\n"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the table; 1 when a row has no test, when a test of a row failed, or when a marker names no row."""
    text = (files("cti") / "requirements.yaml").read_bytes()
    rows, problems = load_rows(text, "requirements.yaml")
    if not rows:
        raise AuthorError(problems)
    wanted = tuple(row for row in rows if not arguments.rows or row.id in arguments.rows)
    unknown = set(arguments.rows) - {row.id for row in rows}
    if unknown:
        raise AuthorError((Problem(Place("ID"), f"没有 {'、'.join(sorted(unknown))} 这一行。", "例如 J-09。"),))
    proofs = _proofs([row.id for row in wanted], not arguments.no_run, with_system=arguments.system)
    strays = sorted(set(proofs.tests) - {row.id for row in rows})
    standing = {row.id: verdict(row, proofs.tests.get(row.id, ()), proofs.outcomes) for row in wanted}
    if arguments.json:
        print(json.dumps(_whole(wanted, standing, proofs.tests, strays), ensure_ascii=False))
    else:
        _print(wanted, standing, proofs.tests, strays)
    return 1 if strays or {Verdict.FAILING, Verdict.OPEN} & set(standing.values()) else 0


class _Proofs:
    """A pytest plugin: keeps which tests carry which rows, leaves the others out, and keeps what came of them."""

    def __init__(self, ids: Sequence[str], with_system: bool) -> None:
        self.tests: dict[str, list[str]] = {}
        self.outcomes: dict[str, str] = {}
        self._ids = frozenset(ids)
        self._with_system = with_system

    def pytest_collection_modifyitems(self, items: list[object]) -> None:
        kept = []
        for item in items:
            claimed = [id_ for mark in item.iter_markers("requirement") for id_ in mark.args]  # type: ignore[attr-defined]
            for id_ in claimed:
                self.tests.setdefault(id_, []).append(item.nodeid)  # type: ignore[attr-defined]
            is_system = item.get_closest_marker("system") is not None  # type: ignore[attr-defined]
            if self._ids & set(claimed) and (self._with_system or not is_system):
                kept.append(item)
        items[:] = kept

    def pytest_runtest_logreport(self, report: object) -> None:
        name, phase, outcome = report.nodeid, report.when, report.outcome  # type: ignore[attr-defined]
        if outcome == "failed":
            self.outcomes[name] = "failed"
        elif phase == "call":
            self.outcomes.setdefault(name, outcome)


def _proofs(ids: Sequence[str], is_running: bool, *, with_system: bool) -> _Proofs:
    proofs = _Proofs(ids, with_system)
    if not _TESTS.is_dir():
        print("这里没有测试（不是源码目录）：只列出需求表。", file=sys.stderr)
        return proofs
    import pytest  # only a developer's environment has it

    arguments = [str(_TESTS), "-q", "-p", "no:cacheprovider", f"--rootdir={PROJECT}", "-c", str(PROJECT / "setup.cfg")]
    with contextlib.redirect_stdout(sys.stderr):
        pytest.main([*arguments, *([] if is_running else ["--collect-only", "-qq"])], plugins=[proofs])
    return proofs


def _whole(
    rows: Sequence[Row], standing: Mapping[str, Verdict], tests: Mapping[str, list[str]], strays: Sequence[str]
) -> dict[str, object]:
    def ids(which: Verdict) -> list[str]:
        return [row.id for row in rows if standing[row.id] is which]

    return {
        "rows": len(rows),
        "proved": len(ids(Verdict.PROVED)),
        "not_software": [{"id": row.id, "reason": row.reason} for row in rows if row.reason],
        "failing": ids(Verdict.FAILING),
        "not_run": ids(Verdict.NOT_RUN),
        "open": ids(Verdict.OPEN),
        "unknown_marks": list(strays),
        "tests": {row.id: tests[row.id] for row in rows if row.id in tests},
    }


def _print(
    rows: Sequence[Row], standing: Mapping[str, Verdict], tests: Mapping[str, list[str]], strays: Sequence[str]
) -> None:
    for row in rows:
        mine = tests.get(row.id, [])
        proof = row.reason or (mine[0].rsplit("::", 1)[1].split("[")[0] if mine else "")
        functions = len({test.split("[")[0] for test in mine})
        more = f"（等 {functions} 个测试）" if functions > 1 else ""
        print(f"{row.id}　{VERDICT_TITLES[standing[row.id]]}　{row.words}　{proof}{more}".rstrip("　"))
    counts = Counter(standing.values())
    told = "，".join(f"{VERDICT_TITLES[each]} {counts[each]}" for each in Verdict if counts[each])
    print(f"共 {len(rows)} 行：{told}。")
    for stray in strays:
        print(f"测试里标着的 {stray} 不在需求表里。改法：改正标记。")
