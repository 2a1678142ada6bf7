"""What of the board each page may see: whose call it is, and what is left of a call that is somebody else's. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from cti.access import Account, Permission, hidden_from, mask_plain
from ivr.speech.redact import PrivateKind
from workorder.masking import Masking

Plain: TypeAlias = Mapping[str, Any]

FOREIGN_KEYS = ("call", "state", "direction", "queue", "position", "priority", "queued_at", "seat")
"""What everybody at a desk sees of every call: how full the queues are, and who talks; nothing of the citizen."""
WALL_PARTS = frozenset({"today", "ears"})
MOST_OWNED = 10_000


@dataclass(frozen=True, slots=True)
class Scope:
    """What a page may see. `seat` is empty where it makes no difference: then pages share what is made for them."""

    seat: str
    sees_all: bool
    sees_board: bool
    hidden: frozenset[PrivateKind]


def scope_of(account: Account, masking: Masking) -> Scope:
    """Return what the pages of somebody may see."""
    sees_all = account.may(Permission.CALLS_ALL)
    sees_board = account.may(Permission.DESK) or account.may(Permission.WALLBOARD)
    seat = account.seat if account.may(Permission.DESK) and not sees_all else ""
    return Scope(seat, sees_all, sees_board, hidden_from(account, masking))


class Owners:
    """Which seats a call belongs to: those that ring, talk or are consulted; after the talk the last that had it."""

    def __init__(self) -> None:
        self._now: dict[str, frozenset[str]] = {}
        self._last: OrderedDict[str, frozenset[str]] = OrderedDict()

    def put(self, call: str, row: Plain | None) -> None:
        """A call's row is now this one; None: it is gone, and stays with the seat that had it."""
        if row is None:
            self._now.pop(call, None)
            return
        talking = frozenset(_seats_in(row))
        if talking:
            self._last[call] = talking
            self._last.move_to_end(call)
            if len(self._last) > MOST_OWNED:
                self._last.popitem(last=False)
        self._now[call] = talking | frozenset(map(str, row.get("ringing_seats") or ()))

    def seats_of(self, call: str) -> frozenset[str]:
        """Return the seats that the call belongs to."""
        return self._now.get(call) or self._last.get(call, frozenset())

    def owns(self, seat: str, call: str) -> bool:
        """Whether the call belongs to the seat."""
        return bool(seat) and seat in self.seats_of(call)

    def forget_living(self) -> None:
        """A new snapshot comes: what is alive is told anew."""
        self._now.clear()


def _seats_in(row: Plain) -> set[str]:
    consult = row.get("consult") or {}
    seats = {row.get("seat"), consult.get("seat"), *(each.get("seat") for each in row.get("parties") or ())}
    return {str(seat) for seat in seats if seat}


def board_for(board: Plain, scope: Scope, owners: Owners) -> dict[str, Any]:
    """Return the whole board as `scope` may see it."""
    if not scope.sees_board:
        return {part: {} for part in board}
    return {part: _part(part, rows, scope, owners) for part, rows in board.items()}


def event_for(event: Plain, scope: Scope, owners: Owners) -> dict[str, Any] | None:
    """Return an event as `scope` may see it; None when nothing of it is to be seen."""
    if not scope.sees_board:
        return None
    call, seat = str(event.get("call") or ""), str(event.get("seat") or "")
    is_own = scope.sees_all or owners.owns(scope.seat, call) or bool(seat and seat == scope.seat)
    patch = {part: _part(part, rows, scope, owners) for part, rows in (event.get("patch") or {}).items()}
    patch = {part: rows for part, rows in patch.items() if rows}
    if not is_own and not patch:
        return None
    seen = {**event, "patch": patch}
    if is_own:
        seen["data"] = mask_plain(event.get("data") or {}, scope.hidden)
    else:
        seen |= {"type": "board", "call": None, "seat": None, "data": {}}
        seen.pop("order", None)
    return seen


def seats_in(event: Plain, owners: Owners) -> frozenset[str]:
    """Return the seats for which an event is to be made by itself: it holds something of theirs."""
    patch = event.get("patch") or {}
    seats = owners.seats_of(str(event.get("call") or ""))
    for call in patch.get("calls") or ():
        seats |= owners.seats_of(call)
    named = {event.get("seat"), *((row or {}).get("seat") for row in (patch.get("emergencies") or {}).values())}
    return seats | {str(seat) for seat in named if seat}


def is_wallboard(event: Plain) -> bool:
    """Whether an event only changes figures, of which the newest is enough."""
    patch = event.get("patch") or {}
    return event.get("type") == "board" and bool(patch) and patch.keys() <= WALL_PARTS


def _part(part: str, rows: Any, scope: Scope, owners: Owners) -> Any:
    if not isinstance(rows, Mapping) or part in WALL_PARTS or part in ("seats", "queues"):
        return rows
    seen: dict[str, Any] = {}
    for key, row in rows.items():
        if row is None:
            seen[key] = None
            continue
        call = key if part == "calls" else str(row.get("call") or "")
        is_own = scope.sees_all or owners.owns(scope.seat, call) or bool(scope.seat and row.get("seat") == scope.seat)
        if is_own:
            seen[key] = mask_plain(row, scope.hidden)
        elif part == "calls":
            seen[key] = {name: row[name] for name in FOREIGN_KEYS if name in row}
    return seen
