"""One call on a simulated phone: dial or be rung, answer, hang up, or simply vanish. How it talks is in talking.py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ivr.adapters.simulator.call_plan import REASONS, Answering
from ivr.adapters.simulator.dialog import Dialog
from ivr.adapters.simulator.line import EndedBy, Ending, LineState
from ivr.adapters.simulator.media_loop import MediaLoop
from ivr.adapters.simulator.phone_errors import CallOverError, CallRefusedError, CallTimeoutError, NotLoopbackError
from ivr.adapters.simulator.rtp import FRAME_SECONDS
from ivr.adapters.simulator.sdp import AudioAddress, read_sdp
from ivr.adapters.simulator.sip_message import Headers, SipRequest, SipResponse, respond
from ivr.adapters.simulator.sip_wire import T1_SECONDS, T2_SECONDS, SipWire
from ivr.adapters.simulator.talking import Talking


class SipCall(Talking):
    """One call. Times are `time.monotonic()` seconds, 0.0 until they happen. Audio is signed 16-bit at 8 kHz."""

    def __init__(self, wire: SipWire, media: MediaLoop, host: str, *, sends_audio: bool = True) -> None:
        super().__init__(host, sends_audio=sends_audio)
        self.state = LineState.CALLING
        self.ending: Ending | None = None
        self.invitation: SipRequest | None = None
        self.begun_at = time.monotonic()
        self.ringing_at = self.answered_at = self.ended_at = 0.0
        self.statuses: list[int] = []
        self._wire, self._media = wire, media
        self._dialog: Dialog | None = None
        self._answered, self._ended, self._acknowledged = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._invite_sent: SipRequest | None = None
        media.add(self._stream)

    # What a person does with a telephone

    async def answered(self, within_seconds: float = 30.0) -> None:
        """Wait until the call is answered; CallRefusedError, CallOverError or CallTimeoutError when it is not."""
        over, picked_up = asyncio.ensure_future(self._ended.wait()), asyncio.ensure_future(self._answered.wait())
        try:
            await asyncio.wait({over, picked_up}, timeout=within_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            picked_up.cancel()
        if self._answered.is_set():
            return
        if self.ending is None:
            raise CallTimeoutError(f"not answered within {within_seconds:g} s")
        if self.ending.by is EndedBy.REFUSED:
            raise CallRefusedError(self.ending.status, self.ending.reason)
        raise CallOverError(f"the call ended before it was answered: {self.ending.by.name}")

    async def ended(self, within_seconds: float = 60.0) -> Ending:
        """Wait for the end of the call and return how it came; CallTimeoutError when it goes on."""
        try:
            await asyncio.wait_for(self._ended.wait(), within_seconds)
        except TimeoutError:
            raise CallTimeoutError(f"the call did not end within {within_seconds:g} s") from None
        assert self.ending is not None
        return self.ending

    async def hang_up(self) -> None:
        """End the call: BYE when it is answered, CANCEL before that. Doing it twice is harmless."""
        if self.state is LineState.ENDED or self._dialog is None:
            return
        if self.state is LineState.TALKING:
            self._dialog = self._dialog.next()
            bye = self._dialog.request("BYE", via=self._via())
            self._end(Ending(EndedBy.HERE))
            await self._ask_once(bye)
        elif self.invitation is None:
            await self._cancel()
        else:
            self._respond(self.invitation, 603)
            self._end(Ending(EndedBy.HERE, 603))

    def vanish(self) -> None:
        """Disappear without a word, as a phone whose battery fell out: no BYE, no audio, no answer to anything."""
        self._end(Ending(EndedBy.VANISHED))

    # What the phone tells it

    async def dial(
        self, dialog: Dialog, extra: Headers, give_up_seconds: float, authorise: Callable[[str], str]
    ) -> None:
        """Carry the call through to its answer or refusal; `authorise` turns a challenge into credentials."""
        offer = self._sdp()
        self._dialog = dialog
        invite = dialog.request("INVITE", via=self._via(), extra=extra, body=offer)
        try:
            answer = await self._invite(invite, give_up_seconds)
            challenge = answer.get("WWW-Authenticate") or answer.get("Proxy-Authenticate")
            if answer.status in (401, 407) and challenge and self.state is not LineState.ENDED:
                name = "Authorization" if answer.status == 401 else "Proxy-Authorization"
                self._dialog = dialog = dialog.next()
                proof = (name, authorise(challenge))
                answer = await self._invite(
                    dialog.request("INVITE", via=self._via(), extra=(*extra, proof), body=offer), give_up_seconds
                )
        except CallTimeoutError:
            self._end(Ending(EndedBy.NO_ANSWER, 408))
            return
        if answer.status >= 300:
            self._end(Ending(EndedBy.REFUSED, answer.status, answer.reason))
            return
        gave_up = self.state is LineState.ENDED
        self._dialog = dialog.agreed(answer)
        self.acknowledge(answer)
        if gave_up:  # the answer crossed our CANCEL
            if not self.has_vanished:
                self._dialog = self._dialog.next()
                await self._ask_once(self._dialog.request("BYE", via=self._via()))
            return
        if not self._listen_to(read_sdp(answer.body)):
            self._begin_talking()
            await self.hang_up()
            return
        self._begin_talking()

    def invite(self, invite: SipRequest, dialog: Dialog) -> None:
        """Make this the call that `invite` offers."""
        self.invitation, self._dialog = invite, dialog

    async def take(self, invite: SipRequest, plan: Answering) -> None:
        """Ring, then answer or refuse as planned."""
        if plan.refuse_with:
            self._respond(invite, plan.refuse_with)
            self._end(Ending(EndedBy.HERE, plan.refuse_with))
            return
        if invite.body and not self._listen_to(read_sdp(invite.body)):
            self._respond(invite, 488)
            self._end(Ending(EndedBy.HERE, 488))
            return
        if plan.rings:
            self.state, self.ringing_at = LineState.RINGING, time.monotonic()
            self._respond(invite, 180)
        if plan.after_seconds:
            await asyncio.sleep(plan.after_seconds)
        if self.state is not LineState.ENDED:
            await self.pick_up()

    async def pick_up(self) -> None:
        """Answer now, and repeat the answer until it is acknowledged (RFC 3261, 13.3.1.4)."""
        assert self.invitation is not None
        self._begin_talking()
        await self._accept(self.invitation)

    def acknowledge(self, answer: SipResponse) -> None:
        """Acknowledge the answer of our INVITE, as often as it is repeated."""
        if self._dialog is None or self.has_vanished:
            return
        ack = self._dialog.request("ACK", via=self._via())
        number = f"{answer.cseq[0]} ACK"
        headers = tuple((name, number if name == "CSeq" else value) for name, value in ack.headers)
        self._wire.send(SipRequest(headers, b"", "ACK", ack.uri), self._dialog.peer)

    async def handle(self, request: SipRequest) -> None:
        """React to a request of the other side within this call."""
        match request.method:
            case "ACK":
                self._acknowledged.set()
                if request.body:
                    self._listen_to(read_sdp(request.body))
            case "BYE":
                self._respond(request, 200)
                self._end(Ending(EndedBy.THERE, reason=request.get("Reason")))
            case "CANCEL":
                self._respond(request, 200)
                if self.invitation is not None and self.state in (LineState.CALLING, LineState.RINGING):
                    self._respond(self.invitation, 487)
                    self._end(Ending(EndedBy.CANCELLED, 487, request.get("Reason")))
            case "INVITE" | "UPDATE":
                await self._renegotiate(request)
            case _:
                self._respond(request, 200)

    def seen(self, answer: SipResponse) -> None:
        """Note a provisional answer."""
        self.statuses.append(answer.status)
        if answer.status >= 180 and self.state is LineState.CALLING:
            self.state, self.ringing_at = LineState.RINGING, time.monotonic()
        early = read_sdp(answer.body) if answer.body else None
        if early is not None and self.state is not LineState.ENDED:
            self._listen_to(early)

    @property
    def has_vanished(self) -> bool:
        return self.ending is not None and self.ending.by is EndedBy.VANISHED

    @property
    def is_known_to_both(self) -> bool:
        """Whether requests of the other side can be answered within this call; a vanished phone answers nothing."""
        return self._dialog is not None and self.state is not LineState.ENDED

    # Inside

    async def _invite(self, invite: SipRequest, give_up_seconds: float) -> SipResponse:
        assert self._dialog is not None
        self._invite_sent = invite
        answer = await self._wire.ask(
            invite, self._dialog.peer, within_seconds=give_up_seconds, on_provisional=self.seen
        )
        self.statuses.append(answer.status)
        return answer

    async def _cancel(self) -> None:
        """CANCEL repeats the INVITE's Via, From, To and number; before the first 1xx it must wait (RFC 3261, 9.1)."""
        assert self._dialog is not None
        for _ in range(100):
            if self.statuses or self.state is LineState.ENDED:
                break
            await asyncio.sleep(FRAME_SECONDS)
        if self.state is LineState.TALKING:
            await self.hang_up()
            return
        invite = self._invite_sent
        if invite is None:
            self._end(Ending(EndedBy.HERE))
            return
        kept = tuple((name, value) for name, value in invite.headers if name in ("Via", "From", "To", "Call-ID"))
        headers = (*kept, ("CSeq", f"{invite.cseq[0]} CANCEL"), ("Max-Forwards", "70"))
        self._end(Ending(EndedBy.HERE, 487))
        await self._ask_once(SipRequest(headers, b"", "CANCEL", invite.uri))

    async def _ask_once(self, request: SipRequest) -> None:
        """Send a farewell; that nobody answers it is no trouble of ours."""
        assert self._dialog is not None
        try:
            await self._wire.ask(request, self._dialog.peer, within_seconds=2.0)
        except (CallTimeoutError, NotLoopbackError):
            return

    async def _renegotiate(self, request: SipRequest) -> None:
        if self.state is not LineState.TALKING or self._dialog is None:
            self._respond(request, 481)
            return
        self._dialog = self._dialog.moved(request.get("Contact"))
        offer = read_sdp(request.body) if request.body else None
        if request.body and not self._listen_to(offer):
            self._respond(request, 488)
            return
        self._sdp_version += 1
        if request.method == "INVITE":
            await self._accept(request, offer)
        else:
            self._respond(request, 200, self._sdp(offer) if offer else b"")

    async def _accept(self, invite: SipRequest, offer: AudioAddress | None = None) -> None:
        self._acknowledged.clear()
        self._respond(invite, 200, self._sdp(offer))
        wait = T1_SECONDS
        for _ in range(8):
            try:
                await asyncio.wait_for(self._acknowledged.wait(), wait)
            except TimeoutError:
                wait = min(wait * 2, T2_SECONDS)
                if self.state is not LineState.TALKING:
                    return
                self._respond(invite, 200, self._sdp(offer))
            else:
                return
        await self.hang_up()

    def _respond(self, request: SipRequest, status: int, body: bytes = b"") -> None:
        assert self._dialog is not None
        extra: list[tuple[str, str]] = [("Contact", self._dialog.contact)]
        timer = request.get("Session-Expires").partition(";")[0].strip()
        if status == 200 and request.method in ("INVITE", "UPDATE"):
            extra.append(("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO"))
            if timer.isdecimal():  # who asks for a timer also refreshes it (RFC 4028)
                extra += [("Require", "timer"), ("Session-Expires", f"{timer};refresher=uac")]
        if body:
            extra.append(("Content-Type", "application/sdp"))
        tag = self._dialog.mine.rpartition(";tag=")[2]
        self._wire.send(respond(request, status, REASONS.get(status, "OK"), tag, tuple(extra), body), self._dialog.peer)

    def _begin_talking(self) -> None:
        self.state, self.answered_at = LineState.TALKING, time.monotonic()
        self._answered.set()

    def _end(self, ending: Ending) -> None:
        if self.state is LineState.ENDED:
            return
        self.state, self.ending, self.ended_at = LineState.ENDED, ending, time.monotonic()
        self.hush()
        self._media.remove(self._stream)
        self._ended.set()

    def _require_line(self) -> None:
        if self.state is LineState.ENDED:
            raise CallOverError(f"the call is over: {self.ending.by.name if self.ending else ''}")

    def _via(self) -> str:
        return self._wire.via()
