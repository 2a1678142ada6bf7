"""merchants.yaml of an installation, read anew when it changed; a file with mistakes offers nobody, and says why."""

from __future__ import annotations

import logging
from pathlib import Path

from cti.adapters.files.followed import Followed
from workorder.merchants import Register, read_merchants

log = logging.getLogger(__name__)


def followed_merchants(file: Path) -> Followed[Register]:
    """Return the franchised merchants as they are now; nobody while the file is missing or has mistakes."""

    def load() -> Register:
        register, problems = read_merchants(file.read_bytes(), str(file)) if file.is_file() else (None, ())
        for problem in problems:
            log.warning("merchants_problem", extra={"reason": str(problem)[:200]})
        return register or Register()

    return Followed(lambda: [file] if file.is_file() else [], load, Register())
