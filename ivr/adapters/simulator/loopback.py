"""The fence around the simulated network: nothing in it may talk to another machine."""

from __future__ import annotations

import ipaddress

from ivr.adapters.simulator.phone_errors import NotLoopbackError


def require_loopback(host: str) -> str:
    """Return `host` as a literal address within 127.0.0.0/8; NotLoopbackError for anything else, names included."""
    literal = "127.0.0.1" if host == "localhost" else host
    try:
        address = ipaddress.IPv4Address(literal)
    except ValueError:
        raise NotLoopbackError(f"模拟电话只能连接本机（127.0.0.0/8），不能连接 {host[:80]!r}") from None
    if not address.is_loopback:
        raise NotLoopbackError(f"模拟电话只能连接本机（127.0.0.0/8），不能连接 {host[:80]!r}")
    return str(address)
