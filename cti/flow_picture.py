"""A flow as a picture: boxes with the lines of the file behind them, and arrows with words on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ivr.flow.graph import EMERGENCY, FINISH, Edge, Key, graph_of, is_person
from ivr.flow.model import (
    DialNode,
    EmergencyNode,
    Flow,
    GotoNode,
    HangupNode,
    Node,
    QueueNode,
    SubflowNode,
    prompts_of,
)
from ivr.flow.prompt import Digits, Named, PromptText, Words

_LONGEST_WORDS = 24
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "say": "说话",
        "menu": "菜单",
        "collect": "收号",
        "listen": "听一句话",
        "hours": "工作时间",
        "switch": "分流",
        "set": "赋值",
        "queue": "排队等人工",
        "dial": "转接",
        "emergency": "紧急联动",
        "voicemail": "留言",
        "callback": "登记回拨",
        "survey": "评价",
        "goto": "转到",
        "subflow": "调用流程",
        "return": "返回",
        "hangup": "挂机",
    }
)
_OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "then": "",
        "end": "",
        "flow": "调用",
        "no_input": "无输入",
        "no_match": "输错",
        "heard": "听到",
        "nothing": "没说话",
        "open": "上班",
        "closed": "下班",
        "else": "其他",
        "answered": "接通后",
        "timeout": "超时",
        "full": "队列满",
        "empty": "无人签入",
        "failed": "失败",
        "busy": "忙",
        "no_answer": "无人接",
        "refused": "拒接",
        "joined": "已通话",
        "no_policy": "政策不接",
        "recorded": "已留言",
        "requested": "已登记",
        "declined": "没有选择",
        EMERGENCY: "紧急键",
    }
)


@dataclass(frozen=True, slots=True)
class Box:
    """A node: `id` names it in arrows, `flow` and `node` in the files; lines count from 1 and include the last."""

    id: str
    flow: str
    node: str
    kind: str
    title: str
    words: str
    line: int
    last_line: int
    is_person: bool = False
    is_start: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way from box to box with all that leads along it; `line` is where the first of them is written."""

    begin: str
    end: str
    labels: tuple[str, ...]
    line: int
    by_caller: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """One flow; what it calls in other flows stands for itself as a box without lines."""

    flow: str
    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def picture_of(
    name: str, flows: Mapping[str, Flow], prompts: Mapping[str, PromptText], last_line: int
) -> Picture | None:
    """Return the picture of the flow `name`, whose file has `last_line` lines; None when there is no such flow.

    Flows may be half read: ways to nodes that are not there are left out.
    """
    flow = flows.get(name)
    if flow is None:
        return None
    graph = graph_of(flows)
    begins = sorted(node.place.line for node in flow.nodes.values())
    boxes: dict[str, Box] = {}
    for id_, node in flow.nodes.items():
        after = next((line for line in begins if line > node.place.line), last_line + 1)
        boxes[id_] = Box(
            id_,
            name,
            id_,
            _kind(node),
            _KINDS[_kind(node)],
            _words(node, prompts),
            node.place.line,
            max(node.place.line, after - 1),
            is_person(node),
            id_ == flow.start.node,
        )
    ways: dict[tuple[str, str], list[Edge]] = {}
    for id_ in flow.nodes:
        for edge in graph.edges[(name, id_)]:
            if _is_anywhere(edge):
                continue
            ways.setdefault((id_, _id(edge.target, name)), []).append(edge)
            if edge.target == FINISH:
                boxes.setdefault("end", Box("end", name, "end", "end", "结束", "", 0, 0))
            elif edge.target[0] != name:
                other = _id(edge.target, name)
                boxes.setdefault(other, Box(other, edge.target[0], "", "flow", "另一个流程", edge.target[0], 0, 0))
    arrows = tuple(
        Arrow(
            begin,
            end,
            tuple(dict.fromkeys(label for edge in edges if (label := _label(edge.outcome)))),
            edges[0].place.line,
            any(edge.by_caller for edge in edges),
        )
        for (begin, end), edges in ways.items()
    )
    return Picture(name, flow.title, tuple(boxes.values()), arrows)


def _is_anywhere(edge: Edge) -> bool:
    """Whether the way is open at every node: drawn, it would hide all others."""
    return edge.outcome == EMERGENCY or edge.outcome.startswith("anytime.")


def _id(key: Key, here: str) -> str:
    if key == FINISH:
        return "end"
    return key[1] if key[0] == here else f"{key[0]}/"


def _kind(node: Node) -> str:
    return type(node).__name__.removesuffix("Node").lower()


def _label(outcome: str) -> str:
    verb, _, rest = outcome.partition(".")
    if rest and verb in ("key", "choice"):
        return f"按 {rest}"
    return _OUTCOMES.get(outcome, outcome)


def _words(node: Node, prompts: Mapping[str, PromptText]) -> str:
    """Return the first words that a caller hears here, or what the node is about."""
    match node:
        case QueueNode(queue=queue):
            return f"队列 {queue}"
        case DialNode(number=number):
            return f"拨 {number}"
        case EmergencyNode(service=service):
            return str(service)
        case GotoNode(flow=flow) | SubflowNode(flow=flow) if flow:
            return flow
        case HangupNode() if not prompts_of(node):
            return ""
    said: list[str] = []
    for prompt in prompts_of(node)[:1]:
        for part in prompt.parts:
            match part:
                case Words(text=text):
                    said.append(text)
                case Named(name=named):
                    said.append(prompts[named].words if named in prompts else named)
                case Digits(variable=variable):
                    said.append(f"〔{variable}〕")
    text = "".join(said)
    return text if len(text) <= _LONGEST_WORDS else f"{text[:_LONGEST_WORDS]}…"
