"""merchants.yaml of an installation, read anew when it changed; a file with mistakes offers nobody, and says why."""

from __future__ import annotations

import logging
from pathlib import Path

from workorder.merchants import Register, read_merchants

log = logging.getLogger(__name__)


class MerchantFile:
    """The franchised merchants that an installation knows."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp = (-1, -1)
        self._register = Register()

    def register(self) -> Register:
        """Return the register; an empty one while the file is missing or has mistakes."""
        try:
            about = self._file.stat()
            stamp = (about.st_mtime_ns, about.st_size)
            if stamp != self._stamp:
                register, problems = read_merchants(self._file.read_bytes(), str(self._file))
                self._register, self._stamp = register or Register(), stamp
                for problem in problems:
                    log.warning("merchants_problem", extra={"reason": str(problem)[:200]})
        except OSError:
            return Register()
        return self._register
