"""One edition of the flows, made ready for the engine: per node the keys, words and type-ahead worked out once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ivr.call import NodeId, QueueName
from ivr.flow.model import (
    CallbackNode,
    CollectNode,
    Flow,
    ListenNode,
    MenuNode,
    Node,
    QueueNode,
    SayNode,
    SurveyNode,
)
from ivr.flow.spoken import Vocabulary, vocabulary_of

DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Table:
    """What the engine needs at one node. `by_key` and `spoken` hold the node's own choices first, then `anytime`.

    `ahead` is the menu or collecting node that gets a key pressed before its prompt began (type-ahead), else ``.
    `emergency_key` comes before everything else that a key could mean.
    """

    node: Node
    keys: str
    by_key: Mapping[str, NodeId]
    spoken: Vocabulary
    listens: bool
    ahead: NodeId | None = None
    emergency_key: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class FlowBook:
    """Checked flows by name, as one running call sees them until it ends; `digest` names this very edition."""

    flows: Mapping[str, Flow]
    default_queue: QueueName = QueueName("general")  # noqa: RUF009  (NewType is no call at all)
    digest: str = ""
    tables: Mapping[str, Mapping[NodeId, Table]] = field(default_factory=dict)


def make_book(
    flows: Iterable[Flow], default_queue: QueueName, texts: Mapping[str, str | bytes] | None = None
) -> FlowBook:
    """Return an edition of flows that `load_flow` and `inspect_flows` found sound.

    `default_queue` is where a caller goes when all else fails. The digest comes from `texts` (file name → text).
    """
    digest = hashlib.sha256()
    for name, text in sorted((texts or {}).items()):
        content = text if isinstance(text, bytes) else text.encode()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    named = {flow.name: flow for flow in flows}
    tables = {name: MappingProxyType(_tables(flow)) for name, flow in named.items()}
    return FlowBook(MappingProxyType(named), default_queue, digest.hexdigest()[:16], MappingProxyType(tables))


def _tables(flow: Flow) -> dict[NodeId, Table]:
    return {id_: _table(flow, node) for id_, node in flow.nodes.items()}


def _table(flow: Flow, node: Node) -> Table:
    own = own_keys(node)
    anytime = {key: choice for key, choice in flow.anytime.items() if key not in taken_keys(node)}
    by_key = {**{key: choice.target.node for key, choice in anytime.items()}, **own}
    urgent = flow.emergency_key
    if urgent is not None:
        by_key[urgent.key] = urgent.target.node
    choices = tuple(node.choices.values()) if isinstance(node, MenuNode) else ()
    spoken = vocabulary_of((*choices, *flow.anytime.values(), *((urgent,) if urgent is not None else ())))
    ahead = _ahead(flow, node)
    key = urgent.key if urgent is not None else ""
    keys = "".join(dict.fromkeys((*own, *anytime, *taken_keys(node), *_keys_of(flow, ahead))))
    return Table(node, keys, MappingProxyType(by_key), spoken, bool(spoken) or isinstance(node, ListenNode), ahead, key)


def own_keys(node: Node) -> dict[str, NodeId]:
    """Return the keys that lead straight out of a node."""
    match node:
        case MenuNode(choices=choices):
            return {key: choice.target.node for key, choice in choices.items()}
        case QueueNode(keys=keys, outcomes=outcomes):
            return {key: outcomes[f"key.{key}"].node for key in keys}
        case _:
            return {}


def taken_keys(node: Node) -> str:
    """Return the keys a node needs for itself, so that `anytime` cannot have them."""
    match node:
        case CollectNode(end_key=end_key):
            return DIGITS + end_key
        case CallbackNode():
            return "12"
        case SurveyNode(questions=questions):
            return "".join(dict.fromkeys("".join(question.keys for question in questions)))
        case _:
            return ""


def _ahead(flow: Flow, node: Node) -> NodeId | None:
    """Return the menu or collecting node that follows a say node, through further say nodes."""
    seen: set[NodeId] = set()
    here: Node | None = node
    while isinstance(here, SayNode) and here.id not in seen:
        seen.add(here.id)
        here = flow.nodes.get(here.outcomes["then"].node)
    return here.id if isinstance(here, MenuNode | CollectNode) and here is not node else None


def _keys_of(flow: Flow, id_: NodeId | None) -> str:
    node = flow.nodes.get(id_) if id_ else None
    return "".join((*own_keys(node), *taken_keys(node))) if node is not None else ""
