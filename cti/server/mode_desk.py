"""Switching a response mode: everything it changes is proved first, then it is switched, then it is audited."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from cti.adapters.sql.audit_store import SqlAudit
from cti.adapters.sql.database import Database
from cti.response_mode import USUAL, ModeStanding, last_of, report_due
from cti.server.files.flow_files import FlowFiles, catalogue_of, missing_flows, read_edition
from cti.server.installation import queues_path
from cti.server.modes import QUEUES, laid_over, mode_on, modes_of, named_mode, switch, switches
from cti.server.situation import situation_reports
from cti.settings import Settings
from ivr.errors import AuthorError, StoreError
from ivr.problems import Place, Problem, has_errors
from routing.queue import load_queues
from workorder.audit import AuditRow, Person

log = logging.getLogger(__name__)


def standing(settings: Settings, now: datetime) -> ModeStanding:
    """Return how things stand; StoreAwayError when the record cannot be read."""
    history, reports = switches(settings), situation_reports(settings)
    on, switched = mode_on(settings)[0], last_of(history)
    due = report_due(on, switched, reports[-1] if reports else None, now)
    return ModeStanding(on, switched, modes_of(settings), history[-50:], tuple(reports[-50:]), due)


def mode_problems(settings: Settings, name: str) -> tuple[Problem, ...]:
    """Return every problem that keeps a mode's files from taking effect; AuthorError when there is no such mode."""
    _, folder = named_mode(settings, name)
    usual_file = queues_path(settings)
    usual, problems = load_queues(usual_file.read_bytes(), str(usual_file))
    queues = usual
    if (folder / QUEUES).is_file():
        queues, problems = load_queues((folder / QUEUES).read_bytes(), str(folder / QUEUES))
    if queues is None or usual is None:
        return problems
    if tuple(queues.by_name) != tuple(usual.by_name):
        names = "、".join(usual.by_name)
        what = "应急模式的队列与平时不同：正在排队的市民会没有去处。"
        return (*problems, Problem(Place(str(folder / QUEUES)), what, f"按平时的次序写这些队列：{names}。"))
    base = FlowFiles.usual(settings)
    files = FlowFiles(*laid_over(folder, base.texts, base.prompts))
    edition, found = read_edition(files, catalogue_of(settings, queues), queues)
    problems += found
    return problems + (missing_flows(settings, edition) if edition is not None else ())


async def switch_mode(settings: Settings, database: Database, name: str, by: Person, reason: str, at: datetime) -> bool:
    """Switch to a mode (USUAL: back); AuthorError with every problem, and then nothing has changed.

    The switch itself needs no database: its own record is kept first. Returns whether the audit trail has it as well.
    """
    if name != USUAL:
        problems = await asyncio.to_thread(mode_problems, settings, name)
        if has_errors(problems):
            raise AuthorError(tuple(problem for problem in problems if problem.is_error))
    switched = await asyncio.to_thread(switch, settings, name, by.name, reason, at)
    try:
        await SqlAudit(database).note(AuditRow(at, by, "mode.switch", name or "usual", {"reason": switched.reason}))
    except StoreError as error:
        log.error("mode_not_audited", extra={"mode": name, "reason": str(error)})
        return False
    return True
