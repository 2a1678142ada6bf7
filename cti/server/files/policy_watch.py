"""The city's emergency policy as it is lived: a saved file counts within a second, a broken one is refused.

Cases that have begun go on by the plan that they began with. Only `from_110_priority` waits for the next start: it
stands in the dialplan as well.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from cti.server.files.file_watch import FileWatch
from ivr.adapters.voice.espeak import Espeak
from ivr.adapters.voice.prompts import prepare
from ivr.errors import AuthorError, HotlineError
from ivr.problems import Problem
from routing.emergency.policy import Policy
from routing.emergency.policy_file import load_policy
from routing.emergency.spoken import prompts

log = logging.getLogger(__name__)


async def speak_for(policy: Policy, sounds: Path, espeak: Espeak) -> None:
    """Make the sounds of everything that this policy may have said; AuthorError when one cannot be made."""
    made = await prepare(prompts(policy), sounds, espeak)
    if made.problems:
        raise AuthorError(made.problems)


class PolicyWatch:
    """Watches one file. `prepare` makes the new policy's sounds before `follow` puts it in force."""

    def __init__(
        self,
        file: Callable[[], Path],
        prepare: Callable[[Policy], Awaitable[None]],
        follow: Callable[[Policy], None],
        refused: Callable[[tuple[Problem, ...]], None],
    ) -> None:
        self._file = file
        self._prepare = prepare
        self._follow = follow
        self._refused = refused
        self._watch = FileWatch(file, self.take_in)

    async def run(self) -> None:
        """Watch until cancelled."""
        await self._watch.run()

    async def take_in(self, text: bytes) -> bool:
        """Put a new text in force if it is sound; its words may take a moment to be spoken.

        False when it should be tried again: the disk may only be full.
        """
        policy, problems = load_policy(text, str(self._file()))
        if policy is None:
            log.error("emergency_policy_refused", extra={"problems": len(problems)})
            self._refused(problems)
            return True
        try:
            await self._prepare(policy)
        except (HotlineError, OSError) as error:
            log.error("emergency_policy_not_applied", extra={"reason": str(error)})
            return False
        self._follow(policy)
        log.info("emergency_policy_taken_in", extra={"policy": policy.name, "version": policy.version})
        return True
