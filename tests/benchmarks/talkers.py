"""Many citizens who talk with as many seats, in a process of its own, until its input ends.

`python -m tests.benchmarks.talkers SETTINGS COUNT FIRST_SEAT` says `ready` once all of them talk and send packets.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from cti.server.installation import seat_password
from cti.settings import Settings, default_settings, load_settings
from ivr.adapters.asterisk.private import parts_folder
from ivr.adapters.simulator.line import LineState
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.tones import tone

CALLERS = "127.0.0.2"
EVERY_SECONDS = 0.3
"""Between two calls: all at once would be another benchmark."""


def read(file: Path) -> Settings:
    """Read the settings of a measured service."""
    defaults = default_settings(parts_folder(Path.home()).parent, file.parent)
    settings, problems = load_settings(file.read_bytes(), str(file), defaults)
    if settings is None:
        raise RuntimeError("\n".join(map(str, problems)))
    return settings


async def talk(settings: Settings, count: int, first_seat: int) -> None:
    """Let them talk until the input ends."""
    switch = settings.switch
    murmur = tone(440.0, 60.0, 0.02)

    async def murmurs(call: SipCall) -> None:
        while call.state is LineState.TALKING:
            await call.say(murmur)

    async with AsyncExitStack() as stack:
        seats = []
        for number in range(first_seat, first_seat + count):
            password = seat_password(settings, str(number))
            phone = SipPhone(bind_ip="127.0.0.1", number=str(number), password=password)
            phone.on_call = murmurs
            seats.append(await stack.enter_async_context(phone))
            await phone.register(switch.sip_host, switch.sip_port)
        citizens = await stack.enter_async_context(SipPhone(bind_ip=CALLERS, number="13900001111"))
        for _ in range(count):
            line = await citizens.call("12345", switch.sip_host, switch.sip_port)
            line.start_saying(murmur)
            await asyncio.sleep(EVERY_SECONDS)
        while sum(any(call.answered_at for call in seat.calls) for seat in seats) < count:  # noqa: ASYNC110  # no bell
            await asyncio.sleep(0.1)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(talk(read(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])))
