"""The recordings folder as a call's end needs it: wait until the switch has closed the files, then measure them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from ivr.adapters.files.recording_files import RecordingFiles
from ivr.call import CallId, call_id
from ivr.recording import Part, Recording, day_folder, recording_file

SETTLED_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0
_MIX_ENDING = f"-{Part.MIX}.wav"


class Tapes:
    """Fulfils `cti.world.Tapes`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files = RecordingFiles(root)

    async def measure(self, call: CallId) -> tuple[Recording, ...]:
        await self._settled(call)
        return tuple(await asyncio.gather(*(self._files.measure(call, part) for part in Part)))

    def path(self, recording: Recording) -> Path:
        return self._root / recording.file

    async def calls_since(self, since: datetime) -> tuple[CallId, ...]:
        return await asyncio.to_thread(self._calls_since, since)

    def _calls_since(self, since: datetime) -> tuple[CallId, ...]:
        found = []
        for file in self._root.glob(f"*/*/*/*{_MIX_ENDING}"):
            try:
                call = call_id(file.name.removesuffix(_MIX_ENDING))
                is_recent = file.stat().st_mtime >= since.timestamp()
            except (ValueError, OSError):
                continue
            if is_recent and file.parent == self._root / day_folder(call):
                found.append(call)
        return tuple(sorted(found))

    async def _settled(self, call: CallId) -> None:
        """Return when the sizes of the call's files no longer change: the switch closes them a moment after the end."""
        waited, before = 0.0, self._sizes(call)
        while waited < LONGEST_WAIT_SECONDS:
            await asyncio.sleep(SETTLED_SECONDS)
            waited += SETTLED_SECONDS
            now = self._sizes(call)
            if now == before:
                return
            before = now

    def _sizes(self, call: CallId) -> tuple[int, ...]:
        sizes = []
        for part in Part:
            try:
                sizes.append((self._root / recording_file(call, part)).stat().st_size)
            except OSError:
                sizes.append(0)
        return tuple(sizes)
