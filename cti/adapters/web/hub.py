"""Every open page and what is still to be sent to it; a page that reads slowly never keeps another waiting.

One event is made ready once for all pages that may see the same of it. What waits for a page is bounded: figures give
way to newer figures, nothing else is ever left out; a page that falls behind further is cut off and comes back.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from cti.adapters.web.frames import Push, text_frame
from cti.visibility import Owners, Scope, board_for, event_for, is_wallboard, seats_in

log = logging.getLogger(__name__)

MOST_WAITING = 2000
RING = 4000
"""So many events are kept for pages that were away for a moment; after more they get the whole board."""
_PARTS = ("calls", "seats", "queues", "emergencies", "today", "ears")

Plain = Mapping[str, Any]


@dataclass(slots=True, eq=False)
class Tab:
    """An open page. `lines` wait to be sent; `figures` are the newest of those that may give way."""

    id: str
    scope: Scope
    seat: str
    name: str
    session: str
    is_taken: bool = False
    is_cut: bool = False
    lines: deque[str] = field(default_factory=deque)
    figures: dict[str, Any] | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    sent_seq: int = 0
    push: Push | None = None
    is_sending: bool = False

    def hand(self, frame: bytes) -> bool:
        """Send a frame at once if nothing waits before it; False: it has to wait."""
        is_idle = not (self.lines or self.is_sending or self.is_cut or self.figures is not None)
        return is_idle and self.push is not None and self.push(frame)

    def put(self, line: str) -> None:
        """Let a line wait to be sent."""
        if len(self.lines) >= MOST_WAITING:
            self.is_cut = True
            self.lines.clear()
        if not self.is_cut:
            self.lines.append(line)
        self.wake.set()

    def put_figures(self, event: Mapping[str, Any]) -> None:
        """Let figures wait to be sent; older ones that still wait give way."""
        patch = {**(self.figures or {}).get("patch", {}), **event["patch"]}
        self.figures = {**event, "patch": patch}
        self.wake.set()

    def take(self) -> list[str]:
        """Return what is to be sent now, in order."""
        some = list(self.lines)
        self.is_sending = True  # until the socket has them all
        self.lines.clear()
        if self.figures is not None:
            some.append(_line({**self.figures, "seq": max(self.sent_seq, self.figures["seq"])}))
            self.figures = None
        self.wake.clear()
        return some


class Hub:
    """The board as the controller tells it, and the pages that show it."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._made_at: tuple[str, int] = ("", -1)
        self._made: dict[Scope, str] = {}
        self.board: dict[str, dict[str, Any]] = {part: {} for part in _PARTS}
        self.owners = Owners()
        self.epoch, self.seq = "", 0
        self.has_controller = False
        self.tabs: set[Tab] = set()
        self._of_seat: dict[str, Tab] = {}
        self._seated: defaultdict[str, set[Tab]] = defaultdict(set)
        self._alike: defaultdict[Scope, set[Tab]] = defaultdict(set)
        self._ring: deque[Mapping[str, Any]] = deque(maxlen=RING)
        self.on_snapshot: Callable[[], None] = lambda: None

    # ------------------------------------------------------------------------------------------------- the controller

    def reset(self, epoch: str, seq: int, board: Plain) -> None:
        """A snapshot came: the controller's life is new, or we were away from it."""
        has_missed = (epoch, seq) != (self.epoch, self.seq)
        self.epoch, self.seq = epoch, seq
        self.has_controller = True
        self.owners.forget_living()
        self.board = {**{part: {} for part in _PARTS}, **{part: dict(rows) for part, rows in board.items()}}
        for call, row in self.board["calls"].items():
            self.owners.put(call, row)
        if has_missed:
            self._ring.clear()
            for tab in self.tabs:
                tab.figures = None
                tab.put(self.hello(tab))
        else:
            self.tell_all({"t": "controller", "present": True})
        self.on_snapshot()

    def take(self, event: Plain) -> None:
        """An event came: fold it in, and let every page have what it may see of it."""
        self.seq = int(event["seq"])
        for part, rows in (event.get("patch") or {}).items():
            if not isinstance(rows, Mapping):
                continue
            here = self.board.setdefault(part, {})
            for key, row in rows.items():
                if part == "calls":
                    self.owners.put(key, row)
                if row is None:
                    here.pop(key, None)
                else:
                    here[key] = row
        event = {"t": "event", **event}
        self._ring.append(event)
        self._spread(event)

    def lost(self) -> None:
        """The controller is away; the pages keep what they have and say so."""
        if self.has_controller:
            self.has_controller = False
            self.tell_all({"t": "controller", "present": False})

    def back(self) -> None:
        """The controller answers again, and nothing was missed."""
        if not self.has_controller and self.epoch:
            self.has_controller = True
            self.tell_all({"t": "controller", "present": True})

    def tell_all(self, message: Plain) -> None:
        """Say something to every page."""
        line = _line(message)
        frame = text_frame(line)
        for tab in self.tabs:
            if not tab.hand(frame):
                tab.put(line)

    # ------------------------------------------------------------------------------------------------------ the pages

    def attach(self, tab: Tab, epoch: str, seq: int) -> Tab | None:
        """A page is open: it gets what it missed, or the whole board. Return the page that had its seat before."""
        previous = self._of_seat.get(tab.seat) if tab.seat else None
        self.tabs.add(tab)
        self._seated[tab.seat].add(tab)
        self._alike[replace(tab.scope, seat="")].add(tab)
        missed = self._missed(epoch, seq)
        if missed is None:
            tab.put(self.hello(tab))
        else:
            tab.put(_line({"t": "resumed", "seq": self.seq}))
            for event in missed:
                seen = event_for(event, tab.scope, self.owners)
                if seen is not None:
                    tab.put(_line(seen))
            tab.put(_line({"t": "controller", "present": self.has_controller}))
        if tab.seat:
            self._of_seat[tab.seat] = tab
        if previous is not None and previous in self.tabs and previous.id != tab.id:
            previous.is_taken = True
            previous.put(_line({"t": "taken"}))
            return previous
        return None

    def detach(self, tab: Tab) -> None:
        """A page is closed."""
        self.tabs.discard(tab)
        alike = replace(tab.scope, seat="")
        self._seated[tab.seat].discard(tab)
        self._alike[alike].discard(tab)
        if not self._seated[tab.seat]:
            del self._seated[tab.seat]
        if not self._alike[alike]:
            del self._alike[alike]
        if self._of_seat.get(tab.seat) is tab:
            del self._of_seat[tab.seat]

    def at_seat(self, seat: str) -> Tab | None:
        """Return the page that has this seat now."""
        return self._of_seat.get(seat)

    def hello(self, tab: Tab) -> str:
        """Return the whole board as this page may see it; pages that see alike share what was made."""
        here = {
            "t": "hello",
            "epoch": self.epoch,
            "seq": self.seq,
            "now": self._now().isoformat(),
            "controller": self.has_controller,
            "me": {"name": tab.name, "seat": tab.seat, "is_taken": tab.is_taken},
        }
        return f'{_line(here)[:-1]},"board":{self._board_line(tab.scope)}}}'

    def _board_line(self, scope: Scope) -> str:
        if (self._made_at, scope.seat) != ((self.epoch, self.seq), ""):
            if scope.seat:
                return _line(board_for(self.board, scope, self.owners))
            self._made_at, self._made = (self.epoch, self.seq), {}
        if scope not in self._made:
            self._made[scope] = _line(board_for(self.board, scope, self.owners))
        return self._made[scope]

    def _missed(self, epoch: str, seq: int) -> Iterable[Plain] | None:
        """Return the events since `seq`; None when they are not all known."""
        if not epoch or epoch != self.epoch or seq > self.seq:
            return None
        if seq == self.seq:
            return ()
        if not self._ring or self._ring[0]["seq"] > seq + 1:
            return None
        return [event for event in self._ring if event["seq"] > seq]

    def _spread(self, event: Plain) -> None:
        """Give the event to every page; it is made once for each desk that it concerns, and once for all the others."""
        figures, given = is_wallboard(event), set[Tab]()
        for seat in seats_in(event, self.owners):
            for tab in self._seated.get(seat, ()):
                if tab.scope.seat:
                    self._give(event, tab.scope, (tab,), figures)
                    given.add(tab)
        for scope, alike in self._alike.items():
            self._give(event, scope, alike - given if given else alike, figures)

    def _give(self, event: Plain, scope: Scope, tabs: Iterable[Tab], figures: bool) -> None:
        seen = event_for(event, scope, self.owners)
        if seen is None:
            return
        line = _line(seen)
        frame = text_frame(line)
        for tab in tabs:
            tab.sent_seq = self.seq
            if tab.hand(frame):
                continue
            if figures and (tab.lines or tab.figures is not None):
                tab.put_figures(seen)
            else:
                tab.put(line)


def _line(message: Plain) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
