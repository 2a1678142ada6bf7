"""The switch is kept running: started, adopted after our own death, restarted after its death, stopped for good."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.adapters.asterisk.private import Part
from ivr.adapters.asterisk.render import render
from ivr.adapters.asterisk.supervise import ChildProcess, ProcessFailedError
from ivr.adapters.asterisk.supervise_ports import PortTakenError
from ivr.adapters.asterisk.supervise_switch import fully_booted, switch_process
from tests.system.running_switch import RunningSwitch, start_switch, switch_config, until


@pytest.fixture
async def own_switch(asterisk_part: Part) -> AsyncIterator[RunningSwitch]:
    """An Asterisk of the test's own, to be killed."""
    folder = Path(tempfile.mkdtemp(prefix="hl-own-"))
    running = await start_switch(asterisk_part, folder)
    yield running
    await running.process.stop()
    shutil.rmtree(folder, ignore_errors=True)


async def test_a_killed_switch_is_up_again_by_itself(own_switch: RunningSwitch) -> None:
    watching = asyncio.create_task(own_switch.process.watch())
    before = own_switch.process.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    died = time.monotonic()

    async def back() -> bool:
        if own_switch.process.pid in (None, before):
            return False
        try:
            config = own_switch.config
            return await fully_booted(config.ports.ami, config.ami_user, config.ami_secret)
        except OSError:
            return False

    await until(back, 30)
    assert time.monotonic() - died < 20
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_our_successor_adopts_the_running_switch_and_its_calls(own_switch: RunningSwitch) -> None:
    async with own_switch.caller() as phone:
        call = await phone.call("12345", "127.0.0.1", own_switch.sip_port)
        await call.answered(30)
        successor = ChildProcess(own_switch.process.spec)
        await successor.start()
        assert successor.adopted
        assert successor.pid == own_switch.process.pid
        assert call.ending is None
        await call.hang_up()
        await successor.stop()
        assert not own_switch.process.is_alive


async def test_a_taken_port_is_named_with_its_holder(own_switch: RunningSwitch, asterisk_part: Part) -> None:
    folder = Path(tempfile.mkdtemp(prefix="hl-two-"))
    config = replace(switch_config(folder), ports=own_switch.config.ports)
    second = ChildProcess(switch_process(asterisk_part, render(config, folder, asterisk_part), config))
    with pytest.raises(PortTakenError, match=rf"{config.ports.ami}/tcp.*pid {own_switch.process.pid}"):
        await second.start()
    assert own_switch.process.is_alive
    shutil.rmtree(folder)


async def test_another_secret_is_not_taken_for_ours(own_switch: RunningSwitch) -> None:
    assert not await fully_booted(own_switch.config.ports.ami, own_switch.config.ami_user, "x" * 24)


async def test_a_pid_file_of_an_earlier_life_kills_nobody(asterisk_part: Part) -> None:
    folder = Path(tempfile.mkdtemp(prefix="hl-pid-"))
    config = switch_config(folder)
    rendered = render(config, folder, asterisk_part)
    spec = switch_process(asterisk_part, rendered, config)
    spec.pid_file.write_text(f'{{"pid": {os.getpid()}, "started": 1}}')
    child = ChildProcess(spec)
    await child.start()
    assert not child.adopted
    await child.stop()
    assert not spec.pid_file.exists()
    shutil.rmtree(folder)


async def test_a_program_that_dies_at_once_is_reported_with_its_last_words(asterisk_part: Part) -> None:
    folder = Path(tempfile.mkdtemp(prefix="hl-bad-"))
    config = switch_config(folder)
    rendered = render(config, folder, asterisk_part)
    (rendered.folder / "data" / "documentation").unlink()  # Asterisk refuses to start without it
    child = ChildProcess(replace(switch_process(asterisk_part, rendered, config), ready_seconds=5))
    with pytest.raises(ProcessFailedError, match=r"console\.log.*末尾"):
        await child.start()
    assert not child.is_alive
    shutil.rmtree(folder)
