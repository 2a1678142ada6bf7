"""Where a telephone number is from: `甘肃省兰州市`, by the tables of phonenumbers (Apache-2.0, renewed often).

A number that was taken along to another province is shown where it was given out; nothing is asked of anybody.
"""

from __future__ import annotations

from functools import lru_cache

from phonenumbers import NumberParseException, geocoder, is_valid_number, parse

_REGION, _LANGUAGE, _NOWHERE = "CN", "zh", "中国"


@lru_cache(maxsize=4096)
def place_of_number(number: str) -> str:
    """Return the place in Chinese, or an empty text where the plan tells none (hotlines, 400 numbers, foreign junk).

    The first call reads the tables, which takes some tenths of a second: make it off the event loop.
    """
    try:
        parsed = parse(number, _REGION)
    except NumberParseException:
        return ""
    place = geocoder.description_for_number(parsed, _LANGUAGE) if is_valid_number(parsed) else ""
    return "" if place == _NOWHERE else place
