"""A city's emergency policy: what is done for which danger, when it is done at once, and who is called in which order.

The policy is data (routing/emergency/policies/*.yaml); each rule names its clause. `decide` is pure: it takes one
raise and returns what to do. Modes: `guide` tells the caller the number, `transfer` gives the caller over, `three_way`
keeps the agent in, `parallel_notify` starts the duty unit and the emergency service at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from routing.emergency.kinds import Confidence, Kind


class Mode(StrEnum):
    """What is done with a call that is an emergency."""

    GUIDE = "guide"
    TRANSFER = "transfer"
    THREE_WAY = "three_way"
    PARALLEL_NOTIFY = "parallel_notify"


class Start(StrEnum):
    """Whether it begins at once or an agent is asked first."""

    GO = "go"
    SUGGEST = "suggest"


class Source(StrEnum):
    """Who or what raised it."""

    WORDS_IN_FLOW = "words_in_flow"
    WORDS_IN_QUEUE = "words_in_queue"
    WORDS_IN_TALK = "words_in_talk"
    KEY = "key"
    CLICK = "click"
    CATEGORY = "category"
    SUPERVISOR = "supervisor"
    FROM_110 = "from_110"


ALWAYS_GO = frozenset({Source.CLICK, Source.SUPERVISOR})
"""A person who decided; no policy may hold them back."""


VERIFY_SECONDS = 60
"""After this long together without anything verified, people are reminded."""


@dataclass(frozen=True, slots=True)
class Target:
    """One party to call: `numbers` in order with fail-over, each tried on `trunks` in order."""

    name: str
    title: str
    numbers: tuple[str, ...]
    trunks: tuple[str, ...] = ("emergency",)
    ring_seconds: int = 20
    may_pass_number: bool = True
    may_pass_place: bool = True
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done for one kind, or for one category of it (`category` empty: for the whole kind)."""

    kind: Kind
    mode: Mode
    targets: tuple[str, ...]
    notify: tuple[str, ...] = ()
    category: str = ""
    words: tuple[str, ...] = ()
    guide: str = ""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """One city's rules. `starts` says go or suggest by source and confidence; `from_110_priority` orders the queue.

    `categories` says which kind of danger an order's category is, where it is one at all.
    """

    name: str
    version: str
    rules: tuple[Rule, ...]
    targets: Mapping[str, Target]
    starts: Mapping[tuple[Source, Confidence], Start] = field(default_factory=dict)
    overrides: Mapping[tuple[Kind, Source, Confidence], Start] = field(default_factory=dict)
    from_110_priority: int = 80
    clauses: tuple[str, ...] = ()
    categories: Mapping[str, Kind] = field(default_factory=dict)
    verify_seconds: int = VERIFY_SECONDS

    def kind_of(self, category: str) -> Kind | None:
        """Return the kind of an order's category, written whole (`公共安全/燃气/泄漏`) or by its last part."""
        return self.categories.get(category) or self.categories.get(category.rpartition("/")[2])


def with_backup(policy: Policy, trunk: str, backup: str) -> Policy:
    """Return the policy of an installation that has a second trunk: whoever is called by `trunk` has `backup` too."""

    def trunks(target: Target) -> tuple[str, ...]:
        if trunk not in target.trunks or backup in target.trunks:
            return target.trunks
        after = target.trunks.index(trunk) + 1
        return (*target.trunks[:after], backup, *target.trunks[after:])

    targets = {name: replace(target, trunks=trunks(target)) for name, target in policy.targets.items()}
    return replace(policy, targets=targets)


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision for one raise: mode, start, whom to call in order, whom to tell besides, and by which clause."""

    kind: Kind
    mode: Mode
    start: Start
    targets: tuple[Target, ...]
    notify: tuple[Target, ...]
    guide: str
    clause: str
    verify_seconds: int = VERIFY_SECONDS

    @property
    def main(self) -> Target:
        return self.targets[0]


def decide(
    policy: Policy, kind: Kind, source: Source, confidence: Confidence, category: str = "", said: str = ""
) -> Plan:
    """Return what this city does. A rule for the category, or one whose words were `said`, comes before the kind's."""
    mine = [rule for rule in policy.rules if rule.kind is kind]
    rule = (
        next((each for each in mine if each.category and each.category == category), None)
        or next((each for each in mine if each.words and any(word in said for word in each.words)), None)
        or next(each for each in mine if not each.category)
    )
    return Plan(
        kind=kind,
        mode=rule.mode,
        start=start_of(policy, kind, source, confidence),
        targets=tuple(policy.targets[name] for name in rule.targets),
        notify=tuple(policy.targets[name] for name in rule.notify),
        guide=rule.guide,
        clause=rule.clause,
        verify_seconds=policy.verify_seconds,
    )


def start_of(policy: Policy, kind: Kind, source: Source, confidence: Confidence) -> Start:
    """Return whether it begins at once: a person's click always does, silence of the policy means ask."""
    if source in ALWAYS_GO:
        return Start.GO
    special = policy.overrides.get((kind, source, confidence))
    return special or policy.starts.get((source, confidence), Start.SUGGEST)
