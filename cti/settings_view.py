"""The settings as they are, line by line with their origin; secrets are never among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cti.settings import Settings

DEFAULT = "默认"
HIDDEN = "（不显示）"
_NOT_SHOWN = frozenset({"origins"})
_KEYS_IN_FILE = {"numbers": "called_numbers"}


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting: its name as in the file (`switch.sip_port`), its value in words, and where it was set."""

    key: str
    value: str
    origin: str


def setting_lines(settings: Settings) -> tuple[SettingLine, ...]:
    """Return every setting; passwords in addresses are hidden, and of password files only the path is told."""
    lines: list[SettingLine] = []
    for field in fields(settings):
        if field.name in _NOT_SHOWN:
            continue
        key = _KEYS_IN_FILE.get(field.name, field.name)
        origin = settings.origins.get(key, DEFAULT)
        lines += [SettingLine(name, value, origin) for name, value in _flat(key, getattr(settings, field.name))]
    return tuple(lines)


def _flat(key: str, value: object) -> Iterator[tuple[str, str]]:
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _flat(f"{key}.{field.name.removeprefix('is_')}", getattr(value, field.name))
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(f"{key}.{name}", each)
    elif isinstance(value, tuple) and any(is_dataclass(each) for each in value):
        for number, each in enumerate(value, 1):
            yield from _flat(f"{key}[{number}]", each)
    else:
        yield key, _words(key, value)


def _words(key: str, value: object) -> str:
    match value:
        case bool():
            return "是" if value else "否"
        case None | "":
            return "（没有）"
        case Enum():
            return str(value.value)
        case tuple() | frozenset() | set() | list():
            return "、".join(sorted(_words(key, each) for each in value)) or "（没有）"
        case Path():
            return str(value)
        case _ if _is_secret(key):
            return HIDDEN
        case str() if "://" in value:
            return without_password(value)
        case _:
            return str(value)


def _is_secret(key: str) -> bool:
    last = key.rsplit(".", 1)[-1]
    return any(word in last for word in ("password", "secret", "token")) and not last.endswith("_file")


def without_password(url: str) -> str:
    """Return an address with the password in it, and whatever stands in its query, hidden."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return HIDDEN
    if not parts.netloc and not parts.query:
        return url
    user = f"{parts.username}{':***' if parts.password else ''}@" if parts.username else ""
    return urlunsplit((parts.scheme, f"{user}{host}{port}", parts.path, "***" if parts.query else "", ""))
