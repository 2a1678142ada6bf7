"""What an installation chooses for the switch: its ports, how many calls it holds, and the trunks of its carriers."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from ivr.problems import Problem
from ivr.yaml_fields import Fields
from ivr.yaml_source import YamlMap


@dataclass(frozen=True, slots=True)
class CarrierTrunk:
    """A carrier's SIP trunk or a gateway; with a `username` we register there, else the carrier knows our address.

    `from_110`: what comes in here was sent by 110, with its context in headers (docs/emergency.md).
    """

    name: str
    host: str
    port: int = 5060
    username: str = ""
    password_file: str = ""
    match: tuple[str, ...] = ()
    from_110: bool = False


@dataclass(frozen=True, slots=True)
class SwitchSettings:
    """The switch: its ports and how many calls it must hold."""

    sip_host: str = "127.0.0.1"
    sip_port: int = 5460
    ami_port: int = 5438
    agi_port: int = 4573
    http_port: int = 8288
    rtp_first: int = 20000
    most_calls: int = 100
    rtp_timeout_seconds: int = 30
    trunks: tuple[CarrierTrunk, ...] = ()


def read_switch(fields: Fields, default: SwitchSettings) -> SwitchSettings:
    """Read `switch` over `default`; problems are added to those of `fields`."""
    tree = fields.map("switch")
    if tree is None:
        return default
    inner = Fields(tree, "switch", fields.problems)
    ports = {
        key: inner.integer(key, getattr(default, key), 1, 65535)
        for key in ("sip_port", "ami_port", "agi_port", "http_port")
    }
    switch = SwitchSettings(
        sip_host=inner.text("sip_host", default.sip_host, longest=64),
        **ports,
        rtp_first=inner.integer("rtp_first", default.rtp_first, 1024, 60000),
        most_calls=inner.integer("most_calls", default.most_calls, 1, 5000),
        rtp_timeout_seconds=inner.integer("rtp_timeout_seconds", default.rtp_timeout_seconds, 5, 600),
        trunks=tuple(_trunk(each, fields.problems) for each in inner.each_map("trunks")),
    )
    if len(set(ports.values())) < len(ports):
        inner.error(tree.place, "有两个端口相同。", "给 sip_port、ami_port、agi_port、http_port 各写一个不同的端口。")
    inner.done()
    return switch


def _trunk(tree: YamlMap, problems: list[Problem]) -> CarrierTrunk:
    inner = Fields(tree, "中继", problems)
    trunk = CarrierTrunk(
        name=inner.text("name", longest=20),
        host=inner.text("host", longest=120),
        port=inner.integer("port", 5060, 1, 65535),
        username=inner.text("username", "", longest=60),
        password_file=inner.text("password_file", ""),
        match=inner.texts("match", ()),
        from_110=inner.boolean("from_110", False),
    )
    if trunk.username and not trunk.password_file:
        inner.error(
            tree.place, "有 username 而没有 password_file。", "把密码单独放在一个文件里（权限 600），这里写它的路径。"
        )
    if not trunk.username and not trunk.match:
        inner.error(tree.place, "不注册的中继必须写明对方地址。", "加上 match: [对方的 IP]。")
    if any(_covers_this_machine(each) for each in trunk.match):
        what = "中继的 match 里有本机 127.0.0.1：网页话机都从本机到达交换机，会被当成这条中继。"
        inner.error(inner.place("match"), what, "让同机的网关用另一个地址，例如 127.0.0.9。")
    inner.done()
    return trunk


def _covers_this_machine(match: str) -> bool:
    try:
        return ipaddress.ip_address("127.0.0.1") in ipaddress.ip_network(match, strict=False)
    except ValueError:
        return False
