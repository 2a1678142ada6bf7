"""FastAGI as bytes and values, without a socket: the environment block, replies and notices in, commands out.

Rule source: Asterisk's res_agi.c. One line is one message, except that the usage text of a 520 spans lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from ivr.errors import SwitchError, UnsafeHeaderError

MAX_LINE_BYTES = 4096
MAX_ENVIRONMENT_LINES = 128
MAX_COMMAND_BYTES = 2000  # AGI_BUF_LEN is 2048
MAX_ARGUMENTS = 64

_REPLY = re.compile(r"([0-9]{3})([ -])(.*)", re.DOTALL)
_RESULT = re.compile(r"result=(-?[0-9]*)")
_END_POSITION = re.compile(r"\bendpos=([0-9]+)")
_VALUE = re.compile(r"result=-?[0-9]*\s*\((.*)\)")


class AgiError(SwitchError):
    """The peer does not speak FastAGI, or says more than it may."""


@dataclass(frozen=True, slots=True)
class AgiRequest:
    """What Asterisk tells at the start: its variables without the `agi_` prefix, and the arguments of AGI()."""

    variables: Mapping[str, str]
    arguments: tuple[str, ...]

    def __getitem__(self, name: str) -> str:
        return self.variables.get(name, "")


@dataclass(frozen=True, slots=True)
class AgiReply:
    """The answer to one command: `result` is -1 on failure or hang-up, else a key's character code or what it says.

    `end_position` counts samples played; `value` is what stood in brackets.
    """

    code: int
    result: int
    value: str = ""
    end_position: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class AgiHangUp:
    """The notice that the channel no longer belongs to us: hung up, moved away, or its lease ran out."""


AgiMessage: TypeAlias = AgiRequest | AgiReply | AgiHangUp


def encode_command(command: str, *arguments: str) -> bytes:
    """Return the bytes of one command; every argument is quoted. UnsafeHeaderError for line breaks, NUL, excess."""
    if not re.fullmatch(r"[A-Z]+( [A-Z]+)*", command):
        raise UnsafeHeaderError(f"not an AGI command: {command[:40]!r}")
    if len(arguments) > MAX_ARGUMENTS:
        raise UnsafeHeaderError(f"{command}: too many arguments")
    try:
        line = " ".join([command, *(_quoted(argument) for argument in arguments)]).encode() + b"\n"
    except UnicodeEncodeError as broken:
        raise UnsafeHeaderError(f"{command}: an argument is not valid text") from broken
    if len(line) > MAX_COMMAND_BYTES:
        raise UnsafeHeaderError(f"{command} is {len(line)} bytes long, at most {MAX_COMMAND_BYTES}")
    return line


def _quoted(argument: str) -> str:
    if any(character in argument for character in "\r\n\0"):
        raise UnsafeHeaderError("an AGI argument contains a line break or NUL")
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class AgiParser:
    """Takes bytes as they come and hands out messages; AgiError when the peer cannot be Asterisk."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._environment: list[tuple[str, str]] | None = []
        self._usage: list[str] = []

    def feed(self, data: bytes) -> Iterable[AgiMessage]:
        """Return the messages that `data` completed."""
        self._buffer += data
        messages = []
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).rstrip(b"\r").decode("utf-8", "replace")
            del self._buffer[: end + 1]
            _check_length(end)
            message = self._line(line)
            if message is not None:
                messages.append(message)
        _check_length(len(self._buffer))
        return messages

    def _line(self, line: str) -> AgiMessage | None:
        if self._environment is not None:
            return self._environment_line(self._environment, line)
        if line == "HANGUP":
            return AgiHangUp()
        if self._usage:
            return self._usage_line(line)
        if not line:
            return None
        match = _REPLY.fullmatch(line)
        if match is None:
            raise AgiError(f"not an AGI reply: {line[:60]!r}")
        if match[2] == "-":
            self._usage.append(line)
            return None
        if match[1] == "100":  # "100 Trying...": the reply proper follows
            return None
        return _reply(int(match[1]), match[3])

    def _environment_line(self, environment: list[tuple[str, str]], line: str) -> AgiRequest | None:
        if not line:
            self._environment = None
            return _request(environment)
        name, colon, value = line.partition(":")
        if not colon or not name.startswith("agi_") or len(environment) >= MAX_ENVIRONMENT_LINES:
            raise AgiError("this is not the start of an AGI call")
        if any(known == name[4:] for known, _ in environment):  # a line break in a number: a caller who forges a line
            raise AgiError(f"AGI tells {name[:40]} twice")
        environment.append((name[4:], value.strip()))
        return None

    def _usage_line(self, line: str) -> AgiReply | None:
        self._usage.append(line)
        if line.startswith(self._usage[0][:3] + " "):
            code, text = int(self._usage[0][:3]), " ".join(self._usage)
            self._usage = []
            return AgiReply(code, -1, text=text[:400])
        if len(self._usage) > MAX_ENVIRONMENT_LINES:
            raise AgiError("a usage text without end")
        return None


def _request(environment: Iterable[tuple[str, str]]) -> AgiRequest:
    variables: dict[str, str] = {}
    for name, value in environment:
        variables.setdefault(name, value)
    arguments: list[str] = []
    while (argument := variables.get(f"arg_{len(arguments) + 1}")) is not None:
        arguments.append(argument)
    return AgiRequest(MappingProxyType(variables), tuple(arguments))


def _reply(code: int, text: str) -> AgiReply:
    result, value, end = _RESULT.search(text), _VALUE.search(text), _END_POSITION.search(text)
    number = int(result[1]) if result and result[1] not in ("", "-") else (0 if code == 200 else -1)
    return AgiReply(code, number, value[1] if value else "", int(end[1]) if end else 0, text[:400])


def _check_length(length: int) -> None:
    if length > MAX_LINE_BYTES:
        raise AgiError(f"an AGI line of more than {MAX_LINE_BYTES} bytes")
