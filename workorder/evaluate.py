"""How good are the drafts? Figures over labelled calls, and over a unit classifier on labelled texts.

A figure is the share of right answers; `misses` names the rows that were wrong, by field. A field that a row leaves
empty (no telephone said) does not count for or against.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ivr.call import CallId, Leg
from ivr.speech.numerals import write_numbers
from ivr.speech.transcript import Turn
from workorder.draft import CATEGORY_SEPARATOR, Draft, FieldName
from workorder.prefill import Prefill

Row = Mapping[str, Any]
EmergencyOf = Callable[[str], str]
"""Text → 110, 119, 120, 122 or `none`."""

_MARKS = re.compile(r"[^\w]|_")
_TIME_EDGES = re.compile(
    r"^(?:自打|自从|打从|从|打|自|在|大概|大约|约莫|差不多|已经|将近|快|得有|起码有?|至少有?|少说|怕是?|也|都|就|有)|"
    r"(?:开始|起|了|的|左右|到现在|至今|(?<=点)钟|(?<!的)[换修买装交搬租办建盖签拆铺种开][的](?:钱|费|款)?)$"
)


def no_emergency(text: str) -> str:
    """Answer `none` for any text: the default where no emergency watch is wired."""
    del text
    return "none"


def evaluate_calls(
    rows: Sequence[Row],
    prefill: Prefill,
    field: str = "asr",
    emergency_of: EmergencyOf = no_emergency,
    seconds: Callable[[], float] | None = None,
) -> dict[str, object]:
    """Return how well drafts are filled over `rows` (`field` holds what the caller said).

    time_exact compares the extracted time with the row's after writing numbers in digits and without marks, a
    leading 从/大概/都有 and closing 了/的/开始/换的; address_covered is the share of a row's `address_parts` found in
    the extracted place.
    `seconds` is a clock for ms_per_call; without it that figure is 0.
    """
    tally = _Tally()
    spent = 0.0
    for number, row in enumerate(rows):
        text = str(row.get(field) or "")
        turn = Turn(Leg.CALLER, text, (), 0.0, len(text) / 4)
        begun = seconds() if seconds else 0.0
        emergency = emergency_of(text)
        draft = prefill.draft(CallId(f"row-{number}"), [turn], emergency=emergency)
        spent += (seconds() - begun) if seconds else 0.0
        _judge(tally, str(row.get("id", number)), row, draft, emergency)
    figures: dict[str, object] = {"n": len(rows)}
    figures |= tally.figures()
    figures["ms_per_call"] = round(1000 * spent / max(1, len(rows)), 3)
    figures["misses"] = tally.misses
    return figures


FIGURES = (
    "request_type",
    "category1",
    "category3",
    "unit_top1",
    "unit_top3",
    "urgency",
    "emergency",
    "phone_exact",
    "time_exact",
    "surname",
    "address_covered",
    "summary_keywords",
)


class _Tally:
    """Sums the marks of each figure and remembers the rows that missed."""

    def __init__(self) -> None:
        self._marks: dict[str, list[float]] = {name: [] for name in FIGURES}
        self.misses: dict[str, list[str]] = {}

    def mark(self, name: str, row: str, share: float, said: str = "") -> None:
        self._marks[name].append(share)
        if share < 1:
            self.misses.setdefault(name, []).append(f"{row}: {said}" if said else row)

    def figures(self) -> dict[str, float]:
        return {name: round(sum(marks) / len(marks), 4) if marks else 0.0 for name, marks in self._marks.items()}


def _judge(tally: _Tally, name: str, row: Row, draft: Draft, emergency: str) -> None:
    kind = _best(draft, FieldName.REQUEST_TYPE)
    if row.get("kind"):
        tally.mark("request_type", name, float(kind == row["kind"]), kind)
    category = _best(draft, FieldName.CATEGORY).split(CATEGORY_SEPARATOR)
    if row.get("category"):
        tally.mark("category1", name, float(category[:1] == list(row["category"])[:1]), category[0])
        tally.mark("category3", name, float(category == list(row["category"])), CATEGORY_SEPARATOR.join(category))
    if row.get("unit"):
        units = [candidate.value for candidate in draft[FieldName.UNIT].candidates[:3]]
        tally.mark("unit_top1", name, float(units[:1] == [row["unit"]]), " ".join(units))
        tally.mark("unit_top3", name, float(row["unit"] in units), " ".join(units))
    urgency = draft.value(FieldName.URGENCY)
    if row.get("urgency"):
        tally.mark("urgency", name, float(urgency == row["urgency"]), urgency)
    if row.get("emergency"):
        tally.mark("emergency", name, float(emergency == row["emergency"]), emergency)
    if row.get("phone"):
        phone = draft.value(FieldName.PHONE)
        tally.mark("phone_exact", name, float(phone == row["phone"]), phone)
    if row.get("time"):
        time = draft.value(FieldName.TIME)
        tally.mark("time_exact", name, float(_time(time) == _time(row["time"])), time)
    if row.get("surname"):
        surname = draft.value(FieldName.SURNAME)
        tally.mark("surname", name, float(surname == row["surname"]), surname)
    if row.get("address_parts"):
        place = _plain(draft.value(FieldName.PLACE))
        found = [_plain(part) in place for part in row["address_parts"]]
        tally.mark("address_covered", name, sum(found) / len(found), draft.value(FieldName.PLACE))
    if row.get("summary_keywords"):
        names = (FieldName.TITLE, FieldName.SUMMARY, FieldName.KEYWORDS)
        text = _plain("".join(draft.value(each) for each in names))
        found = [_plain(word) in text for word in row["summary_keywords"]]
        tally.mark("summary_keywords", name, sum(found) / len(found))


def _best(draft: Draft, name: FieldName) -> str:
    """Return the first candidate, also where the draft abstained."""
    field = draft[name]
    return field.candidates[0].value if field.candidates else field.value


def _plain(text: str) -> str:
    """Return the text with numbers in digits and without marks."""
    return _MARKS.sub("", write_numbers(text).text)


def _time(text: str) -> str:
    plain = _plain(text)
    for _ in range(3):
        plain = _TIME_EDGES.sub("", plain)
    return plain
