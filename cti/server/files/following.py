"""What is published while we run, carried out: switch, desks, board and emergency follow each file that is sound."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path

from cti.seats_file import Seat
from cti.server.board_feed import BoardFeed
from cti.server.emergency import in_this_city, policy_path
from cti.server.files.danger_words import DangerWords, own_danger
from cti.server.files.flow_files import FlowShelf, keys_out_of_queues
from cti.server.files.policy_watch import PolicyWatch, speak_for
from cti.server.files.queue_file import QueueFile
from cti.server.files.seat_file import SeatFile
from cti.server.files.switch_files import SwitchFiles
from cti.server.installation import make_comforts
from cti.settings import Settings
from ivr.adapters.voice.espeak import Espeak
from ivr.call import SeatId
from ivr.errors import HotlineError
from ivr.flow.model import Flow
from ivr.problems import Problem
from routing.agent import AgentState
from routing.emergency.shell import EmergencyDesk
from routing.membership import SeatSkills
from routing.queue import Queues
from routing.shell import SeatDesk

log = logging.getLogger(__name__)

AT_WORK = (AgentState.RINGING, AgentState.TALKING, AgentState.AFTER_CALL)


@dataclass(frozen=True, slots=True)
class Following:
    """The files, and who follows them."""

    settings: Settings
    sounds: Path
    espeak: Espeak
    switch: SwitchFiles
    shelf: FlowShelf
    queue_file: QueueFile
    seat_file: SeatFile
    seats: SeatDesk
    feed: BoardFeed
    emergency: EmergencyDesk
    tasks: asyncio.TaskGroup

    def start(self) -> None:
        """Watch every file until the task group ends."""
        self.shelf.follow = self.flows
        city = PolicyWatch(
            lambda: policy_path(self.settings),
            lambda new: speak_for(new, self.sounds, self.espeak),
            lambda new: self.emergency.follow_policy(in_this_city(self.settings, new)),
            tell_refused,
        )
        danger = DangerWords(own_danger(self.settings), self.emergency.follow_words, tell_refused)
        watches: dict[str, Callable[[], Coroutine[None, None, None]]] = {
            "flows": self.shelf.run,
            "queues": self.queue_file.run,
            "seats": self.seat_file.run,
            "policy": city.run,
            "danger words": danger.run,
        }
        for name, run in watches.items():
            self.tasks.create_task(run(), name=name)

    async def queues(self, queues: Queues) -> None:
        """Make sounds and switch follow the queues; seats are compared anew once they are in force."""
        await make_comforts(queues, self.sounds, self.espeak)
        await self.switch.follow(queues, self._keys(), self.seat_file.seats)
        self.feed.queues()
        asyncio.get_running_loop().call_soon(lambda: self.tasks.create_task(self.seats.reconcile()))

    async def flows(self, flows: Iterable[Flow]) -> None:
        """Make the switch know the keys out of queues before a flow offers them."""
        await self.switch.follow(self.queue_file.queues, keys_out_of_queues(flows), self.seat_file.seats)

    async def desks(self, new: tuple[Seat, ...]) -> None:
        """Who goes is offered nothing more; then the switch learns the seats; then who comes may sign in."""
        stay = {seat.id for seat in new} & set(self.seats.desks)
        await self.seats.follow(skills_of(seat for seat in new if seat.id in stay))
        await self.switch.follow(self.queue_file.queues, self._keys(), new)
        await self.seats.follow(skills_of(new))
        self.feed.seats(self.seats.desks)

    def busy(self) -> frozenset[SeatId]:
        """Return the seats that ring, talk or write: nothing is taken from them now."""
        return frozenset(seat for seat, desk in self.seats.desks.items() if desk.state in AT_WORK)

    async def catch_up(self) -> None:
        """Let the switch learn what was published while no controller was there."""
        try:
            await self.flows(self.shelf.current().flows.values())
        except (HotlineError, OSError) as error:
            log.error("switch_not_caught_up", extra={"reason": str(error)})

    def _keys(self) -> str:
        return keys_out_of_queues(self.shelf.current().flows.values())


def skills_of(seats: Iterable[Seat]) -> list[SeatSkills]:
    """Return what each seat can handle."""
    return [SeatSkills(seat.id, seat.agent, seat.skills, seat.penalty) for seat in seats]


def tell_refused(problems: tuple[Problem, ...]) -> None:
    """Tell the log why a file was refused."""
    for problem in problems:
        if problem.is_error:
            log.error("file_problem", extra={"problem": str(problem)})
