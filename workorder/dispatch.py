"""The dispatch catalogue (派单目录) as values: who undertakes what, and the question that tells owners apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workorder.duty import Roster


@dataclass(frozen=True, slots=True)
class Duty:
    """`matters` (parts, events, general duties) belong to each of `units`; only `when` its condition holds.

    With an `area` the duty ends at its border: the grids of the digital city say which of them lie in it.
    """

    units: tuple[str, ...]
    matters: tuple[str, ...]
    when: str = ""
    until: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question that splits several owners: each answer leads to one unit."""

    about: tuple[str, ...]
    ask: str
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contacts:
    """Whom a unit answers by (Y-11, D-45): each a name with a number, as the city writes it."""

    leader: str
    business: str
    handler: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One version of a city's dispatch catalogue. Old orders keep the version they were dispatched under."""

    name: str
    version: str
    city: str
    units: tuple[str, ...]
    duties: tuple[Duty, ...]
    questions: tuple[Question, ...] = ()
    contacts: Mapping[str, Contacts] = field(default_factory=dict)
    duty: Mapping[str, Roster] = field(default_factory=dict)

    @property
    def edition(self) -> str:
        """What a dispatched order keeps: `数字城管派单目录@2010.3`."""
        return f"{self.name}@{self.version}"

    def owners(self, matter: str) -> tuple[str, ...]:
        """Return the units that undertake `matter`, in the order of the catalogue."""
        return tuple(unit for duty in self.duties if matter in duty.matters for unit in duty.units)

    def question_for(self, candidates: Sequence[str], text: str) -> str:
        """Return the one question that splits `candidates` best given what was said, or an empty string.

        Best is the question whose answers leave the fewest candidates together; one about a word that was said wins.
        """
        best: tuple[int, int, str] | None = None
        for question in self.questions:
            said = any(word in text for word in question.about)
            split = len({unit for unit in question.answers.values() if unit in candidates})
            if said and split > 1 and (best is None or split > best[0]):
                best = (split, 0, question.ask)
        if best is not None:
            return best[2]
        return f"这件事归{'还是'.join(candidates[:2])}？请问清设施或场所是哪家的。" if len(candidates) > 1 else ""

    def question_about(self, text: str) -> Question | None:
        """Return the question about the longest word that was said, for a matter that no unit is known for."""
        said = [(len(word), question) for question in self.questions for word in question.about if word in text]
        return max(said, key=lambda pair: pair[0])[1] if said else None
