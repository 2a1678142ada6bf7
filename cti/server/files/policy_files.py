"""What each role may not see: the rules that ship, or the city's own `masking.yaml` in its words folder."""

from __future__ import annotations

import logging
from pathlib import Path

import workorder
from cti.server.drafting import own_words
from cti.settings import Settings
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from workorder.masking import EVERYTHING, Masking, read_masking

log = logging.getLogger(__name__)

SHIPPED_MASKING = Path(workorder.__file__).parent / "masking.yaml"


def masking_file(settings: Settings) -> Path:
    """Return the file of rules that is in force: the city's own, if it has one."""
    own = own_words(settings) / SHIPPED_MASKING.name
    return own if own.is_file() else SHIPPED_MASKING


def masking_of(settings: Settings) -> Masking:
    """Return the rules in force; AuthorError with every problem: nobody sees more than a file that can be read says."""
    return _read(masking_file(settings))


def safe_masking(settings: Settings) -> Masking:
    """Return the rules in force; when they cannot be read, everything is masked for everybody, and the log says why."""
    try:
        return masking_of(settings)
    except AuthorError as error:
        log.error("masking_not_read", extra={"problem": str(error)[:300]})
        return EVERYTHING


def shipped_masking() -> Masking:
    """Return the rules that ship; AuthorError with every problem."""
    return _read(SHIPPED_MASKING)


def _read(file: Path) -> Masking:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        problem = Problem(Place(str(file)), f"读不到文件（{error.strerror}）。", "检查权限。")
        raise AuthorError((problem,)) from error
    masking, problems = read_masking(text, str(file))
    if masking is None:
        raise AuthorError(problems)
    return masking
