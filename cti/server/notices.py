"""What units are told beside their telephone's ringing: the particulars as a sound, and a message for a gateway."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from cti.server.installation import folders_of
from cti.settings import Settings
from ivr.adapters.voice.espeak import Espeak, VoiceError
from ivr.adapters.voice.sound_file import write_sound
from ivr.call import CallId
from ivr.errors import PartMissingError
from ivr.ports import Clock
from routing.emergency.telling import Teller
from routing.emergency.units import Outlets

log = logging.getLogger(__name__)

KEPT_SECONDS = 900.0
"""The particulars of a case name a place: their sound is deleted once nobody can be listening to it any more."""


def message_file(settings: Settings) -> Path:
    """Return the file in which the short messages lie that a gateway is to send: one JSON object per line."""
    return folders_of(settings).run / "outbox" / "sms.jsonl"


def outlets_of(settings: Settings, espeak: Espeak, teller: Teller, clock: Clock, tasks: asyncio.TaskGroup) -> Outlets:
    """Return the voice and the messages of this installation."""
    sounds = folders_of(settings).sounds
    for old in sounds.glob("emergency/case-*"):
        with contextlib.suppress(OSError):
            old.unlink()
    return Outlets(SpokenNotices(espeak, sounds, tasks), MessageFile(message_file(settings), teller, clock))


class SpokenNotices:
    """Fulfils `routing.emergency.units.Voice`: words become a sound while the unit's telephone rings."""

    def __init__(self, espeak: Espeak, sounds: Path, tasks: asyncio.TaskGroup) -> None:
        self._espeak = espeak
        self._sounds = sounds
        self._tasks = tasks

    def prepare(self, sound: str, words: str) -> None:
        self._tasks.create_task(self._make(self._sounds / sound, words), name="notice")

    async def _make(self, file: Path, words: str) -> None:
        try:
            spoken = await self._espeak.speak(words)
            await asyncio.to_thread(write_sound, file, spoken)
        except (VoiceError, PartMissingError, OSError) as error:  # the standing part is heard all the same
            log.warning("notice_not_spoken", extra={"reason": str(error)})
            return
        asyncio.get_running_loop().call_later(KEPT_SECONDS, _delete, file)


def _delete(file: Path) -> None:
    for each in file.parent.glob(f"{file.name}.*"):
        with contextlib.suppress(OSError):
            each.unlink()


class MessageFile:
    """Fulfils `routing.emergency.units.Messages`: a line in a file of ours, and `sms_wanted` on the bus.

    The file has number and words in full and is readable by us alone; the bus has neither (workorder/envelope.py).
    """

    def __init__(self, file: Path, teller: Teller, clock: Clock) -> None:
        self._file = file
        self._teller = teller
        self._clock = clock

    def want(self, call: CallId, number: str, text: str, facts: Mapping[str, object]) -> None:
        at = self._clock.now()
        line = {"at": at.isoformat(), "call": call, "number": number, "text": text, **facts}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            written = json.dumps(line, ensure_ascii=False) + "\n"
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as file:
                file.write(written)
        except OSError as error:
            log.error("message_not_kept", extra={"call": call, "reason": str(error)})
        self._teller.tell(call, "sms_wanted", at, facts, lasting=True)
