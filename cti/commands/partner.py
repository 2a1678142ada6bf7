"""`hotline partner`: let another system in by a token, and tell it of orders by signed webhooks."""

from __future__ import annotations

import argparse

from cti.adapters.files.partner_file import PartnerFile
from cti.partners import CHANNELS, MAY
from cti.server.orders import partner_file
from cti.settings import Settings

EXAMPLES = """\
示例：
  hotline partner add 微信公众号 --may intake --channel wechat      打印一次令牌，只打印这一次
  hotline partner add 城市大脑 --may open311 --channel open311 --webhook https://city.example/hook
  hotline partner add 水务局系统 --may heartbeat moves --unit 水务局                单位自己的系统：心跳、签名办理
  hotline partner add 邻市 --may open311 --unit 邻市12345 --open311 https://city.example/open311/v2 --key KEY
  hotline partner list
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A verb and a name."""
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", metavar="动作", required=True)
    verbs.add_parser("list", help="列出外部系统")
    new = verbs.add_parser("add", help="登记一个外部系统，或给它换一个令牌")
    new.add_argument("name", metavar="NAME")
    new.add_argument("--may", nargs="+", default=["intake"], choices=MAY, help="可以做什么")
    new.add_argument("--channel", default="wechat", choices=CHANNELS, help="它带来的工单算哪个渠道")
    new.add_argument("--unit", default="", metavar="UNIT", help="它是哪个单位的系统")
    new.add_argument("--open311", default="", metavar="URL", help="派给这个单位的工单，转到这个 Open311 服务")
    new.add_argument("--key", default="", metavar="KEY", help="那个 Open311 服务给我们的 api_key")
    new.add_argument("--webhook", default="", metavar="URL", help="工单每走一步，签名后推送到这个地址")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it."""
    known = PartnerFile(partner_file(settings))
    if arguments.verb == "list":
        for each in known.partners():
            told = f"　推送到 {each.webhook}" if each.webhook else ""
            print(f"{each.name}　{'、'.join(sorted(each.may))}　{each.channel}{told}")
        return 0
    token, secret = known.add(
        arguments.name,
        arguments.may,
        arguments.channel,
        arguments.webhook,
        arguments.unit,
        arguments.open311,
        arguments.key,
    )
    print(f"令牌（只显示这一次）：{token}")
    if secret:
        print(f"签名密钥（只显示这一次）：{secret}")
    return 0
