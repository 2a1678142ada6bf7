"""Rules that ship as data files, read and made ready: what each role may not see."""

from __future__ import annotations

from pathlib import Path

import workorder
from ivr.errors import AuthorError
from workorder.masking import Masking, read_masking

SHIPPED_MASKING = Path(workorder.__file__).parent / "masking.yaml"


def shipped_masking() -> Masking:
    """Return the masking rules; AuthorError with every problem."""
    masking, problems = read_masking(SHIPPED_MASKING.read_text(encoding="utf-8"), str(SHIPPED_MASKING))
    if masking is None:
        raise AuthorError(problems)
    return masking
