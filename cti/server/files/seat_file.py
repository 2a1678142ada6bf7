"""seats.yaml as it is lived: a saved file takes effect within a second or two, and no seat is lost while it talks.

The first file that pages publish takes the place of the `seats` of the settings.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from functools import lru_cache
from pathlib import Path

from cti.seats_file import Seat, WrittenSeats, load_seats
from cti.settings import Settings
from ivr.call import SeatId
from ivr.errors import AuthorError, HotlineError
from ivr.problems import Place, Problem

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0


def own_seats(settings: Settings) -> Path:
    """Return the file that pages publish seats to."""
    return settings.run_folder / "seats.yaml"


def seats_of(settings: Settings) -> tuple[Seat, ...]:
    """Return the seats of this installation; AuthorError with every problem."""
    return written_seats(settings).seats


def written_seats(settings: Settings) -> WrittenSeats:
    """Return the seats of this installation, those that are disabled too; AuthorError with every problem."""
    file = own_seats(settings)
    try:
        about = file.stat()
        return _read(file, about.st_mtime_ns, about.st_size)
    except FileNotFoundError:
        return WrittenSeats(settings.seats)
    except OSError as error:
        raise AuthorError(
            (Problem(Place(str(file)), f"读不到席位文件（{error.strerror}）。", "检查权限。"),)
        ) from error


@lru_cache(maxsize=8)
def _read(file: Path, changed_ns: int, size: int) -> WrittenSeats:
    """Read a file once for each time that it was written."""
    written, problems = load_seats(file.read_bytes(), str(file))
    if written is None:
        raise AuthorError(problems)
    return written


class SeatsNow:
    """The seats for who only reads them (the pages): while the file cannot be read, those that were known before."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last = settings.seats

    def __call__(self) -> tuple[Seat, ...]:
        try:
            self._last = seats_of(self._settings)
        except AuthorError as error:
            log.error("seats_not_read", extra={"problem": str(error)[:300]})
        return self._last


class SeatFile:
    """The seats in force. `apply` makes the switch and the desks follow before they count.

    `busy` are the seats that ring, talk or write: what is taken away from them (the seat, its kind of telephone) waits
    until they are done; all other changes do not wait for that.
    """

    def __init__(
        self,
        settings: Settings,
        seats: tuple[Seat, ...],
        busy: Callable[[], Collection[SeatId]],
        apply: Callable[[tuple[Seat, ...]], Awaitable[None]],
        refused: Callable[[tuple[Problem, ...]], None],
    ) -> None:
        self._file = own_seats(settings)
        self._default = settings.seats
        self._busy = busy
        self._apply = apply
        self._refused = refused
        self._seen = self._text()
        self._wanted = self.seats = seats

    async def run(self) -> None:
        """Watch the file until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                text = await asyncio.to_thread(self._text)
            except OSError as error:
                log.warning("seats_not_read", extra={"reason": str(error)})
                continue
            if text != self._seen:
                self._seen = text
                self.take_in(text)
            await self.follow()

    def take_in(self, text: bytes | None) -> None:
        """Want what a new text says, if it is sound; None: there is no file, the settings count again."""
        written, problems = (WrittenSeats(self._default), ()) if text is None else load_seats(text, str(self._file))
        if written is None:
            log.error("seats_refused", extra={"problems": len(problems)})
            self._refused(problems)
            return
        self._wanted = written.seats

    async def follow(self) -> None:
        """Put in force what is wanted, as far as nobody is in a talk there; what fails is tried again."""
        seats = kept_while_busy(self.seats, self._wanted, self._busy())
        if seats == self.seats:
            return
        try:
            await self._apply(seats)
        except (HotlineError, OSError) as error:
            log.error("seats_not_applied", extra={"reason": str(error)})
            return
        self.seats = seats
        log.info("seats_taken_in", extra={"seats": len(seats), "waiting": seats != self._wanted})

    def _text(self) -> bytes | None:
        try:
            return self._file.read_bytes()
        except FileNotFoundError:
            return None


def kept_while_busy(now: tuple[Seat, ...], wanted: tuple[Seat, ...], busy: Collection[SeatId]) -> tuple[Seat, ...]:
    """Return the wanted seats, with those of now that may not be touched yet."""
    held = {seat.id: seat for seat in now if seat.id in busy}
    there = {seat.id for seat in wanted}
    kept = [
        held[seat.id] if seat.id in held and held[seat.id].in_browser != seat.in_browser else seat for seat in wanted
    ]
    return (*kept, *(seat for id_, seat in held.items() if id_ not in there))
