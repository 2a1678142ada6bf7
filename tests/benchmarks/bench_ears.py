"""Speech: how many live streams one core carries, beside a bare libvosk loop, and how soon a word is known.

Both sides hear the same audio in the same run, taking turns, and only the CPU time of this process counts. The bare
loop feeds libvosk the same chunks of 0.2 s and reads a partial result after each, for as many streams in turn, in one
thread as ours has one. "Live" means that both get each chunk when it is due, at 70 % of what the bare loop could carry:
a thread that waits finds its caches cold, whoever wakes it. "Fully loaded" means all audio at once; ours then keeps its
promise for overload, and reads partial results only of streams that are not behind.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ivr.adapters.vosk.audiosocket import HANGUP_FRAME, audio_frames, name_frame
from ivr.adapters.vosk.chunk_reader import CHUNK_WIRE_BYTES
from ivr.adapters.vosk.ears import EarsOptions, VoskEars
from ivr.adapters.vosk.gate import QUIETEST_SPEECH_DBFS
from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.adapters.vosk.recogniser import CHUNK_BYTES, CHUNK_S
from ivr.call import CallId, Leg
from ivr.speech.audio import rms_dbfs
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
LAG_P50_MS, LAG_P95_MS = 300.0, 600.0
LAG_TARGET_UP_TO = 20
"""Streams. With more than that, the lag shows above all how busy the machine is with other things."""
BARE = "bare libvosk loop"
IN_TURN = f"{BARE}, streams in turn"
CALL = CallId("bench-1")
STREAMS = 16
ALONE = 4
LOAD = 0.7
FLOOD = 100.0
"""How many times as fast as life: far beyond the machine's means."""


def without_pauses(sentences: int) -> bytes:
    """A speaker who never stops."""
    return b"".join(spoken(text) for text in SENTENCES[:sentences])


def like_a_call(sentences: int) -> bytes:
    """One side of a conversation: each sentence is followed by as long a quiet, while the other side speaks."""
    return b"".join(spoken(text) + QUIET * (len(spoken(text)) // len(QUIET)) for text in SENTENCES[:sentences])


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


def bare_streams(model: LoadedModel, sound: bytes, speed: float = 0.0, streams: int = STREAMS) -> None:
    """What any libvosk example does, for many callers in turn; each chunk when it is due, or (speed 0) at once."""
    recognisers = [model.recogniser() for _ in range(streams)]
    began, heard = time.perf_counter(), 0
    for at in range(0, len(sound), CHUNK_BYTES):
        for recogniser in recognisers:
            if speed:
                heard += 1
                time.sleep(max(0.0, began + heard * CHUNK_S / speed / streams - time.perf_counter()))
            if recogniser.AcceptWaveform(sound[at : at + CHUNK_BYTES]):
                json.loads(recogniser.Result())
            else:
                json.loads(recogniser.PartialResult())
    for recogniser in recognisers:
        json.loads(recogniser.FinalResult())


def our_path(model: LoadedModel, sound: bytes, speed: float) -> float:
    """Everything of ours from the sockets to the words of STREAMS callers; returns its CPU seconds."""

    async def run(folder: Path) -> float:
        async with VoskEars(model, EarsOptions(threads=1, max_behind_s=3600, finish_deadline_s=60)) as ears:
            streams = [await ears.expect(CallId(f"bench-{n}"), Leg.CALLER, 0.0) for n in range(STREAMS)]
            files = [folder / stream for stream in streams]
            for file in files:
                await asyncio.to_thread(file.write_bytes, name_frame(file.name) + audio_frames(sound) + HANGUP_FRAME)
            host, port = ears.address
            arguments = ["-c", SENDER, host, str(port), str(CHUNK_WIRE_BYTES), str(speed), *map(str, files)]
            sender = await asyncio.create_subprocess_exec(sys.executable, "-S", *arguments)
            began = time.process_time()  # the sender's start is the benchmark's work, not the ears'
            if await sender.wait():
                raise RuntimeError("the sender failed, the figures mean nothing")
            heard = [await ears.finish(CallId(f"bench-{n}")) for n in range(STREAMS)]
            if not all(heard) and rms_dbfs(sound) > QUIETEST_SPEECH_DBFS:
                raise RuntimeError("a caller was not heard, the figures mean nothing")
            return time.process_time() - began

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder)))


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of all threads of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def per_second(length_s: float, rounds: int, ours: Callable[[], float], *peers: Callable[[], object]) -> list[float]:
    """CPU seconds of ours and of each peer per second of audio: the median of rounds in which all took their turn."""
    spent = [[ours(), *(cpu_seconds(peer) for peer in peers)] for _ in range(rounds)]
    return [statistics.median(side) / length_s for side in zip(*spent, strict=True)]


def seconds_of(sound: bytes) -> float:
    return len(sound) / 16_000


