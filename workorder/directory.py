"""Who does what: units looked up by name or duty, and whose a matter is today, with its condition and its question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from workorder.dispatch import Catalogue, Duty


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose a matter is: one unit, or several with the question that decides; `conditions` as the catalogue says."""

    matter: str
    units: tuple[str, ...]
    conditions: tuple[str, ...]
    question: str
    needs_meeting: bool


def duties_of(unit: str, catalogue: Catalogue, day: date) -> tuple[Duty, ...]:
    """Return what a unit does on a day."""
    return tuple(each for each in catalogue.duties if unit in each.units and holds_on(each, day))


def units_by(words: str, catalogue: Catalogue, day: date) -> tuple[str, ...]:
    """Return the units in whose name or duties every word occurs; without words all of them."""
    wanted = words.split()[:8]

    def told(unit: str) -> str:
        matters = "、".join(matter for duty in duties_of(unit, catalogue, day) for matter in duty.matters)
        return f"{unit} {matters}"

    return tuple(unit for unit in catalogue.units if all(word in told(unit) for word in wanted))


def whose(matter: str, catalogue: Catalogue, day: date) -> Whose:
    """Return whose a matter is on a day. Several without a question, or nobody, is for a meeting (联席会议)."""
    duties = [each for each in catalogue.duties if matter in each.matters and holds_on(each, day)]
    units = tuple(dict.fromkeys(unit for each in duties for unit in each.units))
    conditions = tuple(dict.fromkeys(f"{'、'.join(each.units)}：{each.when}" for each in duties if each.when))
    question = catalogue.question_for(units, matter) if len(units) > 1 else ""
    if not units:
        asked = catalogue.question_about(matter)
        question = asked.ask if asked else ""
    return Whose(matter, units, conditions, question, len(units) != 1)


def holds_on(duty: Duty, day: date) -> bool:
    """Whether a duty holds on a day: one with a last day goes over to the others afterwards."""
    return not duty.until or day <= date.fromisoformat(duty.until)
