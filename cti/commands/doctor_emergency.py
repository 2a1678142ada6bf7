"""`hotline doctor --emergency`: may real emergency numbers be dialled, and the test call that an operator confirms."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rich.console import Console

from cti.adapters.control.visit import ask
from cti.server.emergency import control_socket
from cti.server.interlock import confirmed_test_call, interlock_of, keep_confirmation
from cti.settings import Settings
from routing.emergency.interlock import SIMULATORS, TestCall, is_simulator, missing
from workorder.order import HOTLINE_TIME

WAIT_SECONDS = 60.0
OLD = timedelta(days=180)
STATES = {"calling": "已发出", "ringing": "对方振铃", "answered": "对方应答", "over": "已结束", "failed": "没有接通"}


def examine(settings: Settings, confirm_by: str, console: Console, hear: Callable[[], str] = sys.stdin.readline) -> int:
    """Tell what is open; on a real trunk make the test call and ask an operator. 0 when all is as it should be.

    Each emergency trunk has a test call of its own.
    """
    return max(_examine(settings, name, confirm_by, console, hear) for name in settings.emergency_trunk.by_name)


def _examine(settings: Settings, which: str, confirm_by: str, console: Console, hear: Callable[[], str]) -> int:
    trunk = settings.emergency_trunk.by_name[which]
    console.print(f"紧急中继 {which}：{trunk.host}:{trunk.port}，测试号码 {trunk.test_number or '无'}")
    _say(console, trunk.is_real, "设置里打开了真实线路（emergency_trunk.real）")
    _say(console, not is_simulator(trunk.host, SIMULATORS), "地址不是模拟器的")
    known = confirmed_test_call(settings, which)
    told = f"由 {known.confirmed_by} 于 {known.at.astimezone(HOTLINE_TIME):%Y-%m-%d %H:%M} 确认" if known else "还没有"
    _say(console, known is not None, f"测试呼叫：{told}")
    if not trunk.is_real:
        console.print("三项没有全部具备：任何线路都拨不出真实的 110、119、120、122，紧急联动只到模拟器。")
        return 0
    if known is not None and not confirm_by:
        if datetime.now(UTC) - known.at > OLD:
            console.print("测试呼叫已超过半年，建议用 --confirm-by 姓名 再做一次（在那之前原来的确认继续有效）。")
        console.print("三项都已具备：紧急联动会拨打真实号码。")
        return 0
    if not _call(settings, which, console):
        return 1
    console.print("对方是否接到了这个测试呼叫，并核对了来电号码？请输入 yes 或 no：")
    if hear().strip().lower() not in ("yes", "y", "是"):
        console.print("没有确认：真实号码仍然拨不出去。")
        return 1
    name = confirm_by.strip()
    if not name:
        console.print("请输入确认人姓名：")
        name = hear().strip()
    if not name:
        console.print("没有确认人：真实号码仍然拨不出去。")
        return 1
    keep_confirmation(settings, TestCall(trunk.test_number, name, datetime.now(UTC)), which)
    left = missing(interlock_of(settings, which))
    for reason in left:
        console.print(reason)
    console.print("三项都已具备：紧急联动会拨打真实号码。" if not left else "真实号码仍然拨不出去。")
    return 1 if left else 0


def _say(console: Console, is_so: bool, what: str) -> None:
    colour, word = ("green", "是") if is_so else ("yellow", "否")
    console.print(f"  [{colour}]{word}[/{colour}]　{what}")


def _call(settings: Settings, which: str, console: Console) -> bool:
    """Make the test call through the running controller; whether it was answered."""
    trunk, door = settings.emergency_trunk.by_name[which], control_socket(settings)
    begun = ask(door, {"verb": "emergency.trial", "trunk": which})
    console.print(str(begun.get("text")))
    if not begun.get("ok"):
        return False
    ends, last = time.monotonic() + WAIT_SECONDS, ""
    while time.monotonic() < ends:
        found = ask(door, {"verb": "emergency.trial_status"})
        if (found.get("trunk"), found.get("number")) != (f"{trunk.host}:{trunk.port}", trunk.test_number):
            console.print("运行中的服务用的是另一套设置。改法：重新启动服务，再做测试呼叫。")
            return False
        state = str(found.get("state"))
        if state != last:
            console.print(f"  {STATES.get(state, state)}　{found.get('reason') or ''}".rstrip())
            last = state
        if state in ("answered", "over"):
            return True
        if state == "failed":
            break
        time.sleep(0.1)
    console.print("测试呼叫没有接通：检查中继地址、端口，并与紧急中心核对号码。")
    return False
