"""One login to the manager interface through panoramisk, with every defect we measured guarded; lives until it is lost.

No panoramisk type leaves this file. What we keep of it: the transport, the login, ids of actions and their pairing
with answers. What is guarded, numbered as in tests/ivr/asterisk/test_panoramisk_defects.py: 1 no AGI over AMI; 2 we say
ourselves which answers are lists; 3 only whole messages are decoded; 4 only bytes from `wire` are written; 5 no
callback of ours runs inside the parser; 6, 7 a loss fails what is pending, and nothing is ever sent again; 8 a watchdog
counts missed pongs; 9, 10 its CallManager and FastAGI are not used; 11 messages are read by `wire`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from ivr.adapters.asterisk.wire import AmiMessage, Headers, MessageSplitter, WireError, encode_action, parse_message
from ivr.adapters.asterisk.wire_actions import HEADERS_OF
from ivr.errors import SwitchError, SwitchLostError, SwitchRefusedError

log = logging.getLogger(__name__)
_quiet = logging.getLogger(f"{__name__}.panoramisk")
_quiet.setLevel(logging.CRITICAL)  # panoramisk logs whole messages, with numbers in them

MAX_PENDING = 1000
MAX_LIST = 200_000


class _GuardedAction(Action):  # type: ignore[misc]
    """An action whose bytes were checked beforehand, and whose answer is complete when we say so, not by guess."""

    def __init__(self, name: str, action_id: str, encoded: bytes, as_list: bool) -> None:
        super().__init__({"Action": name, "ActionID": action_id})
        self.wanted_list = as_list
        self.encoded = encoded
        self.answer: list[AmiMessage] = []

    def __str__(self) -> str:
        return self.encoded.decode()

    def add_message(self, message: Message) -> bool:
        """Take one message with our ActionID; True when the answer is complete."""
        ami: AmiMessage = message.ami
        self.answer.append(ami)
        refused = "response" in ami and ami["Response"] not in Message.success_responses
        complete = not self.wanted_list or refused or ami["EventList"].lower() in ("complete", "cancelled")
        if len(self.answer) > MAX_LIST:
            complete = True
        if complete and not self.future.done():
            self.future.set_result(self.answer)
        return complete


class _GuardedProtocol(AMIProtocol):  # type: ignore[misc]
    """panoramisk's protocol, fed with whole messages only."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.splitter = MessageSplitter()
        self.heard = 0

    def data_received(self, data: bytes) -> None:
        self.heard += 1
        try:
            for raw in self.splitter.feed(data):
                self._take(parse_message(raw))
        except WireError as broken:
            self._abort(str(broken))

    def _take(self, ami: AmiMessage) -> None:
        if self.closed or self.factory is None:
            return
        pending = self.responses.get(ami["ActionID"]) if "actionid" in ami else None
        # OriginateResponse carries the ActionID of its Originate and may overtake the answer: it is an event.
        if pending is not None and ("event" not in ami or pending.wanted_list):
            message = Message({"ActionID": ami["ActionID"]})
            message.ami = ami
            self.handle_message(message)
        elif ami["Event"]:
            self.factory.sink(ami)

    def _abort(self, reason: str) -> None:
        if self.factory is not None:
            self.factory.lose(reason)
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.factory is not None:
            self.factory.lose(f"connection lost: {exc}" if exc else "connection closed by the switch")
        super().connection_lost(exc)


class _GuardedManager(Manager):  # type: ignore[misc]
    """panoramisk's manager for one connection: it never reconnects, never sends again, never runs callbacks."""

    def __init__(self, sink: Callable[[AmiMessage], None], lose: Callable[[str], None]) -> None:
        super().__init__(
            loop=asyncio.get_running_loop(),
            log=_quiet,
            protocol_factory=_GuardedProtocol,
            forgetable_actions=tuple(name.lower() for name in HEADERS_OF),
        )
        self.sink = sink
        self.lose = lose

    def connection_lost(self, exc: Exception | None) -> None:
        """Do nothing: the protocol has told `lose`, and the next connection gets a manager of its own."""
        del exc

    def ping(self) -> None:
        """Do nothing: the watchdog of Connection pings, and looks at the answers."""


