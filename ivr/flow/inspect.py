"""Proofs about flows before they meet a caller; every finding is a Problem with its place and remedy.

Proved: every outcome leads somewhere; every way ends; no loop without something the caller does; a person within two
keys of every node; no node that nobody reaches; every prompt, queue, number, flow and variable exists; the keys told
are the keys there. Warned: GB/T 33358-2016, when a caller is kept from a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ivr.call import NodeId
from ivr.flow.graph import (
    EMERGENCY,
    FAR,
    Edge,
    Graph,
    Key,
    ending_nodes,
    graph_of,
    idle_loops,
    is_person,
    keys_to_a_person,
    reached_from,
)
from ivr.flow.inspect_prompts import prompt_problems, waiting_problems
from ivr.flow.model import (
    CALLBACK_NUMBER,
    END,
    CollectNode,
    DialNode,
    EmergencyNode,
    Flow,
    GotoNode,
    HangupNode,
    ListenNode,
    Node,
    QueueNode,
    ReturnNode,
    SetNode,
    SubflowNode,
    SwitchNode,
    Target,
    prompts_of,
)
from ivr.flow.prompt import Digits, PromptText
from ivr.problems import Place, Problem, Severity
from ivr.yaml_fields import remedy_for_unknown
from ivr.yaml_source import shorten

MOST_KEYS_TO_A_PERSON = 2
MOST_KEYS_TO_HELP = 1


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What flows may refer to. None for `queues`, `numbers` or `audio` means: not known here, do not check.

    `others` are flows that are not being checked but may be called; `seconds` are measured lengths by sound name.
    """

    queues: frozenset[str] | None = None
    numbers: frozenset[str] | None = None
    prompts: Mapping[str, PromptText] = field(default_factory=dict)
    audio: frozenset[str] | None = None
    others: Mapping[str, Flow] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


def inspect_flows(flows: Sequence[Flow], catalogue: Catalogue) -> tuple[Problem, ...]:
    """Return every finding about `flows`, in the order of the files' lines."""
    problems = list(_doubles(flows))
    graph = graph_of({**catalogue.others, **{flow.name: flow for flow in flows}})
    persons = keys_to_a_person(graph)
    ends = ending_nodes(graph)
    for flow in flows:
        problems += _target_problems(flow)
        problems += _reference_problems(flow, graph, catalogue)
        problems += _reach_problems(flow, graph)
        problems += _end_problems(flow, ends)
        problems += _person_problems(flow, graph, persons)
        problems += _emergency_problems(flow, graph)
        problems += _variable_problems(flow)
        problems += prompt_problems(flow, catalogue.prompts, catalogue.audio)
        problems += waiting_problems(flow, graph, catalogue.prompts, catalogue.seconds)
    names = {flow.name for flow in flows}
    problems += [_loop_problem(key, edge) for key, edge in idle_loops(graph) if key[0] in names]
    return tuple(sorted(set(problems), key=lambda problem: (problem.place, problem.what)))


def _error(place: Place, what: str, remedy: str) -> Problem:
    return Problem(place, what, remedy)


def _doubles(flows: Sequence[Flow]) -> Iterator[Problem]:
    seen: dict[str, Flow] = {}
    for flow in flows:
        if flow.name in seen:
            what = f"流程名“{flow.name}”与 {seen[flow.name].place.file} 重复。"
            yield _error(flow.place, what, "给其中一个改名（name: …）。")
        seen.setdefault(flow.name, flow)


def _targets(flow: Flow) -> Iterator[tuple[str, Target]]:
    yield "start", flow.start
    for choice in flow.anytime.values():
        yield f"anytime “{choice.key}”", choice.target
    if flow.emergency_key is not None:
        yield "emergency_key", flow.emergency_key.target
    for node in flow.nodes.values():
        for outcome, target in node.outcomes.items():
            yield f"节点“{node.id}”的 {outcome}", target


def _target_problems(flow: Flow) -> Iterator[Problem]:
    seen: set[tuple[Place, NodeId]] = set()
    for what, target in _targets(flow):
        if target.node == END or target.node in flow.nodes or not target.node or (target.place, target.node) in seen:
            continue
        seen.add((target.place, target.node))
        said = f"{what} 指向不存在的节点“{shorten(target.node)}”。"
        yield _error(target.place, said, remedy_for_unknown(target.node, (*flow.nodes, END)))
    if flow.start.node == END:
        yield _error(flow.start.place, "start 不能是 end。", "写上第一个节点的名称。")


def _reference_problems(flow: Flow, graph: Graph, catalogue: Catalogue) -> Iterator[Problem]:
    for node in flow.nodes.values():
        for kind, name, place, known in _references(node, graph, catalogue):
            if known is not None and name not in known:
                yield _error(place, f"没有{kind}“{shorten(name)}”。", remedy_for_unknown(name, known))


