"""Who calls in the demonstration, and what they say; all invented. Text is written as it is spoken.

The voices are among those that the demo model never heard in training (models/demo-zh-synthetic/manifest.json).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """How a caller gets to a person."""

    STRAIGHT = "straight"
    KEYS = "keys"
    SPEECH = "speech"


@dataclass(frozen=True, slots=True)
class Citizen:
    """One caller: `opening` is pressed or said to the menu, `lines` to the agent, one after each of the agent's.

    With a `rating` the caller answers the survey after the talk, without one he hangs up.
    """

    name: str
    number: str
    called: str
    voice: str
    way: Way
    opening: str
    lines: tuple[str, ...]
    rating: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent with a softphone: the first line is the greeting, the last one the farewell."""

    seat: str
    voice: str
    lines: tuple[str, ...]


AGENTS = (
    Agent(
        "801",
        "linda",
        (
            "您好，这里是政务服务便民热线，请讲。",
            "好的，请问您贵姓，联系电话是多少？",
            "已经记录，我们会尽快转给相关部门办理，再见。",
        ),
    ),
    Agent(
        "802",
        "paul",
        (
            "您好，很高兴为您服务，请问有什么可以帮您？",
            "请问怎么称呼您，您的联系电话是多少？",
            "好的，您的问题已经登记，感谢您的来电，再见。",
        ),
    ),
)

CITIZENS = (
    Citizen(
        name="王先生",
        number="13812345678",
        called="12345",
        voice="m3",
        way=Way.STRAIGHT,
        opening="",
        lines=(
            "你好，我住在幸福路二十六号，楼下的烧烤店每天晚上十一点还在营业，油烟和噪音很大，影响我们休息。",
            "我姓王，电话是一三八一二三四五六七八。",
        ),
    ),
    Citizen(
        name="李女士",
        number="13987654321",
        called="12319",
        voice="f4",
        way=Way.KEYS,
        opening="2",
        lines=(
            "我要投诉，人民路和建设路的路口有一个雨水井盖坏了，已经三天了，晚上走路很危险。",
            "我姓李，电话是一三九八七六五四三二一。",
        ),
        rating="11",
    ),
    Citizen(
        name="张先生",
        number="13700001111",
        called="12319",
        voice="Mike",
        way=Way.SPEECH,
        opening="我要投诉",
        lines=(
            "阳光小区三号楼昨天晚上开始停水，到现在还没有来水，家里有老人和孩子，请尽快处理。",
            "我姓张，电话是一三七零零零零一一一一。",
        ),
    ),
)

FIRE_CALLER = Citizen(
    name="陈女士",
    number="13600002222",
    called="12345",
    voice="Annie",
    way=Way.STRAIGHT,
    opening="",
    lines=(
        "我家着火了，幸福路二十六号，厨房烧起来了，快来人啊。",
        "在幸福路二十六号三楼，家里还有一位老人。",
        "好的，谢谢你们。",
    ),
)
"""The second act: her words raise the alarm in the talk, the agent confirms, the fire service joins."""

FIRE_AGENT = Agent(
    "803",
    "belinda",
    ("您好，这里是政务服务便民热线，请讲。", "请别着急，我马上为您接通消防。", "请您注意安全，再见。"),
)


@dataclass(frozen=True, slots=True)
class Centre:
    """The simulated emergency centre: it rings for `ring_seconds`, then answers and speaks."""

    voice: str
    lines: tuple[str, ...]
    ring_seconds: float = 1.0


FIRE_CENTRE = Centre(
    "Mike", ("您好，这里是消防，请讲您的详细地址。", "收到，消防车马上出发，请先离开房间，到安全的地方等待。")
)