class Connection:
    """One logged-in connection; after `lost` is set it is dead. Events go to `on_event`, which must not raise."""

    def __init__(self, on_event: Callable[[AmiMessage], None], deadline_seconds: float = 5.0) -> None:
        self._deadline = deadline_seconds
        self._manager = _GuardedManager(on_event, self._lose)
        self._pending: set[asyncio.Future[list[AmiMessage]]] = set()
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def open(self, host: str, port: int, username: str, secret: str) -> None:
        """Connect and log in; SwitchRefusedError when the password is wrong, SwitchLostError when nobody is there."""
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[object] = loop.create_future()
        try:
            async with asyncio.timeout(self._deadline):
                opened.set_result(await loop.create_connection(_GuardedProtocol, host, port))
        except (OSError, TimeoutError) as absent:
            raise SwitchLostError(f"no manager interface at {host}:{port}: {absent or 'no answer'}") from absent
        self._manager.connection_made(opened)
        try:
            await self.ask("Login", [("Username", username), ("Secret", secret), ("Events", "on")])
        except SwitchRefusedError as refused:
            why = str(refused).removeprefix("Login: ")
            raise SwitchRefusedError(f"the switch refused the login of {username!r}: {why}") from refused

    async def ask(
        self, action: str, headers: Headers = (), *, as_list: bool = False, action_id: str = ""
    ) -> list[AmiMessage]:
        """Send one action once and return its answer (a list answer whole); SwitchError when refused, late or lost."""
        if self.lost.done():
            raise SwitchLostError(self.lost.result())
        protocol = self._manager.protocol
        if protocol is None:
            raise SwitchLostError("not connected")
        action_id = action_id or Action.action_id_generator()
        encoded = encode_action(action, headers, action_id)
        if len(self._pending) >= MAX_PENDING or action_id in protocol.responses:
            raise SwitchError(f"{action} not sent: the same action, or too many, are still waiting for an answer")
        request = _GuardedAction(action, action_id, encoded, as_list)
        protocol.encoding = "utf-8"
        answered = protocol.send(request, as_list=as_list)
        self._pending.add(answered)
        try:
            async with asyncio.timeout(self._deadline):
                answer: list[AmiMessage] = await answered
        except TimeoutError as late:
            raise SwitchError(f"{action}: no answer in {self._deadline:g} s") from late
        finally:
            self._pending.discard(answered)
            protocol.responses.pop(action_id, None)
        if "response" in answer[0] and answer[0]["Response"] not in Message.success_responses:
            raise SwitchRefusedError(f"{action}: {answer[0]['Message'] or 'refused'}")
        return answer

    async def watch(self, ping_seconds: float, missed_allowed: int = 2) -> None:
        """Ping; when `missed_allowed` pings in a row bring nothing at all from the peer, lose the connection."""
        missed = 0
        while not self.lost.done():
            protocol = self._manager.protocol
            before = protocol.heard
            answered = await self._pong(ping_seconds)
            missed = 0 if answered or protocol.heard != before else missed + 1
            if missed >= missed_allowed:
                self.abort(f"no pong {missed} times in {missed * ping_seconds:g} s")
            elif answered:
                await asyncio.sleep(ping_seconds)

    async def _pong(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.ask("Ping")
        except (SwitchError, TimeoutError):
            return False
        return True

    def abort(self, reason: str) -> None:
        """Cut the connection now; everything pending fails with SwitchLostError."""
        self._lose(reason)
        protocol = self._manager.protocol
        if protocol is not None and protocol.transport is not None:
            protocol.transport.abort()
        self._manager.close()

    def _lose(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)
        for answered in self._pending:
            if not answered.done():
                answered.set_exception(SwitchLostError(f"{reason}; whether the action was done is unknown"))
