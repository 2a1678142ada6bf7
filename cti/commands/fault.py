"""`hotline fault`: what broke, from when to when, and the mean time to repair; people write down what no probe sees."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta

from cti.faults import FORMULA, FaultEvent, lasted, repairs
from cti.server.fault_log import FaultLog
from cti.settings import Settings
from cti.today import CHINA

EXAMPLES = """\
示例：
  hotline fault                                             最近 90 天的故障和平均修复时间
  hotline fault --days 365 --json
  hotline fault begin 运营商中继 --why 全部呼入不通 --by 王工
  hotline fault end 运营商中继 --how 运营商换板卡 --by 王工
交换机、数据库、消息代理、语音识别、控制器的故障由系统自己记下开始和恢复；看不见的（线路、机房、话机）由人记。
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The period, or what a person writes down."""
    parser.epilog = EXAMPLES
    parser.add_argument("--days", type=int, default=90, help="看最近多少天，默认 90")
    parser.add_argument("--json", action="store_true", help="打印成 JSON")
    verbs = parser.add_subparsers(dest="verb", metavar="动作")
    for name, words, option in (("begin", "记下故障开始", "--why"), ("end", "记下故障恢复", "--how")):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("part", metavar="PART", help="哪个部件，例如 运营商中继")
        verb.add_argument(option, required=True, dest="words", help="情况")
        verb.add_argument("--by", required=True, metavar="WHO", help="谁")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the list, or write a line; AuthorError when it cannot be."""
    faults, now = FaultLog(settings), datetime.now(UTC)
    if arguments.verb:
        event = FaultEvent.BEGAN if arguments.verb == "begin" else FaultEvent.ENDED
        faults.person(arguments.part, event, arguments.by, arguments.words, now)
        print(f"{arguments.part}　已记下{'开始' if event is FaultEvent.BEGAN else '恢复'}。")
        return 0
    since = now - timedelta(days=max(1, min(arguments.days, 3650)))
    known = [each for each in faults.faults() if each.ended is None or each.ended >= since]
    figures = repairs(known, since, now + timedelta(seconds=1))
    if arguments.json:
        listed = [
            {
                "part": each.part,
                "began": each.began.isoformat(),
                "ended": each.ended.isoformat() if each.ended else None,
                "seconds": each.seconds,
                "why": each.why,
                "how": each.how,
                "by": each.by,
            }
            for each in known
        ]
        told = [
            {"part": each.part, "repaired": each.repaired, "open": each.open, "mttr_seconds": each.mttr_seconds}
            for each in figures
        ]
        print(json.dumps({"faults": listed, "mttr": told, "formula": FORMULA}, ensure_ascii=False))
        return 0
    for each in known:
        began = each.began.astimezone(CHINA).strftime("%m-%d %H:%M:%S")
        ended = each.ended.astimezone(CHINA).strftime("%m-%d %H:%M:%S") if each.ended else "还没有恢复"
        print(f"{began} → {ended}　{lasted(each.seconds)}　{each.part}　{each.why}　{each.how}".rstrip("　"))
    for figure in figures:
        mttr = lasted(figure.mttr_seconds)
        print(f"{figure.part}：已恢复 {figure.repaired} 次，平均修复时间 {mttr}，未恢复 {figure.open} 次")
    print(FORMULA)
    return 0
