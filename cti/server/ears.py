"""The ears wired: the controller's (workers, or its own), a worker's, and the processes in which workers run."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from cti.adapters.mqtt.ears_board import announce, watch
from cti.server.installation import broker_url, folders_of, model_places
from cti.settings import EARS_PER_CORE, PROJECT, Settings
from ivr.adapters.asterisk.supervise import ProcessSpec
from ivr.adapters.vosk.deaf import DeafEars
from ivr.adapters.vosk.ears import EarsNews, EarsOptions, VoskEars
from ivr.adapters.vosk.models import find, open_model
from ivr.adapters.vosk.shared_ears import SharedEars
from ivr.adapters.vosk.worker import EarWorker
from ivr.adapters.vosk_server.server_model import ServerModel, is_server
from ivr.errors import EarsError
from ivr.ports import Ears, SpeechModel
from ivr.speech.ear_roster import worker_count

log = logging.getLogger(__name__)

SERVER_THREADS = 16
"""Threads that wait for a recognition server: waiting costs nothing."""


@contextlib.asynccontextmanager
async def open_ears(settings: Settings, news: EarsNews) -> AsyncIterator[Ears]:
    """Open the controller's ears, or deaf ones that know the reason: the hotline answers either way."""
    if workers_of(settings) == 0:
        try:
            ears = await _own_ears(settings, news)
        except EarsError as error:
            log.error("no_ears", extra={"reason": str(error)})
            yield DeafEars(str(error))
            return
        try:
            yield ears
        finally:
            await ears.close()
        return
    shared = SharedEars(model_name(settings), lambda told: _own_ears(settings, told), news)
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(shared.run(), name="ears workers"),
            tasks.create_task(watch(broker_url(settings), shared.announced), name="ears board"),
        ]
        try:
            yield shared
        finally:
            await shared.close()
            for task in running:
                task.cancel()


async def _own_ears(settings: Settings, news: EarsNews) -> VoskEars:
    """Open ears in this process; EarsError when there is no model."""
    model = await asyncio.to_thread(speech_model, settings)
    ears = VoskEars(model, EarsOptions(threads=SERVER_THREADS if is_server(settings.speech_model) else 0), news)
    await ears.__aenter__()
    return ears


def speech_model(settings: Settings) -> SpeechModel:
    """Load the model that the settings name, or stand before the server that has it; EarsError with the remedy."""
    if is_server(settings.speech_model):
        return ServerModel(settings.speech_model)
    model, warning = open_model(settings.speech_model, model_places(settings))
    if warning:
        log.warning("demo_model", extra={"warning": warning})
    return model


def model_name(settings: Settings) -> str:
    """Return the name by which a worker says which model it has; EarsError when there is none."""
    if is_server(settings.speech_model):
        return ServerModel(settings.speech_model).name
    return find(settings.speech_model, model_places(settings)).name


def workers_of(settings: Settings) -> int:
    """Return how many workers to run; by default one per core, as far as their models fit into the memory."""
    if settings.ears.workers != EARS_PER_CORE:
        return settings.ears.workers
    if is_server(settings.speech_model):
        return 0  # the server does the work; waiting for it needs no processes
    with contextlib.suppress(EarsError, OSError):
        size = find(settings.speech_model, model_places(settings)).size_bytes
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return worker_count(os.cpu_count() or 1, size, memory)
    return 0  # no model: the controller says so


async def work(settings: Settings, name: str, host: str, url: str) -> None:
    """Be one recognition worker until cancelled."""
    model = await asyncio.to_thread(speech_model, settings)
    async with EarWorker(name, model, host, SERVER_THREADS if is_server(settings.speech_model) else 1) as worker:
        log.info("ears_worker_ready", extra={"worker": name, "audio_port": worker.card.audio_port})
        await announce(url, lambda: worker.card)


def worker_processes(
    settings: Settings, arguments: Sequence[str], count: int, options: Sequence[str] = (), series: str = ""
) -> list[ProcessSpec]:
    """Return the workers as programs to supervise; `arguments` stand before the subcommand, `options` after it.

    Nobody waits for them: until they have announced themselves, the controller hears with its own ears.
    """
    run = folders_of(settings).run
    return [_process(run, name, (sys.executable, "-m", "cti", *arguments, "ears", "--one", name, *options))
            for name in worker_names(run, count, series)]  # fmt: skip


def worker_names(run: Path, count: int, series: str = "") -> list[str]:
    """Return names that no other machine, run folder or series has."""
    host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:30] or "machine"
    ours = hashlib.sha256(str(run).encode()).hexdigest()[:4]
    return [f"{host}-{ours}-{series}{number}" for number in range(1, count + 1)]


def _process(run: Path, name: str, command: tuple[str, ...]) -> ProcessSpec:
    async def is_ready() -> bool:
        return True

    return ProcessSpec(
        name=f"ears {name.rpartition('-')[2]}",
        command=command,
        pid_file=run / "ears" / f"{name}.json",
        log_file=run / "log" / "ears.out",
        is_ready=is_ready,
        cwd=PROJECT,
        stop_seconds=5.0,
        longest_pause_seconds=5.0,
    )
