"""What can be proved of prompts: they exist, the keys they tell are there, how long they keep one from a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.flow.book import own_keys, taken_keys
from ivr.flow.graph import EMERGENCY, Edge, Graph, Key, is_person, is_test
from ivr.flow.model import (
    CallbackNode,
    Choice,
    CollectNode,
    Flow,
    ListenNode,
    MenuNode,
    Node,
    QueueNode,
    SayNode,
    SurveyNode,
    VoicemailNode,
    prompts_of,
)
from ivr.flow.prompt import (
    DIGIT_SECONDS,
    Digits,
    Named,
    Part,
    Prompt,
    PromptText,
    Words,
    estimated_seconds,
    named_sound,
    words_sound,
)
from ivr.flow.spoken import sound_of
from ivr.flow.spoken_keys import keys_spoken
from ivr.problems import Place, Problem, Severity
from ivr.yaml_fields import remedy_for_unknown
from ivr.yaml_source import shorten

CLAUSE = "GB/T 33358-2016"
LONGEST_PROMPTS_SECONDS = 15.0
_READ_BACK_DIGITS = 12
_FOREVER = 1e9

Prompts = Mapping[str, PromptText]


def prompt_problems(flow: Flow, prompts: Prompts, audio: frozenset[str] | None) -> Iterator[Problem]:
    """Yield prompts and recordings that do not exist, and keys that are told but absent, or there but never told."""
    for node in flow.nodes.values():
        for prompt in prompts_of(node):
            for part in prompt.parts:
                yield from _part_problems(part, prompts, audio)
        yield from _key_problems(flow, node, prompts)
        if isinstance(node, MenuNode):
            yield from _word_problems(flow, node)


def _part_problems(part: Part, prompts: Prompts, audio: frozenset[str] | None) -> Iterator[Problem]:
    match part:
        case Named(name=name, place=place) if name not in prompts:
            yield Problem(place, f"没有提示音“{shorten(name)}”。", remedy_for_unknown(name, prompts))
        case Words(audio=file, place=place) if file and audio is not None and file not in audio:
            yield Problem(place, f"没有录音文件“{shorten(file)}”。", "把文件放进录音文件夹，或改用文字。")
        case _:
            pass


def _word_problems(flow: Flow, node: MenuNode) -> Iterator[Problem]:
    """Yield words that sound like those of another choice that leads elsewhere: nobody could tell them apart."""
    first: dict[str, tuple[str, Choice]] = {}
    urgent = (flow.emergency_key,) if flow.emergency_key is not None else ()
    for choice in (*node.choices.values(), *flow.anytime.values(), *urgent):
        for word in choice.words:
            other, owner = first.setdefault(sound_of(word), (word, choice))
            if owner.target.node != choice.target.node:
                what = f"按键 {choice.key} 的说法“{word}”与按键 {owner.key} 的“{other}”听起来一样。"
                yield Problem(choice.target.place, what, "换一个说法。")


# --------------------------------------------------------------------------------------------------- keys told


def _key_problems(flow: Flow, node: Node, prompts: Prompts) -> Iterator[Problem]:
    for prompt, own, must_be_told in _prompts_with_keys(flow, node):
        told: set[str] = set()
        is_all_known = True
        for part in prompt.parts:
            words = _words_of(part, prompts)
            is_all_known = is_all_known and (words is not None or isinstance(part, Digits))
            for key in keys_spoken(words or ""):
                told.add(key)
                if key not in own:
                    what = f"提示音说了按键 {key}，但这里没有这个按键。"
                    keys = "、".join(sorted(own))
                    yield Problem(part.place, what, f"改提示音，或加上按键 {key}。现有按键：{keys or '无'}。")
        for key in must_be_told:
            if is_all_known and key not in told:
                place = _place_of_key(node, key)
                yield Problem(place, f"有按键 {key}，但提示音没有说。", f"在提示音里说明按 {key}。", Severity.WARNING)


def _place_of_key(node: Node, key: str) -> Place:
    return node.choices[key].target.place if isinstance(node, MenuNode) else node.place


def _prompts_with_keys(flow: Flow, node: Node) -> Iterator[tuple[Prompt, str, str]]:
    """Yield each prompt with the keys that work during it, and those it must tell."""
    own, taken = own_keys(node), taken_keys(node)
    anytime = "".join(key for key in flow.anytime if key not in taken)
    anytime += flow.emergency_key.key if flow.emergency_key is not None else ""
    here = "".join(own) + anytime
    match node:
        case MenuNode():
            yield node.say, here, "".join(own)
            yield node.say_wrong, here, ""
            yield node.say_silent, here, ""
        case SurveyNode(questions=questions):
            yield node.say, taken + anytime, ""
            for question in questions:
                yield question.say, question.keys + anytime, question.keys
        case CallbackNode():
            yield node.say, "12" + anytime, ""
            yield node.say_enter, "0123456789#" + anytime, ""
            yield node.say_confirm, "12" + anytime, ""
            yield node.say_done, anytime, ""
        case CollectNode():
            yield node.say, taken + anytime, ""
        case VoicemailNode():
            yield node.say, here + "#", ""
        case SayNode():
            yield node.say, here + _keys_after(flow, node), ""
        case _:
            for prompt in prompts_of(node):
                yield prompt, here, ""


def _keys_after(flow: Flow, node: SayNode) -> str:
    """Return the keys that work once the words are over: those of what follows."""
    seen = {node.id}
    after = flow.nodes.get(node.outcomes["then"].node)
    while isinstance(after, SayNode) and after.id not in seen:
        seen.add(after.id)
        after = flow.nodes.get(after.outcomes["then"].node)
    return "" if after is None else "".join(own_keys(after)) + taken_keys(after)


def _words_of(part: Part, prompts: Prompts) -> str | None:
    """Return the words of a part, or None when only a recording is known."""
    match part:
        case Words(text=text):
            return text or None
        case Named(name=name):
            return (prompts[name].words or None) if name in prompts else None
        case Digits():
            return None


# ------------------------------------------------------------------------------------------ 15 s before a person


def waiting_problems(flow: Flow, graph: Graph, prompts: Prompts, seconds: Mapping[str, float]) -> Iterator[Problem]:
    """Warn when a menu stands before the first person, or prompts before it last longer than 15 s."""
    start: Key = (flow.name, flow.start.node)
    if flow.is_subflow or start not in graph.nodes:
        return
    menu = _first_menu(graph, start)
    lasting = _seconds_to_a_person(graph, prompts, seconds).get(start, _FOREVER)
    said = f"接通人工前的提示音约 {lasting:.0f} 秒" if lasting < _FOREVER else "接不通人工"
    if menu is not None:
        what = f"来电人接通人工前先遇到菜单（节点“{menu[1]}”），{said}。"
        remedy = "标准建议不设菜单：让 start 直接通向 queue 节点，如 main.yaml；确需菜单时保留一级，并让人工随时可达。"
        place = graph.nodes[menu].place
        if place.file != flow.place.file:
            place = graph.nodes[start].place
        yield Problem(place, what, remedy, Severity.WARNING, CLAUSE)
    elif LONGEST_PROMPTS_SECONDS < lasting < _FOREVER:
        what = f"{said}，超过 {LONGEST_PROMPTS_SECONDS:.0f} 秒。"
        yield Problem(graph.nodes[start].place, what, "把提示音写短，先接通人工。", Severity.WARNING, CLAUSE)


def _first_menu(graph: Graph, start: Key) -> Key | None:
    """Return the first question a caller meets before a person when going along without doing anything."""
    seen: set[Key] = set()
    waiting = [start]
    while waiting:
        key = waiting.pop(0)
        node = graph.nodes.get(key)
        if node is None or key in seen or is_person(node):
            continue
        seen.add(key)
        if isinstance(node, MenuNode | CollectNode | ListenNode | SurveyNode | CallbackNode | VoicemailNode):
            return key
        waiting += [edge.target for edge in graph.edges[key] if not edge.by_caller]
    return None


def _seconds_to_a_person(graph: Graph, prompts: Prompts, seconds: Mapping[str, float]) -> Mapping[Key, float]:
    """Return how long the prompts last until a person for one who hears each to its end and then chooses best."""
    own = {key: _seconds_at(node, prompts, seconds) for key, node in graph.nodes.items()}
    total = {key: own[key] if is_person(node) else _FOREVER for key, node in graph.nodes.items()}
    changed = True
    while changed:
        changed = False
        for key, node in graph.nodes.items():
            ways = [total.get(edge.target, _FOREVER) for edge in graph.edges[key] if _is_known_way(key, node, edge)]
            if is_person(node) or not ways:
                continue
            best = min(own[key] + (max(ways) if is_test(node) else min(ways)), _FOREVER)
            if best < total[key] - 1e-9:
                total[key], changed = best, True
    return total


def _is_known_way(key: Key, node: Node, edge: Edge) -> bool:
    """Whether a caller who only listens would go this way; keys for any time are known once a menu has told them."""
    if edge.target == key or edge.outcome == EMERGENCY:
        return False
    return isinstance(node, MenuNode) or not edge.outcome.startswith("anytime.")


def _seconds_at(node: Node, prompts: Prompts, seconds: Mapping[str, float]) -> float:
    is_silent = isinstance(node, QueueNode) and not node.say
    said = () if is_silent else prompts_of(node)[:1]
    return sum(_prompt_seconds(prompt, prompts, seconds) for prompt in said)


def _prompt_seconds(prompt: Prompt, prompts: Prompts, seconds: Mapping[str, float]) -> float:
    return sum(_part_seconds(part, prompts, seconds) for part in prompt.parts)


def _part_seconds(part: Part, prompts: Prompts, seconds: Mapping[str, float]) -> float:
    match part:
        case Words(text=text, speed=speed, audio=audio):
            return seconds.get(words_sound(text, speed, audio), estimated_seconds(text, speed))
        case Named(name=name) if name in prompts:
            return seconds.get(named_sound(name), estimated_seconds(prompts[name].words, prompts[name].speed))
        case Digits():
            return _READ_BACK_DIGITS * DIGIT_SECONDS
        case _:
            return 0.0
