"""The nouns that every stage shares: calls, legs, numbers, queues, seats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

CallId = NewType("CallId", str)
"""One call from first ring to last hang-up: the caller channel's UNIQUEID, which is the Linkedid of every other leg."""

ChannelName = NewType("ChannelName", str)
"""The switch's own name of a leg, such as `PJSIP/801-00000007`; meaningless outside the switch adapter."""

QueueName = NewType("QueueName", str)
SeatId = NewType("SeatId", str)
NodeId = NewType("NodeId", str)

_CALL_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,79}")
_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_AREA_CODE_FIRST = re.compile(r"(?!1[3-9][0-9]{9}$|[48]00[0-9]{7}$)[1-9][0-9]{9,11}")
"""A fixed line after the country code, where its area code has lost the 0; mobiles and 400/800 numbers have none."""

_SEPARATORS = str.maketrans("", "", " -()\u00a0")


def call_id(text: str) -> CallId:
    """Return `text` as a CallId; ValueError unless it is 1 to 80 letters, digits, dots, dashes and underscores."""
    if not _CALL_ID.fullmatch(text):
        raise ValueError(f"not a call id: {text[:80]!r}")
    return CallId(text)


class Leg(StrEnum):
    """One party's side of a call."""

    CALLER = "caller"
    AGENT = "agent"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """A telephone number as dialled nationally, or unknown; personal data, so it masks itself when printed.

    `digits` is empty for a number that is absent, withheld or hostile. Read `digits` only where the number is needed.
    """

    digits: str

    @classmethod
    def parse(cls, text: str | None) -> PhoneNumber:
        """Read a number that came over a phone line: +86, 0086 and separators go, anything odd becomes unknown."""
        if not text or len(text) > 64:
            return cls("")
        compact = text.translate(_SEPARATORS)
        if not _NUMBER.fullmatch(compact):
            return cls("")
        for prefix in ("+86", "0086"):
            if compact.startswith(prefix) and len(compact) > len(prefix) + 2:
                national = compact[len(prefix) :]
                return cls(f"0{national}" if _AREA_CODE_FIRST.fullmatch(national) else national)
        return cls(compact.lstrip("+"))

    @property
    def is_known(self) -> bool:
        return bool(self.digits)

    @property
    def masked(self) -> str:
        """The number with its middle hidden: 138****5678, 0931****12; short ones show their last two digits."""
        if not self.digits:
            return "未知号码"
        if len(self.digits) >= 10:
            return f"{self.digits[:3]}****{self.digits[-4:]}"
        return f"{'*' * max(0, len(self.digits) - 2)}{self.digits[-2:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"
