"""Attachments of sensitive orders: name and content sealed with the orders' keys, the disk and the row tell neither."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from cti.adapters.files.attachments import keep_content
from cti.adapters.files.sealed_box import SealedBox
from cti.adapters.sql.database import Database
from cti.adapters.sql.file_rows import OrderFile, SqlOrderFiles
from workorder.order import OrderNumber

_AT_ONCE = 20


class SealedFiles:
    """Seals and opens; the rows stand in `order_files`, with the name of the key."""

    def __init__(self, database: Database, folder: Path, box: SealedBox) -> None:
        self._files = SqlOrderFiles(database)
        self._folder = folder
        self._box = box

    async def sealed(self, file: OrderFile, content: bytes) -> OrderFile:
        """Write a file's content sealed; returns its row, which names neither the file nor what is in it."""
        name, sealed = self._box.seal(file.id, f"{file.name}\0".encode() + content)
        digest = await asyncio.to_thread(keep_content, self._folder, sealed)
        shown = f"附件-{file.id[:6]}.{file.name.rpartition('.')[2]}"
        return replace(file, name=shown, sha256=digest, key_name=name)

    async def opened(self, file: OrderFile) -> tuple[str, bytes]:
        """Return the true name and the content; StoreRefusedError without its key."""
        sealed = await asyncio.to_thread((self._folder / file.sha256).read_bytes)
        name, _, content = self._box.open(file.id, file.key_name, sealed).partition(b"\0")
        return name.decode(), content

    async def seal_all(self, number: OrderNumber) -> None:
        """Seal what was attached while the order was not sensitive yet. May be repeated."""
        for file in await self._files.of(number):
            if not file.key_name:
                content = await asyncio.to_thread((self._folder / file.sha256).read_bytes)
                await self._change(file, await self.sealed(file, content))

    async def reseal(self) -> int:
        """Seal anew, with the present key, what an older one sealed; returns how many files were."""
        done = 0
        while found := await self._files.under_other_keys(self._box.key_name, _AT_ONCE):
            for file in found:
                name, content = await self.opened(file)
                await self._change(file, await self.sealed(replace(file, name=name), content))
            done += len(found)
        return done

    async def _change(self, old: OrderFile, new: OrderFile) -> None:
        await self._files.change(new)
        if not await self._files.is_used(old.sha256):
            await asyncio.to_thread((self._folder / old.sha256).unlink, missing_ok=True)
