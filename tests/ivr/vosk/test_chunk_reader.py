"""However the switch sends it, every byte of every stream arrives, in order, and in whole chunks while it is live."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivr.adapters.vosk.chunk_reader import CHUNK_WIRE_BYTES, READ_BYTES, ChunkReader


class Told:
    """Keeps what came from one socket."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.over = asyncio.Event()

    def received(self, data: bytes) -> None:
        self.pieces.append(data)

    def lost(self) -> None:
        self.over.set()

    async def until(self, size: int) -> None:
        async with asyncio.timeout(30):
            while sum(map(len, self.pieces)) < size:  # noqa: ASYNC110  (the pieces ring no bell)
                await asyncio.sleep(0.005)


@asynccontextmanager
async def lines(count: int) -> AsyncIterator[tuple[ChunkReader, list[tuple[socket.socket, Told]]]]:
    """`count` connections over real TCP (a Unix socket counts its bytes differently), ready to be sent on."""
    reader = ChunkReader()
    door = socket.create_server(("127.0.0.1", 0))
    pairs: list[tuple[socket.socket, socket.socket, Told]] = []
    for _ in range(count):
        ours = socket.create_connection(door.getsockname())
        theirs, _address = door.accept()
        ours.setblocking(False)
        told = Told()
        reader.add(ours, told)
        pairs.append((ours, theirs, told))
    yield reader, [(theirs, told) for _, theirs, told in pairs]
    reader.close()
    for ours, theirs, _told in pairs:
        ours.close()
        theirs.close()
    door.close()


async def test_a_stream_is_read_when_a_whole_chunk_has_come_and_not_before() -> None:
    async with lines(1) as (_, [(switch, told)]):
        switch.sendall(bytes(CHUNK_WIRE_BYTES - 1))
        await asyncio.sleep(0.1)
        assert told.pieces == []
        switch.sendall(b"\x01\x02\x03")
        await told.until(CHUNK_WIRE_BYTES)
        assert [len(piece) for piece in told.pieces] == [CHUNK_WIRE_BYTES]
        switch.sendall(bytes(CHUNK_WIRE_BYTES - 2))
        await told.until(2 * CHUNK_WIRE_BYTES)
        assert told.pieces[1][:2] == b"\x02\x03"


async def test_what_came_before_the_goodbye_is_heard_to_the_last_byte() -> None:
    sound = os.urandom(3 * READ_BYTES + 77)
    async with lines(1) as (_, [(switch, told)]):
        await asyncio.to_thread(switch.sendall, sound)
        switch.close()
        async with asyncio.timeout(30):
            await told.over.wait()
        assert b"".join(told.pieces) == sound


async def test_a_talker_who_floods_does_not_keep_the_others_from_being_heard() -> None:
    async with lines(3) as (_, [(flooding, _flood), (one, told), (other, told_too)]):
        sending = asyncio.create_task(asyncio.to_thread(flooding.sendall, bytes(4_000_000)))
        for switch in (one, other):
            switch.sendall(bytes(CHUNK_WIRE_BYTES))
        await told.until(CHUNK_WIRE_BYTES)
        await told_too.until(CHUNK_WIRE_BYTES)
        async with asyncio.timeout(30):
            await sending


async def test_a_stream_that_was_given_up_is_read_no_more() -> None:
    async with lines(2) as (reader, [(gone, told), (kept, told_too)]):
        reader.remove(next(iter(reader._sources)))
        gone.sendall(bytes(CHUNK_WIRE_BYTES))
        kept.sendall(bytes(CHUNK_WIRE_BYTES))
        await told_too.until(CHUNK_WIRE_BYTES)
        assert told.pieces == []
        reader.remove(12_345)
