"""Who is who in a call: the names under which two phones speak of it (RFC 3261, section 12)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ivr.adapters.simulator.sip_message import Headers, SipRequest, SipResponse, tag_of, uri_of
from ivr.adapters.simulator.sip_wire import Address


@dataclass(frozen=True, slots=True)
class Dialog:
    """One call as one side sees it: `mine` and `theirs` are the From and To values when this side asks."""

    call_id: str
    mine: str
    theirs: str
    target: str
    peer: Address
    contact: str
    routes: tuple[str, ...] = ()
    sequence: int = 1

    def request(self, method: str, *, via: str, extra: Headers = (), body: bytes = b"") -> SipRequest:
        """Return a request of this call; raise the sequence with `next` before all but ACK and CANCEL."""
        headers = (
            ("Via", via),
            ("Max-Forwards", "70"),
            *(("Route", route) for route in self.routes),
            ("From", self.mine),
            ("To", self.theirs),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self.sequence} {method}"),
            ("Contact", self.contact),
            *extra,
            *((("Content-Type", "application/sdp"),) if body else ()),
        )
        return SipRequest(headers, body, method, self.target)

    def next(self) -> Dialog:
        return replace(self, sequence=self.sequence + 1)

    def agreed(self, answer: SipResponse) -> Dialog:
        """Return the dialog after the other side's answer gave it a tag, a contact and a route."""
        return replace(
            self,
            theirs=answer.get("To") or self.theirs,
            target=uri_of(answer.get("Contact")) or self.target,
            routes=tuple(reversed(answer.all("Record-Route"))),
        )

    def moved(self, contact: str) -> Dialog:
        """Return the dialog after the other side's re-INVITE or UPDATE named a new contact."""
        return replace(self, target=uri_of(contact) or self.target)

    @classmethod
    def invited(cls, invite: SipRequest, sender: Address, *, tag: str, contact: str) -> Dialog:
        """Return the dialog that answering `invite` under `tag` opens."""
        to = invite.get("To")
        target = uri_of(invite.get("Contact"))
        mine = to if tag_of(to) else f"{to};tag={tag}"
        return cls(invite.call_id, mine, invite.get("From"), target or "sip:unknown", sender, contact)
