"""From the trigger to the emergency centre: the click to the INVITE, the danger word to the ringing, the spotting.

The centre is a simulator on loopback that says busy to the click's calls, so that the next click can follow, and rings
at once for the spoken ones. A click comes in at the control door and is timed there; the INVITE is timed when the
centre's socket has read it. With 50 talks up, every one of them is bridged, recorded, and heard by the ears on both
sides; their hundred telephones are Python too, in a process of its own on the same cores. The peer of the click is the
same switch asked by hand: an Originate from a bare manager connection. The peer of the spotting only scans the same
text for the same words (ahocorasick_rs) and decides nothing.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.resources import files

import ahocorasick_rs

from cti.adapters.control.visit import ask
from cti.demo.cast import CITIZENS, FIRE_CALLER
from cti.server.emergency import control_socket
from cti.server.installation import espeak_of, part, queues_of, seat_password, switch_config
from cti.settings import PROJECT
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.simulator.call_plan import Answering, Manner, answering
from ivr.adapters.simulator.phone_errors import SimulatedPhoneError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.voice.espeak import Voice
from routing.adapters.emergency_words import WORD_FILES, load_spotter
from tests.benchmarks.bench_words import TEXTS
from tests.benchmarks.figures import Figure, Options, quantile
from tests.benchmarks.hotline_service import CALLERS, MeasuredService, measured_service
from tests.system.running_switch import RawAmi

TALKS = 50
FIRST_SEAT, OWN_SEAT = 811, "810"
INVITE_MS, RINGING_MS = 50.0, 2000.0
PEER = "bare AMI Originate"
SCAN = "ahocorasick_rs, scanning only"
ALARMS = ("我家着火了", "有人落水了", "我老伴昏倒了", "这里发生车祸了", "有人拿刀砍人")
"""Each ends with its danger word: the end of the sound is the end of the word."""

VOICES = ("Annie", "belinda", "m3", "Mike")
"""None of them did the demo model hear in training."""

DANGERS = (*FIRE_CALLER.lines, "水已经漫到窗台了，家里还有两个老人出不去。", "怎么叫她都不应声，脸色发白。")


def measure(options: Options) -> list[Figure]:
    """Return the figures of the click, the word and the spotting."""
    return [*asyncio.run(_measure(options)), *_spotting(options)]


async def _measure(options: Options) -> list[Figure]:
    figures: list[Figure] = []
    seats = [OWN_SEAT, *(str(FIRST_SEAT + number) for number in range(TALKS))]
    async with measured_service(options.say, seats=seats) as service:
        trunk = service.settings.emergency_trunk
        async with SipPhone(bind_ip=trunk.host, port=trunk.port, number="centre") as centre:
            figures += await _clicks(service, centre, 0, options)
            figures += await _words(service, centre, options)
            async with _others_talk(service, options):
                figures += await _clicks(service, centre, TALKS, options)
    return figures


# ------------------------------------------------------------------------------------------------------- the click


async def _clicks(service: MeasuredService, centre: SipPhone, talks: int, options: Options) -> list[Figure]:
    count = int(options.pick(100, 20))
    options.say(f"  {count} clicks, {talks} other talks")
    centre.answering = answering(Manner.BUSY)
    config = switch_config(service.settings, queues_of(service.settings))
    async with _talk(service) as call:
        ours = [await _click(service, centre, call) for _ in range(count)]
        ami = await RawAmi.login(config.ports.ami, config.ami_user, config.ami_secret)
        try:
            bare = [await _bare(ami, centre, number) for number in range(max(20, count // 3))]
        finally:
            await ami.close()
    load = f"{talks} talks up" if talks else "idle"
    return [
        Figure(
            f"click → INVITE at the centre, {load}, {label}",
            "ms",
            quantile(ours, share),
            quantile(bare, share),
            PEER,
            target=INVITE_MS if label == "p99" else None,
            note=f"{len(ours)} clicks" if label == "p50" else "",
        )
        for share, label in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
    ]


@asynccontextmanager
async def _talk(service: MeasuredService) -> AsyncIterator[str]:
    """A citizen talks with our own seat; yields the call's id."""
    switch, settings = service.settings.switch, service.settings
    async with (
        SipPhone(bind_ip="127.0.0.1", number=OWN_SEAT, password=seat_password(settings, OWN_SEAT)) as seat,
        SipPhone(bind_ip=CALLERS, number="13800002222") as phone,
    ):
        await seat.register(switch.sip_host, switch.sip_port)
        line = await phone.call("12345", switch.sip_host, switch.sip_port)
        agent = await seat.next_call(60)
        await agent.answered(10)
        await asyncio.sleep(1.0)
        yield await _id_of(service, phone.number)
        for each in (line, agent):
            with suppress(SimulatedPhoneError):
                await each.hang_up()


async def _id_of(service: MeasuredService, number: str) -> str:
    """Return the call of this caller, as the switch lists it."""
    channels = await service.ami.listed("CoreShowChannels")
    return next(each["Uniqueid"] for each in channels if each.get("CallerIDNum") == number)


async def _click(service: MeasuredService, centre: SipPhone, call: str) -> float:
    """Return the milliseconds from the click at the control door to the INVITE; once it failed, the next may come."""
    door, before = control_socket(service.settings), len(centre.calls)
    request = {"verb": "emergency.raise", "call": call, "kind": "110", "by": OWN_SEAT}
    begun = time.monotonic()
    answer = await asyncio.to_thread(ask, door, request)
    if not answer.get("ok"):
        raise RuntimeError(str(answer.get("text")))
    invited = await _next(centre, before, 5.0)
    while True:  # its machine must have heard that it is over
        cases = (await asyncio.to_thread(ask, door, {"verb": "emergency.status"})).get("cases")
        if isinstance(cases, list) and all(each["state"] in ("unreached", "closed") for each in cases):
            break
        await asyncio.sleep(0.01)
    return 1000 * (invited.begun_at - begun)


