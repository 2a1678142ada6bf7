"""`hotline doctor`: what was found of each external part, which version, and the remedy for what is missing."""

from __future__ import annotations

import argparse
import asyncio

from rich.console import Console

from cti.commands.doctor_emergency import examine
from cti.server.health import examined
from cti.settings import Settings
from ivr.adapters.asterisk.doctor import Finding

EXAMPLES = """\
示例：
  hotline doctor                                    每个部件
  hotline doctor --emergency                        真实的紧急号码能不能拨；还没有确认时做测试呼叫
  hotline doctor --emergency --confirm-by 王班长    再做一次测试呼叫，由王班长确认（服务须在运行）
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The emergency trunk, and who confirms its test call."""
    parser.epilog = EXAMPLES
    parser.add_argument("--emergency", action="store_true", help="检查紧急中继，做测试呼叫，由值班员确认")
    parser.add_argument("--confirm-by", metavar="NAME", default="", help="确认测试呼叫的值班员姓名")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the findings; 1 when something must be done first."""
    console = Console(highlight=False, soft_wrap=True)
    if arguments.emergency or arguments.confirm_by:
        return examine(settings, arguments.confirm_by, console)
    findings = asyncio.run(examined(settings))
    for finding in findings:
        colour, word = _state(finding)
        console.print(f"[{colour}]{word}[/{colour}] {finding.part}　{finding.version}　{finding.where}".rstrip("　"))
        if finding.remedy:
            console.print(f"      补救：{finding.remedy}", markup=False)
    bad = sum(not finding.ok for finding in findings)
    console.print("一切就绪。" if not bad else f"有 {bad} 项需要处理，见“补救”。")
    return 1 if bad else 0


def _state(finding: Finding) -> tuple[str, str]:
    if not finding.ok:
        return "red", "需处理"
    return ("green", "正常　") if finding.found else ("yellow", "可选　")
