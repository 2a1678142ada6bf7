"""What `hotline doctor` says of the external programs: found or not, which, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ivr.adapters.asterisk.private import find
from ivr.adapters.asterisk.private_parts import RECIPES, Part, PartName
from ivr.adapters.asterisk.supervise_ports import Listening, check_free
from ivr.errors import WorldError

NEEDED = (PartName.ASTERISK, PartName.MOSQUITTO, PartName.ESPEAK)
"""What a running hotline needs; the others serve tests and benchmarks only."""

_ORIGINS: Mapping[str, str] = MappingProxyType({"system": "本机自带", "private": "私有安装"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `ok` is false only when something must be done first; `remedy` says what."""

    part: str
    found: bool
    version: str
    where: str
    ok: bool
    remedy: str = ""


def probe(
    folder: Path, parts: tuple[PartName, ...] = NEEDED, look: Callable[[PartName, Path], Part | None] = find
) -> list[Finding]:
    """Look for the parts without fetching anything; `folder` is where private ones live."""
    return [_finding(name, look(name, folder)) for name in parts]


def probe_ports(places: tuple[Listening, ...]) -> list[Finding]:
    """Tell of each place where we shall listen whether it is free, and who holds it if not."""
    findings = []
    for place in places:
        where = f"{place.host}:{place.port}/{place.kind}"
        try:
            check_free((place,))
        except WorldError as error:
            findings.append(Finding(place.purpose, True, "", where, False, str(error)))
        else:
            findings.append(Finding(place.purpose, True, "", where, True))
    return findings


def _finding(name: PartName, part: Part | None) -> Finding:
    recipe = RECIPES[name]
    if part is None:
        remedy = f"运行 hotline up 会自动下载到用户目录(需要网络, 不需要管理员权限); 也可以{recipe.by_hand}"
        return Finding(recipe.purpose, False, "", "", name not in NEEDED, remedy)
    where = f"{_ORIGINS[part.origin]}: {part.command[-1]}"
    return Finding(recipe.purpose, True, part.version, where, True)
