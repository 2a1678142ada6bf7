"""An installation that is broken: the service says what is wrong, and where it can, it answers callers all the same."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ivr.call import CallId
from tests.system.running_service import ROOT, RunningService, service_of
from workorder.call_record import CallRecord

pytestmark = pytest.mark.xdist_group("service-broken")

WRONG = """\
settings_version: 7
database: oracle://here
broker: amqp://there
speech_modle: demo
flows_folder: nowhere
switch:
  sip_port: 99999
  most_calls: many
seats:
  - {seat: "8a", agent: 李晓梅}
called_numbers:
  "12345a": {flow: main}
"""


@asynccontextmanager
async def broken(
    change: dict[str, Any], before: Callable[[RunningService], None] = lambda _service: None
) -> AsyncIterator[RunningService]:
    running = service_of(change, hurried=True, before=before)
    service = await asyncio.to_thread(running.__enter__)
    try:
        yield service
        assert service.tracebacks() == []
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


async def one_call(service: RunningService) -> tuple[CallId, CallRecord]:
    """A citizen presses 0, is answered, says something, and hangs up."""
    said = await service.speech("我家门口的路灯坏了，已经三天没有亮了。")
    async with service.bus() as bus, service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone, "12319")
        call = await service.offered(bus, phone)
        await line.press("0")
        await bus.event(call, "answered")
        await line.say(said)
        await line.hang_up()
        record = await service.finished(call)
    assert (record.outcome, record.caller.digits) == ("answered", phone.number)
    assert await service.order(call) is not None
    return call, record


async def the_recordings_are_missed(service: RunningService) -> None:
    """The call went through, and the record says of each file what is wrong with it."""
    call, _ = await one_call(service)
    tapes = await service.recordings(call)
    assert len(tapes) == 3
    assert any(tape.problem for tape in tapes), tapes


async def test_a_recordings_folder_that_is_no_folder_costs_the_recordings_only() -> None:
    def occupy(service: RunningService) -> None:
        (service.folder / "tapes").write_text("not a folder")

    async with broken({"recordings_folder": "tapes"}, occupy) as service:
        await the_recordings_are_missed(service)


def mounted(options: str) -> Callable[[RunningService], None]:
    """Return what makes the recordings folder a small file system of its own."""

    def mount(service: RunningService) -> None:
        folder = service.folder / "tapes"
        folder.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False, capture_output=True
        )
        if made.returncode:
            pytest.skip(f"this machine lets us mount nothing: {made.stderr.decode().strip()}")

    return mount


def unmount(folder: Path) -> None:
    """Take the file system away; what is left of it in the service's folder is removed with that."""
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")
@pytest.mark.parametrize("options", ["size=1m,ro", "size=16k"], ids=["read-only", "full"])
async def test_a_recordings_folder_that_takes_nothing_costs_the_recordings_only(options: str) -> None:
    async with broken({"recordings_folder": "tapes"}, mounted(options)) as service:
        try:
            await the_recordings_are_missed(service)
            code, told = await service.hotline("doctor")
            assert (code, "录音目录" in told) == (1, True)
        finally:
            unmount(service.folder / "tapes")


async def test_a_broken_model_makes_the_service_deaf_not_mute() -> None:
    def spoil(service: RunningService) -> None:
        model = service.folder / "model"
        (model / "am").mkdir(parents=True)
        (model / "am" / "final.mdl").write_bytes(b"not a model")
        (model / "conf").mkdir()
        (model / "conf" / "mfcc.conf").write_text("--sample-frequency=8000\n")

    def change(service: RunningService) -> None:
        spoil(service)
        text = service.file.read_text(encoding="utf-8").replace("MODEL", str(service.folder / "model"))
        service.file.write_text(text, encoding="utf-8")

    async with broken({"speech_model": "MODEL"}, change) as service:
        call, _ = await one_call(service)
        assert await service.turns(call) == ()
        assert [record for record in service.log() if record["event"] == "no_ears"]
        code, told = await service.hotline("doctor")
        assert code == 1
        assert "语音模型" in told


async def test_wrong_settings_are_all_told_at_once_with_their_remedies(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(WRONG, encoding="utf-8")
    for command in ("up", "serve", "doctor", "demo"):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cti", "--settings", str(file), command,
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        told = (await asyncio.wait_for(process.communicate(), 30))[0].decode()
        assert process.returncode == 1
        assert "Traceback" not in told
        for wrong in ("oracle", "amqp", "speech_modle", "nowhere", "sip_port", "most_calls", "8a", "12345a"):
            assert wrong in told, f"{wrong} is not among:\n{told}"
        assert told.count("改法") >= 8