async def _bare(ami: RawAmi, centre: SipPhone, number: int) -> float:
    before, begun = len(centre.calls), time.monotonic()
    await ami.act(
        "Originate",
        Channel="PJSIP/110@emergency",
        ChannelId=f"bench-{number}",
        Application="Wait",
        Data="1",
        Async="true",
    )
    invited = await _next(centre, before, 5.0)
    await asyncio.sleep(0.02)
    return 1000 * (invited.begun_at - begun)


async def _next(centre: SipPhone, before: int, within: float) -> SipCall:
    """Return the call after the first `before` ones; begun_at is when its INVITE was read."""
    async with asyncio.timeout(within):
        while len(centre.calls) <= before:  # noqa: ASYNC110  # a list rings no bell
            await asyncio.sleep(0.001)
    return centre.calls[before]


@asynccontextmanager
async def _others_talk(service: MeasuredService, options: Options) -> AsyncIterator[None]:
    """Fifty other talks, held by a process of their own."""
    options.say(f"  {TALKS} talks are being set up")
    file = service.settings.run_folder / "settings.yaml"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.talkers", str(file), str(TALKS), str(FIRST_SEAT),
        cwd=PROJECT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(180):
            if not (await process.stdout.readline()).startswith(b"ready"):
                raise RuntimeError("the talkers did not all get to talk")
        yield
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 60)
        except TimeoutError:
            process.kill()
            await process.wait()


# -------------------------------------------------------------------------------------------------------- the word


async def _words(service: MeasuredService, centre: SipPhone, options: Options) -> list[Figure]:
    count = int(options.pick(20, 5))
    options.say(f"  {count} callers who wait in the queue say a danger word")
    centre.answering = Answering(after_seconds=30.0)
    espeak = espeak_of(service.settings, part(service.settings, PartName.ESPEAK))
    took, missed = [], 0
    for number in range(count):
        voice = Voice(VOICES[number // len(ALARMS) % len(VOICES)])
        sound = await espeak.speak(ALARMS[number % len(ALARMS)], voice)
        seconds = await _word(service, centre, sound, number)
        missed += seconds is None
        took += [] if seconds is None else [1000 * seconds]
    note = f"{len(took)} callers, {len(VOICES)} voices unknown to the model; never noticed: {missed}"
    return [
        Figure(
            f"end of the danger word → the centre rings, {label}",
            "ms",
            quantile(took, share),
            target=RINGING_MS if label == "p95" else None,
            note=note if label == "p50" else "",
        )
        for share, label in ((0.5, "p50"), (0.95, "p95"))
    ]


async def _word(service: MeasuredService, centre: SipPhone, sound: bytes, number: int) -> float | None:
    """Return the seconds from the last sample of the word to the ringing (the centre rings as it is invited)."""
    switch = service.settings.switch
    async with SipPhone(bind_ip=CALLERS, number=f"1380003{number:04d}") as phone:
        line = await phone.call("12345", switch.sip_host, switch.sip_port)
        await line.answered(10)
        call = await _id_of(service, phone.number)
        await _waits(service, call)
        await asyncio.sleep(0.5)
        before = len(centre.calls)
        await line.say(sound)
        ended = time.monotonic()
        try:
            invited = await _next(centre, before, 8.0)
        except TimeoutError:
            return None
        finally:
            await line.hang_up()
            await asyncio.sleep(0.3)
        return invited.begun_at - ended


async def _waits(service: MeasuredService, call: str) -> None:
    """Return when this caller is in a queue."""
    async with asyncio.timeout(60):
        while True:
            queued = await service.ami.listed("CoreShowChannels")
            if any(each["Uniqueid"] == call and each.get("Application") == "Queue" for each in queued):
                return
            await asyncio.sleep(0.1)


# ---------------------------------------------------------------------------------------------------- the spotting


def _spotting(options: Options) -> list[Figure]:
    """Return µs of CPU per text of some twenty characters, as partial results are: the median of the rounds."""
    spotter = load_spotter()
    words = {word for name in WORD_FILES for word in _hanzi(name)}
    scanner = ahocorasick_rs.AhoCorasick(sorted(words))
    texts = [text[:20] for text in (*DANGERS, *TEXTS, *(line for each in CITIZENS for line in each.lines))]
    rounds = int(options.pick(200, 20))
    ours = _each(spotter.spot, texts, rounds)
    bare = _each(lambda text: scanner.find_matches_as_indexes(text, overlapping=True), texts, rounds)
    return [
        Figure("spotting, one partial of 20 characters", "µs", ours, bare, SCAN, target=100, note=f"{len(words)} words")
    ]


def _hanzi(name: str) -> set[str]:
    text = (files("routing.emergency") / "words" / name).read_text(encoding="utf-8")
    return {word for word in re.findall(r"[\u4e00-\u9fff]+", text) if len(word) > 1}


def _each(work: Callable[[str], object], texts: list[str], rounds: int) -> float:
    took = []
    for _ in range(rounds):
        begun = time.thread_time()
        for text in texts:
            work(text)
        took.append((time.thread_time() - begun) / len(texts) * 1e6)
    return sorted(took)[len(took) // 2]
