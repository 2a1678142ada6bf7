"""Who moves an order: roles, and the person who acts in one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """In what capacity somebody acts. Which office fills a role is written in the city's pack."""

    AGENT = "agent"  # 坐席员
    CENTRE = "centre"  # 热线运行中心：派单、审核、回访
    HOST = "host"  # 主办单位、热线办：审批、协调、督办
    GOVERNING = "governing"  # 主管单位
    LEADER = "leader"  # 市领导
    UNIT = "unit"  # 承办单位
    COLLECTOR = "collector"  # 信息采集员：现场核实
    SYSTEM = "system"  # 到点自动


ROLE_TITLES = {
    Role.AGENT: "坐席员",
    Role.CENTRE: "热线中心",
    Role.HOST: "主办单位",
    Role.GOVERNING: "主管单位",
    Role.LEADER: "市领导",
    Role.UNIT: "承办单位",
    Role.COLLECTOR: "采集员",
    Role.SYSTEM: "系统",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `name` is the account, `unit` the undertaking unit (only for Role.UNIT)."""

    name: str
    role: Role
    unit: str = ""


SYSTEM = Actor("系统", Role.SYSTEM)
