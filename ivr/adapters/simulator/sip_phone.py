"""A telephone on loopback: registers if it has a seat, makes any number of calls, takes calls as planned.

    async with SipPhone(bind_ip="127.0.0.2", number="13800001234") as phone:
        call = await phone.call("12345", "127.0.0.1", 5160)
        await call.answered(within_seconds=5)

It sends nothing to any machine but this one: every address is checked before each packet.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Self

from ivr.adapters.simulator.call_plan import REASONS, Answering, Dialling
from ivr.adapters.simulator.dialog import Dialog
from ivr.adapters.simulator.digest import answer_challenge
from ivr.adapters.simulator.line import LineState
from ivr.adapters.simulator.loopback import require_loopback
from ivr.adapters.simulator.media_loop import MediaLoop
from ivr.adapters.simulator.phone_errors import CallRefusedError, CallTimeoutError, SimulatedPhoneError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_message import SipRequest, SipResponse, respond
from ivr.adapters.simulator.sip_wire import Address, SipWire

log = logging.getLogger(__name__)

_PLAIN_USER = re.compile(r"[0-9A-Za-z+._-]{1,64}")
_ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO, NOTIFY"


class SipPhone:
    """One telephone. `answering` may be changed at any time; `on_call` is run for each call that was answered here."""

    def __init__(
        self,
        *,
        bind_ip: str,
        number: str,
        port: int = 0,
        password: str = "",
        answering: Answering | None = None,
    ) -> None:
        self.number = number
        self.answering = answering or Answering()
        self.on_call: Callable[[SipCall], Awaitable[None]] | None = None
        self.calls: list[SipCall] = []
        self.invitations_ignored = 0
        self._host, self._port, self._password = require_loopback(bind_ip), port, password
        self._wire = SipWire(self._on_request, self._on_late_answer)
        self._media = MediaLoop(number[:20])
        self._by_id: dict[str, SipCall] = {}
        self._arrived: asyncio.Queue[SipCall] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._registered_at: tuple[Address, int] | None = None
        self._register_sequence = 0
        self._register_id = f"{secrets.token_hex(12)}@{self._host}"

    @property
    def address(self) -> Address:
        """Where this phone can be called."""
        return self._wire.address

    async def __aenter__(self) -> Self:
        await self._wire.open(self._host, self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up everything, sign the seat out, and let go of the sockets."""
        open_calls = [call for call in self.calls if call.state is not LineState.ENDED]
        await asyncio.gather(*(call.hang_up() for call in open_calls), return_exceptions=True)
        if self._registered_at is not None:
            try:
                await self._register_once(self._registered_at[0], expires=0, within_seconds=1.0)
            except SimulatedPhoneError as failure:
                log.debug("seat_not_signed_out", extra={"why": str(failure)})
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._media.stop)
        await self._wire.close()

    async def call(self, number: str, host: str, port: int = 5060, how: Dialling | None = None) -> SipCall:
        """Dial, and return at once: `await call.answered()` waits. NotLoopbackError for any other machine."""
        how = how or Dialling()
        server = (require_loopback(host), port)
        call = SipCall(self._wire, self._media, self._host, sends_audio=how.sends_audio)
        uri = f"sip:{number}@{server[0]}:{server[1]}"
        name = f'"{how.display}" ' if how.display else ""
        mine = how.raw_from if how.raw_from is not None else f"{name}<sip:{self.number}@{self._host}>"
        call_id = f"{secrets.token_hex(12)}@{self._host}"
        tagged = f"{mine};tag={secrets.token_hex(6)}"
        dialog = Dialog(call_id, tagged, f"<{uri}>", uri, server, self._contact())
        extra = [("Allow", _ALLOW), *how.headers]
        if how.asserted_identity:
            extra.append(("P-Asserted-Identity", how.asserted_identity))

        def authorise(challenge: str) -> str:
            return answer_challenge(
                challenge,
                method="INVITE",
                uri=uri,
                user=self.number,
                password=self._password,
                cnonce=secrets.token_hex(8),
            )

        self._keep(call, call_id)
        self._start(call.dial(dialog, tuple(extra), how.give_up_seconds, authorise))
        return call

    async def next_call(self, within_seconds: float = 30.0) -> SipCall:
        """Return the next call that came in here (it may still be ringing); CallTimeoutError when none does."""
        try:
            return await asyncio.wait_for(self._arrived.get(), within_seconds)
        except TimeoutError:
            raise CallTimeoutError(f"nobody called within {within_seconds:g} s") from None

    async def register(self, host: str, port: int = 5060, *, expires: int = 120, within_seconds: float = 5.0) -> None:
        """Sign the seat in at the switch and keep it so; CallRefusedError when the switch refuses the password."""
        server = (require_loopback(host), port)
        await self._register_once(server, expires, within_seconds)
        self._registered_at = (server, expires)
        self._start(self._stay_registered(server, expires, within_seconds))

    async def options(self, host: str, port: int = 5060, within_seconds: float = 2.0) -> int:
        """Ask the switch whether it is there; returns the SIP status of its answer."""
        request = self._request("OPTIONS", f"sip:{host}:{port}", f"{secrets.token_hex(12)}@{self._host}", 1, ())
        return (await self._wire.ask(request, (require_loopback(host), port), within_seconds=within_seconds)).status

    def _keep(self, call: SipCall, call_id: str) -> None:
        self.calls.append(call)
        self._by_id[call_id] = call

    def _contact(self) -> str:
        user = self.number if _PLAIN_USER.fullmatch(self.number) else "phone"
        return f"<sip:{user}@{self.address[0]}:{self.address[1]}>"

    def _request(
        self, method: str, uri: str, call_id: str, sequence: int, extra: tuple[tuple[str, str], ...]
    ) -> SipRequest:
        me = f"<sip:{self.number}@{uri.partition(':')[2].rpartition('@')[2]}>"
        headers = (
            ("Via", self._wire.via()),
            ("Max-Forwards", "70"),
            ("From", f"{me};tag={secrets.token_hex(6)}"),
            ("To", me if method == "REGISTER" else f"<{uri}>"),
            ("Call-ID", call_id),
            ("CSeq", f"{sequence} {method}"),
            ("Contact", self._contact()),
            *extra,
        )
        return SipRequest(headers, b"", method, uri)

    async def _register_once(self, server: Address, expires: int, within_seconds: float) -> None:
        uri = f"sip:{server[0]}:{server[1]}"
        extra: tuple[tuple[str, str], ...] = (("Expires", str(expires)),)
        for _ in range(3):  # the second for the challenge, the third for a stale nonce
            self._register_sequence += 1
            request = self._request("REGISTER", uri, self._register_id, self._register_sequence, extra)
            answer = await self._wire.ask(request, server, within_seconds=within_seconds)
            challenge = answer.get("WWW-Authenticate")
            if answer.status == 401 and challenge and ("stale=true" in challenge.lower() or len(extra) == 1):
                proof = answer_challenge(
                    challenge,
                    method="REGISTER",
                    uri=uri,
                    user=self.number,
                    password=self._password,
                    cnonce=secrets.token_hex(8),
                )
                extra = (("Expires", str(expires)), ("Authorization", proof))
                continue
            break
        if answer.status != 200:
            raise CallRefusedError(answer.status, answer.reason)

    async def _stay_registered(self, server: Address, expires: int, within_seconds: float) -> None:
        wait = max(1.0, expires * 0.8)
        while True:
            await asyncio.sleep(wait)
            try:
                await self._register_once(server, expires, within_seconds)
                wait = max(1.0, expires * 0.8)
            except SimulatedPhoneError as failure:
                log.info("seat_registration_lost", extra={"why": str(failure)})
                wait = 1.0

    def _on_request(self, request: SipRequest, sender: Address) -> None:
        call = self._by_id.get(request.call_id)
        if call is not None and call.is_known_to_both:
            self._start(call.handle(request))
        elif request.method == "INVITE" and call is None:
            self._take_invitation(request, sender)
        elif request.method == "OPTIONS" or request.method in ("NOTIFY", "MESSAGE", "INFO"):
            self._answer(request, sender, 200)
        elif request.method != "ACK" and (call is None or not call.has_vanished):
            self._answer(request, sender, 481)

    def _take_invitation(self, invite: SipRequest, sender: Address) -> None:
        plan = self.answering
        if plan.ignores:
            self.invitations_ignored += 1
            return
        call = SipCall(self._wire, self._media, self._host, sends_audio=plan.sends_audio)
        dialog = Dialog.invited(invite, sender, tag=secrets.token_hex(6), contact=self._contact())
        call.invite(invite, dialog)
        self._answer(invite, sender, 100)
        self._keep(call, invite.call_id)
        self._arrived.put_nowait(call)
        self._start(self._attend(call, invite, plan))

    async def _attend(self, call: SipCall, invite: SipRequest, plan: Answering) -> None:
        if self.on_call is not None:
            self._start(self._converse(call))
        await call.take(invite, plan)

    async def _converse(self, call: SipCall) -> None:
        try:
            await call.answered(within_seconds=86_400)
        except SimulatedPhoneError:
            return
        assert self.on_call is not None
        await self.on_call(call)

    def _answer(self, request: SipRequest, to: Address, status: int) -> None:
        reason = REASONS.get(status, "Trying")
        extra = (("Allow", _ALLOW), ("Accept", "application/sdp")) if status == 200 else ()
        self._wire.send(respond(request, status, reason, secrets.token_hex(6), extra), to)

    def _on_late_answer(self, answer: SipResponse, _sender: Address) -> None:
        call = self._by_id.get(answer.call_id)
        if call is not None and answer.cseq[1] == "INVITE" and 200 <= answer.status < 300:
            call.acknowledge(answer)  # the answer came again: our ACK was lost

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            error = task.exception()
            if isinstance(error, SimulatedPhoneError):
                log.info("simulated_call_broke_off", extra={"why": str(error)})
            else:
                log.error("simulated_phone_failed", exc_info=error)
