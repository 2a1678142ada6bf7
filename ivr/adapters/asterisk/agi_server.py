"""The FastAGI server: one task per call, a deadline on each command, and nothing a stranger sends can hurt.

A connection that says nothing, garbage, or goes away at once costs a few bytes for a few seconds. Beyond the limit new
connections are closed at once: Asterisk then says AGISTATUS=FAILURE or goes on without us, and its dialplan queues the
caller. Nothing in here decides anything about a call; the handler does.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Awaitable, Callable

from ivr.adapters.asterisk.agi import AgiError, AgiHangUp, AgiMessage, AgiParser, AgiReply, AgiRequest, encode_command
from ivr.errors import HotlineError, SwitchError, SwitchLostError

log = logging.getLogger(__name__)

MAX_PENDING_MESSAGES = 64


class AgiCall(asyncio.Protocol):
    """One FastAGI connection: `request` says whose it is; `ask` sends one command and waits for its reply."""

    def __init__(self, opened: Callable[[AgiCall], None]) -> None:
        self._opened = opened
        self._parser = AgiParser()
        self._messages: deque[AgiMessage] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._gone: str | None = None
        self._busy = False
        self.hung_up = False
        self.request = AgiRequest({}, ())

    # ------------------------------------------------------------------------------------------- called by the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._opened(self)

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._parser.feed(data):
                if isinstance(message, AgiHangUp):
                    self.hung_up = True
                else:
                    self._messages.append(message)
        except AgiError as garbage:
            self._end(str(garbage))
        if len(self._messages) > MAX_PENDING_MESSAGES:
            self._end("replies that nobody asked for")
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(f"AGI connection lost: {exc}" if exc else "AGI connection closed by the switch")

    # ------------------------------------------------------------------------------------------ called by the handler

    async def begin(self, seconds: float) -> AgiRequest:
        """Read the environment block; AgiError when it does not come whole within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                message = await self._next()
        except TimeoutError as late:
            raise AgiError(f"no AGI environment in {seconds:g} s") from late
        if not isinstance(message, AgiRequest):
            raise AgiError("an AGI call that does not begin with its environment")
        self.request = message
        return message

    async def ask(self, command: str, *arguments: str, seconds: float = 5.0) -> AgiReply:
        """Carry out one command. SwitchLostError on a broken line; SwitchError (and the line is cut) when late.

        One at a time. A caller who hung up is seen in `hung_up`, and as result -1 or code 511 in the reply.
        """
        encoded = encode_command(command, *arguments)
        if self._busy:
            raise SwitchError(f"{command}: another AGI command is still running")
        if self._gone is not None or self._transport is None:
            raise SwitchLostError(self._gone or "AGI connection not open")
        self._busy = True
        self._messages.clear()
        self._transport.write(encoded)
        try:
            async with asyncio.timeout(seconds):
                reply = await self._next()
        except TimeoutError as late:
            self._end(f"{command}: no answer in {seconds:g} s")
            raise SwitchError(f"{command}: no answer in {seconds:g} s") from late
        except asyncio.CancelledError:
            self._end(f"{command} was given up")  # its late reply must not be taken for another's
            raise
        finally:
            self._busy = False
        if not isinstance(reply, AgiReply):
            raise AgiError("an AGI environment in the middle of a call")
        return reply

    @property
    def is_open(self) -> bool:
        return self._gone is None

    def close(self) -> None:
        """Give the call back to the dialplan."""
        self._end("closed by us")

    # ------------------------------------------------------------------------------------------------------ within

    async def _next(self) -> AgiMessage:
        while not self._messages:
            if self._gone is not None:
                raise SwitchLostError(self._gone)
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._messages.popleft()

    def _end(self, reason: str) -> None:
        if self._gone is None:
            self._gone = reason
        if self._transport is not None:
            self._transport.close()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


Handler = Callable[[AgiCall], Awaitable[None]]


class AgiServer:
    """Listens on loopback and runs `handler` once per call; after the handler the call goes back to the dialplan."""

    def __init__(self, handler: Handler, *, max_calls: int = 500, begin_seconds: float = 3.0) -> None:
        self._handler = handler
        self._max_calls = max_calls
        self._begin_seconds = begin_seconds
        self._tasks: asyncio.TaskGroup | None = None
        self._listening: asyncio.Future[tuple[str, int]] | None = None
        self.open_calls = 0
        self.refused_calls = 0

    async def run(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serve until cancelled; calls in progress are given back to the dialplan then."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            server = await loop.create_server(lambda: AgiCall(self._opened), host, port, backlog=512)
            address = server.sockets[0].getsockname()
            self._address.set_result((address[0], address[1]))
            try:
                await server.serve_forever()
            finally:
                server.close()

    async def address(self) -> tuple[str, int]:
        """Where the server listens, once it does."""
        return await asyncio.shield(self._address)

    @property
    def _address(self) -> asyncio.Future[tuple[str, int]]:
        if self._listening is None:
            self._listening = asyncio.get_running_loop().create_future()
        return self._listening

    def _opened(self, call: AgiCall) -> None:
        if self._tasks is None or self.open_calls >= self._max_calls:
            self.refused_calls += 1
            log.warning("agi_call_refused", extra={"open_calls": self.open_calls})
            call.close()
            return
        self.open_calls += 1
        self._tasks.create_task(self._serve(call))

    async def _serve(self, call: AgiCall) -> None:
        try:
            await call.begin(self._begin_seconds)
            await self._handler(call)
        except HotlineError as ended:
            log.info("agi_call_ended", extra={"reason": str(ended)[:200]})
        except Exception:  # the call's outermost task: a fault of ours ends this one call's turn, never the server
            log.exception("agi_handler_failed")
        finally:
            self.open_calls -= 1
            call.close()
