"""The emergency key of a flow file: `emergency_key: {key: "*", to: node, words: […]}`, or only the key.

It works in every question and in the queue, so no node may use the same key for something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from ivr.call import NodeId
from ivr.flow.book import own_keys, taken_keys
from ivr.flow.model import Choice, Choices, Node, QueueNode, Target
from ivr.flow.node_fields import KEYS, NodeFields
from ivr.yaml_fields import Fields
from ivr.yaml_source import YamlMap, shorten

USUAL_NODE = "emergency"
"""Where the key leads when only the key is written."""


def read_emergency_key(read: NodeFields) -> Choice | None:
    """Return the key and where it leads, None when the file names none."""
    fields = read.fields
    value = fields.value("emergency_key")
    if value is None:
        return None
    choice: Choice | None
    if isinstance(value, YamlMap):
        inner = Fields(value, "emergency_key", fields.problems)
        key, place = inner.text("key"), inner.place("key")
        rest = {name: entry for name, entry in value.entries.items() if name != "key"}
        known = {name: at for name, at in value.keys.items() if name != "key"}
        choice = read.choice(key, replace(value, entries=MappingProxyType(rest), keys=MappingProxyType(known)))
    else:
        key, place = fields.text("emergency_key"), value.place
        choice = Choice(key, Target(NodeId(USUAL_NODE), place)) if key else None
    if choice is not None and (len(key) != 1 or key not in KEYS):
        fields.error(place, f"“{shorten(key)}”不是电话按键。", "建议用 *，写在引号里。")
        return None
    return choice


def with_emergency_key(
    nodes: Mapping[NodeId, Node], anytime: Choices, urgent: Choice | None, fields: Fields
) -> dict[NodeId, Node]:
    """Return the nodes with the key working in every queue; a node that uses it otherwise is a problem."""
    found = dict(nodes)
    if urgent is None:
        return found
    key, remedy = urgent.key, "给其中一个换一个键；紧急键建议用 *。"
    if key in anytime:
        fields.error(anytime[key].target.place, f"anytime 也用了紧急键 {key}。", remedy)
    for id_, node in nodes.items():
        if key in own_keys(node) or key in taken_keys(node):
            fields.error(node.place, f"节点“{id_}”把紧急键 {key} 用作别的。", remedy)
        elif isinstance(node, QueueNode):
            outcomes = MappingProxyType({**node.outcomes, f"key.{key}": urgent.target})
            found[id_] = replace(node, keys=node.keys + key, outcomes=outcomes)
    return found
