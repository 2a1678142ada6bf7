"""The command `hotline`: finds the subcommand, reads the settings, prints errors with their remedies."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from cti.settings import Settings, default_settings, load_settings
from ivr.errors import AuthorError, HotlineError
from ivr.problems import Place, Problem, Severity

COMMANDS = {
    "up": "启动整个服务并保持运行；Ctrl-C 停止",
    "demo": "演示：几位市民真实拨打，直到工单草稿入库",
    "doctor": "检查每个外部部件：是否找到、版本、如何补救",
    "fault": "故障记录：哪个部件、何时开始和恢复、平均修复时间",
    "check": "检查语音流程、队列、派单目录等文件，一次说完所有问题",
    "play": "在终端里试听一个语音流程：按键、沉默、说话、挂机",
    "replay": "用通话日志重放一次通话，核对得到的指令是否相同",
    "call": "向正在运行的服务打一个模拟电话",
    "mode": "应急模式：启动、恢复、查看；改变提示音、流程、队列和快报的间隔",
    "emergency": "紧急联动：触发、确认、退出、查看（默认只到模拟的紧急中心）",
    "ears": "语音识别进程：在本机或另一台机器上增加识别容量",
    "report": "报表：周报、月报、快报、专报、公开统计（HTML、Excel、PDF），多维对比，紧急时钟",
    "seed-demo": "往空数据库里写一个月编造的工单，让每个页面和报表都有内容",
    "order": "工单：登记、按城市规则办理每一步、查看全程",
    "assess": "考核：承办单位的月统计与年排名，可重算，带签名导出",
    "partner": "外部系统：发令牌、登记推送地址（消息接入、Open311、短信答复）",
    "merchant": "加盟企业：名录、推荐顺序和依据、生活服务订单",
    "campaign": "委托调研与拨测：抽样、登记、模拟拨打并评分",
    "caller": "来电人：登记或取消重点服务对象，振铃之前坐席就能看到",
    "due": "工单何时到期：逐日说明；或按某市规则试算",
    "requirements": "需求表 249 行：每行由哪个测试证明，结果如何",
    "grid": "数字城管：网格、部件归谁，来源占比，采集有效率，季度通报",
    "city": "城市政策包：列出、逐条查看、两个城市比较",
    "models": "语音识别模型：列出、校验、安装",
    "evaluate": "在数据集上测量分类、预填与险情识别",
    "learn": "从坐席确认过的工单学习单位与分类；胜出才采用，可以一条命令换回",
    "transcript": "读一通电话的转写：数字、标点、日期，按角色脱敏，留审计记录",
    "search": "在通话转写里找词，按角色脱敏，每一处都有录音的秒数",
    "softphone": "席位话机：没有浏览器麦克风的席位用它接听，页面可以指挥它",
    "parts": "取得外部部件（Asterisk、mosquitto、espeak-ng……）",
    "user": "网页账号：新建、列出、重设密码、停用、改角色",
    "tls": "网页的证书：生成，或检查单位发来的",
    "serve": "只运行控制器（由 up 启动）",
    "links": "只运行紧急联动的链接页（由 up 启动）",
    "pages": "只运行网页（由 up 启动）",
    "model-train": "从零训练演示用语音模型",
}
HIDDEN = {"serve", "links", "pages", "model-train"}

EXAMPLES = """\
示例：
  hotline demo                                 四位市民打进来，看每一步
  hotline up                                   启动服务，打印各个地址
  hotline call --say "我家门口的路灯坏了"      对正在运行的服务打一个电话
  hotline check flows/main.yaml                检查一个语音流程
  hotline play ivr/flows/menu.yaml             在终端里走一遍
  hotline doctor                               哪里不对，怎么补救
每个子命令都有自己的帮助：hotline play --help
"""


class CommandModule(Protocol):
    """What every module in cti/commands offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace, settings: Settings) -> int: ...


def command(name: str) -> CommandModule:
    """Return the module behind a subcommand; only that one is imported, so help stays quick."""
    return cast(CommandModule, importlib.import_module(f"cti.commands.{name.replace('-', '_')}"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; exit codes: 0 done, 1 a problem that was told, 2 wrong usage, 130 interrupted."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="hotline",
        description="hotline12345：接听 12345 政务服务热线的开源引擎",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--settings", metavar="FILE", help="设置文件（默认用环境变量 HOTLINE_SETTINGS，再默认用内置设置）"
    )
    parser.add_argument("--run-folder", metavar="DIR", help="运行目录（默认 run/）")
    chosen = next((word for word in words if word in COMMANDS), None)
    subparsers = parser.add_subparsers(dest="command", metavar="命令", required=True)
    for name, summary in COMMANDS.items():
        layout = argparse.RawDescriptionHelpFormatter
        if name in HIDDEN:
            sub = subparsers.add_parser(name, description=summary, formatter_class=layout)
        else:
            sub = subparsers.add_parser(name, description=summary, formatter_class=layout, help=summary)
        if name == chosen:
            command(name).add_arguments(sub)
    arguments = parser.parse_args(words)
    try:
        return command(arguments.command).run(arguments, read_settings(arguments))
    except AuthorError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    except HotlineError as error:
        print(f"hotline {arguments.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (head, less) has gone
        return 0
    except OSError as error:
        if error.filename is None or arguments.command in HIDDEN:
            raise
        told = f"用不了 {os.fsdecode(error.filename)}（{error.strerror}）。改法：检查路径与权限"
        print(f"hotline {arguments.command}: {told}", file=sys.stderr)
        return 1


def read_settings(arguments: argparse.Namespace) -> Settings:
    """Return the settings that the arguments and the environment point at; AuthorError with every problem."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    run = Path(arguments.run_folder) if arguments.run_folder else None
    defaults = default_settings(Path(home) / "hotline12345", run)
    file = arguments.settings or os.environ.get("HOTLINE_SETTINGS")
    if not file:
        return defaults
    try:
        raw = Path(file).read_bytes()
    except OSError as error:
        remedy = "检查 --settings 或 HOTLINE_SETTINGS 的路径与权限。"
        raise AuthorError((Problem(Place(file), f"读不到设置文件（{error.strerror}）。", remedy),)) from error
    settings, problems = load_settings(raw, file, defaults)
    if settings is None:
        raise AuthorError(problems)
    for problem in problems:
        if problem.severity is Severity.WARNING:
            print(problem, file=sys.stderr)
    return settings


if __name__ == "__main__":
    sys.exit(main())
