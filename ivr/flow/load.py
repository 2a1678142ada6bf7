"""A flow file's text → Flow, or every problem in it at once."""

from __future__ import annotations

import re
from types import MappingProxyType

from ivr.call import NodeId
from ivr.flow.load_emergency import read_emergency_key, with_emergency_key
from ivr.flow.load_nodes import READERS
from ivr.flow.migrate import migrate
from ivr.flow.model import NOWHERE, Flow, Node, Target
from ivr.flow.node_fields import NodeFields
from ivr.problems import Place, Problem
from ivr.yaml_fields import Fields, remedy_for_unknown, text_of
from ivr.yaml_source import YamlMap, read_yaml, shorten

MOST_NODES = 500
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,47}")
_RESERVED = ("end",)


def load_flow(text: str | bytes, file: str) -> tuple[Flow | None, tuple[Problem, ...]]:
    """Read one flow file; `file` is its name for places, and its stem the flow's name unless `name` is written.

    The Flow is None when a problem is an error. Whether the flow is also sound is for `inspect_flows` to say.
    """
    flow, problems = read_flow(text, file)
    return (None if any(problem.is_error for problem in problems) else flow), problems


def read_flow(text: str | bytes, file: str) -> tuple[Flow | None, tuple[Problem, ...]]:
    """Read as much of a flow file as can be understood, for inspection; not for use when a problem is an error."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return None, tuple(problems)
    present, found = migrate(tree)
    problems += found
    if present is None:
        return None, tuple(problems)
    flow = _flow_of(present, file, problems)
    return flow, tuple(problems)


def _flow_of(tree: YamlMap, file: str, problems: list[Problem]) -> Flow:
    fields = Fields(tree, "流程", problems)
    fields.value("flow")
    stem = re.split(r"[/\\]", file)[-1].removesuffix(".yaml").removesuffix(".yml")
    name = fields.text("name", stem)
    if not _NAME.fullmatch(name):
        fields.error(fields.place("name"), f"流程名“{shorten(name)}”不合规。", "用字母开头的字母、数字、_ 和 -。")
    speed = fields.number("speed", 1.0, 0.5, 2.0)
    is_subflow = fields.boolean("subflow", False)
    written = fields.map("nodes", required=True)
    fallback = _fallback_of(fields, written)
    nodes: dict[NodeId, Node] = {}
    is_endless = written is not None and len(written.entries) > MOST_NODES
    for id_, value in written.entries.items() if written and not is_endless else ():
        node = _node_of(id_, value, written.keys[id_] if written else tree.place, (fallback, speed), problems)
        if node is not None:
            nodes[node.id] = node
    if written is not None and not written.entries:
        fields.error(written.place, "流程里没有节点。", "在 nodes 下面至少写一个节点。")
    if is_endless:
        fields.error(fields.place("nodes"), f"节点超过 {MOST_NODES} 个。", "拆成几个流程。")
    anytime = NodeFields(fields, NOWHERE, (fallback, speed)).choices("anytime", required=False)
    urgent = read_emergency_key(NodeFields(fields, NOWHERE, (fallback, speed)))
    nodes = with_emergency_key(nodes, anytime, urgent, fields)
    title = fields.text("title", "", longest=60)
    start = Target(NodeId(fields.text("start")), fields.place("start"))
    fields.done()
    place = Place(file, 1, 1)
    return Flow(name, title, place, start, MappingProxyType(nodes), anytime, fallback, is_subflow, speed, urgent)


def _fallback_of(fields: Fields, nodes: YamlMap | None) -> NodeId:
    """Return the node for anything unforeseen: the one written, else `human`, else the first that has a person."""
    written = NodeId(fields.text("fallback", ""))
    if written:
        if nodes is not None and written not in nodes.entries:
            what = f"“fallback”指向不存在的节点“{shorten(written)}”。"
            fields.error(fields.place("fallback"), what, remedy_for_unknown(written, nodes.entries))
        return written
    entries = nodes.entries if nodes else {}
    if "human" in entries:
        return NodeId("human")
    for kind in ("queue", "dial", "voicemail", "return"):
        for id_, value in entries.items():
            if isinstance(value, YamlMap) and "kind" in value.entries and text_of(value.entries["kind"]) == kind:
                return NodeId(id_)
    return NOWHERE


def _node_of(
    id_: str, value: object, place: Place, setting: tuple[NodeId, float], problems: list[Problem]
) -> Node | None:
    if not _NAME.fullmatch(id_):
        problems.append(Problem(place, f"节点名“{shorten(id_)}”不合规。", "用字母开头的字母、数字、_ 和 -。"))
    if id_ in _RESERVED:
        problems.append(Problem(place, f"“{id_}”是保留的名称（表示挂机）。", "给节点换一个名称。"))
    if not isinstance(value, YamlMap):
        problems.append(Problem(place, f"节点“{shorten(id_)}”没有内容。", "在下一行缩进后写“kind: …”。"))
        return None
    fields = Fields(value, f"节点“{shorten(id_)}”", problems)
    before = len(problems)
    kind = fields.choice("kind", READERS)
    if len(problems) > before:
        return None
    fields.what = f"{kind} 节点“{shorten(id_)}”"
    node = READERS[kind](NodeFields(fields, NodeId(id_), setting, place))
    fields.done()
    return node
