"""`python -m tests.kills ears`: kill recognition workers under talking callers, and count the words it cost.

The same callers say the same sentences twice, each on a service of its own: once undisturbed, once while every few
seconds a worker chosen at random is killed with SIGKILL. Their final transcripts are compared letter by letter.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from ivr.adapters.vosk.ears import VoskEars
from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.call import CallId, Leg
from ivr.recording import Part
from ivr.speech.transcript import text_of
from tests.benchmarks.figures import quantile
from tests.ivr.vosk.speech import MODEL
from tests.system.running_service import RunningService, service_of
from tests.system.running_switch import until

SENTENCES = (
    "我家楼下的路灯坏了好几天了。",
    "我们小区从昨天晚上开始停水。",
    "公交车站旁边的井盖不见了很危险。",
    "楼上天天半夜装修声音特别大。",
    "请问办理居住证需要什么材料。",
    "马路边的垃圾好几天没有人清理。",
)
PAUSE_S = 0.8
VOICE = "f4"
FINISH_S = 240.0


@dataclass
class Run:
    """What one run left: per caller what was written, what his recording says, and how long each new tap took."""

    texts: list[str] = field(default_factory=list)
    tapes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    in_order: bool = True
    retap_s: list[float] = field(default_factory=list)
    kills: int = 0
    dropped: int = 0


def said_by(caller: int, seconds: float, lengths: dict[str, float]) -> list[str]:
    """Return the sentences that fill so many seconds; each caller begins with another one."""
    said: list[str] = []
    while sum(lengths[text] + PAUSE_S for text in said) < seconds:
        said.append(SENTENCES[(caller + len(said)) % len(SENTENCES)])
    return said


def worker_pids(service: RunningService) -> list[int]:
    found = []
    for file in (service.folder / "run" / "ears").glob("*.json"):
        pid = int(json.loads(file.read_text())["pid"])
        if os.path.exists(f"/proc/{pid}"):
            found.append(pid)
    return found


async def _joined(service: RunningService, count: int) -> bool:
    log = [r["event"] for r in service.log() if r["event"] in ("ears_worker_joined", "ears_worker_left")]
    return log.count("ears_worker_joined") - log.count("ears_worker_left") >= count


async def _kill(service: RunningService, kills: int, every_s: float, dice: random.Random) -> list[float]:
    """Kill so many workers, one every few seconds; returns when each died (seconds since the epoch)."""
    killed: list[float] = []
    while len(killed) < kills:
        await asyncio.sleep(every_s)
        if pids := worker_pids(service):
            os.kill(dice.choice(pids), signal.SIGKILL)
            killed.append(time.time())
    return killed


async def _play(service: RunningService, calls: int, seconds: float, kills: int, every_s: float, workers: int) -> Run:
    sounds = {text: await service.speech(text, VOICE) for text in SENTENCES}
    lengths = {text: len(sound) / 16_000 for text, sound in sounds.items()}
    await until(lambda: _joined(service, workers), 60)
    run = Run()

    async def one(caller: int, begin: asyncio.Event) -> CallId | None:
        async with service.citizen(f"138{caller:08d}") as phone:
            line = await service.dial(phone)
            call = await service.offered(bus, phone)
            await begin.wait()
            for text in said_by(caller, seconds, lengths):
                await line.say(sounds[text])
                await asyncio.sleep(PAUSE_S)
            if line.state.name != "TALKING":
                return None
            await line.hang_up()
            return call

    async with service.bus() as bus:
        begin = asyncio.Event()
        tasks = [asyncio.create_task(one(caller, begin)) for caller in range(calls)]
        await asyncio.sleep(3.0 + 0.2 * calls)
        begin.set()
        killed = await _kill(service, kills, every_s, random.Random(12345)) if kills else []
        ended = [await task for task in tasks]
    run.kills, run.dropped = len(killed), ended.count(None)
    run.said = ["".join(said_by(caller, seconds, lengths)).replace("。", "") for caller in range(calls)]
    for call in ended:
        if call is None:
            run.texts.append("")
            run.tapes.append("")
            continue
        await service.finished(call, FINISH_S)
        turns = [turn for turn in await service.turns(call) if turn.leg is Leg.CALLER]
        run.texts.append(text_of(turns))
        run.tapes.append(await _on_tape(service, call))
        run.in_order &= all(a.ended_s <= b.begun_s + 0.05 for a, b in pairwise(turns))
        for at in _tapped(service, call)[1:]:
            if before := [moment for moment in killed if moment <= at]:
                run.retap_s.append(at - before[-1])
    return run


async def _on_tape(service: RunningService, call: CallId) -> str:
    """Return what the whole recording of the caller says, heard in one go: what a machine that is too busy lost of the
    sound itself, no transcript can have."""
    tape = next(tape for tape in await service.recordings(call) if tape.part is Part.CALLER)
    async with VoskEars(LoadedModel(MODEL)) as ears:
        file = service.settings.recordings_folder / tape.file
        return text_of(await ears.recognise(call, Leg.CALLER, file, [(0.0, tape.seconds)]))


def _tapped(service: RunningService, call: CallId) -> list[float]:
    asked = [(str(line["at"]), line["asked"]) for line in service.journal.read(call) if "asked" in line]
    return [datetime.fromisoformat(at).timestamp() for at, tap in asked if '"caller"' in json.dumps(tap)]


def differences(reference: str, text: str) -> tuple[int, int, int]:
    """Return how many letters of `reference` are missing in `text`, were written otherwise, and came in addition.

    Of all alignments with the fewest edits, one; a longest-match comparison loses its way among repeated sentences.
    """
    row = [(j, 0, 0, j) for j in range(len(text) + 1)]  # edits, missing, otherwise, in addition
    for letter in reference:
        above, row = row, [(row[0][0] + 1, row[0][1] + 1, 0, 0)]
        for j, other in enumerate(text, 1):
            cost, missing, otherwise, more = above[j - 1]
            same = letter == other
            row.append(
                min(
                    (cost + (not same), missing, otherwise + (not same), more),
                    (above[j][0] + 1, above[j][1] + 1, above[j][2], above[j][3]),
                    (row[j - 1][0] + 1, row[j - 1][1], row[j - 1][2], row[j - 1][3] + 1),
                )
            )
    _, missing, otherwise, more = row[-1]
    return missing, otherwise, more


def main(words: Sequence[str]) -> int:
    """Return 0 when no caller was dropped and no more was lost than the undisturbed run lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills ears", description=__doc__)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--every", type=float, default=3.0, metavar="S")
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args(words)
    seconds = options.kills * options.every + 5.0
    runs = []
    for kills in (0, options.kills):
        change = {"ears": {"workers": options.workers}, "switch": {"most_calls": options.calls + 10}}
        with service_of(change, hurried=True) as service:
            play = _play(service, options.calls, seconds, kills, options.every, options.workers)
            runs.append(asyncio.run(play))
            print(
                f"# {kills} kills: {sum(map(len, runs[-1].texts))} letters written, {runs[-1].dropped} dropped",
                flush=True,
            )
            if runs[-1].dropped or service.tracebacks():
                print(f"#   {service.tracebacks()[:1]}")
    return _tell(options.calls, runs[0], runs[1])


