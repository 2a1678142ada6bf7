"""How the private MQTT broker is run, once its configuration is written, and how we know that it answers."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from ivr.adapters.asterisk.private_parts import Part
from ivr.adapters.asterisk.supervise import ProcessSpec
from ivr.adapters.asterisk.supervise_ports import Listening

# CONNECT with an empty client id and clean session, MQTT 3.1.1: a live broker answers CONNACK, if only "not authorised"
_CONNECT = bytes.fromhex("100c00044d5154540402000a0000")
_CONNACK = 0x20


def broker_process(part: Part, configuration: Path, port: int) -> ProcessSpec:
    """Return how to run mosquitto with the configuration file that was written for it, listening on loopback `port`."""
    folder = configuration.parent

    async def is_ready() -> bool:
        return await _answers(port)

    return ProcessSpec(
        name="mosquitto",
        command=(*part.command, "-c", str(configuration)),
        pid_file=folder / "hotline-mosquitto.json",
        log_file=folder / "mosquitto.log",
        is_ready=is_ready,
        listens=(Listening("tcp", "127.0.0.1", port, "消息代理 MQTT "),),
        env=part.env,
        cwd=folder,
        ready_seconds=10.0,
    )


async def _answers(port: int) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(2):
            writer.write(_CONNECT)
            return (await reader.readexactly(4))[0] == _CONNACK
    except (asyncio.IncompleteReadError, TimeoutError):
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
