"""pyVoIP 1.6.8 with its known faults mended, by subclasses and in one place; nothing of it is patched elsewhere.

It stays in one place, however long: a newer pyVoIP is to be held against all of it at once, and then it goes.

Mended (each has a test): PCMA is sent as µ-law; no clock catch-up and malformed packets after 65,535 of them; CANCEL is
ignored, so that a call nobody waits for any more is answered; OPTIONS is not answered, so that a registered phone looks
dead; a re-INVITE breaks the audio; refusals are printed to the terminal; three lost REGISTERs end the phone for good;
its threads keep the program from ending; every call rings for a second; it talks to any address an SDP names.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # audioop: gone in Python 3.13, and so is pyVoIP 1.6.8
    import pyVoIP.VoIP.VoIP  # first: pyVoIP.SIP by itself fails on an import in a circle
import pyVoIP.RTP
import pyVoIP.SIP
from pyVoIP.RTP import PayloadType, RTPClient, RTPMessage, RTPParseError
from pyVoIP.SIP import SIPClient, SIPMessage
from pyVoIP.VoIP.status import PhoneStatus
from pyVoIP.VoIP.VoIP import CallState, VoIPCall, VoIPPhone

from ivr.adapters.simulator.loopback import require_loopback
from ivr.adapters.simulator.phone_errors import NotLoopbackError
from ivr.adapters.simulator.rtp import FRAME_SECONDS, RtpListener, RtpPacket, parse_rtp
from ivr.adapters.simulator.sip_message import SipRequest, SipResponse, parse_sip, respond

log = logging.getLogger(__name__)

_LONGEST_CATCH_UP_SECONDS = 1.0
_REGISTER_SECONDS = 2.0


class _DaemonTimer(threading.Timer):
    """pyVoIP starts its threads as timers; these do not keep the program from ending."""

    def __init__(self, interval: float, function: Callable[..., Any], args: Any = None, kwargs: Any = None) -> None:
        super().__init__(interval, function, args, kwargs)
        self.daemon = True


class _PromptTimer(_DaemonTimer):
    """The same without the wait: pyVoIP lets a second pass before it listens, and before it tells of a call."""

    def __init__(self, interval: float, function: Callable[..., Any], args: Any = None, kwargs: Any = None) -> None:
        super().__init__(0 if interval == 1 else interval, function, args, kwargs)


vars(pyVoIP.RTP)["Timer"] = _DaemonTimer
vars(pyVoIP.SIP)["Timer"] = _PromptTimer
vars(pyVoIP.VoIP.VoIP)["Timer"] = _PromptTimer


class GuardedRtp(RTPClient):
    """One call's audio: what is heard is kept with its arrival times, what is sent leaves on the dot."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        require_loopback(self.outIP)
        self.listener = RtpListener()
        self._has_begun = False

    def start(self) -> None:
        """Begin once; pyVoIP begins again on every re-INVITE and finds its own port taken."""
        if not self._has_begun:
            self._has_begun = True
            super().start()

    def stop(self) -> None:
        """End; a call that was refused had never begun."""
        self.NSD = False
        if self._has_begun:
            super().stop()

    def encode_packet(self, payload: bytes) -> bytes:
        """A-law where A-law was agreed: 1.6.8 sends µ-law bytes under A-law's name."""
        if self.preference == PayloadType.PCMA:
            encoded: bytes = self.encode_pcma(payload)
        else:
            encoded = self.encode_pcmu(payload)
        return encoded

    def recv(self) -> None:
        """Wait for packets instead of polling every 10 ms, and keep each with its moment."""
        self.sin.setblocking(True)
        self.sin.settimeout(0.2)
        while self.NSD:
            try:
                data, sender = self.sin.recvfrom(8192)
            except TimeoutError:
                continue
            except OSError:
                return
            if not sender[0].startswith("127."):
                continue
            packet = parse_rtp(data)
            if packet is not None:
                self._keep(packet, time.monotonic())
                self._pass_on(data)

    def trans(self) -> None:
        """Send 50 packets a second against the clock; pyVoIP's own loop falls behind and never catches up."""
        due = time.monotonic()
        while self.NSD:
            payload = self.encode_packet(self.pmout.read())
            kind, sequence = int(self.preference), self.outSequence & 0xFFFF
            packet = RtpPacket(kind, sequence, self.outTimestamp & 0xFFFFFFFF, self.outSSRC, payload)
            with suppress(OSError, NotLoopbackError):  # hung up meanwhile, or aimed at another machine
                self.sout.sendto(packet.encode(), (require_loopback(self.outIP), self.outPort))
            self.outSequence += 1
            self.outTimestamp += len(payload)
            due += FRAME_SECONDS
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            elif wait < -_LONGEST_CATCH_UP_SECONDS:
                due = time.monotonic()

    def _keep(self, packet: RtpPacket, arrived_at: float) -> None:
        kind = self.assoc.get(packet.payload_type)
        if kind == PayloadType.EVENT:
            self.listener.events = packet.payload_type
        self.listener.hear(packet, arrived_at)

    def _pass_on(self, data: bytes) -> None:
        try:
            self.parse_packet(data)
        except (RTPParseError, IndexError, KeyError):
            return

    def parse_telephone_event(self, packet: RTPMessage) -> None:
        """Key presses: an event that no telephone has (flash, tones) is no reason to lose the receiving thread."""
        if packet.payload and packet.payload[0] < 16:
            super().parse_telephone_event(packet)


