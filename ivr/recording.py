"""Where a call's audio lives, what its files are called, and how long they are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import PurePosixPath

from ivr.call import CallId, call_id

"""How long audio is kept unless settings say otherwise. Our choice: the standards we know name no term."""

QUIET_DBFS = -100.0
"""What stands for the loudness of digital silence, as minus infinity has no place in JSON."""

_CHINA = timezone(timedelta(hours=8))
_EPOCH = re.compile(r"(?:.*-)?([0-9]{9,11})\.[0-9]+")
_UNDATED = "undated"


class Part(StrEnum):
    """One file of a call's audio: what one party said, or all of them together."""

    CALLER = "caller"
    AGENT = "agent"
    MIX = "mix"


@dataclass(frozen=True, slots=True)
class Recording:
    """One measured file, `file` relative to the recordings folder. `problem` is a Chinese sentence, empty when sound.

    `rms_dbfs` is the loudness over the whole file against full scale, QUIET_DBFS at the least.
    """

    call: CallId
    part: Part
    file: str
    seconds: float
    rms_dbfs: float
    sha256: str
    problem: str = ""


def call_day(call: CallId) -> date | None:
    """Return the day in China on which a call began, read from the seconds in its id; None when it holds none."""
    found = _EPOCH.fullmatch(call)
    if found is None:
        return None
    return datetime.fromtimestamp(int(found[1]), UTC).astimezone(_CHINA).date()


def day_folder(call: CallId) -> PurePosixPath:
    """Return `YYYY/MM/DD` of the call's day, or `undated`: the same folder for its journal and its audio."""
    day = call_day(call_id(call))
    return PurePosixPath(_UNDATED) if day is None else PurePosixPath(f"{day:%Y}", f"{day:%m}", f"{day:%d}")


def recording_file(call: CallId, part: Part, suffix: str = ".wav") -> PurePosixPath:
    """Return where a part of the call's audio lies below the recordings folder; ValueError for a hostile call id."""
    return day_folder(call) / f"{call_id(call)}-{part.value}{suffix}"
