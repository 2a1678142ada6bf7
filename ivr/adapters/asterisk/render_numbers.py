"""Which numbers the rendered dialplan may reach: patterns are read here too, so that no short code slips through."""

from __future__ import annotations

import re

from ivr.adapters.asterisk.render_values import UnsafeValueError

FORBIDDEN_NUMBERS = ("110", "119", "120", "122", "112", "911", "999", "12345", "95598", "12110", "12395")
"""Real emergency numbers and ourselves: never dialled by an ordinary trunk, whatever the patterns say."""

_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]"}
_PATTERN = re.compile(r"_(?:[0-9XZN]|\[[0-9-]+\]){6,15}")


def pattern_matcher(pattern: str) -> re.Pattern[str]:
    """Return an Asterisk extension pattern as a regular expression; only fixed lengths of 6 to 15 digits may pass."""
    if not _PATTERN.fullmatch(pattern):
        raise UnsafeValueError(
            f"外呼号码规则 {pattern[:40]!r} 不合法。改法: 以 _ 开头, 6 到 15 位, "
            "只用数字、X、Z、N 和 [3-9] 这样的集合, 不能用 . 和 !"
        )
    body = re.sub(r"[XZN](?![^\[]*\])", lambda match: _CLASSES[match[0]], pattern[1:])
    return re.compile(body)


def checked_patterns(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the patterns unchanged; UnsafeValueError if one is malformed or lets a forbidden number through."""
    for pattern in patterns:
        matcher = pattern_matcher(pattern)
        for number in FORBIDDEN_NUMBERS:
            if matcher.fullmatch(number):
                raise UnsafeValueError(f"外呼号码规则 {pattern} 会放行紧急号码或热线自身的号码 {number}")
    return patterns


def may_dial(number: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether the dialplan would send `number` to an ordinary trunk."""
    if number in FORBIDDEN_NUMBERS or not re.fullmatch(r"[0-9]{6,15}", number):
        return False
    return any(pattern_matcher(pattern).fullmatch(number) for pattern in patterns)
