"""Emergency response (应急响应) as a mode: other prompts and flows, other queues, reports more often. Pure.

A mode is a folder of files: `mode.yaml`, and beside it whatever is different while it is on: flows by name,
`prompts.yaml`, `queues.yaml`. Who switched when and why is one line each in a file that is only added to; its last
line tells which mode is on, so that it is the same after a restart.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.problems import Problem, has_errors
from ivr.yaml_fields import Fields
from ivr.yaml_source import read_yaml

VERSION = 1
USUAL = ""
"""The name of no mode: how things usually are."""
USUAL_REPORT_MINUTES = 24 * 60
SHORTEST_REASON = 2


@dataclass(frozen=True, slots=True)
class ResponseMode:
    """One mode; `report_minutes`: how often the situation is reported while it is on."""

    name: str
    title: str
    clause: str = ""
    report_minutes: int = USUAL_REPORT_MINUTES


USUALLY = ResponseMode(USUAL, "平时")


@dataclass(frozen=True, slots=True)
class Switched:
    """Somebody switched to `mode` (USUAL: back), and why."""

    at: datetime
    mode: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ModeStanding:
    """What is on, since when and why, what else there is, the latest switches, and when the next report is due."""

    on: ResponseMode
    switched: Switched | None
    modes: tuple[ResponseMode, ...]
    history: tuple[Switched, ...]
    reports: tuple[datetime, ...]
    report_due: datetime


def load_mode(text: str | bytes, name: str, file: str) -> tuple[ResponseMode | None, tuple[Problem, ...]]:
    """Read `mode.yaml`; None and every problem when it cannot be used."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return None, tuple(problems)
    fields = Fields(tree, "应急模式", problems)
    if fields.integer("mode") != VERSION and fields.has("mode"):
        fields.error(fields.place("mode"), "不认识这个版本。", f"改为 mode: {VERSION}。")
    mode = ResponseMode(
        name,
        fields.text("title", longest=40),
        fields.text("clause", "", longest=60),
        fields.integer("report_minutes", USUAL_REPORT_MINUTES, 5, 7 * USUAL_REPORT_MINUTES),
    )
    fields.done()
    return (None if has_errors(tuple(problems)) else mode), tuple(problems)


def line_of(switched: Switched) -> str:
    """Return one line of the file."""
    whole = {"at": switched.at.isoformat(), "mode": switched.mode, "by": switched.by, "reason": switched.reason}
    return json.dumps(whole, ensure_ascii=False) + "\n"


def switches_in(text: str) -> tuple[Switched, ...]:
    """Return every line that can be read, the oldest first: a line torn by a crash costs itself alone."""
    found = []
    for line in text.split("\n"):  # not splitlines: a reason may hold what Unicode calls a line break
        try:
            whole = json.loads(line)
            found.append(
                Switched(
                    datetime.fromisoformat(whole["at"]),
                    str(whole["mode"]),
                    str(whole["by"]),
                    str(whole["reason"]),
                )
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return tuple(found)


def last_of(switches: Sequence[Switched]) -> Switched | None:
    """Return the switch in force; None when nobody ever switched."""
    return switches[-1] if switches else None


def report_due(
    mode: ResponseMode, switched: Switched | None, last_report: datetime | None, begun: datetime
) -> datetime:
    """Return when the next report of the situation is due; the new pace counts from the switch, or the last report."""
    counted = [each for each in (last_report, switched.at if switched else None) if each is not None]
    return max(counted, default=begun) + timedelta(minutes=mode.report_minutes)
