"""Judging the digits a caller keyed in."""

from __future__ import annotations

import re

_PHONE = re.compile(r"1[3-9][0-9]{9}|0[1-9][0-9]{8,10}|[2-9][0-9]{6,7}|400[0-9]{7}")


def is_phone(digits: str) -> bool:
    """Whether digits are a mobile number, a fixed line with or without area code, or a 400 number."""
    return _PHONE.fullmatch(digits) is not None


def passes(check: str, digits: str) -> bool:
    """Whether digits pass a check of the flow language; an order number is 6 to 20 digits that are not all the same."""
    match check:
        case "phone":
            return is_phone(digits)
        case "order_number":
            return 6 <= len(digits) <= 20 and len(set(digits)) > 1
        case _:
            return True
