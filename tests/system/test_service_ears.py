"""Recognition workers under real calls: one is killed, the broker dies, a recording pauses for a card number."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cti.adapters.control.visit import ask
from cti.server.emergency import control_socket
from cti.server.installation import broker_url
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.vosk.leg_recording import read_part
from ivr.call import CallId, Leg
from ivr.recording import Part
from ivr.speech.audio import rms_dbfs
from ivr.speech.transcript import text_of
from ivr.speech.transcript_cer import character_error_rate
from tests.system.running_service import ROOT, Bus, RunningService, service_of
from tests.system.running_switch import until

pytestmark = pytest.mark.xdist_group("service-ears")

SAYS = ("我家楼下的路灯坏了好几天了。", "我们小区从昨天晚上开始停水。")
CARD = "我的银行卡号是六二二二零二三四。"
CALLERS = 4
UNRECORDED = "12388"
"""A line for those who must not be known: its calls are neither recorded nor written down."""


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    change = {
        "ears": {"workers": 2, "longest_pause_seconds": 60},
        "called_numbers": {"12345": {"flow": "main"}, UNRECORDED: {"flow": "main", "recorded": False}},
    }
    with service_of(change, hurried=True) as running:
        yield running


@pytest.fixture(autouse=True)
async def _steady(service: RunningService) -> None:
    """Each test begins with both workers connected."""
    await until(lambda: joined(service, 2), 30)


async def joined(service: RunningService, count: int) -> bool:
    """Whether the controller is connected with so many workers."""
    log = [r["event"] for r in service.log() if r["event"] in ("ears_worker_joined", "ears_worker_left")]
    return log.count("ears_worker_joined") - log.count("ears_worker_left") >= count


def workers(service: RunningService) -> dict[str, int]:
    """The workers' process ids by name."""
    files = (service.folder / "run" / "ears").glob("*.json")
    return {file.stem: int(json.loads(file.read_text())["pid"]) for file in files}


def tapped(service: RunningService, call: CallId) -> list[float]:
    """When this call's caller was tapped, in seconds since the epoch."""
    asked = [(str(line["at"]), line["asked"]) for line in service.journal.read(call) if "asked" in line]
    return [datetime.fromisoformat(at).timestamp() for at, tap in asked if '"caller"' in json.dumps(tap)]


async def asked(service: RunningService, verb: str, call: CallId) -> dict[str, object]:
    """Ask at the control door, as the command and the agent's desk do."""
    return await asyncio.to_thread(ask, control_socket(service.settings), {"verb": verb, "call": call, "by": "801"})


async def begin(service: RunningService, bus: Bus, phone: Any) -> tuple[SipCall, CallId]:
    """A caller who waits in the queue, being heard."""
    line = await service.dial(phone, "12345")
    call = await service.offered(bus, phone)
    await until(lambda: was_tapped(service, call), 40)
    return line, call


async def was_tapped(service: RunningService, call: CallId) -> bool:
    return bool(tapped(service, call))


async def test_a_worker_killed_under_several_calls_costs_no_word(service: RunningService) -> None:
    sounds = [await service.speech(text, "f4") for text in SAYS]

    all_heard = asyncio.Barrier(CALLERS + 1)

    async def one_call(bus: Bus, number: int) -> CallId:
        async with service.citizen(f"1380001{number:04d}") as phone:
            line, call = await begin(service, bus, phone)
            await all_heard.wait()
            for sound in sounds:
                await line.say(sound)
                await asyncio.sleep(0.8)
            await line.hang_up()
            return call

    async with service.bus() as bus:
        calls = [asyncio.create_task(one_call(bus, number)) for number in range(CALLERS)]
        await all_heard.wait()
        await asyncio.sleep(2.0)  # in the middle of the first sentence
        victim = next(iter(workers(service).values()))
        os.kill(victim, signal.SIGKILL)
        killed_at = time.time()
        ended = [await call for call in calls]
    again: list[float] = []
    for call in ended:
        await service.finished(call)
        turns = await service.turns(call)
        text = text_of(turns, Leg.CALLER)
        assert character_error_rate("".join(SAYS), text) <= 0.3, text
        assert [turn.begun_s for turn in turns] == sorted(turn.begun_s for turn in turns)
        again += [at - killed_at for at in tapped(service, call)[1:]]
    assert again, "the killed worker heard some of them"
    assert max(again) <= 2.0, again
    assert not service.tracebacks()


