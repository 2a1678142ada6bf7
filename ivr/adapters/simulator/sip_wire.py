"""SIP over UDP: repeats what was lost, both ways, and takes nothing twice (RFC 3261, section 17)."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable

from ivr.adapters.simulator.loopback import require_loopback
from ivr.adapters.simulator.phone_errors import CallTimeoutError, NotLoopbackError
from ivr.adapters.simulator.sip_message import SipMessage, SipRequest, SipResponse, parse_sip

log = logging.getLogger(__name__)

T1_SECONDS = 0.5
T2_SECONDS = 4.0
_REMEMBERED = 2000

Address = tuple[str, int]
OnRequest = Callable[[SipRequest, Address], None]
OnLateAnswer = Callable[[SipResponse, Address], None]


class SipWire(asyncio.DatagramProtocol):
    """One UDP socket: `ask` sends a request and returns its final answer; requests of others go to `on_request`."""

    def __init__(self, on_request: OnRequest, on_late_answer: OnLateAnswer) -> None:
        self._on_request = on_request
        self._on_late_answer = on_late_answer
        self.address: Address = ("127.0.0.1", 0)
        self._transport: asyncio.DatagramTransport | None = None
        self._released = asyncio.Event()
        self._asked: dict[tuple[str, str], asyncio.Queue[SipResponse]] = {}
        self._acks: OrderedDict[str, tuple[bytes, Address]] = OrderedDict()
        self._answered: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()

    async def open(self, host: str, port: int) -> Address:
        """Bind; returns the address that was bound. OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(require_loopback(host), port))
        self._transport = transport
        self.address = transport.get_extra_info("sockname")
        return self.address

    def via(self) -> str:
        """Return a Via value with a branch of its own, which names a new transaction."""
        return f"SIP/2.0/UDP {self.address[0]}:{self.address[1]};rport;branch=z9hG4bK{secrets.token_hex(10)}"

    async def close(self) -> None:
        """Return when the port is free again."""
        if self._transport is not None and not self._released.is_set():
            self._transport.abort()
            await self._released.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is being closed right now."""
        self._released.set()

    def send(self, message: SipMessage, to: Address) -> None:
        """Send once. Answers are remembered, and repeated when the question is."""
        data = message.encode()
        if isinstance(message, SipResponse):
            self._remember((message.branch, message.cseq[1], message.cseq[0]), data)
        self.send_raw(data, to)

    def send_raw(self, data: bytes, to: Address) -> None:
        """Send bytes as they are; NotLoopbackError when `to` is another machine."""
        require_loopback(to[0])
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, to)

    async def ask(
        self,
        request: SipRequest,
        to: Address,
        *,
        within_seconds: float = 32.0,
        on_provisional: Callable[[SipResponse], None] | None = None,
    ) -> SipResponse:
        """Send `request` until it is answered and return the final answer; CallTimeoutError when none comes in time.

        For an INVITE `within_seconds` counts until the first sign of life only: after that the other side may ring on.
        """
        key = (request.branch, request.method)
        inbox: asyncio.Queue[SipResponse] = asyncio.Queue(maxsize=50)
        self._asked[key] = inbox
        is_invite = request.method == "INVITE"
        deadline: float | None = asyncio.get_running_loop().time() + within_seconds
        wait, patience = T1_SECONDS, True
        try:
            self.send(request, to)
            while True:
                now = asyncio.get_running_loop().time()
                if deadline is not None and now >= deadline:
                    raise CallTimeoutError(f"no answer to {request.method} within {within_seconds:g} s")
                left = None if deadline is None else deadline - now
                pause = left if not patience or left is None else min(wait, left)
                try:
                    answer = await asyncio.wait_for(inbox.get(), pause)
                except TimeoutError:
                    if patience:
                        self.send(request, to)
                        wait = wait * 2 if is_invite else min(wait * 2, T2_SECONDS)
                    continue
                if answer.status >= 200:
                    if is_invite and answer.status >= 300:
                        self._acknowledge_refusal(request, answer, to)
                    return answer
                patience = False
                if is_invite:
                    deadline = None
                if on_provisional is not None:
                    on_provisional(answer)
        finally:
            del self._asked[key]

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not addr[0].startswith("127."):
            return
        message = parse_sip(data)
        if message is None:
            return
        try:
            if isinstance(message, SipResponse):
                self._take_answer(message, addr)
            else:
                self._take_request(message, addr)
        except NotLoopbackError as error:
            log.warning("left_loopback_refused", extra={"why": str(error)})

    def error_received(self, exc: Exception) -> None:
        log.debug("sip_socket_error", extra={"error": str(exc)})  # nobody listens there: the timeout will tell

    def _take_answer(self, answer: SipResponse, addr: Address) -> None:
        branch, method = answer.branch, answer.cseq[1]
        inbox = self._asked.get((branch, method))
        if inbox is not None:
            if not inbox.full():
                inbox.put_nowait(answer)
        elif method == "INVITE" and answer.status >= 300 and branch in self._acks:
            self.send_raw(*self._acks[branch])
        elif answer.status >= 200:
            self._on_late_answer(answer, addr)

    def _take_request(self, request: SipRequest, addr: Address) -> None:
        key = (request.branch, request.method, request.cseq[0])
        if request.method != "ACK" and key in self._answered:
            if self._answered[key]:
                self.send_raw(self._answered[key], addr)
            return
        if request.method != "ACK":
            self._remember(key, b"")
        self._on_request(request, addr)

    def _acknowledge_refusal(self, request: SipRequest, answer: SipResponse, to: Address) -> None:
        """A refusal is acknowledged within the INVITE's own transaction (RFC 3261, 17.1.1.3)."""
        kept = [(name, value) for name, value in request.headers if name in ("Via", "From", "Call-ID", "Route")]
        headers = (*kept, ("To", answer.get("To")), ("CSeq", f"{request.cseq[0]} ACK"), ("Max-Forwards", "70"))
        data = SipRequest(tuple(headers), b"", "ACK", request.uri).encode()
        self._acks[request.branch] = (data, to)
        if len(self._acks) > _REMEMBERED:
            self._acks.popitem(last=False)
        self.send_raw(data, to)

    def _remember(self, key: tuple[str, str, int], data: bytes) -> None:
        self._answered[key] = data
        self._answered.move_to_end(key)
        if len(self._answered) > _REMEMBERED:
            self._answered.popitem(last=False)
