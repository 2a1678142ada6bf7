"""One step of the flow engine, beside the shortest interpreter one would write by hand.

The peer plays the same call on the same flows: plain dicts from YAML, a session that is changed in place, a chain of
`if`s. It has no type-ahead, no spoken words, no bounds, no subflow stack worth the name, and it cannot be replayed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import yaml

from ivr.call import CallId, PhoneNumber, QueueName
from ivr.commands import Enqueue, HangUp, PlayPrompt
from ivr.events import CallOffered, DigitPressed, FlowEvent, QueueLeft, WaitExpired
from ivr.flow.book import FlowBook
from ivr.flow.engine import advance, open_session
from tests.benchmarks.figures import Figure, Options, quantile
from tests.ivr.flow import shipped

TARGET_US = 10.0
_CALL = CallId("bench-1")
_AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
STORY: tuple[FlowEvent, ...] = (
    CallOffered(_CALL, PhoneNumber("13800001234"), "12319", _AT),
    WaitExpired(_CALL),
    DigitPressed(_CALL, "9"),
    DigitPressed(_CALL, "2"),
    QueueLeft(_CALL, QueueName("general"), "timeout"),
    WaitExpired(_CALL),
)
"""The greeting, the menu, a key it does not have, a complaint, a wait in vain, an apology, the offer to call back."""


def measure(options: Options) -> list[Figure]:
    """Return µs per step: the engine's own work, without journal or switch."""
    rounds = int(options.pick(20_000, 4_000))
    book = shipped.book()
    raw = {name.removesuffix(".yaml"): yaml.safe_load(text) for name, text in shipped.texts().items()}
    if _deeds(book) != _naive_deeds(raw):
        raise RuntimeError(f"the peer plays another call: {_deeds(book)} / {_naive_deeds(raw)}")
    ours = _timed(lambda: _play(book), rounds)
    peer = _timed(lambda: _naive_play(raw), rounds)
    steps = _each_step(book, rounds)
    return [
        Figure(
            "engine step, mean over a call",
            "µs",
            ours / len(STORY),
            peer / len(STORY),
            "naive interpreter",
            target=TARGET_US,
            note=f"{len(STORY)} events of menu.yaml",
        ),
        Figure("engine step, p50 of all", "µs", quantile(steps, 0.5), note="each timed alone, 0.1 µs of it the clock"),
        Figure("engine step, p99 of all", "µs", quantile(steps, 0.99)),
    ]


def _timed(work: Callable[[], object], rounds: int) -> float:
    """Return µs of CPU per round: the median of ten stretches (other work on the machine is not in it)."""
    took = []
    for _ in range(10):
        begun = time.thread_time()
        for _ in range(rounds // 10):
            work()
        took.append((time.thread_time() - begun) / (rounds // 10) * 1e6)
    return statistics.median(took)


def _play(book: FlowBook) -> None:
    session = open_session(book, "menu", _CALL)
    for event in STORY:
        session, _ = advance(session, event)


def _each_step(book: FlowBook, rounds: int) -> list[float]:
    took = []
    for _ in range(rounds):
        session = open_session(book, "menu", _CALL)
        for event in STORY:
            begun = time.perf_counter_ns()
            session, _ = advance(session, event)
            took.append((time.perf_counter_ns() - begun) / 1000)
    return took


def _deeds(book: FlowBook) -> list[str]:
    """Return what each event leads to: one word an event."""
    session = open_session(book, "menu", _CALL)
    found = []
    for event in STORY:
        session, commands = advance(session, event)
        kinds = [type(command) for command in commands]
        found.append(f"{session.node} {[k.__name__ for k in kinds if k in (PlayPrompt, Enqueue, HangUp)]}")
    return found


class _Naive:
    """A caller in the peer's flow."""

    def __init__(self, flow: dict[str, Any]) -> None:
        self.nodes: dict[str, Any] = flow["nodes"]
        self.anytime: dict[str, Any] = flow.get("anytime", {})
        self.node = flow["start"]
        self.tries = 0
        self.variables: dict[str, str] = {}

    def enter(self, name: str) -> list[tuple[Any, ...]]:
        self.node, self.tries = name, 0
        node = self.nodes[name]
        while node["kind"] == "set":
            self.variables.update(node["variables"])
            self.node = node["then"]
            node = self.nodes[self.node]
        return self.ask(node)

    def ask(self, node: dict[str, Any]) -> list[tuple[Any, ...]]:
        kind = node["kind"]
        if kind == "queue":
            return [("Enqueue", node["queue"], node.get("wait_seconds", 0), "".join(node.get("keys", {})))]
        if kind == "hangup":
            return [("PlayPrompt", node["say"], "", 0), ("HangUp", 16)]
        keys = "".join([*node.get("choices", {}), *self.anytime])
        return [("PlayPrompt", node.get("say", ""), keys, node.get("wait_seconds", 0))]

    def take(self, event: FlowEvent) -> list[tuple[Any, ...]]:
        node = self.nodes[self.node]
        kind = node["kind"]
        if isinstance(event, CallOffered):
            return self.enter(self.node)
        if kind == "say" and isinstance(event, WaitExpired):
            return self.enter(node["then"])
        if kind == "menu" and isinstance(event, DigitPressed):
            choice = node["choices"].get(event.digit) or self.anytime.get(event.digit)
            if choice is not None:
                return self.enter(choice["to"] if isinstance(choice, dict) else choice)
            self.tries += 1
            if self.tries >= node.get("tries", 3):
                return self.enter(node["no_match"])
            return self.ask(node)
        if kind == "menu":
            self.tries += 1
            return self.enter(node["no_input"]) if self.tries >= node.get("tries", 3) else self.ask(node)
        if kind == "queue" and isinstance(event, QueueLeft):
            return self.enter(node.get(event.outcome) or node["otherwise"])
        return []


def _naive_play(raw: dict[str, Any]) -> None:
    caller = _Naive(raw["menu"])
    for event in STORY:
        caller.take(event)


def _naive_deeds(raw: dict[str, Any]) -> list[str]:
    caller = _Naive(raw["menu"])
    found = []
    for event in STORY:
        commands = caller.take(event)
        found.append(f"{caller.node} {[command[0] for command in commands]}")
    return found