async def test_without_the_broker_the_workers_go_on_hearing(service: RunningService) -> None:
    sound = await service.speech(SAYS[0], "f4")
    async with service.bus() as bus, service.citizen() as phone:
        line, call = await begin(service, bus, phone)
        service.kill("broker")
        await line.say(sound)

        async def words_came() -> bool:
            return any('"text"' in json.dumps(one.get("heard_of", {})) for one in service.journal.read(call))

        await until(words_came, 30)
        await line.hang_up()
    await service.finished(call)
    assert character_error_rate(SAYS[0], text_of(await service.turns(call), Leg.CALLER)) <= 0.3
    assert len(tapped(service, call)) == 1, "nobody was tapped anew"


async def test_a_pause_leaves_silence_in_the_recording_and_no_word_in_the_transcript(service: RunningService) -> None:
    first, card, last = [await service.speech(text, "f4") for text in (SAYS[0], CARD, SAYS[1])]
    async with service.bus() as bus, service.citizen() as phone:
        line, call = await begin(service, bus, phone)
        await asyncio.sleep(0.3)
        await line.say(first)
        await asyncio.sleep(1.0)
        code, told = await service.hotline("call", "pause", call, "--by", "801")
        assert (code, "已暂停" in told) == (0, True), told
        await line.say(card)
        await asyncio.sleep(0.5)
        assert (await asked(service, "call.resume", call))["ok"]
        await asyncio.sleep(0.3)
        await line.say(last)
        await asyncio.sleep(0.8)
        await line.hang_up()
        paused = (await bus.event(call, "recording_paused"))["data"]
        resumed = (await bus.event(call, "recording_resumed"))["data"]
    await service.finished(call)
    turns = await service.turns(call)
    assert character_error_rate(SAYS[0] + SAYS[1], text_of(turns, Leg.CALLER)) <= 0.3, text_of(turns, Leg.CALLER)
    assert any("录音暂停" in turn.text for turn in turns), "the transcript says that something is missing"
    for tape in await service.recordings(call):
        file: Path = service.settings.recordings_folder / tape.file
        silent = read_part(file, paused["at_s"] + 0.6, resumed["at_s"] - 0.6)
        assert len(silent) > 16_000, "the recording goes on, so that its seconds stay those of the call"
        assert rms_dbfs(silent) < -80, f"{tape.part} still has what was said"
        if tape.part == Part.CALLER:
            assert rms_dbfs(read_part(file, 0.0, paused["at_s"])) > -45
    assert "没有正在进行的通话" in str((await asked(service, "call.pause", call))["text"])


async def test_of_a_line_that_is_not_recorded_nothing_is_kept_but_that_it_was_called(service: RunningService) -> None:
    said = await service.speech(SAYS[0], "f4")
    async with service.bus() as bus, service.citizen() as phone:
        line = await service.dial(phone, UNRECORDED)
        call = await service.offered(bus, phone)
        await bus.event(call, "recording_paused")
        await asyncio.sleep(0.5)
        await line.say(said)
        assert "按规定" in str((await asked(service, "call.resume", call))["text"])
        await line.say(said)
        await asyncio.sleep(0.5)
        await line.hang_up()
    await service.finished(call)
    turns = await service.turns(call)
    assert text_of(turns, Leg.CALLER) == ""
    assert any("按规定不录音" in turn.text for turn in turns)
    for tape in await service.recordings(call):
        if tape.part == Part.CALLER and tape.seconds > 2:
            sound = read_part(service.settings.recordings_folder / tape.file, 1.0, tape.seconds)
            assert rms_dbfs(sound) < -80, "the tape has nothing of what was said"


async def test_a_second_machine_only_adds_capacity(service: RunningService, tmp_path: Path) -> None:
    """As on another machine: a run folder of its own, another address, and nothing but the broker's address."""
    broker = tmp_path / "broker.txt"
    broker.write_text(broker_url(service.settings), encoding="utf-8")
    command = (sys.executable, "-m", "cti", "--run-folder", str(tmp_path / "run"), "ears")
    options = ("--broker-file", str(broker), "--workers", "1", "--listen", "127.0.0.9")
    ears = await asyncio.create_subprocess_exec(*command, *options, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)
    try:
        await until(lambda: joined(service, 3), 120)  # it loads a model first
    finally:
        ears.terminate()
        await ears.wait()

    async def is_gone() -> bool:
        return not await joined(service, 3)

    await until(is_gone, 40)
    assert not list((tmp_path / "run" / "ears").glob("*.json")), "it leaves no process behind"
