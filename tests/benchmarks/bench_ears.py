"""Speech: how many live streams one core carries, beside a bare libvosk loop, and how soon a word is known.

The two sides hear the same audio in the same run, taking turns; a silent line, a whole call and unbroken speech.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ivr.adapters.vosk.audiosocket import HANGUP_FRAME, audio_frames, name_frame
from ivr.adapters.vosk.chunk_reader import CHUNK_WIRE_BYTES
from ivr.adapters.vosk.ears import EarsOptions, VoskEars
from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.adapters.vosk.recogniser import CHUNK_BYTES
from ivr.call import CallId, Leg
from tests.benchmarks.figures import Figure, Options, quantile
from tests.ivr.vosk.speech import MODEL, QUIET, spoken, write_wav

SENTENCES = (
    "我家楼下的路灯坏了好几天了",
    "我们小区从昨天晚上开始停水",
    "楼上天天半夜装修声音特别大",
    "公交车站旁边的井盖不见了很危险",
    "请问办理居住证需要什么材料",
)
ROUNDS = 3
TARGET = 0.9
BARE = "bare libvosk loop"
CALL = CallId("bench-1")


def without_pauses() -> bytes:
    """A speaker who never stops: about 20 s."""
    return b"".join(spoken(text) for text in SENTENCES)


def like_a_call() -> bytes:
    """One side of a conversation: each sentence is followed by as long a quiet, while the other side speaks."""
    return b"".join(spoken(text) + QUIET * (len(spoken(text)) // len(QUIET)) for text in SENTENCES)


def bare_loop(model: LoadedModel, sound: bytes) -> None:
    """What any libvosk example does: chunks of 0.2 s, a partial result after each."""
    recogniser = model.recogniser()
    for at in range(0, len(sound), CHUNK_BYTES):
        if recogniser.AcceptWaveform(sound[at : at + CHUNK_BYTES]):
            json.loads(recogniser.Result())
        else:
            json.loads(recogniser.PartialResult())
    json.loads(recogniser.FinalResult())


STREAMS = 16

LIVE, FLOOD = 2.0, 100.0
"""How many times as fast as life the streams come: within the machine's means, and far beyond them."""

SENDER = """
import socket, sys, time
host, port, step, speed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
files = [open(name, "rb").read() for name in sys.argv[5:]]
lines = [socket.create_connection((host, port)) for _ in files]
for line, data in zip(lines, files):
    line.sendall(data[:19])
began, sent = time.perf_counter(), 0
for at in range(19, max(map(len, files)), step):
    for line, data in zip(lines, files):
        line.sendall(data[at : at + step])
        sent += 1
        time.sleep(max(0.0, began + sent * 0.2 / speed / len(files) - time.perf_counter()))
for line in lines:
    line.close()
"""
"""Stands for the switch: a process of its own (its CPU is not ours); chunks of all streams come evenly spread."""


def bare_streams(model: LoadedModel, sound: bytes) -> None:
    """The bare loop for STREAMS callers at once, a chunk of each in turn, as live audio comes."""
    recognisers = [model.recogniser() for _ in range(STREAMS)]
    for at in range(0, len(sound), CHUNK_BYTES):
        for recogniser in recognisers:
            if recogniser.AcceptWaveform(sound[at : at + CHUNK_BYTES]):
                json.loads(recogniser.Result())
            else:
                json.loads(recogniser.PartialResult())
    for recogniser in recognisers:
        json.loads(recogniser.FinalResult())


def our_path(model: LoadedModel, sound: bytes, speed: float = LIVE) -> int:
    """Everything of ours from the sockets to the words of STREAMS callers; returns how many results came."""

    async def run(folder: Path) -> int:
        async with VoskEars(model, EarsOptions(threads=1, max_behind_s=3600, finish_deadline_s=60)) as ears:
            streams = [await ears.expect(CallId(f"bench-{n}"), Leg.CALLER, 0.0) for n in range(STREAMS)]
            files = [folder / stream for stream in streams]
            for file in files:
                await asyncio.to_thread(file.write_bytes, name_frame(file.name) + audio_frames(sound) + HANGUP_FRAME)
            host, port = ears.address
            arguments = ["-c", SENDER, host, str(port), str(CHUNK_WIRE_BYTES), str(speed), *map(str, files)]
            sender = await asyncio.create_subprocess_exec(sys.executable, "-S", *arguments)
            if await sender.wait():
                raise RuntimeError("the sender failed, the figures mean nothing")
            heard = [await ears.finish(CallId(f"bench-{n}")) for n in range(STREAMS)]
            return min(len(one) for one in heard)

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder)))


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of all threads of this process."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def compare(
    name: str, ours: Callable[[], object], peer: Callable[[], object], sound: bytes, rounds: int, target: float | None
) -> Figure:
    """Streams per core, ours beside the peer's: the best of rounds in turn, for other work can only add to CPU time."""
    length_s = STREAMS * len(sound) / 16_000
    both = [(cpu_seconds(ours), cpu_seconds(peer)) for _ in range(rounds)]
    our_best, peer_best = (min(side) for side in zip(*both, strict=True))
    rates = length_s / our_best, length_s / peer_best
    return Figure(name, "streams per core", *rates, BARE, "more", target, of_ratio=target is not None)


