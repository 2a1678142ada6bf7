"""The verbs `phone.…`: what a page asks of the softphone at its seat, handed on to that softphone's own socket.

`hotline softphone` opens the socket and answers there; it needs no controller for that. The controller only knows the
way, so that the pages have one door for everything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from cti.adapters.control.door import Request, Verb
from cti.adapters.control.door_client import DoorClient
from cti.adapters.control.visit import ControllerAwayError
from cti.server.files.seat_file import seats_of
from cti.settings import Settings

SECONDS = 3.0
VERBS = ("answer", "hangup", "hold", "unhold", "mute", "unmute", "dtmf", "status")


def phone_socket(settings: Settings, seat: str) -> Path:
    """Return where the softphone of a seat answers; ValueError for what is no seat of ours."""
    if seat not in {each.id for each in seats_of(settings)}:
        raise ValueError(f"没有席位 {seat[:20]!r}")
    return settings.run_folder / "phones" / f"{seat}.sock"


def phone_verbs(settings: Settings) -> dict[str, Verb]:
    """Return the verbs; a request names its `seat`, and `digits` for dtmf."""

    def verb(name: str) -> Callable[[Request], Awaitable[Mapping[str, object]]]:
        async def hand_on(request: Request) -> Mapping[str, object]:
            seat = str(request.get("seat", ""))
            door = DoorClient(phone_socket(settings, seat))
            try:
                return await door.ask(f"phone.{name}", SECONDS, keys=str(request.get("digits", "")))
            except ControllerAwayError:
                told = f"席位 {seat} 没有运行话机程序。改法：在这台机器上运行 hotline softphone --seat {seat}"
                return {"ok": False, "text": told}

        return hand_on

    return {f"phone.{name}": verb(name) for name in VERBS}
