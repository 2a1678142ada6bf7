"""A collector's photo: checked by content as every attachment, kept with its order; only pictures."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime
from pathlib import Path

from cti.adapters.files.attachments import keep_content
from cti.adapters.sql.file_rows import OrderFile, SqlOrderFiles
from cti.adapters.web.errors import refused
from cti.adapters.web.uploads import KINDS, MOST_BYTES, safe_name, wrong_file
from workorder.audit import Person
from workorder.order import OrderNumber

PICTURES = ("jpg", "jpeg", "png")


async def checked_photo(name: str, content: bytes) -> str:
    """Return the photo's clean name; 413 or 415 with words for what is no picture of a sensible size."""
    clean = safe_name(name)
    if len(content) > MOST_BYTES:
        raise refused(413, f"照片太大。改法：每张不超过 {MOST_BYTES // 1024 // 1024} MB")
    if clean.rpartition(".")[2].lower() not in PICTURES:
        raise refused(415, f"现场照片要是图片。改法：传 {'、'.join(PICTURES)}")
    wrong = await asyncio.to_thread(wrong_file, clean, content)
    if wrong:
        raise refused(415, wrong)
    return clean


async def keep_photo(
    files: SqlOrderFiles, folder: Path, order: OrderNumber, name: str, content: bytes, person: Person, at: datetime
) -> OrderFile:
    """Keep a photo that was checked; the same one twice is one."""
    digest = await asyncio.to_thread(keep_content, folder, content)
    known = next((each for each in await files.of(order) if each.sha256 == digest), None)
    if known is not None:
        return known
    media = KINDS[name.rpartition(".")[2].lower()]
    file = OrderFile(secrets.token_hex(8), order, name, media, len(content), digest, person.name, "", at)
    await files.add(file, person)
    return file
