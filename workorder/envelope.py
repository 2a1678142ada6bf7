"""The envelope in which facts leave the hotline on the message bus.

One JSON object per message, UTF-8, at most 64 kB:

    v      1, the version of this layout
    id     UUID made from `key`: the same fact has the same id however often it is delivered
    key    idempotency key; a consumer that keeps keys under a unique index sees each fact once
    type   what happened, lower case with underscores, the last part of the topic
    call   call id, or null
    order  order number, or null
    at     when it happened, RFC 3339 in UTC
    data   an object whose fields depend on `type`

Topics: `hotline/v1/calls/<call>/<type>`, or `hotline/v1/orders/<order>/<type>` when `order` is set. Delivery is at
least once and in order for each call (its orders' events among them).

Personal data: the bus carries telephone numbers masked (138****5678) and neither names, addresses nor the text of an
order. Who needs them reads the order, where access is checked and recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid5

from ivr.call import CallId, PhoneNumber, call_id
from workorder.draft import FieldName
from workorder.order import OrderNumber, WorkOrder, order_number

VERSION = 1
ROOT = "hotline/v1"
MAX_BYTES = 64 * 1024

_NAMESPACE = UUID("6f0a3f5e-1c39-5b0e-9a51-3d2b12345000")
_TYPE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One fact for the bus; ValueError when a part cannot stand in a topic, or neither call nor order is named."""

    key: str
    type: str
    at: datetime
    call: CallId | None = None
    order: OrderNumber | None = None
    data: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"not an idempotency key: {self.key[:80]!r}")
        if not _TYPE.fullmatch(self.type):
            raise ValueError(f"not an event type: {self.type[:80]!r}")
        if self.at.tzinfo is None:
            raise ValueError("an envelope needs an aware instant")
        if self.call is not None:
            call_id(self.call)
        if self.order is not None:
            order_number(self.order)
        if self.call is None and self.order is None:
            raise ValueError("an envelope names a call or an order")

    @property
    def id(self) -> UUID:
        return uuid5(_NAMESPACE, self.key)

    @property
    def topic(self) -> str:
        if self.order is not None:
            return f"{ROOT}/orders/{self.order}/{self.type}"
        return f"{ROOT}/calls/{self.call}/{self.type}"

    @property
    def stream(self) -> str:
        """Envelopes of one stream are delivered in the order in which they were put."""
        return self.call or self.order or ""

    def encode(self) -> bytes:
        """Return the message's payload; ValueError when it is longer than MAX_BYTES or no JSON."""
        whole = {
            "v": VERSION,
            "id": str(self.id),
            "key": self.key,
            "type": self.type,
            "call": self.call,
            "order": self.order,
            "at": self.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": self.data,
        }
        try:
            text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain)
        except (TypeError, RecursionError) as error:
            raise ValueError(f"an envelope's data must be plain JSON: {error}") from error
        payload = text.encode("utf-8", "replace")
        if len(payload) > MAX_BYTES:
            raise ValueError(f"an envelope holds at most {MAX_BYTES} bytes, this one {len(payload)}")
        return payload


def decode(payload: bytes) -> Envelope:
    """Read what `encode` wrote; ValueError when it is anything else, or of another version."""
    if len(payload) > MAX_BYTES:
        raise ValueError("an envelope this long is none of ours")
    try:
        whole = json.loads(payload)
        if whole["v"] != VERSION:
            raise ValueError(f"envelope version {whole['v']!r} is unknown")
        return Envelope(
            key=whole["key"],
            type=whole["type"],
            at=datetime.fromisoformat(whole["at"]),
            call=None if whole["call"] is None else CallId(whole["call"]),
            order=None if whole["order"] is None else OrderNumber(whole["order"]),
            data=dict(whole["data"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not an envelope: {error!r}") from error


def call_event(call: CallId, type: str, at: datetime, data: Mapping[str, object], nth: int = 1) -> Envelope:
    """Return the envelope of the `nth` event of its type in a call: saying it twice makes one delivery.

    What can happen again in a call, perhaps under another process, is numbered by its microsecond, not by a count.
    """
    return Envelope(key=f"calls/{call}/{type}/{nth}", type=type, at=at, call=call, data=data)


def order_saved(order: WorkOrder) -> Envelope:
    """Return the envelope that tells of an order's present revision: `drafted` the first time, then `revised`."""
    draft = order.draft
    theirs = {"their_id": draft.their_id} if draft.their_id else {}
    return Envelope(
        key=f"orders/{order.number}/{order.revision}",
        type="drafted" if order.revision == 1 else "revised",
        at=order.updated,
        call=draft.call,
        order=order.number,
        data={
            "state": order.state.value,
            "revision": order.revision,
            "caller": PhoneNumber.parse(draft.value(FieldName.CALLER_NUMBER)),
            "request_type": draft.value(FieldName.REQUEST_TYPE),
            "category": list(draft.category),
            "unit": draft.value(FieldName.UNIT),
            "urgency": draft.value(FieldName.URGENCY),
            **theirs,
        },
    )


def _plain(value: object) -> str:
    """Numbers of people leave masked, instants in UTC; anything else is our mistake."""
    if isinstance(value, PhoneNumber):
        return value.masked
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no JSON form")
