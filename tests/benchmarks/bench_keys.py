"""Key press to the first packet of the next prompt: the static dialplan, ours, and a plain AsyncAGI controller.

All three play the same two sound files on the same switch; ours is the whole product: FastAGI, the flow engine, the
journal, recording, and (where a speech model is installed) the live tap of every caller.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figures import Figure, Options, quantile
from tests.benchmarks.hotline_service import ASYNC, FLOW, STATIC, MeasuredService, async_agi, measured_service
from tests.benchmarks.measuring_phone import Measured, press_and_measure
from tests.benchmarks.processes import CpuMeter
from tests.benchmarks.sipp import Callers, many_callers

NAMES = {STATIC: "static dialplan", FLOW: "ours", ASYNC: "AsyncAGI"}
BUSY = 130
TARGET_MS = 4.0


@dataclass(frozen=True, slots=True)
class Result:
    """What one way of control did under one load."""

    keys: Measured
    channels: int
    asterisk_percent: float
    controller_percent: float
    failed: int


def measure(options: Options) -> list[Figure]:
    """Return the figures of both loads."""
    return asyncio.run(_measure(options))


async def _measure(options: Options) -> list[Figure]:
    figures: list[Figure] = []
    async with measured_service(options.say) as service:
        for busy in (0, BUSY):
            results = {}
            async with service.without_controller():
                for number in (STATIC, ASYNC):
                    results[number] = await _under(service, number, busy, options)
            results[FLOW] = await _under(service, FLOW, busy, options)
            figures += _figures(results, busy, service)
    return figures


async def _under(service: MeasuredService, number: str, busy: int, options: Options) -> Result:
    phones, presses = 2, int(options.pick(45, 12))
    options.say(f"  {NAMES[number]}, {busy} other callers")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hl-sipp-")))
        pids = [service.asterisk_pid]
        if number == ASYNC:
            pids.append(await stack.enter_async_context(async_agi(service)))
        elif number == FLOW:
            pids.append(service.controller_pid)
        sipp = None
        if busy:
            seconds = 8 + presses * 0.55
            callers = Callers(number, busy, 30.0, busy, "21" * int(seconds / 4 + 3), 500, speaks=True)
            sipp = await stack.enter_async_context(many_callers(service, callers, folder / "run"))
            await service.becomes_full(busy)
        meter = CpuMeter(*pids)
        measured = await asyncio.gather(*(press_and_measure(service, number, presses, nth) for nth in range(phones)))
        asterisk, *others = meter.percent()
        channels = await asyncio.to_thread(service.channels)
        failed = (await sipp.finished()).failed if sipp is not None else 0
        await service.becomes_empty(20)
    together = Measured()
    for one in measured:
        together.to_prompt_ms += one.to_prompt_ms
        together.lost_keys += one.lost_keys
        together.answer_ms += one.answer_ms
    return Result(together, channels, asterisk, sum(others), failed)


def _figures(results: dict[str, Result], busy: int, service: MeasuredService) -> list[Figure]:
    load = f"{busy} calls up" if busy else "idle"
    ours = results[FLOW]
    figures = []
    for peer in (STATIC, ASYNC):
        for share, label in ((0.5, "p50"), (0.95, "p95")):
            figures.append(
                Figure(
                    f"key press → next prompt, {load}, {label}",
                    "ms",
                    quantile(ours.keys.to_prompt_ms, share),
                    quantile(results[peer].keys.to_prompt_ms, share),
                    NAMES[peer],
                    target=TARGET_MS if peer == STATIC and not busy and label == "p50" else None,
                    note=f"{len(ours.keys.to_prompt_ms)} presses" if label == "p50" else "",
                )
            )
    lost = ours.keys.lost_keys
    figures.append(
        Figure(f"keys lost, {load}", "keys", lost, results[STATIC].keys.lost_keys, "static dialplan", "equal", 0)
    )
    if busy:
        other = results[STATIC]
        note = "with recording" + (" and a live tap" if service.hears else ", without ears") + " of each call"
        figures += [
            Figure(f"failed calls, {load}", "calls", ours.failed, other.failed, "static dialplan", "equal", 0),
            Figure(
                f"CPU of Asterisk, {load}",
                "% of a core",
                ours.asterisk_percent,
                other.asterisk_percent,
                "static dialplan",
                note=note,
            ),
            Figure(
                f"CPU of the controller, {load}",
                "% of a core",
                ours.controller_percent,
                results[ASYNC].controller_percent,
                "AsyncAGI",
                note="ours also keeps a journal, listens and records",
            ),
        ]
    return figures