def fully_loaded(model: LoadedModel, sound: bytes, rounds: int) -> list[Figure]:
    """All audio at once: what one core can carry."""

    def one_by_one() -> None:
        for _ in range(ALONE):
            bare_streams(model, sound, streams=1)

    ours, in_turn, alone = per_second(
        STREAMS * seconds_of(sound),
        rounds,
        lambda: our_path(model, sound, FLOOD),
        lambda: bare_streams(model, sound),
        one_by_one,
    )
    alone *= STREAMS / ALONE
    name, unit = "unbroken speech, fully loaded", "streams per core"
    return [
        Figure("real-time factor, unbroken speech", "CPU s per s", ours, in_turn, IN_TURN),
        Figure(name, unit, 1 / ours, 1 / in_turn, IN_TURN, "more", TARGET, of_ratio=True),
        Figure(name, unit, 1 / ours, 1 / alone, f"{BARE}, one call after the other", "more", note="no live ears can"),
    ]


def live(model: LoadedModel, name: str, sound: bytes, speed: float, rounds: int) -> Figure:
    """Chunks come when they are due, `speed` times as fast as life."""
    ours, peer = per_second(
        STREAMS * seconds_of(sound),
        rounds,
        lambda: our_path(model, sound, speed),
        lambda: bare_streams(model, sound, speed),
    )
    label = f"{name}, live, {STREAMS * speed:.0f} streams on one thread"
    return Figure(label, "streams per core", 1 / ours, 1 / peer, f"{IN_TURN}, live", "more", TARGET, of_ratio=True)


TALKER = """
import heapq, socket, sys, time
host, port = sys.argv[1], int(sys.argv[2])
sound, *names = [open(name, "rb").read() for name in sys.argv[3:]]
lines = [socket.create_connection((host, port)) for _ in names]
start = time.monotonic() + 0.2
for number, (line, name) in enumerate(zip(lines, names)):
    line.sendall(name)
    print(start + number * 37 % 200 / 1000, flush=True)
due = [(start + number * 37 % 200 / 1000 + 0.02, number, 0) for number in range(len(lines))]
heapq.heapify(due)
while due:
    when, number, at = heapq.heappop(due)
    time.sleep(max(0.0, when - time.monotonic()))
    lines[number].sendall(sound[at : at + 323])
    if at + 323 < len(sound):
        heapq.heappush(due, (when + 0.02, number, at + 323))
    else:
        lines[number].sendall(bytes(3))
        lines[number].close()
"""
"""Stands for the switch when every packet must come at its own time; says when each caller began (all processes of a
machine share the monotonic clock)."""


def bare_lags(model: LoadedModel, sound: bytes) -> tuple[list[float], list[float]]:
    """Milliseconds from word to partial and from utterance to final in a bare libvosk loop with one stream.

    The loop has each chunk when its last sample was spoken; what the recogniser then needs is added.
    """
    recogniser = model.recogniser()
    recogniser.SetWords(True)
    partial_lags: list[float] = []
    final_lags: list[float] = []
    seen: dict[str, float] = {}

    def take(result: dict[str, Any], now: float) -> None:
        said = ""
        for word in result.get("result", ()):
            said += word["word"]
            if said in seen:
                partial_lags.append((seen[said] - word["end"]) * 1000)
        if result.get("result"):
            final_lags.append((now - result["result"][-1]["end"]) * 1000)
        seen.clear()

    for at in range(0, len(sound), CHUNK_BYTES):
        chunk, began = sound[at : at + CHUNK_BYTES], time.perf_counter()
        is_final = recogniser.AcceptWaveform(chunk)
        result = json.loads(recogniser.Result() if is_final else recogniser.PartialResult())
        now = (at + len(chunk)) / CHUNK_BYTES * CHUNK_S + time.perf_counter() - began
        if is_final:
            take(result, now)
            continue
        text = result["partial"].replace(" ", "")
        for length in range(1, len(text) + 1):
            seen.setdefault(text[:length], now)
    take(json.loads(recogniser.FinalResult()), len(sound) / CHUNK_BYTES * CHUNK_S)
    return partial_lags, final_lags


