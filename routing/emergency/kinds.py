"""The four emergency services, as kinds of danger."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Whom a danger calls for; the value is the citizen's short code, which is never dialled from here."""

    POLICE = "110"
    FIRE = "119"
    MEDICAL = "120"
    TRAFFIC = "122"


TITLES = {
    Kind.POLICE: "110 报警",
    Kind.FIRE: "119 消防",
    Kind.MEDICAL: "120 急救",
    Kind.TRAFFIC: "122 交通事故",
}
"""How people are told of each kind."""


class Confidence(StrEnum):
    """How sure a finding is: the characters stood there (确认), or only their sound or likeness did (疑似)."""

    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"
