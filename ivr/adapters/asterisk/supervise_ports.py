"""Whether a port is free before we start a program on it, and who holds it when it is not."""

from __future__ import annotations

import errno
import os
import random
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ivr.errors import WorldError

_OUR_PORTS = (12_000, 20_000)
"""Below RTP and below the ports that Linux lends to clients (32768 and up)."""

_TRIES = 200
_KINDS: tuple[Literal["tcp", "udp"], ...] = ("tcp", "udp")


class PortTakenError(WorldError):
    """Another program listens where ours must; the message names the port and, when visible, the holder."""


@dataclass(frozen=True, slots=True)
class Listening:
    """One place where a program will listen."""

    kind: Literal["tcp", "udp"]
    host: str
    port: int
    purpose: str


def check_free(places: tuple[Listening, ...]) -> None:
    """Raise PortTakenError when any of the places is taken, naming all of them at once."""
    taken = [_complaint(place) for place in places if not _is_free(place)]
    if taken:
        raise PortTakenError("; ".join(taken) + "。改法: 停掉占用者, 或在设置里换一个端口")


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that was free a moment ago, for TCP and UDP alike, outside what the machine lends to clients."""
    for _ in range(_TRIES):
        port = random.randrange(*_OUR_PORTS)
        if all(_is_free(Listening(kind, host, port, "临时端口")) for kind in _KINDS):
            return port
    raise PortTakenError(f"{host} 上找不到空闲端口。改法: 停掉不用的程序, 或在设置里写明端口")


def holder(place: Listening) -> str:
    """Return `name (pid n)` of the program that holds the port, or an empty text when it cannot be seen."""
    inodes = _inodes(place)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            links = [os.readlink(file) for file in (process / "fd").iterdir()]
        except OSError:
            continue
        if any(f"socket:[{inode}]" in links for inode in inodes):
            name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
            return f"{name} (pid {process.name})"
    return ""


def _is_free(place: Listening) -> bool:
    with _socket(place.kind) as probe:
        if place.kind == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed listener's TIME_WAIT is no obstacle
        try:
            probe.bind((place.host, place.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise PortTakenError(f"不能监听 {place.host}:{place.port}({place.purpose}): {error.strerror}") from error
    return True


def _complaint(place: Listening) -> str:
    by = holder(place)
    who = f", 占用者: {by}" if by else ""
    return f"{place.purpose}需要的端口 {place.host}:{place.port}/{place.kind} 已被占用{who}"


def _socket(kind: str) -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)


def _inodes(place: Listening) -> tuple[str, ...]:
    wanted = f":{place.port:04X}"
    found = []
    for table in (f"/proc/net/{place.kind}", f"/proc/net/{place.kind}6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            listening = place.kind == "udp" or fields[3] == "0A"
            if fields[1].endswith(wanted) and listening:
                found.append(fields[9])
    return tuple(found)