def lag(model: LoadedModel, streams: int) -> list[Figure]:
    """Milliseconds from the end of a word, at normal speed, to the event that first holds it, and to its final."""
    sound = QUIET[:8000] + b"".join(spoken(text) + QUIET for text in SENTENCES[:2])
    first_seen: dict[tuple[str, int], float] = {}
    partial_lags: list[float] = []
    final_lags: list[float] = []

    async def run(folder: Path) -> None:
        async with VoskEars(model, EarsOptions()) as ears:
            loop = asyncio.get_running_loop()
            began: dict[str, float] = {}

            async def read() -> None:
                async for heard in ears.heard():
                    now = loop.time() - began[heard.call]
                    if not heard.is_final:
                        for length in range(1, len(heard.text) + 1):
                            first_seen.setdefault((heard.call, hash(heard.text[:length])), now)
                        continue
                    text, shift_s = "", ears.coverage(heard.call, heard.leg)[0][0]  # when its first audio came
                    for word in heard.words:
                        text += word.text
                        seen = first_seen.get((heard.call, hash(text)))
                        if seen is not None:
                            partial_lags.append((seen - word.ended_s + shift_s) * 1000)
                    final_lags.append((now - heard.ended_s + shift_s) * 1000)
                    for key in [key for key in first_seen if key[0] == heard.call]:
                        del first_seen[key]

            calls = [CallId(f"bench-{number}") for number in range(streams)]
            (folder / "sound").write_bytes(audio_frames(sound))
            for call in calls:
                (folder / call).write_bytes(name_frame(await ears.expect(call, Leg.CALLER, 0.0)))
            host, port = ears.address
            arguments = ["-S", "-c", TALKER, host, str(port), *(str(folder / name) for name in ("sound", *calls))]
            talker = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
            assert talker.stdout is not None
            for call in calls:
                began[call] = float(await talker.stdout.readline())
            reader = asyncio.create_task(read())
            await talker.wait()
            for call in calls:
                await ears.finish(call)
            await asyncio.sleep(0.05)
            reader.cancel()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
    at_once = f"{streams} streams" if streams > 1 else "1 stream"
    bare_partials, bare_finals = bare_lags(model, sound)
    peer = "bare libvosk loop, 1 stream"
    figures = []
    for share, target in ((0.5, LAG_P50_MS), (0.95, LAG_P95_MS)):
        label = f"{at_once}, p{share * 100:.0f}"
        wanted = target if streams <= LAG_TARGET_UP_TO else None
        words, utterances = quantile(bare_partials, share), quantile(bare_finals, share)
        figures += [
            Figure(f"end of word to event, {label}", "ms", quantile(partial_lags, share), words, peer, target=wanted),
            Figure(f"end of utterance to its final, {label}", "ms", quantile(final_lags, share), utterances, peer),
        ]
    return figures


def after_call(model: LoadedModel, minutes: int) -> Figure:
    """Seconds to write down a recording that no live tap heard."""
    sound, length = like_a_call(len(SENTENCES)), 60 * minutes
    sound = (sound * (length * 16_000 // len(sound) + 1))[: length * 16_000]

    async def run(recording: Path) -> float:
        async with VoskEars(model) as ears:
            began = time.perf_counter()
            await ears.recognise(CALL, Leg.CALLER, recording, [(0.0, float(length))])
            return time.perf_counter() - began

    with tempfile.TemporaryDirectory() as folder:
        took = asyncio.run(run(write_wav(Path(folder) / "caller.wav", sound)))
    began = time.perf_counter()
    bare_streams(model, sound, streams=1)
    return Figure(f"{minutes} min from the recording, after the call", "s", took, time.perf_counter() - began, BARE)


def silence(model: LoadedModel, speed: float, seconds: int) -> Figure:
    """CPU of an idle line: the gate spares the recogniser."""
    sound = QUIET * seconds
    ours, peer = per_second(
        STREAMS * seconds, 1, lambda: our_path(model, sound, speed), lambda: bare_streams(model, sound)
    )
    return Figure("CPU per second of a silent leg", "ms", ours * 1000, peer * 1000, IN_TURN)


def measure(options: Options) -> list[Figure]:
    """All figures of the ears; RuntimeError when nothing was heard."""
    if not MODEL.is_dir():
        raise RuntimeError(f"no speech model at {MODEL}: `make model`, or HOTLINE_TEST_MODEL=folder")
    options.say(f"  model {MODEL.name}")
    model = LoadedModel(MODEL)
    rounds, speech = int(options.pick(ROUNDS, 1)), without_pauses(int(options.pick(2, 1)))
    our_path(model, without_pauses(1), FLOOD)  # to be warm
    options.say(f"  {STREAMS} streams, fully loaded")
    figures = fully_loaded(model, speech, rounds)
    speed = max(1.0, LOAD / figures[0].peer / STREAMS) if figures[0].peer else 1.0
    options.say(f"  {STREAMS} streams at {speed:.1f} times live speed")
    figures.append(live(model, "unbroken speech", speech, speed, rounds))
    if not options.quick:
        figures.append(live(model, "like a call", like_a_call(1), 1.5 * speed, rounds))
    options.say("  silence, a recording, and the lag of words")
    figures += [silence(model, speed, int(options.pick(12, 3))), after_call(model, int(options.pick(3, 1)))]
    for streams in (1, 20, 50)[: int(options.pick(3, 1))]:
        figures += lag(model, streams)
    return figures
