"""The flows as one graph: which node leads where, and whether by itself or by something the caller does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ivr.call import NodeId
from ivr.flow.book import taken_keys
from ivr.flow.model import (
    END,
    CallbackNode,
    CollectNode,
    DialNode,
    EmergencyNode,
    Flow,
    GotoNode,
    HangupNode,
    HoursNode,
    ListenNode,
    MenuNode,
    Node,
    QueueNode,
    ReturnNode,
    SubflowNode,
    SwitchNode,
    prompts_of,
)
from ivr.problems import Place

Key: TypeAlias = tuple[str, NodeId]
"""A node of a flow, across flows."""

EMERGENCY = "emergency"
"""The outcome of the emergency key: a way to be reached, but never the way by which one comes to a person."""

FINISH: Key = ("", END)
FAR = 10**6


@dataclass(frozen=True, slots=True)
class Edge:
    """One way on. `by_caller`: the caller (or an agent, or a wait of some seconds) had to act, so it cannot spin."""

    target: Key
    outcome: str
    by_caller: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes of the flows and their ways on; `flows` are those known by name."""

    flows: Mapping[str, Flow]
    nodes: Mapping[Key, Node]
    edges: Mapping[Key, tuple[Edge, ...]]


def graph_of(flows: Mapping[str, Flow]) -> Graph:
    """Return the graph of flows; ways to nodes that do not exist are left out (they are reported elsewhere)."""
    nodes = {(name, id_): node for name, flow in flows.items() for id_, node in flow.nodes.items()}
    edges = {key: tuple(_edges(flows, key, node, nodes)) for key, node in nodes.items()}
    return Graph(flows, nodes, edges)


def _edges(flows: Mapping[str, Flow], key: Key, node: Node, nodes: Mapping[Key, Node]) -> Iterable[Edge]:
    flow = flows[key[0]]
    for outcome, target in node.outcomes.items():
        there = FINISH if target.node == END else (key[0], target.node)
        if there == FINISH or there in nodes:
            yield Edge(there, outcome, _is_by_caller(node, outcome), target.place)
    if isinstance(node, GotoNode | SubflowNode) and node.flow in flows:
        start = (node.flow, flows[node.flow].start.node)
        if start in nodes:
            yield Edge(start, "flow", False, node.flow_place or node.place)
    if isinstance(node, HangupNode | ReturnNode):
        yield Edge(FINISH, "end", False, node.place)
    if prompts_of(node):
        taken = taken_keys(node)
        for choice in flow.anytime.values():
            there = (key[0], choice.target.node)
            if (choice.key not in taken or choice.words) and there in nodes:
                yield Edge(there, f"anytime.{choice.key}", True, choice.target.place)
        urgent = flow.emergency_key
        if urgent is not None and (key[0], urgent.target.node) in nodes:
            yield Edge((key[0], urgent.target.node), EMERGENCY, True, urgent.target.place)


def _is_by_caller(node: Node, outcome: str) -> bool:
    match node:
        case MenuNode() | CollectNode():
            return outcome != "no_input"
        case ListenNode():
            return outcome == "heard"
        case CallbackNode():
            return outcome == "requested"
        case QueueNode():  # a time-out is the end of a wait for a person, which cannot spin
            return outcome in ("answered", "timeout") or outcome.startswith("key.")
        case EmergencyNode():
            return outcome in ("joined", "answered")
        case DialNode():
            return outcome == "answered"
        case _:
            return False


def is_person(node: Node) -> bool:
    """Whether the node brings the caller to a person."""
    return isinstance(node, QueueNode | DialNode)


def is_test(node: Node) -> bool:
    """Whether the way on depends on circumstances that the caller cannot choose."""
    return isinstance(node, HoursNode | SwitchNode)


def reached_from(graph: Graph, starts: Iterable[Key], follows: Callable[[Node, Edge], bool]) -> frozenset[Key]:
    """Return the nodes reached from `starts` along edges that `follows` allows."""
    seen: set[Key] = set()
    stack = [start for start in starts if start in graph.nodes]
    while stack:
        key = stack.pop()
        if key in seen:
            continue
        seen.add(key)
        stack += [edge.target for edge in graph.edges[key] if edge.target != FINISH and follows(graph.nodes[key], edge)]
    return frozenset(seen)


def ending_nodes(graph: Graph) -> frozenset[Key]:
    """Return the nodes from which some way leads to the end of the call (or of the subflow, or to an unknown flow)."""
    before: dict[Key, set[Key]] = {}
    ends: list[Key] = []
    for key, node in graph.nodes.items():
        if is_person(node) or (isinstance(node, GotoNode | SubflowNode) and node.flow not in graph.flows and node.flow):
            ends.append(key)
        for edge in graph.edges[key]:
            if edge.outcome != EMERGENCY:
                before.setdefault(edge.target, set()).add(key)
    seen: set[Key] = set()
    stack = [*ends, FINISH]
    while stack:
        key = stack.pop()
        if key not in seen:
            seen.add(key)
            stack += before.get(key, ())
    return frozenset(seen)


def idle_loops(graph: Graph) -> tuple[tuple[Key, Edge], ...]:
    """Return one way (node, edge) of each loop that a silent caller would run through for ever."""
    done: set[Key] = set()
    found: list[tuple[Key, Edge]] = []
    for root in graph.nodes:
        if root in done:
            continue
        on_way: set[Key] = {root}
        stack = [(root, iter(graph.edges[root]))]
        while stack:
            key, rest = stack[-1]
            edge = next(rest, None)
            if edge is None:
                stack.pop()
                on_way.discard(key)
                done.add(key)
            elif edge.by_caller or edge.target == FINISH:
                continue
            elif edge.target in on_way:
                found.append((key, edge))
            elif edge.target not in done:
                on_way.add(edge.target)
                stack.append((edge.target, iter(graph.edges[edge.target])))
    return tuple(found)


def keys_to_a_person(graph: Graph) -> Mapping[Key, int]:
    """Return for each node how many keys (or spoken choices) at most a caller needs to reach a person; FAR: cannot.

    Where circumstances decide (hours, switch) the worst of the ways counts, elsewhere the best.
    """
    distance: dict[Key, int] = {}
    for key, node in graph.nodes.items():
        is_unknown = isinstance(node, GotoNode | SubflowNode) and bool(node.flow) and node.flow not in graph.flows
        distance[key] = 0 if is_person(node) or is_unknown else FAR
    changed = True
    while changed:
        changed = False
        for key, node in graph.nodes.items():
            if distance[key] == 0 or not graph.edges[key]:
                continue
            costs = [
                distance.get(edge.target, FAR) + (1 if edge.by_caller else 0)
                for edge in graph.edges[key]
                if edge.target != key and edge.outcome != EMERGENCY
            ]
            best = min(max(costs, default=FAR) if is_test(node) else min(costs, default=FAR), FAR)
            if best < distance[key]:
                distance[key], changed = best, True
    return distance