def _references(
    node: Node, graph: Graph, catalogue: Catalogue
) -> Iterator[tuple[str, str, Place, Iterable[str] | None]]:
    match node:
        case QueueNode(queue=queue, queue_place=place):
            yield "队列", queue, place, catalogue.queues
        case DialNode(number=number, number_place=place):
            yield "允许拨打的号码", number, place, catalogue.numbers
        case GotoNode(flow=name, flow_place=Place() as place) if name:
            yield "流程", name, place, graph.flows
        case SubflowNode(flow=name, flow_place=place):
            yield "流程", name, place, graph.flows
        case SwitchNode(cases=cases):
            for case in cases:
                if case.queue:
                    yield "队列", case.queue, case.queue_place or case.place, catalogue.queues
        case _:
            pass


def _reach_problems(flow: Flow, graph: Graph) -> Iterator[Problem]:
    urgent = (flow.emergency_key,) if flow.emergency_key is not None else ()
    starts = [flow.start.node, flow.fallback, *(each.target.node for each in (*flow.anytime.values(), *urgent))]
    reached = reached_from(graph, ((flow.name, id_) for id_ in starts), lambda _node, _edge: True)
    for id_, node in flow.nodes.items():
        if (flow.name, id_) not in reached:
            yield _error(node.place, f"没有任何路径到达节点“{id_}”。", "让某个节点指向它，或删去它。")


def _end_problems(flow: Flow, ends: frozenset[Key]) -> Iterator[Problem]:
    for id_, node in flow.nodes.items():
        if (flow.name, id_) not in ends and not _has_lost_target(flow, node):
            yield _error(
                node.place, f"从节点“{id_}”出发的路径永远不会结束。", "加上通向挂机（hangup）或人工（queue）的出路。"
            )


def _has_lost_target(flow: Flow, node: Node) -> bool:
    return any(target.node not in flow.nodes and target.node != END for target in node.outcomes.values())


def _person_problems(flow: Flow, graph: Graph, persons: Mapping[Key, int]) -> Iterator[Problem]:
    if flow.is_subflow:
        return
    if not flow.fallback:
        yield _error(flow.place, "流程里没有人工（queue 或 dial 节点）。", "加上一个 queue 节点，例如名为 human。")
    elif persons.get((flow.name, flow.fallback), 0) > 0:
        place = flow.nodes[flow.fallback].place
        what = f"出现意外时去的节点“{flow.fallback}”不能直接到人工。"
        yield _error(place, what, "把 fallback 改为一个 queue 节点。")
    before = reached_from(
        graph,
        ((flow.name, id_) for id_ in (flow.start.node, flow.fallback)),
        lambda node, edge: not (edge.outcome in ("answered", "joined") and _brings_a_person(node)),
    )
    for id_, node in flow.nodes.items():
        key = (flow.name, id_)
        if key not in before or isinstance(node, HangupNode | ReturnNode) or _has_lost_target(flow, node):
            continue
        needed = persons[key]
        if needed > MOST_KEYS_TO_A_PERSON:
            said = "到不了人工" if needed >= FAR else f"要按 {needed} 次键才到人工"
            what = f"从节点“{id_}”{said}（最多 {MOST_KEYS_TO_A_PERSON} 次）。"
            yield _error(node.place, what, '加上通向人工的按键，例如在 anytime 中写 "0": human。')


def _brings_a_person(node: Node) -> bool:
    return is_person(node) or isinstance(node, EmergencyNode)


def _emergency_problems(flow: Flow, graph: Graph) -> Iterator[Problem]:
    """Yield an emergency key that leads to no emergency service, or only by more than one further key."""
    urgent = flow.emergency_key
    if urgent is None or urgent.target.node not in flow.nodes:
        return
    near = {(flow.name, urgent.target.node)}
    for _ in range(MOST_KEYS_TO_HELP + 1):
        by_themselves = reached_from(graph, near, lambda _node, edge: not edge.by_caller)
        if any(isinstance(graph.nodes[key], EmergencyNode) for key in by_themselves):
            return
        near = {edge.target for key in by_themselves for edge in graph.edges[key] if edge.outcome != EMERGENCY}
    what = f"紧急键 {urgent.key} 之后，按一个键还到不了 emergency 节点。"
    yield _error(urgent.target.place, what, "让它直接通向 emergency 节点，或通向一个菜单，其选项通向 emergency 节点。")


def _loop_problem(key: Key, edge: Edge) -> Problem:
    what = f"来电人不作声时会无休止地循环：“{key[1]}”又回到“{edge.target[1]}”。"
    return _error(edge.place, what, "让其中一个出口通向人工、留言或挂机。")


def _variable_problems(flow: Flow) -> Iterator[Problem]:
    known = {CALLBACK_NUMBER}
    for node in flow.nodes.values():
        match node:
            case SetNode(variables=variables):
                known |= set(variables)
            case CollectNode(into=name) | ListenNode(into=name):
                known.add(name)
            case _:
                pass
    for node in flow.nodes.values():
        for prompt in prompts_of(node):
            for part in prompt.parts:
                if isinstance(part, Digits) and part.variable not in known:
                    what = f"变量“{shorten(part.variable)}”没有在任何地方赋值，读不出数字。"
                    yield _error(part.place, what, remedy_for_unknown(part.variable, known))
        for case in node.cases if isinstance(node, SwitchNode) else ():
            for name in set(case.variables) - known:
                what = f"变量“{shorten(name)}”没有在本流程中赋值。"
                yield Problem(case.place, what, remedy_for_unknown(name, known), Severity.WARNING)
