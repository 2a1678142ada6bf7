"""The exceptions of the whole project, in one tree.

HotlineError                    everything we raise on purpose
├── AuthorError                 a person wrote something that cannot work; carries problems with places and remedies
├── ChangedMeanwhileError       another person changed the same thing first; nothing was overwritten
├── WorldError                  something outside failed; raised at an edge, becomes an event before a core sees it
│   ├── SwitchError             the telephone switch refused or did not answer
│   │   ├── SwitchLostError     the link is down: nothing is known to have been done
│   │   ├── SwitchRefusedError  the switch said no, with its reason
│   │   └── UnsafeHeaderError   a value that must not reach the switch (line break, NUL, too long)
│   ├── EarsError               speech recognition is away or its model is broken
│   ├── StoreError              the database is away or refused
│   │   ├── StoreAwayError      the database did not do it now; the same write may succeed later
│   │   └── StoreRefusedError   the database will never take this value
│   ├── BusError                the broker is away
│   └── PartMissingError        an external program is missing; carries the remedy
└── ImpossibleMoveError         our own mistake: a state machine was asked for a move it does not have
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr.problems import Problem


class HotlineError(Exception):
    """Anything this project raises on purpose."""


class AuthorError(HotlineError):
    """A file that a person wrote cannot be used; `problems` says where and what to do, all at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class ChangedMeanwhileError(HotlineError):
    """Another person changed the same thing first: read it again, then decide."""


class WorldError(HotlineError):
    """Something outside our process failed."""


class SwitchError(WorldError):
    """The telephone switch refused, or did not answer."""


class SwitchLostError(SwitchError):
    """The link to the switch is down; whether the last action was carried out is unknown."""


class SwitchRefusedError(SwitchError):
    """The switch answered no; the message holds its reason."""


class UnsafeHeaderError(SwitchError):
    """A value holds a line break, NUL or is too long, and must not reach the switch."""


class EarsError(WorldError):
    """Speech recognition is away, or its model is broken."""


class StoreError(WorldError):
    """The database is away, or refused."""


class StoreAwayError(StoreError):
    """The database cannot be reached, is locked or is full; the same write may succeed later."""


class StoreRefusedError(StoreError):
    """The database refused this value; asking again is no use."""


class BusError(WorldError):
    """The message broker is away."""


class PartMissingError(WorldError):
    """An external program is missing; the message says which, and how to get it."""


class ImpossibleMoveError(HotlineError):
    """A state machine was asked for a move that its table does not have."""
