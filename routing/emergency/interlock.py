"""Never the real thing by accident: which numbers are real emergency numbers, and whether one may be dialled.

Three conditions open the way, and all three must hold: an explicit switch, a trunk that is not the simulator's, and a
test call to the number agreed with the emergency centre that an operator confirmed. The link asks `may_dial` for every
outbound target, whoever wished it (flow, API, agent, call-back, transfer). What cannot be read surely is refused.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

EMERGENCY_TRUNKS = ("emergency", "emergency-2")
"""The trunks to the emergency centre: the usual one, and another that is tried when the first is down."""

SHORT_CODES = frozenset(
    {
        "110", "119", "120", "122", "112", "911", "999", "000", "995", "118", "12110", "12119", "12120", "12122",
        "12395", "12345", "95110", "12308", "12339",
    }
)  # fmt: skip
"""Numbers behind which a real emergency service (or a real hotline) answers; never dialled unless all three hold."""

SIMULATORS = frozenset({"127.0.0.1", "127.0.0.2", "127.0.0.3"})
"""Addresses at which only simulated parties live; another loopback address may be a gateway of this machine."""

LONGEST = 128


@dataclass(frozen=True, slots=True)
class TestCall:
    """A call to the test number agreed with the emergency centre, and who confirmed it when."""

    number: str
    confirmed_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Interlock:
    """What settings and records say. `simulators` are addresses that belong to the simulator.

    `test_number` is the number agreed for the test call: the only one that may be called before it was confirmed.
    """

    is_production: bool = False
    trunk_host: str = "127.0.0.3"
    simulators: frozenset[str] = SIMULATORS
    test_call: TestCall | None = None
    test_number: str = ""


Locks: TypeAlias = Callable[[str], Interlock | None]
"""Given a trunk's name: its interlock as it stands now; None for a trunk that is none of the emergency centre's."""


def simulated(trunk: str) -> Interlock | None:
    """The locks of an installation that has one simulated emergency trunk."""
    return Interlock() if trunk == EMERGENCY_TRUNKS[0] else None


@dataclass(frozen=True, slots=True)
class Allowed:
    """The target may be dialled: `digits` is what to dial."""

    digits: str
    is_short_code: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The target must not be dialled; `reason` is a Chinese sentence for the journal and the screen."""

    reason: str


def digits_of(target: str) -> str | None:
    """Return the digits that a telephone exchange would read in `target`; None when nobody can be sure.

    Full-width and other national digits count as the digits they look like; separators go; `*`, `#`, `,` or `w` inside
    (feature codes, pauses) make it unsure, and so does any other character.
    """
    if not 0 < len(target) <= LONGEST:
        return None
    found = []
    for character in unicodedata.normalize("NFKC", target):
        if character.isdecimal():
            found.append(str(unicodedata.decimal(character)))
        elif character not in " -().\u00a0+\u2010\u2011\u2012\u2013\u2014":
            return None
    return "".join(found) or None


def is_real_short_code(target: str) -> bool:
    """Whether `target` reaches a real short code: plain, or after any country code, long-distance zero or city code."""
    digits = digits_of(target)
    return digits is not None and bool(_endings(digits) & SHORT_CODES)


def _endings(digits: str) -> frozenset[str]:
    """Return the numbers that remain of `digits` after the prefixes an exchange may take off, itself included."""
    found = {digits}
    for prefix in ("0086", "86", "086"):
        if digits.startswith(prefix):
            found.add(digits[len(prefix) :])
    for each in tuple(found):
        bare = each.lstrip("0")
        found.add(bare)
        for length in (2, 3):  # city codes without their zero: 10, 2x, or three digits
            is_city = bare[:2] in {"10"} or bare[:1] == "2" if length == 2 else bare[:1] in set("3456789")
            if is_city and (each.startswith("0") or len(bare) - length in (3, 4, 5)):
                found.add(bare[length:])
    for each in tuple(found):
        if len(each) > 3 and each[0] in "09" and each[1:] in SHORT_CODES:  # an outside line's 0 or 9
            found.add(each[1:])
    return frozenset(found)


def missing(settings: Interlock) -> tuple[str, ...]:
    """Return what still stands between these settings and real short codes, in Chinese; empty when nothing does."""
    found = []
    if not settings.is_production:
        found.append("设置里没有打开“紧急中继为真实线路”的开关。")
    if is_simulator(settings.trunk_host, settings.simulators):
        found.append("紧急中继的地址是模拟器或本机地址。")
    test = settings.test_call
    if test is None or not test.confirmed_by.strip() or test.at.tzinfo is None or is_real_short_code(test.number):
        found.append("还没有经值班员确认的测试呼叫（hotline doctor --emergency）。")
    elif digits_of(test.number) is None:
        found.append("测试呼叫的号码不是电话号码。")
    return tuple(found)


def is_simulator(host: str, simulators: frozenset[str]) -> bool:
    """Whether a trunk address belongs to the simulator; an empty or odd address counts as one.

    A loopback address that is not the simulator's is a gateway of this machine: it may lead anywhere, so it is real.
    """
    name = host.strip().strip("[]").lower().rstrip(".")
    if not name or name in simulators or name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return re.fullmatch(r"(?=.*[a-z])[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", name) is None
    mapped = getattr(address, "ipv4_mapped", None) or address
    is_ours = mapped.is_loopback and (mapped.version == 6 or str(mapped) in simulators | SIMULATORS)
    return bool(is_ours or mapped.is_unspecified or mapped.is_multicast)


def may_dial(target: str, settings: Interlock, *, on_emergency_trunk: bool) -> Allowed | Refused:
    """Return whether `target` may be dialled.

    On the emergency trunk a short code passes when the trunk is the simulator's, or when nothing is `missing`; every
    other trunk never takes one. A production trunk takes nothing at all until the interlock is open.
    """
    digits = digits_of(target)
    if digits is None:
        return Refused("号码里有不能拨的符号。")
    is_real = is_real_short_code(digits)
    if not on_emergency_trunk:
        return Refused(f"普通线路不能拨打 {digits[-5:]}：请用紧急联动。") if is_real else Allowed(digits)
    if is_simulator(settings.trunk_host, settings.simulators):
        if settings.is_production:
            return Refused("已打开真实线路开关，但紧急中继仍是模拟器：请改中继地址或关上开关。")
        return Allowed(digits, is_real)
    lacking = missing(settings)
    if lacking and not (settings.is_production and _is_test(digits, settings)):
        return Refused("".join(lacking))
    return Allowed(digits, is_real)


def may_dial_on(target: str, trunk: str, locks: Locks) -> Allowed | Refused:
    """Return whether `target` may be dialled on this trunk, each emergency trunk having an interlock of its own."""
    lock = locks(trunk)
    if lock is None and trunk in EMERGENCY_TRUNKS:
        return Refused(f"设置里没有紧急中继 {trunk}。")
    return may_dial(target, lock or Interlock(), on_emergency_trunk=lock is not None)


def _is_test(digits: str, settings: Interlock) -> bool:
    """Whether this is the agreed test number itself, which must be called before it can be confirmed."""
    agreed = {settings.test_number, settings.test_call.number if settings.test_call is not None else ""}
    return digits in {digits_of(number) for number in agreed if number} and not is_real_short_code(digits)
