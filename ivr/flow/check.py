"""`hotline check`: texts of files in, every problem out, and the page that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.flow.inspect import Catalogue, inspect_flows
from ivr.flow.load import read_flow
from ivr.flow.model import Flow
from ivr.problems import Problem


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking files: the flows, for use only when `is_sound`, and every problem in order of place."""

    files: tuple[str, ...]
    flows: tuple[Flow, ...]
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        return not any(problem.is_error for problem in self.problems)


def check_files(texts: Mapping[str, str | bytes], catalogue: Catalogue) -> Checked:
    """Check flow files (name → text) together; flows that merely may be called are in `catalogue.others`.

    The graph is proved only for files that could be read without error: else every proof would repeat the same cause.
    """
    flows: list[Flow] = []
    half_read: dict[str, Flow] = {}
    problems: list[Problem] = []
    for file, text in texts.items():
        flow, found = read_flow(text, file)
        problems += found
        if flow is not None and not any(problem.is_error for problem in found):
            flows.append(flow)
        elif flow is not None:
            half_read[flow.name] = flow
    known = Catalogue(
        catalogue.queues,
        catalogue.numbers,
        catalogue.prompts,
        catalogue.audio,
        {**catalogue.others, **half_read},
        catalogue.seconds,
    )
    problems += inspect_flows(flows, known)
    return Checked(tuple(texts), tuple(flows), tuple(sorted(problems, key=lambda problem: problem.place)))


def report(checked: Checked) -> str:
    """Return the page for the terminal: each problem on a line, then one line that sums up."""
    errors = sum(1 for problem in checked.problems if problem.is_error)
    lines = [str(problem) for problem in checked.problems]
    lines.append(_summary(len(checked.files), errors, len(checked.problems) - errors))
    return "\n".join(lines)


def _summary(files: int, errors: int, warnings: int) -> str:
    if not errors and not warnings:
        return f"检查了 {files} 个文件，没有问题。"
    verdict = "不能使用" if errors else "可以使用"
    return f"检查了 {files} 个文件：{errors} 个错误，{warnings} 个提醒，{verdict}。"
