"""Queues (排队队列) as an admin writes them in queues.yaml: who waits where, how long, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from ivr.call import QueueName
from ivr.problems import Problem
from ivr.yaml_fields import Fields, remedy_for_unknown
from ivr.yaml_source import YamlMap, read_yaml

VERSION = 1
SERVICE_LEVEL_SECONDS = 15
"""A hotline answers within 15 seconds (GB/T 33358-2016)."""


class Strategy(StrEnum):
    """Which free seat rings first."""

    LONGEST_IDLE = "longest_idle"
    ROUND_ROBIN = "round_robin"
    FEWEST_CALLS = "fewest_calls"
    RANDOM = "random"
    RING_ALL = "ring_all"


class WhenNobody(StrEnum):
    """What becomes of callers while no seat is signed in."""

    WAIT = "wait"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Overflow:
    """Where callers go after `after_seconds`, or at once when the queue is full or empty."""

    to: QueueName
    after_seconds: int


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue. A seat belongs to it when it has all `skills`; `priority` is added to each caller's own."""

    name: QueueName
    title: str
    skills: frozenset[str] = frozenset()
    strategy: Strategy = Strategy.LONGEST_IDLE
    ring_seconds: int = 15
    wait_seconds: int = 300
    after_call_seconds: int = 5
    longest: int = 0
    priority: int = 0
    weight: int = 0
    when_nobody: WhenNobody = WhenNobody.WAIT
    comfort: str = ""
    comfort_every_seconds: int = 30
    overflow: Overflow | None = None

    def takes(self, skills: frozenset[str]) -> bool:
        """Whether a seat with these skills serves this queue."""
        return self.skills <= skills


@dataclass(frozen=True, slots=True)
class Queues:
    """All queues of a hotline by name, in the order written; the first is the default."""

    by_name: Mapping[QueueName, Queue]
    service_level_seconds: int = SERVICE_LEVEL_SECONDS

    @property
    def default(self) -> Queue:
        """The queue for callers whom nothing else has placed."""
        return next(iter(self.by_name.values()))

    def serving(self, skills: frozenset[str]) -> tuple[Queue, ...]:
        """The queues a seat with these skills serves."""
        return tuple(queue for queue in self.by_name.values() if queue.takes(skills))


def load_queues(text: str | bytes, file: str) -> tuple[Queues | None, tuple[Problem, ...]]:
    """Read queues.yaml; the queues are None when there are errors. Every problem comes at once."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return None, tuple(problems)
    fields = Fields(tree, "队列文件", problems)
    if fields.integer("queues_version") != VERSION and fields.has("queues_version"):
        fields.error(fields.place("queues_version"), "不认识这个版本。", f"改为 queues_version: {VERSION}。")
    level = fields.integer("service_level_seconds", SERVICE_LEVEL_SECONDS, 1, 600)
    listed = fields.map("queues", required=True)
    fields.done()
    entries = listed.entries if listed else {}
    queues = {}
    for name, entry in entries.items():
        queue = _queue(name, entry, entries, problems) if isinstance(entry, YamlMap) else None
        if queue:
            queues[queue.name] = queue
        elif not isinstance(entry, YamlMap):
            fields.error(entry.place, f"队列“{name}”没有内容。", "下一行缩进后写 title: 名称。")
    if listed is not None and not entries:
        fields.error(listed.place, "一个队列也没有，来电无处可去。", "至少写一个队列。")
    _check_overflow(queues, listed, problems)
    if any(problem.is_error for problem in problems):
        return None, tuple(problems)
    return Queues(MappingProxyType(queues), level), tuple(problems)


def _queue(name: str, entry: YamlMap, others: Mapping[str, object], problems: list[Problem]) -> Queue | None:
    fields = Fields(entry, f"队列“{name}”", problems)
    if not name.isascii() or not name.replace("_", "").isalnum() or name != name.lower() or len(name) > 40:
        fields.error(entry.place, f"队列名“{name}”不能用。", "只用小写字母、数字和下划线，中文名写在 title。")
        return None
    queue = Queue(
        name=QueueName(name),
        title=fields.text("title", longest=40),
        skills=frozenset(fields.texts("skills", ())),
        strategy=Strategy(fields.choice("strategy", Strategy, Strategy.LONGEST_IDLE)),
        ring_seconds=fields.integer("ring_seconds", 15, 5, 120),
        wait_seconds=fields.integer("wait_seconds", 300, 10, 3600),
        after_call_seconds=fields.integer("after_call_seconds", 5, 0, 600),
        longest=fields.integer("longest", 0, 0, 10000),
        priority=fields.integer("priority", 0, 0, 20),
        weight=fields.integer("weight", 0, 0, 100),
        when_nobody=WhenNobody(fields.choice("when_nobody", WhenNobody, WhenNobody.WAIT)),
        comfort=fields.text("comfort", "", longest=200),
        comfort_every_seconds=fields.integer("comfort_every_seconds", 30, 10, 600),
        overflow=_overflow(name, fields, others),
    )
    fields.done()
    return queue


def _overflow(name: str, fields: Fields, others: Mapping[str, object]) -> Overflow | None:
    tree = fields.map("overflow")
    if tree is None:
        return None
    inner = Fields(tree, f"队列“{name}”的溢出", fields.problems)
    to = inner.text("to")
    seconds = inner.integer("after_seconds", 20, 5, 600)
    inner.done()
    if to and to not in others:
        inner.error(inner.place("to"), f"没有叫“{to}”的队列。", remedy_for_unknown(to, others))
    return Overflow(QueueName(to), seconds)


def _check_overflow(queues: Mapping[QueueName, Queue], listed: YamlMap | None, problems: list[Problem]) -> None:
    """Overflow must not lead round in a circle: a caller would wait for ever."""
    for queue in queues.values():
        seen, here = {queue.name}, queue
        while here.overflow and here.overflow.to in queues:
            here = queues[here.overflow.to]
            if here.name in seen:
                place = listed.keys[queue.name] if listed else None
                if place and here.name == queue.name:
                    problems.append(
                        Problem(place, f"队列“{queue.name}”的溢出绕了一圈又回到自己。", "去掉其中一个 overflow。")
                    )
                break
            seen.add(here.name)
