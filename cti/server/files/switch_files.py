"""Makes a running switch follow queues, keys out of queues and seats: writes its files, has it read what changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from cti.seats_file import Seat
from cti.server.installation import render_switch
from cti.settings import Settings
from ivr.adapters.asterisk.private_parts import Part
from ivr.adapters.asterisk.render import RenderedSwitch
from ivr.adapters.asterisk.switch_console import Reload, reload
from routing.queue import Queues

log = logging.getLogger(__name__)

EXTENSIONS, PHONES, QUEUES = "extensions.conf", "pjsip.conf", "queues.conf"


class SwitchFiles:
    """Calls go on meanwhile: Asterisk lets them finish with what they began with."""

    def __init__(
        self, settings: Settings, part: Callable[[], Part], reload_queues: Callable[[], Awaitable[None]]
    ) -> None:
        self._settings, self._part, self._reload_queues = settings, part, reload_queues
        self._lock = asyncio.Lock()
        self._unread: set[str] = set()
        self._keys: set[str] = set()

    async def follow(self, queues: Queues, keys: Iterable[str], seats: tuple[Seat, ...]) -> None:
        """Make the switch work by these; SwitchError or OSError, and then it may be asked again.

        A key that was known once stays known while we live: callers of an older flow may still wait with it.
        """
        async with self._lock:
            self._keys |= set(keys)
            rendered = await asyncio.to_thread(render_switch, self._settings, queues, self._keys, seats)
            self._unread |= set(rendered.changed)
            await self._read(rendered)

    async def _read(self, rendered: RenderedSwitch) -> None:
        """First the dialplan: queues name its contexts, telephones its extensions."""
        for file, what in ((EXTENSIONS, Reload.DIALPLAN), (PHONES, Reload.PHONES)):
            if file in self._unread:
                await reload(self._part(), rendered.main_file, what)
                self._unread.discard(file)
        if QUEUES in self._unread:
            await self._reload_queues()
            self._unread.discard(QUEUES)
