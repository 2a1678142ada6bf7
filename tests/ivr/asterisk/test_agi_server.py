"""The FastAGI server among callers and strangers."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time

import pytest

from ivr.adapters.asterisk.agi_server import AgiCall
from ivr.errors import SwitchError, SwitchLostError
from tests.ivr.asterisk.fake_agi import CALL_ID, calling, environment, serving


async def once(call: AgiCall) -> None:
    await call.ask("NOOP", seconds=1)


async def answered(port: int) -> float:
    """One ordinary call; returns its round trip in seconds."""
    begun = time.perf_counter()
    async with calling(port) as caller:
        assert await caller.command() == "NOOP"
        caller.say("200 result=0")
        assert await caller.command() == ""
    return time.perf_counter() - begun


async def test_10_a_bare_connect_and_close_freezes_nothing() -> None:
    async with serving(once) as (server, port):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        for _ in range(50):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
        await asyncio.sleep(0.3)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 0.25
        assert await answered(port) < 10
        assert server.open_calls == 0


async def test_garbage_is_sent_away() -> None:
    async with serving(once) as (server, port):
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100_000, b"agi_a: b\n" * 1000, b"\0"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(garbage)
            writer.write_eof()
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(), 20) == b""
            writer.close()
        assert await answered(port) < 10
        assert server.open_calls == 0


async def test_a_peer_that_sends_one_byte_a_minute_is_given_up() -> None:
    async with serving(once, begin_seconds=0.3) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in environment()[:5]:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.05)
        assert await asyncio.wait_for(reader.read(), 20) == b""
        assert server.open_calls == 0
        writer.close()


async def test_a_flood_of_connections_is_refused_and_does_not_touch_the_calls_that_are_there() -> None:
    async with serving(once, max_calls=20, begin_seconds=60) as (server, port):
        async with calling(port) as caller:
            assert await caller.command() == "NOOP"
            strangers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
            async with asyncio.timeout(30):
                while (server.open_calls, server.refused_calls) != (20, 81):  # noqa: ASYNC110  # it counts, and tells nobody
                    await asyncio.sleep(0.02)
            caller.say("200 result=0")
            assert await caller.command() == ""
            for _, writer in strangers:
                writer.close()
        async with asyncio.timeout(30):
            while server.open_calls:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert await answered(port) < 10


async def test_a_caller_whose_line_breaks_is_told_to_the_handler_at_once() -> None:
    ended: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def handler(call: AgiCall) -> None:
        try:
            await call.ask("CONTROL STREAM FILE", "menu", seconds=60)
        except SwitchError as broken:
            ended.set_result(broken)
            raise

    async with serving(handler) as (_, port), calling(port) as caller:
        await caller.command()
        caller.vanish()
        assert isinstance(await asyncio.wait_for(ended, 20), SwitchLostError)


async def test_a_command_that_is_never_answered_ends_at_its_deadline_and_gives_the_caller_back() -> None:
    async def handler(call: AgiCall) -> None:
        with pytest.raises(SwitchError, match="no answer"):
            await call.ask("NOOP", seconds=0.1)
        assert not call.is_open

    async with serving(handler) as (_, port), calling(port) as caller:
        await caller.command()
        assert await caller.command() == ""


async def test_a_fault_in_one_handler_ends_that_turn_only() -> None:
    async def handler(call: AgiCall) -> None:
        if call.request.arguments == ("bad",):
            raise ZeroDivisionError
        await once(call)

    async with serving(handler) as (server, port):
        async with calling(port, "bad") as caller:
            assert await caller.command() == ""
        assert await answered(port) < 10
        assert server.open_calls == 0


async def test_unasked_replies_are_not_taken_for_answers() -> None:
    results = []

    async def handler(call: AgiCall) -> None:
        await asyncio.sleep(0.1)
        results.append((await call.ask("NOOP")).result)

    async with serving(handler) as (_, port), calling(port) as caller:
        caller.say("200 result=42")
        await caller.command()
        caller.say("200 result=7")
        assert await caller.command() == ""
    assert results == [7]


async def test_the_handler_knows_whose_call_it_is() -> None:
    told = []

    async def handler(call: AgiCall) -> None:
        told.append((call.request["uniqueid"], call.request.arguments))

    async with serving(handler) as (_, port), calling(port, "12345", "main") as caller:
        assert await caller.command() == ""
    assert told == [(CALL_ID, ("12345", "main"))]


async def test_closing_the_server_gives_every_caller_back_to_the_dialplan() -> None:
    async def handler(call: AgiCall) -> None:
        await call.ask("CONTROL STREAM FILE", "menu", seconds=60)

    async with serving(handler) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(environment())
        await reader.readline()
    assert await asyncio.wait_for(reader.read(), 20) == b""
    writer.close()
