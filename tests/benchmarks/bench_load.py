"""60, 120 and 200 calls a second: failures, and the CPU of switch and controller, beside the static dialplan.

A call is INVITE, 200 OK, the first prompt, one second, BYE. Two peers play the same sound: the bare static dialplan,
and the same dialplan while recording as ours does. Ours ends each call with a draft in the database; how far that lags
behind a rate which no city reaches is measured too.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.figures import Figure, Options, quantile
from tests.benchmarks.hotline_service import FLOW, RECORDED, STATIC, MeasuredService, measured_service
from tests.benchmarks.processes import CpuMeter, cpu_seconds
from tests.benchmarks.sipp import Callers, Told, many_callers

RATES = (60, 120, 200)
NAMES = {STATIC: "static dialplan", RECORDED: "static dialplan that records", FLOW: "ours"}
_LONGEST_BACKLOG_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Result:
    """One way of control at one rate; percentages of one core over the time in which sipp called."""

    told: Told
    asterisk_percent: float
    controller_percent: float = 0.0
    nets: Counter[str] = field(default_factory=Counter)
    calls_kept: int = 0
    backlog_seconds: float = 0.0
    controller_ms_a_call: float = 0.0


def measure(options: Options) -> list[Figure]:
    """Return the figures of every rate."""
    return asyncio.run(_measure(options))


async def _measure(options: Options) -> list[Figure]:
    figures: list[Figure] = []
    seconds = options.pick(7, 4)
    async with measured_service(options.say) as service:
        for rate in RATES[:: 2 if options.quick else 1]:
            results = {}
            async with service.without_controller():
                for number in (STATIC, RECORDED):
                    results[number] = await _peer(service, number, rate, seconds, options)
            results[FLOW] = await _ours(service, rate, seconds, options)
            figures += _figures(rate, results, round(rate * seconds))
    return figures


async def _calls(
    service: MeasuredService, number: str, rate: int, seconds: float, *pids: int
) -> tuple[Told, list[float]]:
    """Let sipp call, and return what it says with the CPU of these processes meanwhile."""
    with tempfile.TemporaryDirectory(prefix="hl-sipp-") as folder:
        callers = Callers(number, round(rate * seconds), rate, rate * 4)
        async with many_callers(service, callers, Path(folder) / "run") as sipp:
            meter = CpuMeter(*pids)
            told = await sipp.finished()
            return told, list(meter.percent())


async def _peer(service: MeasuredService, number: str, rate: int, seconds: float, options: Options) -> Result:
    options.say(f"  {NAMES[number]}, {rate} calls/s")
    told, (asterisk,) = await _calls(service, number, rate, seconds, service.asterisk_pid)
    await service.becomes_empty(30)
    return Result(told, asterisk)


async def _ours(service: MeasuredService, rate: int, seconds: float, options: Options) -> Result:
    options.say(f"  {NAMES[FLOW]}, {rate} calls/s")
    orders, nets, pid = service.orders(), service.nets(), service.controller_pid
    before = cpu_seconds(pid)
    told, (asterisk, controller) = await _calls(service, FLOW, rate, seconds, service.asterisk_pid, pid)
    ended = time.perf_counter()
    await service.becomes_empty(60)
    wanted = round(rate * seconds)
    while service.orders() - orders < wanted and time.perf_counter() - ended < _LONGEST_BACKLOG_SECONDS:  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    kept = service.orders() - orders
    return Result(
        told,
        asterisk,
        controller,
        service.nets() - nets,
        kept,
        time.perf_counter() - ended,
        1000 * (cpu_seconds(pid) - before) / max(1, kept),
    )


def _figures(rate: int, results: dict[str, Result], calls: int) -> list[Figure]:
    ours, static, records = results[FLOW], results[STATIC], results[RECORDED]
    at = f"{rate} calls/s"
    return [
        Figure(
            f"{at}: failed calls",
            "calls",
            ours.told.failed,
            static.told.failed,
            NAMES[STATIC],
            "equal",
            0,
            note=f"of {calls}",
        ),
        Figure(
            f"{at}: calls that fell into the safety net",
            "calls",
            ours.nets.total(),
            better="equal",
            target=0,
            note=", ".join(f"{count} {why}" for why, count in ours.nets.items()),
        ),
        Figure(f"{at}: calls with a draft in the database", "calls", ours.calls_kept, better="equal", target=calls),
        Figure(f"{at}: CPU of Asterisk", "% of a core", ours.asterisk_percent, static.asterisk_percent, NAMES[STATIC]),
        Figure(
            f"{at}: CPU of Asterisk", "% of a core", ours.asterisk_percent, records.asterisk_percent, NAMES[RECORDED]
        ),
        Figure(f"{at}: CPU of the controller", "% of a core", ours.controller_percent, note="while the calls came"),
        Figure(f"{at}: controller CPU per call, to the draft", "ms", ours.controller_ms_a_call),
        Figure(f"{at}: last BYE → last draft", "s", ours.backlog_seconds, note="the backlog of such a peak"),
        Figure(
            f"{at}: INVITE → 200 OK, p95",
            "ms",
            quantile(ours.told.answer_ms, 0.95),
            quantile(static.told.answer_ms, 0.95),
            NAMES[STATIC],
            note="sipp's clock ticks in 4 ms",
        ),
        Figure(
            f"{at}: INVITE → 200 OK, p95",
            "ms",
            quantile(ours.told.answer_ms, 0.95),
            quantile(records.told.answer_ms, 0.95),
            NAMES[RECORDED],
        ),
        Figure(
            f"{at}: retransmissions", "messages", ours.told.retransmissions, static.told.retransmissions, NAMES[STATIC]
        ),
    ]
