"""What may be asked at the control door about seats: who sits there, and whether they take calls.

Who is signed in lies in the run folder (`seats.json`), so that a controller that comes after us knows it; pauses and
their reasons are kept by the switch itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from cti.adapters.control.door import Request, Verb
from ivr.call import SeatId
from ivr.errors import AuthorError
from routing.reasons import LONGEST, load_reasons
from routing.shell import Done, SeatDesk

log = logging.getLogger(__name__)

MOST_NAME = 80


def not_ready_reasons(data_folder: Path) -> tuple[str, ...]:
    """Return the reasons an agent may choose: the installation's own file, or ours; AuthorError with its problems."""
    own = data_folder / "reasons.yaml"
    packaged = files("routing") / "reasons.yaml"
    is_own = own.is_file()
    text = own.read_bytes() if is_own else packaged.read_bytes()
    reasons, problems = load_reasons(text, str(own if is_own else packaged))
    if not reasons:
        raise AuthorError(problems)
    return reasons


class SeatVerbs:
    """The verbs `seat.*`, and the file of who is signed in."""

    def __init__(self, seats: SeatDesk, reasons: tuple[str, ...], file: Path) -> None:
        self._seats, self._reasons, self._file = seats, reasons, file
        self._writing = asyncio.Lock()

    def remember(self) -> None:
        """Put the people back on the seats whom an earlier controller knew there."""
        try:
            told = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as odd:
            log.warning("seats_file_unreadable", extra={"reason": str(odd)})
            return
        for seat, user in told.items() if isinstance(told, dict) else ():
            desk = self._seats.desks.get(SeatId(str(seat)))
            if desk is not None and isinstance(user, str):
                desk.user = user[:MOST_NAME]

    async def _keep(self) -> None:
        users = {str(seat): desk.user for seat, desk in self._seats.desks.items() if desk.user}
        async with self._writing:
            try:
                await asyncio.to_thread(_write, self._file, users)
            except OSError as error:
                log.warning("seats_file_not_written", extra={"reason": str(error)})

    def verbs(self) -> dict[str, Verb]:
        return {
            "seat.sign_in": self._sign_in,
            "seat.sign_out": self._sign_out,
            "seat.ready": self._ready,
            "seat.not_ready": self._not_ready,
            "seat.after_call": self._after_call,
            "seat.force": self._force,
            "seat.reasons": lambda _request: {"ok": True, "text": "", "reasons": list(self._reasons)},
        }

    async def _sign_in(self, request: Request) -> Mapping[str, object]:
        done = await self._seats.sign_in(seat_of(request), text_of(request, "user", MOST_NAME))
        await self._keep()
        return told(done)

    async def _sign_out(self, request: Request) -> Mapping[str, object]:
        done = await self._seats.sign_out(seat_of(request))
        await self._keep()
        return told(done)

    async def _ready(self, request: Request) -> Mapping[str, object]:
        return told(await self._seats.make_ready(seat_of(request)))

    async def _not_ready(self, request: Request) -> Mapping[str, object]:
        reason = text_of(request, "reason", LONGEST)
        if reason not in self._reasons:
            return {"ok": False, "text": f"没有“{reason}”这个原因。改法：选 {'、'.join(self._reasons)} 之一。"}
        return told(await self._seats.make_not_ready(seat_of(request), reason))

    async def _after_call(self, request: Request) -> Mapping[str, object]:
        return told(await self._seats.more_after_call(seat_of(request)))

    async def _force(self, request: Request) -> Mapping[str, object]:
        """A supervisor sets a seat's state, and says why."""
        seat, by = seat_of(request), text_of(request, "by", MOST_NAME)
        state, reason = text_of(request, "state", 20), text_of(request, "reason", LONGEST)
        match state:
            case "ready":
                done = await self._seats.make_ready(seat)
            case "not_ready":
                done = await self._seats.make_not_ready(seat, f"班长：{reason}")
            case "signed_out":
                done = await self._seats.sign_out(seat)
                await self._keep()
            case _:
                return {"ok": False, "text": "只能强制为 ready、not_ready 或 signed_out。"}
        log.info("seat_forced", extra={"seat": seat, "state": state, "by": by, "why": reason, "done": done[0]})
        return told(done)


def _write(file: Path, users: Mapping[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(users, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(file)


def seat_of(request: Request, name: str = "seat") -> SeatId:
    """Return the seat that a request names; ValueError when it names none."""
    seat = text_of(request, name, 8)
    if not (seat.isascii() and seat.isdigit()):
        raise ValueError(f"{name} 应是席位编号。")
    return SeatId(seat)


def text_of(request: Request, name: str, longest: int = 200) -> str:
    """Return a text that a request must have; ValueError."""
    value = request.get(name)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= longest:
        raise ValueError(f"缺少 {name}，或太长。")
    return value.strip()


def told(done: Done) -> Mapping[str, object]:
    """Return what the door answers."""
    return {"ok": done[0], "text": done[1]}