def lag(model: LoadedModel, streams: int) -> list[Figure]:
    """Milliseconds from the end of a word, at normal speed, to the event that first holds it, and to its final."""
    sound = QUIET + b"".join(spoken(text) + QUIET * 2 for text in SENTENCES[:3])
    first_seen: dict[tuple[str, int], float] = {}
    partial_lags: list[float] = []
    final_lags: list[float] = []

    async def run() -> None:
        async with VoskEars(model, EarsOptions()) as ears:
            loop = asyncio.get_running_loop()
            began: dict[str, float] = {}

            async def speak(call: CallId) -> None:
                await asyncio.sleep(int(call[6:]) * 37 % 200 / 1000)  # callers do not begin at the same moment
                _, writer = await asyncio.open_connection(*ears.address)
                writer.write(name_frame(await ears.expect(call, Leg.CALLER, 0.0)))
                began[call] = loop.time()
                for number, at in enumerate(range(0, len(sound), 320), start=1):
                    await asyncio.sleep(max(0.0, began[call] + number * 0.02 - loop.time()))
                    writer.write(audio_frames(sound[at : at + 320]))
                writer.write(HANGUP_FRAME)
                writer.close()

            async def read() -> None:
                async for heard in ears.heard():
                    now = loop.time() - began[heard.call]
                    if not heard.is_final:
                        for length in range(1, len(heard.text) + 1):
                            first_seen.setdefault((heard.call, hash(heard.text[:length])), now)
                        continue
                    text = ""
                    for word in heard.words:
                        text += word.text
                        seen = first_seen.get((heard.call, hash(text)))
                        if seen is not None:
                            partial_lags.append((seen - word.ended_s) * 1000)
                    final_lags.append((now - heard.ended_s) * 1000)
                    for key in [key for key in first_seen if key[0] == heard.call]:
                        del first_seen[key]

            reader = asyncio.create_task(read())
            calls = [CallId(f"bench-{number}") for number in range(streams)]
            await asyncio.gather(*(speak(call) for call in calls))
            for call in calls:
                await ears.finish(call)
            await asyncio.sleep(0.05)
            reader.cancel()

    asyncio.run(run())
    at_once = f"{streams} streams" if streams > 1 else "1 stream"
    return [
        Figure(f"end of {what}, {at_once}, {label}", "ms", quantile(lags, share))
        for what, lags in (("word to event", partial_lags), ("utterance to final", final_lags))
        for share, label in ((0.5, "p50"), (0.95, "p95"))
    ]


def after_call(model: LoadedModel, minutes: int) -> Figure:
    """Seconds to write down a recording that no live tap heard."""
    sound, length = like_a_call(), 60 * minutes
    sound = (sound * (length * 16_000 // len(sound) + 1))[: length * 16_000]

    async def run(recording: Path) -> float:
        async with VoskEars(model) as ears:
            began = time.perf_counter()
            await ears.recognise(CALL, Leg.CALLER, recording, [(0.0, float(length))])
            return time.perf_counter() - began

    with tempfile.TemporaryDirectory() as folder:
        took = asyncio.run(run(write_wav(Path(folder) / "caller.wav", sound)))
    began = time.perf_counter()
    bare_loop(model, sound)
    return Figure(f"{minutes} min from the recording, after the call", "s", took, time.perf_counter() - began, BARE)


def silence(model: LoadedModel, seconds: int) -> Figure:
    """CPU of an idle line: the gate spares the recogniser."""
    sound = QUIET * seconds
    ours = cpu_seconds(lambda: our_path(model, sound)) / seconds / STREAMS * 1000
    bare = cpu_seconds(lambda: bare_loop(model, sound)) / seconds * 1000
    return Figure("CPU per second of a silent leg", "ms", ours, bare, BARE)


def measure(options: Options) -> list[Figure]:
    """All figures of the ears; RuntimeError when nothing was heard."""
    if not MODEL.is_dir():
        raise RuntimeError(f"no speech model at {MODEL}: `make model`, or HOTLINE_TEST_MODEL=folder")
    options.say(f"  model {MODEL.name}")
    model = LoadedModel(MODEL)
    speech, talk = without_pauses(), like_a_call()
    if not our_path(model, speech, FLOOD):
        raise RuntimeError("nothing was heard, the figures mean nothing")

    def one_by_one() -> None:
        for _ in range(STREAMS):
            bare_loop(model, speech)

    rounds = int(options.pick(ROUNDS, 1))
    options.say(f"  {STREAMS} streams of unbroken speech, fully loaded")
    full = compare(
        "unbroken speech, fully loaded", lambda: our_path(model, speech, FLOOD), one_by_one, speech, rounds, TARGET
    )
    figures = [
        Figure("real-time factor, unbroken speech", "CPU s per s", 1 / full.ours, 1 / (full.peer or 1), BARE),
        full,
    ]
    if not options.quick:
        for name, sound in (("unbroken speech", speech), ("like a call", talk)):
            options.say(f"  {STREAMS} streams at {LIVE:g} times live speed, {name}")
            ours, peer = partial(our_path, model, sound), partial(bare_streams, model, sound)
            figures.append(compare(f"{name}, live", ours, peer, sound, rounds, TARGET))
    options.say("  silence, a recording, and the lag of words")
    figures += [silence(model, int(options.pick(60, 10))), after_call(model, int(options.pick(3, 1)))]
    for streams in (1, 5 * (os.cpu_count() or 1))[: 1 if options.quick else 2]:
        figures += lag(model, streams)
    return figures
