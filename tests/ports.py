"""Ports for the services that tests start: each worker of pytest-xdist draws from a slice of its own.

A port is chosen seconds before the program that uses it has bound it; two workers that draw from one range meet now
and then.
"""

from __future__ import annotations

import itertools
import os
import random

from ivr.adapters.asterisk.supervise_ports import Listening, PortTakenError, check_free

_WORKERS = 8
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", f"gw{os.getpid()}").removeprefix("gw")) % _WORKERS
_PORTS = range(12_000, 20_000)[_WORKER * 1_000 : (_WORKER + 1) * 1_000]
_RTP_PORTS = range(20_000, 32_000)[_WORKER * 1_500 : (_WORKER + 1) * 1_500]
_NEXT = itertools.count(random.randrange(len(_PORTS)))


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that this worker has not drawn lately and that nobody holds, for TCP and UDP alike."""
    for _ in _PORTS:
        port = _PORTS[next(_NEXT) % len(_PORTS)]
        try:
            check_free((Listening("tcp", host, port, "test"), Listening("udp", host, port, "test")))
        except PortTakenError:
            continue
        return port
    raise PortTakenError(f"no free port on {host} in {_PORTS}")


def rtp_first(count: int) -> int:
    """Return an even port from which `count` ports lie in this worker's slice."""
    return random.randrange(_RTP_PORTS.start, _RTP_PORTS.stop - count + 1, 2)