def _tell(calls: int, calm: Run, killed: Run) -> int:
    pairs = list(zip(calm.texts, killed.texts, strict=True))
    missing, otherwise, more = _sum(calm.texts, killed.texts)
    letters = sum(map(len, calm.texts))
    print(f"| {calls} calls, {killed.kills} kills | figure |\n|---|---|")
    print(f"| calls dropped | {calm.dropped + killed.dropped} |")
    print(f"| letters written, undisturbed / under kills | {letters} / {sum(map(len, killed.texts))} |")
    print(f"| of the undisturbed letters missing / otherwise / in addition | {missing} / {otherwise} / {more} |")
    print(f"| transcripts in order | {'all' if calm.in_order and killed.in_order else 'NOT ALL'} |")
    print(f"| new taps | {len(killed.retap_s)} |")
    if killed.retap_s:
        told = " / ".join(f"{quantile(killed.retap_s, share):.2f}" for share in (0.5, 0.95, 1.0))
        print(f"| kill to new tap p50 / p95 / max, s | {told} |")
    for name, run in (("undisturbed", calm), ("under kills", killed)):
        missing, otherwise, more = _sum(run.said, run.texts)
        rate = (missing + otherwise + more) / sum(map(len, run.said))
        print(f"| against what was said, {name}: missing / otherwise / in addition (error rate) "
              f"| {missing} / {otherwise} / {more} ({rate:.3f}) |")  # fmt: skip
        missing, otherwise, more = _sum(run.tapes, run.texts)
        print(f"| against the recording heard in one go, {name}: missing / otherwise / in addition "
              f"| {missing} / {otherwise} / {more} |")  # fmt: skip
    for a, b in pairs:
        if sum(differences(a, b)) > len(a) // 20:
            print(f"# {a}\n# {b}\n")
    return 0 if not killed.dropped and killed.in_order and missing <= letters // 200 else 1


def _sum(references: Sequence[str], texts: Sequence[str]) -> tuple[int, int, int]:
    found = [differences(reference, text) for reference, text in zip(references, texts, strict=True)]
    return sum(each[0] for each in found), sum(each[1] for each in found), sum(each[2] for each in found)