class GuardedCall(VoIPCall):
    """One call whose end can be waited for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.over = threading.Event()
        super().__init__(*args, **kwargs)

    def create_rtp_clients(self, codecs: Any, ip: str, port: int, request: SIPMessage, baseport: int) -> None:
        for offset, connection in enumerate(request.body["c"]):
            self.RTPClients.append(
                GuardedRtp(
                    codecs, ip, port, connection["address"], baseport + offset, self.sendmode, dtmf=self.dtmf_callback
                )
            )

    @property
    def rtp(self) -> GuardedRtp | None:
        first = self.RTPClients[0] if self.RTPClients else None
        return first if isinstance(first, GuardedRtp) else None

    def bye(self) -> None:
        super().bye()
        self.over.set()

    def hangup(self) -> None:
        try:
            super().hangup()
        finally:
            self.over.set()

    def cancelled(self) -> None:
        """The caller, or the queue, does not wait any more."""
        self.state = CallState.ENDED
        self.phone.calls.pop(self.call_id, None)
        self.over.set()


class GuardedSip(SIPClient):
    """The phone's signalling: OPTIONS, CANCEL, INFO and refusals are treated as a telephone treats them."""

    def recv(self) -> None:
        """Take one datagram; BlockingIOError says that there is none (pyVoIP's way)."""
        data, sender = self.s.recvfrom(65_535)
        self._dispatch(data, sender)

    def _dispatch(self, data: bytes, sender: tuple[str, int]) -> None:
        message = parse_sip(data) if sender[0].startswith("127.") else None
        if message is None:
            return
        if isinstance(message, SipRequest) and message.method not in ("INVITE", "ACK", "BYE"):
            self._answer(message, sender)
            return
        if isinstance(message, SipResponse) and message.status not in (200, 404, 503):
            return  # refusals, which 1.6.8 would only print
        try:
            self.parse_message(SIPMessage(data))
        except (
            pyVoIP.SIP.SIPParseError,
            NotLoopbackError,
            ValueError,
            LookupError,
            AttributeError,
            TypeError,
        ) as error:
            log.info("pyvoip_message_refused", extra={"why": type(error).__name__})

    def register(self) -> bool:
        """Sign in, and again before it runs out; after a failure try again every second, without an end."""
        accepted = self._sign(deregister=False)
        self.phone._status = PhoneStatus.REGISTERED if accepted else PhoneStatus.REGISTERING
        if self.NSD:
            wait = self.default_expires * 0.8 if accepted else 1.0
            self.registerThread = _DaemonTimer(wait, self.register)
            self.registerThread.start()
        return accepted

    def deregister(self) -> bool:
        return self._sign(deregister=True)

    def _sign(self, *, deregister: bool) -> bool:
        try:
            with self.recvLock:
                answer = self._ask(self.gen_first_response(deregister=deregister))
                if answer is not None and answer.status == 401:
                    challenge = SIPMessage(answer.encode())
                    answer = self._ask(self.gen_register(challenge, deregister=deregister))
        except (OSError, LookupError, ValueError, pyVoIP.SIP.SIPParseError) as error:
            log.info("pyvoip_register_failed", extra={"why": type(error).__name__})
            return False
        return answer is not None and answer.status == 200

    def _ask(self, request: str) -> SipResponse | None:
        """Send a REGISTER and return its answer; what else arrives meanwhile is dealt with as ever."""
        self.out.sendto(request.encode(), (self.server, self.port))
        asked = parse_sip(request.encode())
        deadline = time.monotonic() + _REGISTER_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self.s], [], [], left)[0]:
                break
            data, sender = self.s.recvfrom(65_535)
            answer = parse_sip(data)
            if isinstance(answer, SipResponse) and answer.cseq[1] == "REGISTER":
                if asked is not None and answer.cseq == asked.cseq and answer.status >= 200:
                    return answer
            else:
                self._dispatch(data, sender)
        return None

    def _answer(self, request: SipRequest, sender: tuple[str, int]) -> None:
        status, reason = (
            (200, "OK") if request.method in ("OPTIONS", "CANCEL", "INFO", "NOTIFY") else (405, "Not Allowed")
        )
        self.out.sendto(respond(request, status, reason, self.gen_tag()).encode(), sender)
        call = self.phone.calls.get(request.call_id)
        if request.method == "CANCEL" and isinstance(call, GuardedCall) and call.state == CallState.RINGING:
            invite = parse_sip(call.request.raw)
            if isinstance(invite, SipRequest):
                tag = self.tagLibrary.get(request.call_id, "")
                self.out.sendto(respond(invite, 487, "Request Terminated", tag).encode(), sender)
            call.cancelled()

    def recv_loop(self) -> None:
        """Wait for datagrams between the registrations; the lock is pyVoIP's, which reads answers by itself."""
        while self.NSD:
            try:
                with self.recvLock:
                    self.s.setblocking(False)
                    self.recv()
            except BlockingIOError:
                time.sleep(0.005)
            except OSError:
                return


