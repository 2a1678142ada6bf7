"""What stage 3 asks of the world: stores and the bus. Adapters and fakes fulfil these under tests/contracts/.

Every method may raise StoreError (the bus: BusError), has a deadline of its own, and may be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from ivr.call import CallId, PhoneNumber
from ivr.ports import Heard
from ivr.recording import Recording
from workorder.audit import AuditRow, Person
from workorder.call_record import CallbackRequest, CallRecord, Survey
from workorder.draft import Draft, FieldName
from workorder.envelope import Envelope
from workorder.known_caller import KnownCaller
from workorder.links import OrderLink
from workorder.order import OrderNumber, WorkOrder
from workorder.outbox import OutboxRow
from workorder.search import Hit, Query


class OrderStore(Protocol):
    """Work orders; one per call at most."""

    async def save_draft(self, draft: Draft, at: datetime) -> WorkOrder | None:
        """Open the call's order or revise it, and put the event that tells of it, both or neither.

        Fields that a person edited or confirmed stay as they are (`Draft.revised_by`).
        Saving the same draft again changes nothing and tells nobody. None: the database is away, but the draft lies
        safely on this machine's disk and gets its number when the database is back.
        """

    async def order(self, number: OrderNumber) -> WorkOrder | None: ...

    async def order_of(self, call: CallId) -> WorkOrder | None: ...

    async def latest_orders(self, limit: int = 50) -> tuple[WorkOrder, ...]:
        """Return the newest orders first."""


class OrderDesk(Protocol):
    """What people do to orders. Each act is kept in the audit trail, together with the act or not at all.

    StoreRefusedError when there is no such order. Never spooled: a person must see that it did not happen.
    """

    async def edit(
        self, number: OrderNumber, changes: Mapping[FieldName, str], revision: int, person: Person, at: datetime
    ) -> WorkOrder:
        """Write what the person typed; ChangedMeanwhileError when another person changed the order after `revision`.

        What speech suggested in the meantime is no conflict.
        """

    async def confirm(self, number: OrderNumber, revision: int, person: Person, at: datetime) -> WorkOrder:
        """Stand behind every field as it is; errors as for `edit`."""

    async def link(self, link: OrderLink) -> None:
        """Link or merge two orders; StoreRefusedError for itself, or one that is merged already. May be repeated."""

    async def links_of(self, number: OrderNumber) -> tuple[OrderLink, ...]:
        """Return the links from and to an order, oldest first; roles are not kept."""


class TranscriptArchive(Protocol):
    """Transcripts for people: masked for the reader's role, and nothing is shown unless the audit row is kept."""

    async def read(self, call: CallId, person: Person, at: datetime) -> tuple[Heard, ...]:
        """Return the call's results as the person's role may see them; nothing for a call that is not known."""

    async def search(self, query: Query, person: Person, at: datetime) -> tuple[Hit, ...]:
        """Return where the words stand, newest calls first; what is masked for the role is never found."""

    async def trail(self, subject: str = "", limit: int = 100) -> tuple[AuditRow, ...]:
        """Return who did what (to `subject`, or at all), the newest first."""


class CallerBook(Protocol):
    """What earlier calls and orders say of a caller and of a matter."""

    async def known(self, number: PhoneNumber, but: CallId, most: int = 5) -> KnownCaller:
        """Return the past of a number without the call `but`; an unknown number has none."""

    async def near(self, draft: Draft, since: datetime, most: int = 50) -> tuple[WorkOrder, ...]:
        """Return orders opened from `since` at the draft's place or by its caller, newest first, open ones."""

    async def mark_nuisance(self, call: CallId, number: PhoneNumber, reason: str, person: Person, at: datetime) -> None:
        """Note that the call was a nuisance (骚扰); once per call, the latest counts."""

    async def mark_vip(self, number: PhoneNumber, reason: str, person: Person, at: datetime) -> None:
        """Note that this caller is served with special care (重点服务对象); the latest reason counts."""

    async def unmark_vip(self, number: PhoneNumber, person: Person, at: datetime) -> bool:
        """Take the note back; False when there was none."""


class CallStore(Protocol):
    """Calls with what hangs on them. Each save replaces what was kept of that kind for the call."""

    async def save_call(self, record: CallRecord, events: Sequence[Envelope] = ()) -> None:
        """Keep the call and put `events`, both or neither."""

    async def save_turns(self, call: CallId, heard: Sequence[Heard]) -> None: ...

    async def save_recordings(self, call: CallId, files: Sequence[Recording]) -> None: ...

    async def save_callback(self, request: CallbackRequest, events: Sequence[Envelope] = ()) -> None: ...

    async def callbacks_done(self, number: PhoneNumber, at: datetime) -> None:
        """Whoever has this number was called back: what they asked for until `at` is done. May be repeated."""

    async def save_survey(self, survey: Survey, events: Sequence[Envelope] = ()) -> None: ...

    async def call(self, call: CallId) -> CallRecord | None: ...

    async def latest_calls(self, limit: int = 50) -> tuple[CallRecord, ...]:
        """Return the newest calls first."""

    async def turns(self, call: CallId) -> tuple[Heard, ...]: ...

    async def recordings(self, call: CallId) -> tuple[Recording, ...]: ...

    async def callbacks(self, limit: int = 50) -> tuple[CallbackRequest, ...]:
        """Return the oldest requests first."""

    async def survey(self, call: CallId) -> Survey | None: ...


class Outbox(Protocol):
    """Where a fact waits that must reach the bus though nothing else is saved with it."""

    async def put(self, *envelopes: Envelope) -> None:
        """Keep the envelopes for delivery; one whose key is known already is left out."""


class OutboxStore(Outbox, Protocol):
    """The relay's side of the outbox."""

    async def claim(self, relay: str, limit: int, now: datetime, lease_seconds: float) -> tuple[OutboxRow, ...]:
        """Take every lane that is free (or ours) until `now` + lease, and return their oldest rows not yet sent."""

    async def mark_sent(self, numbers: Sequence[int], at: datetime) -> None: ...

    async def send_again(self, relay: str, seconds: float) -> int:
        """In this relay's lanes forget the sending of the last `seconds` of rows sent: a broker that fell may have
        lost what it had acknowledged. Returns how many rows wait anew."""

    async def release(self, relay: str) -> None:
        """Let go of every lane of this relay."""

    async def waiting(self) -> int:
        """Return how many rows are not yet sent."""

    async def prune(self, before: datetime) -> int:
        """Drop rows that were sent before `before`; returns how many."""


class Publisher(Protocol):
    """The bus. No call ever waits for it."""

    @property
    def epoch(self) -> int:
        """Counts the connections to the broker made so far."""

    async def wait_connected(self) -> None:
        """Return when the broker is there; at once when it is."""

    async def publish(self, topic: str, payload: bytes) -> None:
        """Return when the broker has acknowledged the message; BusError when it is away."""

    def announce(self, envelope: Envelope) -> bool:
        """Send a live event that nobody misses when it is lost; False when it was dropped. Never waits."""
