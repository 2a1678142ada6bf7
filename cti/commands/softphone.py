"""`hotline softphone`: the telephone of a seat without a browser's microphone, driven by the page or from here."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from cti.adapters.control.door import Request, Verb, open_door
from cti.adapters.control.visit import ControllerAwayError, ask
from cti.server.files.seat_file import seats_of
from cti.server.installation import seat_password
from cti.server.phones import VERBS, phone_socket
from cti.settings import Settings
from ivr.adapters.simulator.phone_errors import SimulatedPhoneError
from ivr.adapters.simulator.pyvoip_softphone import PhoneRefusalError, Softphone
from ivr.adapters.simulator.sound import Sound, device_sound, file_sound, read_sound, tone_sound
from ivr.errors import SwitchError, WorldError

_SHOWN = {"away": "未登录", "idle": "空闲", "ringing": "振铃", "talking": "通话", "held": "保持"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose telephone, what it hears with, or what the running one shall do."""
    parser.add_argument(
        "verb", nargs="?", choices=VERBS, metavar="VERB", help=f"叫运行中的话机做一件事：{'、'.join(VERBS)}"
    )
    parser.add_argument("keys", nargs="?", default="", metavar="KEYS", help="dtmf 要按的键")
    parser.add_argument("--seat", required=True, metavar="SEAT", help="席位号，设置里 phone: sip 的席位")
    parser.add_argument("--microphone", default="default", metavar="DEVICE", help="ALSA 录音设备（默认 %(default)s）")
    parser.add_argument("--loudspeaker", default="default", metavar="DEVICE", help="ALSA 放音设备（默认 %(default)s）")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--play", metavar="FILE", type=Path, help="不用麦克风，循环播放这个 WAV")
    source.add_argument("--tone", metavar="HZ", type=float, help="不用麦克风，说一个单音（试线路用）")
    source.add_argument("--silent", action="store_true", help="不用麦克风也不用听筒")
    parser.add_argument("--record", metavar="FILE", type=Path, help="与 --play、--tone、--silent 同用：听到的写成 WAV")
    parser.epilog = (
        "话机在交换机所在的机器上运行，声音经 arecord 与 aplay（alsa-utils）进出；"
        "页面上的接听、挂断、保持、按键都传到它。\n"
        "示例：\n  hotline softphone --seat 802\n  hotline softphone --seat 802 answer\n"
        "  hotline softphone --seat 802 dtmf 12#\n  hotline softphone --seat 802 --tone 700 --record heard.wav\n"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Be the telephone until Ctrl-C, or tell the running one something."""
    console = Console(highlight=False, soft_wrap=True)
    seat = _seat(arguments.seat, settings)
    if arguments.verb:
        return _tell(arguments, phone_socket(settings, seat), console)
    sound = _sound(arguments)
    console.print(f"席位 {seat}：{sound.shown}")
    try:
        asyncio.run(_serve(seat, settings, sound, console))
    except (SimulatedPhoneError, OSError) as error:
        where = f"{settings.switch.sip_host}:{settings.switch.sip_port}"
        raise SwitchError(f"话机没有登录（{error}）。改法：先在另一个终端运行 hotline up（{where}）") from error
    finally:
        sound.close()
    return 0


def _seat(wanted: str, settings: Settings) -> str:
    seat = next((each for each in seats_of(settings) if each.id == wanted), None)
    if seat is None:
        known = "、".join(each.id for each in seats_of(settings))
        raise SwitchError(f"没有席位 {wanted[:20]}。改法：从 {known} 里选，或在设置的 seats 里加上")
    if seat.in_browser:
        raise SwitchError(
            f"席位 {seat.id} 用网页话机。"
            "改法：在设置的 seats 里给它写 phone: sip，重启服务后再运行（一个席位只能是其中一种）"
        )
    return seat.id


def _sound(arguments: argparse.Namespace) -> Sound:
    if arguments.play:
        return file_sound(read_sound(arguments.play), arguments.record)
    if arguments.tone:
        return tone_sound(arguments.tone, arguments.record)
    if arguments.silent:
        return file_sound(b"", arguments.record)
    if arguments.record:
        raise WorldError("--record 要与 --play、--tone 或 --silent 同用")
    return device_sound(arguments.microphone, arguments.loudspeaker)


def _tell(arguments: argparse.Namespace, socket: Path, console: Console) -> int:
    try:
        told = ask(socket, {"verb": f"phone.{arguments.verb}", "keys": arguments.keys})
    except ControllerAwayError as away:
        raise SwitchError(
            f"席位 {arguments.seat} 没有运行话机程序。改法：另开终端运行 hotline softphone --seat {arguments.seat}"
        ) from away
    console.print(told.get("text"))
    return 0 if told.get("ok") else 1


async def _serve(seat: str, settings: Settings, sound: Sound, console: Console) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, over.set)
    switch, password = settings.switch, seat_password(settings, seat)
    phone = Softphone(
        *(seat, password, switch.sip_host, switch.sip_port, sound),
        on_change=lambda: loop.call_soon_threadsafe(_show, console, phone),
    )
    async with asyncio.TaskGroup() as tasks:
        try:
            await phone.start()
            console.print(f"席位 {seat} 的话机已登录，等来电。Ctrl-C 结束。")
            door = tasks.create_task(open_door(phone_socket(settings, seat), verbs_of(phone)))
            await over.wait()
            door.cancel()
        finally:
            await phone.stop()
            with contextlib.suppress(OSError):
                phone_socket(settings, seat).unlink()


def verbs_of(phone: Softphone) -> Mapping[str, Verb]:
    """Return what can be asked of the telephone; each answers how it then stands."""

    def verb(act: Callable[[Request], object]) -> Verb:
        async def do(request: Request) -> Mapping[str, object]:
            try:
                await asyncio.to_thread(act, request)
            except PhoneRefusalError as refusal:
                return {"ok": False, "text": str(refusal), **_standing(phone)}
            return {"ok": True, "text": f"话机：{_SHOWN[phone.state]}", **_standing(phone)}

        return do

    deeds: dict[str, Callable[[Request], object]] = {
        "answer": lambda _: phone.answer(),
        "hangup": lambda _: phone.hang_up(),
        "hold": lambda _: phone.hold(),
        "unhold": lambda _: phone.unhold(),
        "mute": lambda _: phone.mute(True),
        "unmute": lambda _: phone.mute(False),
        "dtmf": lambda request: phone.press(str(request.get("keys", ""))),
        "status": lambda _: None,
    }
    return {f"phone.{name}": verb(deeds[name]) for name in VERBS}


def _standing(phone: Softphone) -> dict[str, object]:
    return {"state": str(phone.state), "muted": phone.is_muted, "caller": phone.caller}


def _show(console: Console, phone: Softphone) -> None:
    """Say how it stands; the number stays on the page, where it is masked by role."""
    console.print(f"话机：{_SHOWN[phone.state]}{'（静音）' if phone.is_muted else ''}")
