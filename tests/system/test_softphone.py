"""`hotline softphone` on the running service: rung, answered from elsewhere, heard both ways, held, keys, hung up."""

from __future__ import annotations

import asyncio
import json
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from cti.adapters.control.door_client import DoorClient
from ivr.adapters.simulator.phone_errors import CallTimeoutError
from ivr.adapters.simulator.tones import hears_tone, tone
from tests.system.running_service import Bus, RunningService, service_of
from tests.system.running_softphone import softphone
from tests.system.running_switch import until

pytestmark = pytest.mark.xdist_group("softphone")


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of(hurried=True) as running:
        yield running


@pytest.fixture
async def bus(service: RunningService) -> AsyncIterator[Bus]:
    async with service.bus() as bus:
        yield bus


async def rings(phone: DoorClient, state: str = "ringing") -> dict[str, Any]:
    """Return how it stands as soon as it stands so."""
    told: list[dict[str, Any]] = []

    async def is_so() -> bool:
        told[:] = [await phone.ask("phone.status")]
        return bool(told[0]["state"] == state)

    await until(is_so, 40)
    return told[0]


async def test_an_agent_without_a_browser_microphone_answers_talks_holds_and_hangs_up(
    service: RunningService, bus: Bus, tmp_path: Path
) -> None:
    heard = tmp_path / "heard.wav"
    async with softphone(service, "--tone", "700", "--record", str(heard)) as phone, service.citizen() as citizen:
        line = await service.dial(citizen, "12345")
        call = await service.offered(bus, citizen)
        assert (await rings(phone))["caller"] == citizen.number
        assert (await service.hotline("softphone", "--seat", "801", "answer"))[0] == 0
        assert (await bus.event(call, "answered"))["data"]["seat"] == "801"
        await line.wait_for_tone(700, 20)
        await line.say(tone(530, 1.0))

        assert (await phone.ask("phone.mute"))["muted"]
        with pytest.raises(CallTimeoutError):
            await line.wait_for_tone(700, 0.6)
        await phone.ask("phone.unmute")
        await line.wait_for_tone(700, 20)

        assert (await phone.ask("phone.hold"))["state"] == "held"
        with pytest.raises(CallTimeoutError):
            await line.wait_for_tone(700, 1.0)
        assert (await phone.ask("phone.unhold"))["state"] == "talking"
        await line.wait_for_tone(700, 20)

        await phone.ask("phone.dtmf", keys="12#")
        async with asyncio.timeout(30):
            while line.heard_keys != "12#":  # noqa: ASYNC110  # the wire rings no bell
                await asyncio.sleep(0.05)
        assert (await phone.ask("phone.hangup"))["state"] == "idle"
        await service.finished(call)
        assert not (await phone.ask("phone.hangup"))["ok"], "there is no call any more, and it says so"
        assert not (await phone.ask("phone.dtmf", keys="x"))["ok"]
    with wave.open(str(heard)) as opened:
        assert hears_tone(opened.readframes(opened.getnframes()), 530, seconds=0.5), "the agent heard the citizen"
    assert service.tracebacks() == []


async def test_the_page_reaches_the_telephone_through_the_controllers_door(service: RunningService, bus: Bus) -> None:
    control = DoorClient(service.folder / "run" / "control.sock")
    told = await control.ask("phone.answer", seat="801")
    assert not told["ok"]
    assert "hotline softphone --seat 801" in told["text"]
    async with softphone(service, "--silent") as phone, service.citizen() as citizen:
        line = await service.dial(citizen, "12345")
        call = await service.offered(bus, citizen)
        await rings(phone)
        assert (await control.ask("phone.answer", seat="801"))["state"] == "talking"
        assert (await bus.event(call, "answered"))["data"]["seat"] == "801"
        await line.hang_up()
        await rings(phone, "idle")
        await service.finished(call)
    assert not (await control.ask("phone.answer", seat="../../801"))["ok"]


async def test_a_seat_whose_telephone_is_the_page_gets_no_other(service: RunningService, tmp_path: Path) -> None:
    file = tmp_path / "browser.yaml"
    seats = [{"seat": "801", "agent": "李晓梅", "phone": "browser"}]
    file.write_text(json.dumps({"settings_version": 1, "run_folder": str(tmp_path), "seats": seats}))
    words = (*service.command()[:3], "--settings", str(file), "softphone", "--seat")
    for seat, why in (("801", "网页话机"), ("899", "没有席位 899")):
        process = await asyncio.create_subprocess_exec(*words, seat, "--silent", stderr=asyncio.subprocess.PIPE)
        _, told = await asyncio.wait_for(process.communicate(), 40)
        assert process.returncode == 1
        assert why in told.decode()
        assert "改法" in told.decode()
