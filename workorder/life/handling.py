"""How a request is handled (办理方式): five modes that Suqian names (S-22); what a person says goes first."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Handling(StrEnum):
    """One of the five modes."""

    DIRECT_ANSWER = "direct_answer"  # 直接解答
    THREE_WAY = "three_way"  # 三方通话: citizen, agent and unit in one call
    ORDER_FLOW = "order_flow"  # 工单流转
    WINDOW = "window"  # 专席窗口联动
    SPECIAL_CHANNEL = "special_channel"  # 专项服务通道


HANDLING_TITLES: Mapping[Handling, str] = MappingProxyType(
    {
        Handling.DIRECT_ANSWER: "直接解答",
        Handling.THREE_WAY: "三方通话",
        Handling.ORDER_FLOW: "工单流转",
        Handling.WINDOW: "专席窗口联动",
        Handling.SPECIAL_CHANNEL: "专项服务通道",
    }
)
