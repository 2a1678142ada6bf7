"""The switch reads its files again while people talk: a new seat can sign in, a new key leads out, the talk goes on."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from ivr.adapters.asterisk.private_parts import Part
from ivr.adapters.asterisk.render import render
from ivr.adapters.asterisk.render_config import Seat
from ivr.adapters.asterisk.switch_console import Reload, reload
from ivr.adapters.simulator.phone_errors import SimulatedPhoneError
from ivr.adapters.simulator.sip_phone import SipPhone
from tests.system.running_switch import RawAmi, RunningSwitch, start_switch, until

NEW = "899"


async def test_a_seat_and_a_key_are_learnt_while_somebody_talks(asterisk_part: Part) -> None:
    folder = Path(tempfile.mkdtemp(prefix="hl-again-"))
    switch = await start_switch(asterisk_part, folder)
    try:
        async with switch.ami() as ami, switch.seat(ami, "801"), switch.caller() as caller:
            call = await caller.call("12345", "127.0.0.1", switch.sip_port)
            await until(lambda: _talk(ami), 30)
            before = await _bridged(ami)

            seats = (*switch.config.seats, Seat(NEW, f"seat-{NEW}-secret"))
            queues = tuple(replace(each, exit_keys="05") for each in switch.config.queues)
            changed = render(replace(switch.config, seats=seats, queues=queues), folder, switch.part).changed
            assert {"extensions.conf", "pjsip.conf", "queues.conf"} <= set(changed)
            for what in Reload:
                await reload(switch.part, switch.rendered.main_file, what)
            assert (await ami.act("QueueReload", Parameters="yes"))["Response"] == "Success"

            async with SipPhone(bind_ip="127.0.0.1", number=NEW, password=f"seat-{NEW}-secret") as phone:
                await until(lambda: _registers(phone, switch), 30)
            assert "exten" in await asyncio.to_thread(_console, switch, "dialplan show 5@hl-leave-general")
            assert await _bridged(ami) == before, "the same two talk as before"
            await call.hang_up()
            await call.ended(30)
    finally:
        await switch.process.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _bridged(ami: RawAmi) -> set[str]:
    return {each["Channel"] for each in await ami.listed("CoreShowChannels") if each.get("BridgeId")}


async def _talk(ami: RawAmi) -> bool:
    return len(await _bridged(ami)) == 2


async def _registers(phone: SipPhone, switch: RunningSwitch) -> bool:
    try:
        await phone.register("127.0.0.1", switch.sip_port)
    except SimulatedPhoneError:  # the reload is carried out in the background
        return False
    return True


def _console(switch: RunningSwitch, command: str) -> str:
    words = (*switch.part.command, "-C", str(switch.rendered.main_file), "-rx", command)
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=True).stdout
