"""A citizen's real name (实名登记): the papers as the integrated government-service platforms name them, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class IdType(StrEnum):
    """Which paper (证件类型)."""

    RESIDENT = "resident"
    HK_MACAO_PERMIT = "hk_macao_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    FOREIGN_RESIDENT = "foreign_resident"
    PASSPORT = "passport"


ID_TITLES = {
    IdType.RESIDENT: "居民身份证",
    IdType.HK_MACAO_PERMIT: "港澳居民来往内地通行证",
    IdType.TAIWAN_PERMIT: "台湾居民来往大陆通行证",
    IdType.FOREIGN_RESIDENT: "外国人永久居留身份证",
    IdType.PASSPORT: "护照",
}


class VerifiedBy(StrEnum):
    """Who made sure that the papers are the citizen's."""

    NOBODY = ""
    PLATFORM = "platform"  # 一体化政务服务平台已核验
    SHOWN = "shown"  # 当面出示证件


_RESIDENT = re.compile(r"\d{17}[\dX]")
_OTHER = re.compile(r"[A-Z0-9]{5,18}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is by their papers, and who verified it."""

    name: str
    id_type: IdType
    id_number: str
    verified_by: VerifiedBy = VerifiedBy.NOBODY

    @property
    def is_verified(self) -> bool:
        return self.verified_by is not VerifiedBy.NOBODY

    @property
    def masked(self) -> str:
        """Return the number as most people may see it: `620***********1234`."""
        number = self.id_number
        return number[:3] + "*" * max(0, len(number) - 7) + number[-4:] if len(number) > 7 else "*" * len(number)


def wrong_identity(identity: Identity, today: date) -> str:
    """Return what is wrong with somebody's papers, with the remedy; empty when they may be registered."""
    if not 1 <= len(identity.name.strip()) <= 40:
        return "没有写姓名，或姓名太长。改法：照证件写"
    if identity.id_type is not IdType.RESIDENT:
        return "" if _OTHER.fullmatch(identity.id_number) else "证件号码不对。改法：照证件写，字母大写，不留空格"
    if not _RESIDENT.fullmatch(identity.id_number) or not _is_day(identity.id_number[6:14], today):
        return "身份证号码不对。改法：照证件写 18 位，最后一位可能是 X"
    total = sum(int(digit) * weight for digit, weight in zip(identity.id_number[:17], _WEIGHTS, strict=True))
    if _CHECKS[total % 11] != identity.id_number[17]:
        return "身份证号码的校验位不对：多半记错了一位。改法：请市民再说一遍"
    return ""


def _is_day(text: str, today: date) -> bool:
    try:
        return date(1900, 1, 1) <= date(int(text[:4]), int(text[4:6]), int(text[6:])) <= today
    except ValueError:
        return False
