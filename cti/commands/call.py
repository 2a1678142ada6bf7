"""`hotline call`: a simulated citizen rings the running service, presses keys and says something; pause a recording."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from rich.console import Console

from cti.adapters.control.visit import ask
from cti.server.emergency import control_socket
from cti.server.installation import SIMULATED_PSTN, espeak_of, part
from cti.settings import Settings
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.simulator.phone_errors import SimulatedPhoneError
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.voice.espeak import Voice
from ivr.errors import SwitchError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who calls whom, and what is said and pressed; or the call whose recording pauses or goes on."""
    parser.add_argument("verb", nargs="?", choices=["pause", "resume"], help="暂停或恢复一通电话的录音与转写（卡号等）")
    parser.add_argument("call", nargs="?", default="", metavar="CALL", help="通话编号，例如 hl-1795312728.0")
    parser.add_argument("--by", default="", metavar="SEAT", help="谁要暂停或恢复：席位号")
    parser.add_argument("--to", default="", metavar="NUMBER", help="被叫号码（默认设置中的第一个）")
    parser.add_argument("--from", default="13800001234", dest="caller", metavar="NUMBER", help="主叫号码")
    parser.add_argument("--say", default="", metavar="TEXT", help="接通后要说的话（合成语音）")
    parser.add_argument("--keys", default="", metavar="KEYS", help="接通后要按的键，例如 2")
    parser.add_argument("--voice", default="m3", help="espeak-ng 的音色变体（默认 %(default)s）")
    parser.add_argument("--wait", type=float, default=3.0, metavar="S", help="接通后等多少秒再按键或说话")
    parser.add_argument("--stay", type=float, default=20.0, metavar="S", help="说完后在线上停留多少秒")
    parser.epilog = (
        "示例：\n  hotline call --say 我家门口的路灯坏了\n"
        "  hotline call --to 12319 --keys 2 --say 我要投诉噪音 --stay 60\n"
        "  hotline call pause hl-1795312728.0 --by 801       市民要说银行卡号：暂停录音与转写\n"
        "  hotline call resume hl-1795312728.0 --by 801      恢复；过了上限会自己恢复\n"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make the call, or have the controller pause the recording of one."""
    console = Console(highlight=False, soft_wrap=True)
    if arguments.verb:
        request = {"verb": f"call.{arguments.verb}", "call": arguments.call, "by": arguments.by}
        answer = ask(control_socket(settings), request)
        console.print(answer.get("text"))
        return 0 if answer.get("ok") else 1
    try:
        asyncio.run(_call(arguments, settings, console))
    except (SimulatedPhoneError, OSError) as error:
        where = f"{settings.switch.sip_host}:{settings.switch.sip_port}"
        raise SwitchError(f"电话没有打通（{error}）。改法：先在另一个终端运行 hotline up（{where}）") from error
    return 0


async def _call(arguments: argparse.Namespace, settings: Settings, console: Console) -> None:
    espeak, switch = espeak_of(settings, part(settings, PartName.ESPEAK)), settings.switch
    sound = await espeak.speak(arguments.say, Voice(arguments.voice)) if arguments.say else b""
    called = arguments.to or settings.numbers[0].number
    async with SipPhone(bind_ip=SIMULATED_PSTN[0], number=arguments.caller) as phone:
        call = await phone.call(called, switch.sip_host, switch.sip_port)
        await call.answered(15)
        console.print(f"{arguments.caller} 拨打 {called}：已接通")
        await asyncio.sleep(arguments.wait)
        if arguments.keys:
            await call.press(arguments.keys)
            console.print(f"已按键 {arguments.keys}")
        if sound:
            await call.say(sound)
            console.print(f"已说：{arguments.say}")
        with contextlib.suppress(SimulatedPhoneError):
            ending = await call.ended(arguments.stay)
            console.print(f"对方挂机（{ending.by.name}）")
            return
        await call.hang_up()
        console.print("已挂机")
