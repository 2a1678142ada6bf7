"""How the private Asterisk is run, and how we know that it is ours and ready: our own AMI login sees FullyBooted."""

from __future__ import annotations

import asyncio
import contextlib

from ivr.adapters.asterisk.private_parts import Part
from ivr.adapters.asterisk.render import RenderedSwitch
from ivr.adapters.asterisk.render_config import SwitchConfig
from ivr.adapters.asterisk.supervise import ProcessSpec
from ivr.adapters.asterisk.supervise_ports import Listening

_LOGIN_SECONDS = 5.0


def switch_process(part: Part, rendered: RenderedSwitch, config: SwitchConfig) -> ProcessSpec:
    """Return how to run Asterisk for a rendered configuration."""
    bind, ports = config.bind, config.ports

    async def is_ready() -> bool:
        return await fully_booted(ports.ami, config.ami_user, config.ami_secret)

    return ProcessSpec(
        name="Asterisk",
        command=(*part.command, "-f", "-C", str(rendered.main_file)),
        pid_file=rendered.folder / "run" / "hotline-asterisk.json",
        log_file=rendered.folder / "log" / "console.log",
        is_ready=is_ready,
        listens=(
            Listening("udp", bind, ports.sip, "电话信令 SIP"),
            Listening("tcp", bind, ports.sip, "电话信令 SIP"),
            Listening("tcp", "127.0.0.1", ports.ami, "交换机管理接口 AMI"),
            Listening("tcp", "127.0.0.1", ports.http, "浏览器话机"),
        ),
        env=part.env,
        cwd=rendered.folder,
        ready_seconds=30.0,
    )


async def fully_booted(port: int, user: str, secret: str, host: str = "127.0.0.1") -> bool:
    """Tell whether an Asterisk that knows our secret listens there and has finished booting. OSError when none does."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        async with asyncio.timeout(_LOGIN_SECONDS):
            await reader.readline()
            writer.write(f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\nEvents: on\r\n\r\n".encode())
            await writer.drain()
            while True:
                message = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
                if message.startswith("Response: Error"):
                    return False
                if "Event: FullyBooted" in message:
                    return True
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