class GuardedPhone(VoIPPhone):
    """A pyVoIP phone that stays on this machine."""

    sip_class = GuardedSip

    def __init__(
        self,
        server: str,
        port: int,
        username: str,
        password: str,
        *,
        my_ip: str,
        on_call: Callable[[VoIPCall], None],
    ) -> None:
        server, my_ip = require_loopback(server), require_loopback(my_ip)
        sip_port = free_port(my_ip)
        super().__init__(server, port, username, password, my_ip, on_call, sip_port)
        self.sip = self.sip_class(
            server,
            port,
            username,
            password,
            phone=self,
            myIP=my_ip,
            myPort=sip_port,
            callCallback=self.callback,
            fatalCallback=self.fatal,
        )

    def request_port(self, blocking: bool = True) -> int:  # pyVoIP's own signature
        """Return a port that is free on this machine; pyVoIP picks one of its range without looking."""
        port = free_port(self.myIP)
        self.assignedPorts.append(port)
        return port

    def _create_Call(self, request: SIPMessage, sess_id: int) -> None:  # noqa: N802  # pyVoIP's own name
        call_id = request.headers["Call-ID"]
        self.calls[call_id] = GuardedCall(self, CallState.RINGING, request, sess_id, self.myIP, sendmode=self.recvmode)


def free_port(host: str) -> int:
    """Return a UDP port that nobody on this machine has at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((require_loopback(host), 0))
        port: int = probe.getsockname()[1]
        return port


def unsigned_8bit(sound: bytes) -> bytes:
    """Return signed 16-bit sound as the unsigned 8-bit that pyVoIP wants, rounded rather than cut."""
    values = np.frombuffer(sound[: len(sound) // 2 * 2], "<i2").astype(np.int32)
    rounded = np.clip((values + 128 >> 8) + 128, 0, 255).astype(np.uint8)
    return bytes(rounded)
