"""pyVoIP 1.6.8 as a telephone that a person uses: real sound instead of 8 bits, keys, hold, and a goodbye in order.

pyVoIP can neither press a key nor hold a call, and cuts what is said to 8 bits; the packets and the requests are ours.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pyVoIP.SIP import SIPMessage
from pyVoIP.VoIP.VoIP import CallState

from ivr.adapters.simulator.dialog import Dialog
from ivr.adapters.simulator.phone_errors import NotLoopbackError
from ivr.adapters.simulator.pyvoip_guard import GuardedCall, GuardedPhone, GuardedRtp, GuardedSip
from ivr.adapters.simulator.rtp import FRAME, FRAME_SECONDS, RtpPacket, RtpSpeaker
from ivr.adapters.simulator.sdp import AudioAddress, Direction, write_sdp
from ivr.adapters.simulator.sip_message import SipRequest, SipResponse, parse_sip
from ivr.speech.audio import alaw_decode

_BEHIND_SECONDS = 0.5
_ALAW = 8

Hear = Callable[[bytes], object]
Speak = Callable[[], bytes]


class SpeakingRtp(GuardedRtp):
    """One call's audio: `microphone` gives 20 ms of signed 16-bit sound at 8 kHz, `loudspeaker` takes as much."""

    def __init__(self, *args: Any, microphone: Speak, loudspeaker: Hear, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._microphone, self._loudspeaker = microphone, loudspeaker
        self.is_muted = self.is_held = False
        self._speaker = RtpSpeaker(self.outSSRC, self.outSequence, self.outTimestamp)
        self._pressing = threading.Event()

    def press(self, key: str, milliseconds: int = 160) -> None:
        """Press a key; ValueError when no telephone has it."""
        self._speaker.events = next((kind for kind, name in self.assoc.items() if str(name) == "telephone-event"), 101)
        self._pressing.set()
        self._speaker.press(key, milliseconds, self._pressing.clear)

    def trans(self) -> None:
        """Send 50 packets a second against the clock; what the microphone says while muted is not kept."""
        due = time.monotonic()
        while self.NSD:
            sound = self._microphone()
            if sound and not (self.is_muted or self.is_held or self._pressing.is_set()):
                self._speaker.say(sound[: 2 * FRAME], lambda: None)
            packet = self._speaker.next_packet()
            if not self.is_held:
                with suppress(OSError, NotLoopbackError):
                    self._send(packet)
            due += FRAME_SECONDS
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            elif wait < -_BEHIND_SECONDS:
                due = time.monotonic()

    def _send(self, packet: RtpPacket) -> None:
        self.sout.sendto(packet.encode(), (self.outIP, self.outPort))

    def _keep(self, packet: RtpPacket, arrived_at: float) -> None:
        if packet.payload_type == _ALAW and not self.is_held:
            self._loudspeaker(alaw_decode(packet.payload))
        else:
            super()._keep(packet, arrived_at)

    def _pass_on(self, data: bytes) -> None:
        """Nobody reads pyVoIP's own buffer, which keeps every packet for ever."""


class SpeakingCall(GuardedCall):
    """One call that can be held, and ended after that."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._dialog: Dialog | None = None
        self._version = 1
        super().__init__(*args, **kwargs)

    def create_rtp_clients(self, codecs: Any, ip: str, port: int, request: SIPMessage, baseport: int) -> None:
        audio = {kind: name for kind, name in codecs.items() if kind == _ALAW or str(name) == "telephone-event"}
        where = request.body["c"][0]["address"]
        phone = self.phone
        assert isinstance(phone, SpeakingPhone)
        self.RTPClients.append(
            SpeakingRtp(
                *(audio, ip, port, where, baseport, self.sendmode),
                dtmf=self.dtmf_callback,
                microphone=phone.microphone,
                loudspeaker=phone.loudspeaker,
            )
        )

    @property
    def speaking(self) -> SpeakingRtp:
        rtp = self.RTPClients[0]
        assert isinstance(rtp, SpeakingRtp)
        return rtp

    @property
    def caller(self) -> tuple[str, str]:
        """The number and the name that the switch shows."""
        shown = self.request.headers["From"]
        return str(shown.get("number", "")), str(shown.get("caller", "")).strip('" ')

    def hold(self, held: bool) -> None:
        """Have the other side hear music, or us again (RFC 3264, 8.4)."""
        self._version += 1
        self.speaking.is_held = held
        direction = Direction.SEND if held else Direction.BOTH
        body = write_sdp(AudioAddress(self.myIP, self.speaking.inPort, direction=direction), self._version)
        self._request("INVITE", body)

    def hangup(self) -> None:
        """End it; a goodbye must be counted after the requests that came before it."""
        for rtp in self.RTPClients:
            rtp.stop()
        self._request("BYE")
        self.state = CallState.ENDED
        self.phone.calls.pop(self.call_id, None)
        self.over.set()

    def acknowledge(self) -> None:
        """Confirm the answer to our re-INVITE."""
        if self._dialog is not None:
            self._send(self._dialog.request("ACK", via=self._via()))

    def _request(self, method: str, body: bytes = b"") -> None:
        dialog = self._dialog or self._opened()
        self._dialog = dialog.next()
        self._send(self._dialog.request(method, via=self._via(), body=body))

    def _opened(self) -> Dialog:
        invite = parse_sip(self.request.raw)
        assert isinstance(invite, SipRequest)
        tag = self.sip.tagLibrary[self.call_id]
        contact = f"<sip:{self.sip.username}@{self.myIP}:{self.sip.myPort}>"
        return Dialog.invited(invite, (self.phone.server, self.phone.port), tag=tag, contact=contact)

    def _via(self) -> str:
        branch = f"z9hG4bK{self.sip.gen_tag()}{time.monotonic_ns():x}"
        return f"SIP/2.0/UDP {self.myIP}:{self.sip.myPort};rport;branch={branch}"

    def _send(self, request: SipRequest) -> None:
        with suppress(OSError):
            self.sip.out.sendto(request.encode(), (self.phone.server, self.phone.port))


class SpeakingSip(GuardedSip):
    """The signalling of a phone that sends re-INVITEs: their answers are ours, and not pyVoIP's."""

    def _dispatch(self, data: bytes, sender: tuple[str, int]) -> None:
        message = parse_sip(data) if sender[0].startswith("127.") else None
        if isinstance(message, SipResponse) and message.cseq[1] == "INVITE":
            call = self.phone.calls.get(message.call_id)
            if message.status >= 200 and isinstance(call, SpeakingCall):
                call.acknowledge()
            return
        if isinstance(message, SipResponse) and message.cseq[1] == "BYE":
            return
        super()._dispatch(data, sender)


class SpeakingPhone(GuardedPhone):
    """A pyVoIP phone with a microphone and a loudspeaker."""

    sip_class = SpeakingSip

    def __init__(self, *args: Any, microphone: Speak, loudspeaker: Hear, **kwargs: Any) -> None:
        self.microphone, self.loudspeaker = microphone, loudspeaker
        super().__init__(*args, **kwargs)

    def _create_Call(self, request: SIPMessage, sess_id: int) -> None:  # noqa: N802  # pyVoIP's own name
        call_id = request.headers["Call-ID"]
        self.calls[call_id] = SpeakingCall(self, CallState.RINGING, request, sess_id, self.myIP, sendmode=self.recvmode)
