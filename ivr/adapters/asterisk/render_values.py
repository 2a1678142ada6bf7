"""Values that land in a line of Asterisk configuration: each is checked, so that none can become a second line."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

from ivr.errors import SwitchError

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f;\[\]\\\u0085\u2028\u2029]|#include|#exec|\$\{|\$\[|=>")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,39}")
_QUEUE = re.compile(r"[a-z0-9_]{1,40}")
_DIGITS = re.compile(r"[0-9]{2,20}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_MAX_LENGTH = 400


class UnsafeValueError(SwitchError):
    """A value cannot be written into the switch's configuration; the message says which, and what is allowed."""


def text(value: str, what: str) -> str:
    """Return free text (a display name, a password) that fits one configuration line."""
    if _FORBIDDEN.search(value) or value != value.strip() or len(value) > _MAX_LENGTH:
        raise UnsafeValueError(
            f"{what} 含有不允许的字符(换行、分号、方括号、反斜杠等)、首尾空格, 或者超过 {_MAX_LENGTH} 字"
        )
    return value


def quoted(value: str, what: str) -> str:
    """Return a display name for use between double quotes."""
    if '"' in value or "<" in value or ">" in value:
        raise UnsafeValueError(f"{what} 不能含有引号和尖括号")
    return text(value, what)


def path(value: Path, what: str) -> str:
    """Return an absolute path that can stand in a dialplan argument (no commas, parentheses or quotes)."""
    written = text(str(value), what)
    if not value.is_absolute() or re.search(r"[,()|\"'&^<>%$]", written):
        raise UnsafeValueError(
            f"{what} 必须是绝对路径, 且不含逗号、括号、引号、百分号等字符: {written}。"
            "改法: 把项目移到别处, 或用 --run-folder 与设置文件换一个目录"
        )
    return written


def name(value: str, what: str) -> str:
    """Return a section name: letters, digits, `_` and `-`."""
    return _matching(_NAME, value, what, "只能用字母、数字、下划线、短横线, 最长 40 个")


def queue(value: str, what: str) -> str:
    """Return a queue name: small letters, digits and `_`, which is also what the dialplan lets through."""
    return _matching(_QUEUE, value, what, "只能用小写字母、数字、下划线, 最长 40 个")


def digits(value: str, what: str) -> str:
    """Return a telephone number of digits only."""
    return _matching(_DIGITS, value, what, "只能是 2 到 20 位数字")


def host(value: str, what: str) -> str:
    """Return a host name or IP address."""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return _matching(_HOST, value, what, "应当是 IP 地址或域名")


def network(value: str, what: str) -> str:
    """Return an IP address, a network such as `10.1.0.0/24`, or a host name."""
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        return host(value, what)


def port(value: int, what: str) -> str:
    """Return a UDP or TCP port number."""
    if not 1 <= value <= 65535:
        raise UnsafeValueError(f"{what} 应当是 1 到 65535 的端口号, 现在是 {value}")
    return str(value)


def between(value: int, least: int, most: int, what: str) -> str:
    """Return a whole number within bounds."""
    if not least <= value <= most:
        raise UnsafeValueError(f"{what} 应当在 {least} 到 {most} 之间, 现在是 {value}")
    return str(value)


def one_of(value: str, allowed: tuple[str, ...], what: str) -> str:
    """Return one of a few words."""
    if value not in allowed:
        raise UnsafeValueError(f"{what} 应当是 {'、'.join(allowed)} 之一, 现在是 {value[:40]!r}")
    return value


def _matching(pattern: re.Pattern[str], value: str, what: str, rule: str) -> str:
    if not pattern.fullmatch(value):
        raise UnsafeValueError(f"{what} {rule}, 现在是 {value[:60]!r}")
    return value
