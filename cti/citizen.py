"""What a citizen writes into the public form, checked; and what proves that an order is theirs (pure)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ivr.call import PhoneNumber
from workorder.draft import Draft, FieldName

REQUEST_TYPES = ("咨询", "求助", "投诉", "举报", "建议", "表扬")
LIMITS = {"name": 40, "phone": 20, "place": 100, "text": 2000}
_PHONE = re.compile(r"1[3-9]\d{9}|0\d{9,11}")
_LAST = 4


@dataclass(frozen=True, slots=True)
class Appeal:
    """One request from the public form."""

    name: str
    phone: str
    request_type: str
    place: str
    text: str
    consents: bool

    @property
    def title(self) -> str:
        """Return the beginning of what was written, as a title."""
        first = re.split(r"[。！？!?\n]", self.text.strip(), maxsplit=1)[0]
        return first[:30]

    def fields(self) -> dict[FieldName, str]:
        """Return it as the fields of a draft."""
        found = {
            FieldName.NAME: self.name,
            FieldName.PHONE: self.phone,
            FieldName.CALLER_NUMBER: self.phone,
            FieldName.REQUEST_TYPE: self.request_type,
            FieldName.PLACE: self.place,
            FieldName.TITLE: self.title,
            FieldName.SUMMARY: self.text,
        }
        return {name: value for name, value in found.items() if value}


def read_appeal(form: Mapping[str, str]) -> tuple[Appeal | None, dict[str, str]]:
    """Return the request, or None and by field what to mend."""
    values = {name: _clean(form.get(name, "")) for name in LIMITS}
    values["phone"] = re.sub(r"[\s\-—]", "", values["phone"])
    wrong = {
        name: f"最多 {longest} 个字，现在 {len(values[name])} 个。请缩短。"
        for name, longest in LIMITS.items()
        if len(values[name]) > longest
    }
    if not values["name"]:
        wrong["name"] = "请写您的姓名或称呼，例如：王女士。"
    if not _PHONE.fullmatch(values["phone"]):
        wrong["phone"] = "请写能联系到您的手机或带区号的电话，例如：13812345678。查询进度要用后四位。"
    kind = form.get("request_type", "")
    if kind not in REQUEST_TYPES:
        wrong["request_type"] = f"请从{'、'.join(REQUEST_TYPES)}中选一项。"
    if len(values["text"]) < 5:
        wrong["text"] = "请写清楚什么事、在哪里、您希望怎样，至少 5 个字。"
    if wrong:
        return None, wrong
    return Appeal(
        values["name"], values["phone"], kind, values["place"], values["text"], form.get("consents") == "yes"
    ), {}


def is_theirs(draft: Draft | None, last_digits: str) -> bool:
    """Whether the last four digits are those of the citizen's telephone; as slow for any order and for none."""
    known = ""
    if draft is not None:
        for name in (FieldName.PHONE, FieldName.CALLER_NUMBER):
            digits = PhoneNumber.parse(draft.value(name)).digits if draft.value(name) else ""
            known = known or digits[-_LAST:]
    is_same = hmac.compare_digest((known or "----").encode(), last_digits.encode("utf-8", "replace"))
    return is_same and len(known) == _LAST


def _clean(text: str) -> str:
    """Return text without control characters; line ends stay."""
    return "".join(letter for letter in text.strip() if letter.isprintable() or letter == "\n")
