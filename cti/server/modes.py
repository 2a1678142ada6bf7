"""The response modes of an installation: which there are, which is on, what is different in it, switched on the record.

Everything that reads flows or queues asks here first; the controller looks every second, so that a switch counts for
new calls within a moment, and a broken file is refused while the old one stays.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from cti.response_mode import (
    SHORTEST_REASON,
    USUAL,
    USUALLY,
    ResponseMode,
    Switched,
    last_of,
    line_of,
    load_mode,
    switches_in,
)
from cti.settings import Settings
from ivr.errors import AuthorError, StoreAwayError
from ivr.problems import Place, Problem
from ivr.yaml_fields import remedy_for_unknown

log = logging.getLogger(__name__)

SHIPPED_MODES = Path(__file__).resolve().parents[1] / "modes"
MODE, QUEUES, PROMPTS = "mode.yaml", "queues.yaml", "prompts.yaml"
LONGEST_REASON = 300


def mode_folders(settings: Settings) -> Mapping[str, Path]:
    """Return the folder of every mode: the installation's own (`modes` in the run folder) go before those that ship."""
    folders = [SHIPPED_MODES, settings.run_folder / "modes"]
    return {file.parent.name: file.parent for folder in folders for file in sorted(folder.glob(f"*/{MODE}"))}


def modes_of(settings: Settings) -> tuple[ResponseMode, ...]:
    """Return every mode whose `mode.yaml` can be read."""
    found = [_read(name, folder)[0] for name, folder in sorted(mode_folders(settings).items())]
    return tuple(mode for mode in found if mode is not None)


def log_file(settings: Settings) -> Path:
    """Return the file with a line for every switch."""
    return settings.run_folder / "modes.jsonl"


def switches(settings: Settings) -> tuple[Switched, ...]:
    """Return every switch, the oldest first; StoreAwayError when they cannot be read."""
    try:
        return switches_in(log_file(settings).read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreAwayError(f"读不到应急模式的记录（{error.strerror}）。改法：检查 {log_file(settings)}") from error


def mode_on(settings: Settings) -> tuple[ResponseMode, Path | None]:
    """Return the mode that is on and its folder; what cannot be read or is gone counts as usual, and is logged."""
    try:
        switched = last_of(switches(settings))
    except StoreAwayError as error:
        log.error("mode_not_read", extra={"reason": str(error)})
        return USUALLY, None
    if switched is None or switched.mode == USUAL:
        return USUALLY, None
    folder = mode_folders(settings).get(switched.mode)
    mode = _read(switched.mode, folder)[0] if folder is not None else None
    if folder is None or mode is None:
        log.error("mode_gone", extra={"mode": switched.mode})
        return USUALLY, None
    return mode, folder


def mode_queues(settings: Settings) -> Path | None:
    """Return the queues file of the mode that is on, if it has one."""
    _, folder = mode_on(settings)
    return folder / QUEUES if folder is not None and (folder / QUEUES).is_file() else None


def overlaid(settings: Settings, texts: Mapping[str, bytes], prompts: bytes) -> tuple[dict[str, bytes], bytes]:
    """Return flows and prompts with those of the mode that is on in their place; flows are known by their file name."""
    _, folder = mode_on(settings)
    return laid_over(folder, texts, prompts) if folder is not None else (dict(texts), prompts)


def laid_over(folder: Path, texts: Mapping[str, bytes], prompts: bytes) -> tuple[dict[str, bytes], bytes]:
    """Return flows and prompts with those of a mode's folder in their place; OSError."""
    flows = {file.name: file for file in sorted(folder.glob("*.yaml")) if file.name not in (MODE, QUEUES, PROMPTS)}
    kept = {name: text for name, text in texts.items() if Path(name).name not in flows}
    own = folder / PROMPTS
    return (
        kept | {str(file): file.read_bytes() for file in flows.values()},
        own.read_bytes() if own.is_file() else prompts,
    )


def named_mode(settings: Settings, name: str) -> tuple[ResponseMode, Path]:
    """Return a mode and its folder; AuthorError when there is none of that name, or it cannot be used."""
    folders = mode_folders(settings)
    if name not in folders:
        remedy = remedy_for_unknown(name, folders) or "先在运行目录的 modes 里放一个文件夹。"
        raise AuthorError((Problem(Place("mode"), f"没有应急模式“{name[:40]}”。", remedy),))
    mode, problems = _read(name, folders[name])
    if mode is None:
        raise AuthorError(problems)
    return mode, folders[name]


def switch(settings: Settings, name: str, by: str, reason: str, at: datetime) -> Switched:
    """Switch, on the record, durably. AuthorError when a reason is missing; StoreAwayError when it cannot be kept."""
    why = " ".join(reason.split())[:LONGEST_REASON]
    if len(why) < SHORTEST_REASON:
        raise AuthorError((Problem(Place("reason"), "没有写原因。", "写明为什么启动或结束，例如 防汛Ⅲ级响应。"),))
    if name == (last.mode if (last := last_of(switches(settings))) else USUAL):
        raise AuthorError((Problem(Place("mode"), "现在就是这样，没有改变。", "hotline mode 看现在的模式。"),))
    switched = Switched(at, name, by, why)
    try:
        log_file(settings).parent.mkdir(parents=True, exist_ok=True)
        with log_file(settings).open("a+b") as file:
            is_torn = file.seek(0, os.SEEK_END) > 0 and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n"
            file.write((b"\n" if is_torn else b"") + line_of(switched).encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreAwayError(f"写不进应急模式的记录（{error.strerror}）。改法：检查 {log_file(settings)}") from error
    log.info("mode_switched", extra={"mode": name or "usual", "by": by})
    return switched


def _read(name: str, folder: Path) -> tuple[ResponseMode | None, tuple[Problem, ...]]:
    file = folder / MODE
    try:
        return load_mode(file.read_bytes(), name, str(file))
    except OSError as error:
        return None, (Problem(Place(str(file)), f"读不到（{error.strerror}）。", "检查文件。"),)
