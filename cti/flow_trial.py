"""A flow tried in the page: a call played from its beginning by what was done so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing done in a trial call, and what the caller hears and the switch does then.

    `flow` and `node` tell where the call stands after it, `phase` what it waits for there.
    """

    did: str
    shown: str
    flow: str
    node: str
    phase: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A call played through to where it is now; `document` repeats it as a test (tests/calls)."""

    moments: tuple[Moment, ...]
    path: tuple[str, ...]
    is_over: bool
    document: str
