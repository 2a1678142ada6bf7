"""How a process that serves pages is run: by our supervisor, and waited for by nobody, for calls go on without it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cti.server.installation import folders_of
from cti.settings import PROJECT, Settings
from ivr.adapters.asterisk.supervise import ProcessSpec


def page_process(settings: Settings, arguments: Sequence[str], name: str) -> ProcessSpec:
    """Return how `hotline <arguments> <name>` is run."""
    run = folders_of(settings).run

    async def is_ready() -> bool:
        return True

    return ProcessSpec(
        name=name,
        command=(sys.executable, "-m", "cti", *arguments, name),
        pid_file=run / f"{name}.json",
        log_file=run / "log" / f"{name}.out",
        is_ready=is_ready,
        cwd=PROJECT,
    )
