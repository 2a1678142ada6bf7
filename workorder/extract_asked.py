"""The caller's name from question and answer: 您贵姓？王。 Or from how the agent says it: 王女士您好。"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ivr.call import Leg
from ivr.speech.transcript import Turn
from workorder.draft import Evidence, Field, FieldName
from workorder.extract_name import find_names, is_surname
from workorder.extract_name_characters import TITLES
from workorder.prefill_spoken import seconds_of

_ASKS = re.compile(r"贵姓|怎么称呼|如何称呼|您姓|姓什么|姓名|您的名字|叫什么名字|尊姓")
_ANSWER = re.compile(r"^(?:嗯|啊|哦|噢|那个|我)*(?:免贵)?(?:姓|叫)?(?P<name>[\u4e00-\u9fff]{1,4})(?:[，。,. ].*)?$")
_ADDRESSED = re.compile(rf"(?:^|[，。,. 好是的])(?P<surname>[\u4e00-\u9fff])(?:{'|'.join(TITLES[:3])})")


def find_answered_names(turns: Sequence[Turn]) -> dict[FieldName, Field]:
    """Return name and surname as answered to the agent's question, or as the agent addresses the caller."""
    fields: dict[FieldName, Field] = {}
    asked = False
    for number, turn in enumerate(turns):
        if turn.leg is Leg.AGENT:
            asked = asked or bool(_ASKS.search(turn.text))
            addressed = _ADDRESSED.search(turn.text)
            if addressed and is_surname(addressed["surname"]) and FieldName.SURNAME not in fields:
                fields[FieldName.SURNAME] = _field(turn, number, addressed.span("surname"), 0.7, "surname.addressed")
        elif turn.leg is Leg.CALLER and asked:
            asked = False
            answer = _ANSWER.match(turn.text)
            if answer is None or not is_surname(answer["name"]):
                continue
            begin = answer.start("name")
            fields[FieldName.SURNAME] = _field(turn, number, (begin, begin + 1), 0.85, "surname.answered")
            if len(answer["name"]) > 1 and find_names(f"我叫{answer['name']}"):
                fields[FieldName.NAME] = _field(turn, number, answer.span("name"), 0.8, "name.answered")
    return fields


def _field(turn: Turn, number: int, span: tuple[int, int], sureness: float, rule: str) -> Field:
    words = turn.text[span[0] : span[1]]
    return Field(words, sureness, (Evidence(number, *span, *seconds_of(turn, *span), words),), (), rule)
