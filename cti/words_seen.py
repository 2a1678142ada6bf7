"""A live call's words as somebody may see them: a number said in pieces over several sentences is masked whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ivr.call import CallId, Leg
from ivr.ports import Heard
from ivr.speech.redact import PrivateKind
from workorder.masking import masked

_LEGS = frozenset(leg.value for leg in Leg)


def words_for(words: Sequence[Mapping[str, Any]], hidden: Collection[PrivateKind]) -> list[dict[str, Any]]:
    """Return `{leg, text, begun_s, ended_s}` rows with the private numbers of these kinds masked; odd rows go."""
    rows = [dict(row) for row in words if str(row.get("leg")) in _LEGS and isinstance(row.get("text"), str)]
    heard = [Heard(CallId(""), Leg(row["leg"]), row["text"], True, 0.0, 0.0) for row in rows]
    return [{**row, "text": seen.text} for row, seen in zip(rows, masked(heard, frozenset(hidden)), strict=True)]
