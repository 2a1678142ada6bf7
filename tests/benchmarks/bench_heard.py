"""Words on their way through recognition workers: to a subscriber of the bus, and to the draft after hang-up.

Workers are processes as `hotline up` starts them, the broker is the real one, and the publisher is the controller's. A
talk is two legs of which one speaks at a time, each packet sent when it is due. Streams per core count the CPU of the
worker and of the controller's side together, beside the bare libvosk loop of this process. The three-minute calls are
real ones: SIP, switch, taps, recording; from the caller's BYE to `finished` on the bus, draft in the database.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt

from cti.adapters.mqtt.ears_board import watch
from cti.adapters.mqtt.publisher import MqttPublisher
from ivr.adapters.vosk.audiosocket import HANGUP_FRAME, audio_frames, name_frame
from ivr.adapters.vosk.ears import EarsNews, VoskEars
from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.adapters.vosk.shared_ears import SharedEars
from ivr.call import CallId, Leg
from tests.benchmarks.bench_ears import BARE, CHUNK_WIRE_BYTES, FLOOD, SENDER, SENTENCES, bare_streams, cpu_seconds
from tests.benchmarks.figures import Figure, Options, quantile
from tests.benchmarks.processes import cpu_seconds as cpu_of
from tests.conftest_services import Broker
from tests.ivr.vosk.speech import MODEL, QUIET, spoken
from tests.system.running_service import service_of
from workorder.envelope import call_event

WORKERS = 4
STREAMS = 16
TALKS = (1, 20, 50)
LAG_P50_MS, LAG_P95_MS = 300.0, 600.0
LAG_TARGET_UP_TO = 20
DRAFT_TARGET_S = 2.0
CALL_S, CALLS = 180, 4

TALKER = """
import heapq, socket, sys, time
sounds = [open(name, "rb").read() for name in sys.argv[1:3]]
lines, start = [], time.monotonic() + 1.0
for number, each in enumerate(sys.argv[3:]):
    port, name, which = each.split(",")
    line = socket.create_connection(("127.0.0.1", int(port)))
    line.sendall(open(name, "rb").read())
    lines.append((line, sounds[int(which)], start + number // 2 * 37 % 200 / 1000))
    print(lines[-1][2], flush=True)
due = [(begin + 0.02, number, 0) for number, (_, _, begin) in enumerate(lines)]
heapq.heapify(due)
while due:
    when, number, at = heapq.heappop(due)
    line, sound, _ = lines[number]
    time.sleep(max(0.0, when - time.monotonic()))
    line.sendall(sound[at : at + 323])
    if at + 323 < len(sound):
        heapq.heappush(due, (when + 0.02, number, at + 323))
    else:
        line.sendall(bytes(3))
        line.close()
"""
"""Stands for the switch; says when each leg began (all processes of a machine share the monotonic clock)."""


@dataclass
class Scene:
    """The controller's side, its workers' process ids, and who listens to the bus."""

    ears: SharedEars
    publisher: MqttPublisher
    broker: Broker
    pids: list[int]
    first_seen: dict[tuple[str, str], float] = field(default_factory=dict)
    finals: list[tuple[str, str, float]] = field(default_factory=list)


@asynccontextmanager
async def scene(model: LoadedModel, workers: int) -> AsyncIterator[Scene]:
    """Workers in processes of their own, connected, and a subscriber that notes when it learns of each word."""
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder))
        broker.start()
        publisher = MqttPublisher(broker.url)

        async def own(news: EarsNews) -> VoskEars:
            return await VoskEars(model, news=news).__aenter__()

        ears = SharedEars(model.name, own)
        (Path(folder) / "broker").write_text(broker.url)
        command = [sys.executable, "-m", "cti", "--run-folder", folder, "ears", "--broker-file", f"{folder}/broker"]
        quiet = asyncio.subprocess.DEVNULL
        processes = [
            await asyncio.create_subprocess_exec(*command, "--one", f"bench-{number}", stdout=quiet, stderr=quiet)
            for number in range(workers)
        ]
        here = Scene(ears, publisher, broker, [process.pid for process in processes])
        works = (ears.run(), watch(broker.url, ears.announced), publisher.run(), _subscribe(here), _publish(here))
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            async with asyncio.timeout(60):
                while len(ears.workers) < workers:  # noqa: ASYNC110  (they ring no bell)
                    await asyncio.sleep(0.05)
            yield here
        finally:
            await ears.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for process in processes:
                process.terminate()
                await process.wait()
            broker.stop()


async def _publish(here: Scene) -> None:
    """As the call's task does."""
    nth = 0
    async for heard in here.ears.heard():
        nth += 1
        data = {"leg": heard.leg, "text": heard.text, "begun_s": heard.begun_s, "ended_s": heard.ended_s}
        name = "heard" if heard.is_final else "hearing"
        here.publisher.announce(call_event(heard.call, name, datetime.now(UTC), data, nth))


async def _subscribe(here: Scene) -> None:
    account = here.broker.account
    async with aiomqtt.Client(
        "127.0.0.1", here.broker.port, username=account.name, password=account.password
    ) as client:
        await client.subscribe("hotline/v1/calls/#")
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            now, told = time.monotonic(), json.loads(message.payload)
            if told["type"] == "heard":
                here.finals.append((told["call"], told["data"]["text"], now))
            else:
                for length in range(1, len(told["data"]["text"]) + 1):
                    here.first_seen.setdefault((told["call"], told["data"]["text"][:length]), now)


async def _lags(here: Scene, talks: int) -> tuple[list[float], list[float]]:
    """Return ms from the end of each word to the event that first holds it, and of each utterance to its final."""
    here.first_seen.clear()
    here.finals.clear()
    sound = QUIET[:8000] + b"".join(spoken(text) + QUIET for text in SENTENCES[:2])
    calls = [CallId(f"talk-{talks}-{number}") for number in range(talks)]
    with tempfile.TemporaryDirectory() as name:
        folder, legs = Path(name), []
        (folder / "speech").write_bytes(audio_frames(sound))
        (folder / "quiet").write_bytes(audio_frames(bytes(len(sound))))
        for call in calls:
            for leg, which in ((Leg.CALLER, 0), (Leg.AGENT, 1)):
                stream = await here.ears.expect(call, leg, 0.0)
                (folder / stream).write_bytes(name_frame(stream))
                legs.append(f"{here.ears.address_of(stream)[1]},{folder / stream},{which}")
        arguments = ["-S", "-c", TALKER, str(folder / "speech"), str(folder / "quiet"), *legs]
        talker = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        assert talker.stdout is not None
        began = [float(await talker.stdout.readline()) for _ in legs][::2]
        await talker.wait()
    words, utterances = [], []
    for call, begun in zip(calls, began, strict=True):
        finals = await here.ears.finish(call)
        await asyncio.sleep(0)
        shift_s = here.ears.coverage(call, Leg.CALLER)[0][0]  # when its first audio came
        for heard in finals:
            text = ""
            for word in heard.words:
                text += word.text
                if (seen := here.first_seen.get((call, text))) is not None:
                    words.append((seen - begun - word.ended_s + shift_s) * 1000)
            told = [at for whose, what, at in here.finals if (whose, what) == (call, heard.text)]
            utterances += [(told[0] - begun - heard.ended_s + shift_s) * 1000] if told else []
    return words, utterances


async def _flood(here: Scene, sound: bytes) -> float:
    """Everything of ours from the sockets to the words of STREAMS callers: CPU seconds of both processes."""
    with tempfile.TemporaryDirectory() as name:
        calls = [CallId(f"flood-{time.monotonic_ns()}-{number}") for number in range(STREAMS)]
        streams = [await here.ears.expect(call, Leg.CALLER, 0.0) for call in calls]
        files = [Path(name) / stream for stream in streams]
        for file in files:
            await asyncio.to_thread(file.write_bytes, name_frame(file.name) + audio_frames(sound) + HANGUP_FRAME)
        host, port = here.ears.address_of(streams[0])
        arguments = ["-S", "-c", SENDER, host, str(port), str(CHUNK_WIRE_BYTES), str(FLOOD), *map(str, files)]
        before, began = cpu_of(here.pids[0]), time.process_time()
        sender = await asyncio.create_subprocess_exec(sys.executable, *arguments)
        if await sender.wait():
            raise RuntimeError("the sender failed, the figures mean nothing")
        await asyncio.gather(*(here.ears.finish(call) for call in calls))
        return cpu_of(here.pids[0]) - before + time.process_time() - began


async def _through_workers(model: LoadedModel, options: Options) -> list[Figure]:
    figures = []
    sound = spoken(SENTENCES[0])
    async with scene(model, 1) as here:
        await _flood(here, sound)  # to be warm
        rounds = int(options.pick(5, 1))
        spent = [(await _flood(here, sound), cpu_seconds(lambda: bare_streams(model, sound))) for _ in range(rounds)]
        ours, bare = (sorted(side)[rounds // 2] / (STREAMS * len(sound) / 16_000) for side in zip(*spent, strict=True))
        label = "one worker, fully loaded"
        figures.append(Figure(label, "streams per core", 1 / ours, 1 / bare, BARE, "more", 0.9, of_ratio=True))
        cards = here.ears.workers
        before = cpu_of(here.pids[0]), time.process_time()
        stream = [await here.ears.expect(CallId(f"quiet-{n}"), Leg.CALLER, 0.0) for n in range(STREAMS)]
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "quiet").write_bytes(audio_frames(QUIET * 5))
            legs = []
            for each in stream:
                (Path(name) / each).write_bytes(name_frame(each))
                legs.append(f"{cards[0].audio_port},{Path(name) / each},0")
            quiet = str(Path(name) / "quiet")
            out = asyncio.subprocess.DEVNULL
            talker = await asyncio.create_subprocess_exec(
                sys.executable, "-S", "-c", TALKER, quiet, quiet, *legs, stdout=out
            )
            await talker.wait()
        spent_s = cpu_of(here.pids[0]) - before[0] + time.process_time() - before[1]
        figures.append(Figure("CPU per second of a silent leg, live", "ms", spent_s * 1000 / STREAMS / 6))
    async with scene(model, WORKERS) as here:
        for talks in TALKS[: int(options.pick(3, 1))]:
            options.say(f"  {talks} talks, to a subscriber")
            words, utterances = await _lags(here, talks)
            for share, target in ((0.5, LAG_P50_MS), (0.95, LAG_P95_MS)):
                name = f"{talks} talks, p{share * 100:.0f}"
                wanted = target if talks <= LAG_TARGET_UP_TO else None
                figures.append(
                    Figure(f"end of word to a subscriber, {name}", "ms", quantile(words, share), target=wanted)
                )
                figures.append(Figure(f"end of utterance to its final, {name}", "ms", quantile(utterances, share)))
    return figures


async def _hang_ups(seconds: float, calls: int) -> list[float]:
    """Return seconds from BYE to `finished` on the bus, for calls with whole live taps."""
    lags: list[float] = []
    with service_of({"ears": {"workers": WORKERS}}, hurried=True) as service:
        sounds = [await service.speech(text, "f4") for text in SENTENCES]

        async def one(number: int) -> None:
            async with service.citizen(f"138{number:08d}") as phone:
                line = await service.dial(phone)
                call = await service.offered(bus, phone)
                ends = time.monotonic() + seconds
                while time.monotonic() < ends:
                    await line.say(sounds[number % len(sounds)])
                    await asyncio.sleep(2.0)
                await asyncio.sleep(number * 0.3)
                began = time.monotonic()
                await line.hang_up()
                await bus.event(call, "finished", 60)
                lags.append(time.monotonic() - began)

        async with service.bus() as bus:
            await asyncio.sleep(3.0)  # the workers are there
            await asyncio.gather(*(one(number) for number in range(calls)))
    return lags


def measure(options: Options) -> list[Figure]:
    """All figures; RuntimeError when nothing was heard."""
    if not MODEL.is_dir():
        raise RuntimeError(f"no speech model at {MODEL}: `make model`, or HOTLINE_TEST_MODEL=folder")
    model = LoadedModel(MODEL)
    options.say(f"  model {MODEL.name}; streams of one worker")
    figures = asyncio.run(_through_workers(model, options))
    seconds = options.pick(CALL_S, 10)
    options.say(f"  {CALLS} calls of {seconds:.0f} s, to the draft")
    lags = asyncio.run(_hang_ups(seconds, CALLS))
    for share, target in ((0.5, None), (0.95, DRAFT_TARGET_S)):
        name = f"hang-up to transcript and draft, {seconds:.0f} s of call, p{share * 100:.0f}"
        figures.append(Figure(name, "s", quantile(lags, share), target=target, note=f"{CALLS} calls at once"))
    return figures
