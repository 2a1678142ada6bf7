"""`hotline emergency`: raise, confirm, dismiss, verify, leave, look — the emergency desk from the command line."""

from __future__ import annotations

import argparse
import json

from cti.adapters.control.visit import ask
from cti.server.emergency import control_socket
from cti.settings import Settings
from routing.emergency.kinds import TITLES, Kind

STATES = {"suggested": "待确认", "calling": "呼叫中", "joined": "已加入", "unreached": "未接通", "closed": "已结束"}
EXAMPLES = """\
示例：
  hotline emergency raise hl-1795312728.0 --kind 119 --by 801 --why 厨房着火   坐席点击：立即把 119 接入通话
  hotline emergency raise hl-1795312728.0 --category 燃气泄漏 --by 801         坐席选中的事项
  hotline emergency confirm hl-1795312728.0 --by 801                          确认系统的提示，开始呼叫
  hotline emergency dismiss hl-1795312728.0 --by 801 --why 电视声音           不是险情
  hotline emergency verified hl-1795312728.0 --by 801                         双方已通话、地址已复述
  hotline emergency leave hl-1795312728.0                                     坐席退出，其余各方继续
  hotline emergency status                                                    正在进行的紧急联动
默认设置下，所有呼叫都到本机的模拟紧急中心，不会拨到真实的 110、119、120、122。
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A verb, its call, and who asks."""
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", metavar="动作", required=True)
    begin = _verb(verbs, "raise", "触发：把紧急服务接入正在进行的通话")
    what = begin.add_mutually_exclusive_group(required=True)
    what.add_argument("--kind", choices=[kind.value for kind in Kind], help="110、119、120 或 122")
    what.add_argument("--category", default="", metavar="TEXT", help="工单上选中的事项；哪些是紧急事项由政策决定")
    begin.add_argument("--supervisor", action="store_true", help="由班长触发")
    _by(begin)
    _why(begin, "为什么")
    _by(_verb(verbs, "confirm", "确认提示"))
    dismissed = _verb(verbs, "dismiss", "否定提示，或取消正在进行的呼叫")
    _by(dismissed)
    _why(dismissed, "为什么不是险情")
    _by(_verb(verbs, "verified", "市民与紧急服务已经通上话"))
    _verb(verbs, "leave", "坐席退出三方通话").add_argument("--insist", action="store_true", help="未确认也要退出")
    verbs.add_parser("status", help="列出正在进行的紧急联动").add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Ask the running controller; 0 when it did what was asked."""
    request = {
        "verb": f"emergency.{arguments.verb}",
        "call": getattr(arguments, "call", ""),
        "by": getattr(arguments, "by", ""),
        "kind": getattr(arguments, "kind", "") or "",
        "category": getattr(arguments, "category", ""),
        "why": getattr(arguments, "why", ""),
        "supervisor": getattr(arguments, "supervisor", False),
        "insists": getattr(arguments, "insist", False),
    }
    answer = ask(control_socket(settings), request)
    if arguments.verb == "status" and answer.get("ok"):
        _show(answer.get("cases"), as_json=arguments.json)
    else:
        print(answer.get("text"))
    return 0 if answer.get("ok") else 1


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=summary, description=summary)
    parser.add_argument("call", metavar="CALL", help="通话编号，例如 hl-1795312728.0")
    return parser


def _by(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", required=True, metavar="SEAT", help="谁：席位或班长的编号")


def _why(parser: argparse.ArgumentParser, summary: str) -> None:
    parser.add_argument("--why", default="", metavar="TEXT", help=summary)


def _show(cases: object, *, as_json: bool) -> None:
    found = [case for case in cases if isinstance(case, dict)] if isinstance(cases, list) else []
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for case in found:
        state = STATES.get(str(case["state"]), "") + ("，双方已通话" if case["is_verified"] else "")
        print(f"{case['call']}　{TITLES[Kind(case['kind'])]}　{state}　席位 {case['seat'] or '无'}")
    if not found:
        print("现在没有紧急联动。")
