"""A caller's turns at a flow: played, handed over, taken back, and found again after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest

import ivr
from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName
from ivr.commands import Dial, Enqueue, HangUp, InstantCommand, PlayPrompt, RecordMessage
from ivr.errors import SwitchLostError
from ivr.events import CallerHungUp, CallOffered, DigitPressed, FlowEvent, QueueLeft, WaitExpired, WordsHeard
from ivr.flow.book import FlowBook, make_book
from ivr.flow.load import load_flow
from ivr.flow.replay import replay
from ivr.flow.switch_cases import QueueFacts
from ivr.ports import Heard
from ivr.shell import FlowDesk
from ivr.visits import Visit
from tests.fakes import FakeClock, FakeJournal

CALL, CHANNEL = CallId("hl-1795312728.0"), ChannelName("PJSIP/pstn-00000001")
GENERAL, ELDER = QueueName("general"), QueueName("elder")
FLOWS = Path(ivr.__file__).parent / "flows"


def shipped() -> FlowBook:
    flows = [load_flow(file.read_bytes(), file.name)[0] for file in sorted(FLOWS.glob("*.yaml"))]
    return make_book([flow for flow in flows if flow], GENERAL)


@dataclass
class Shelf:
    book: FlowBook

    def current(self) -> FlowBook:
        return self.book

    def edition(self, digest: str) -> FlowBook | None:
        return self.book if digest == self.book.digest else None


@dataclass
class Policy:
    """Sends every caller to `elder` first, from where the wait overflows to `general`."""

    def place(self, wish: Enqueue) -> Enqueue:
        return Enqueue(wish.call, ELDER, 5, 30)

    def overflow(self, wish: Enqueue, left: QueueLeft, tried: frozenset[QueueName]) -> Enqueue | None:
        return Enqueue(wish.call, GENERAL, 5, 300) if left.outcome == "timeout" and GENERAL not in tried else None

    def facts(self) -> Mapping[str, QueueFacts]:
        return MappingProxyType({"general": QueueFacts(0, 1)})


@dataclass
class Watcher:
    flows: list[str] = field(default_factory=list)
    path: tuple[str, ...] = ()
    deeds: list[InstantCommand] = field(default_factory=list)
    offers: list[CallOffered] = field(default_factory=list)

    def opened(self, offered: CallOffered, flow: str) -> None:
        self.flows.append(flow)
        self.offers.append(offered)

    def went(self, call: CallId, path: tuple[str, ...]) -> None:
        self.path = path

    def told(self, command: InstantCommand) -> None:
        self.deeds.append(command)


class Line:
    """A caller's line that answers each prompt with the next of `answers`; None breaks the line."""

    def __init__(self, *answers: FlowEvent | None) -> None:
        self._answers = list(answers)
        self.played: list[PlayPrompt] = []
        self.handed: list[object] = []
        self.variables: dict[str, str] = {}
        self.waiting = asyncio.Event()
        self.words: asyncio.Future[WordsHeard] = asyncio.get_running_loop().create_future()

    async def perform(self, command: PlayPrompt) -> FlowEvent:
        self.played.append(command)
        if not self._answers:
            self.waiting.set()
            return await asyncio.wait_for(self.words, 20)
        answer = self._answers.pop(0)
        if answer is None:
            raise SwitchLostError("broken")
        return answer

    async def hand_over(self, command: Enqueue | Dial | RecordMessage | HangUp) -> None:
        self.handed.append(command)

    async def interrupt_with_words(self, words: WordsHeard) -> bool:
        self.words.set_result(words)
        return True

    async def set_variable(self, name: str, value: str) -> None:
        self.variables[name] = value


class Helpers:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.connects, self.ended = True, ""

    def call_for_help(self, call: CallId, service: str) -> bool:
        self.asked.append(service)
        return self.connects

    def help_ended(self, call: CallId) -> str:
        return self.ended


class Scene:
    def __init__(self, tasks: asyncio.TaskGroup, journal: FakeJournal | None = None) -> None:
        self.helpers = Helpers()
        self.journal, self.watcher, self.book = journal or FakeJournal(), Watcher(), shipped()
        clock = FakeClock()
        self.desk = FlowDesk(Shelf(self.book), Policy(), self.journal, clock, self.watcher, "main", tasks, self.helpers)

    async def visit(
        self,
        line: Line,
        flow: str = "menu",
        outcome: FlowEvent | None = None,
        context: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        caller = PhoneNumber("13812345678")
        await self.desk.visit(Visit(CALL, CHANNEL, caller, "12345", flow, "", outcome, context), line)

    def replayed_alike(self) -> bool:
        return replay(self.journal.read(CALL), self.book, CALL).difference is None


EXPIRED = WaitExpired(CALL)


async def test_a_key_leads_to_the_queue_that_routing_chooses() -> None:
    async with asyncio.TaskGroup() as tasks:
        scene, line = Scene(tasks), Line(EXPIRED, DigitPressed(CALL, "2"))
        await scene.visit(line)
    assert line.handed == [Enqueue(CALL, ELDER, 5, 30)]
    assert scene.watcher.flows == ["menu"]
    assert scene.watcher.path[-1] == "complaint"
    assert line.variables["HL_NODE"] == "complaint"
    assert scene.replayed_alike()


async def test_a_wait_overflows_before_the_flow_hears_of_it() -> None:
    async with asyncio.TaskGroup() as tasks:
        scene, first, second, third = (
            Scene(tasks),
            Line(EXPIRED, DigitPressed(CALL, "2")),
            Line(),
            Line(EXPIRED, EXPIRED),
        )
        await scene.visit(first)
        await scene.visit(second, outcome=QueueLeft(CALL, ELDER, "timeout"))
        assert second.handed == [Enqueue(CALL, GENERAL, 5, 300)]
        assert scene.watcher.path[-1] == "complaint"
        third = Line(CallerHungUp(CALL))
        await scene.visit(third, outcome=QueueLeft(CALL, GENERAL, "timeout"))
    assert scene.watcher.path[-1] == "all_busy"
    assert scene.replayed_alike()


async def test_one_who_was_moved_out_of_the_flow_is_on_coming_back_given_to_the_safety_net_at_once() -> None:
    """The switch tells of a redirect (an emergency's) as it tells of a hang-up; the dialplan says goodbye or queues."""
    async with asyncio.TaskGroup() as tasks:
        scene, moved, back = Scene(tasks), Line(EXPIRED, CallerHungUp(CALL)), Line()
        await scene.visit(moved)
        await scene.visit(back, outcome=QueueLeft(CALL, GENERAL, "failed"))
        restarted, again = Scene(tasks, scene.journal), Line()
        await restarted.visit(again, outcome=QueueLeft(CALL, GENERAL, "failed"))
    assert "HL_DONE" not in moved.variables
    assert [(one.variables, one.handed, one.played) for one in (back, again)] == [({"HL_DONE": "1"}, [], [])] * 2
    assert scene.replayed_alike()


@pytest.mark.parametrize("ended", ["joined", "answered", ""])
async def test_one_whom_an_emergency_took_out_of_the_queue_is_not_told_that_all_were_busy(ended: str) -> None:
    async with asyncio.TaskGroup() as tasks:
        scene, back = Scene(tasks), Line(CallerHungUp(CALL))
        await scene.visit(Line(EXPIRED, DigitPressed(CALL, "2")))
        scene.helpers.ended = ended
        await scene.visit(back, outcome=QueueLeft(CALL, GENERAL, "failed"))
    assert (back.variables.get("HL_DONE") == "1", back.played == []) == (ended != "", ended != "")
    assert (scene.watcher.path[-1] == "all_busy") == (ended == "")
    assert scene.replayed_alike()


async def test_an_unknown_flow_is_the_default_one() -> None:
    async with asyncio.TaskGroup() as tasks:
        scene = Scene(tasks)
        await scene.visit(Line(EXPIRED), flow="nowhere")
    assert scene.watcher.flows == ["main"]


async def test_spoken_words_steer_the_flow_while_it_listens() -> None:
    async with asyncio.TaskGroup() as tasks:
        scene, line = Scene(tasks), Line(EXPIRED)
        turn = tasks.create_task(scene.visit(line))
        await line.waiting.wait()
        scene.desk.hear(Heard(CALL, Leg.AGENT, "人工", True, 3.0, 4.0))  # not the caller's
        scene.desk.hear(Heard(CALL, Leg.CALLER, "人工", False, 3.0, 4.0))  # not sure yet
        scene.desk.hear(Heard(CALL, Leg.CALLER, "人工", True, 3.0, 4.0))
        await turn
    assert scene.watcher.path[-1] == "human"
    assert scene.replayed_alike()


async def test_a_new_controller_goes_on_where_the_old_one_was() -> None:
    async with asyncio.TaskGroup() as tasks:
        old = Scene(tasks)
        await old.visit(Line(EXPIRED, DigitPressed(CALL, "3"), None))
        assert old.watcher.path[-1] == "order_number"
        new, line = Scene(tasks, old.journal), Line(CallerHungUp(CALL))
        await new.visit(line)
    assert new.watcher.flows == []  # not opened anew
    assert line.played[0].sounds == old_prompt(old.journal)
    assert new.replayed_alike()


def old_prompt(journal: FakeJournal) -> tuple[str, ...]:
    """The sounds of the last prompt that the journal knows of before the restart."""
    prompts = [
        command["sounds"]
        for line in journal.read(CALL)
        for command in line.get("commands", ())  # type: ignore[attr-defined]
        if command["kind"] == "PlayPrompt"
    ]
    return tuple(prompts[-1])


async def test_a_journal_that_cannot_be_read_begins_the_flow_anew() -> None:
    async with asyncio.TaskGroup() as tasks:
        journal = FakeJournal()
        journal.append(CALL, {"flow": "menu", "digest": "of another world"})
        scene, line = Scene(tasks, journal), Line(CallerHungUp(CALL))
        await scene.visit(line)
    assert scene.watcher.flows == ["menu"]
    assert line.played


async def test_a_caller_who_hangs_up_ends_the_turn_without_a_word() -> None:
    async with asyncio.TaskGroup() as tasks:
        scene, line = Scene(tasks), Line(CallerHungUp(CALL))
        await scene.visit(line)
    assert line.handed == []
    assert len(line.played) == 1


FIRE = (EXPIRED, DigitPressed(CALL, "*"), DigitPressed(CALL, "1"))


@pytest.mark.parametrize(
    ("left", "ended", "node"),
    [("failed", "joined", None), ("failed", "answered", None), ("answered", "", None), ("timeout", "", "human")],
    ids=["the service helped", "an agent came besides", "only an agent came", "nobody came"],
)
async def test_who_calls_for_help_waits_before_everybody_and_the_flow_hears_how_it_ended(
    left: str, ended: str, node: str | None
) -> None:
    async with asyncio.TaskGroup() as tasks:
        scene, line = Scene(tasks), Line(*FIRE)
        await scene.visit(line)
        assert (scene.helpers.asked, line.handed) == (["119"], [Enqueue(CALL, GENERAL, 100)])
        scene.helpers.ended = ended
        overflown, after = QueueLeft(CALL, GENERAL, left), Line(CallerHungUp(CALL), CallerHungUp(CALL))
        await scene.visit(after, outcome=overflown)
    assert isinstance(after.handed[-1], HangUp if node is None else Enqueue)
    assert scene.watcher.path[-1] == (node or "fire")
    assert scene.replayed_alike()


async def test_where_the_city_does_not_connect_the_service_the_caller_goes_to_a_person() -> None:
    async with asyncio.TaskGroup() as tasks:
        scene, line = Scene(tasks), Line(*FIRE)
        scene.helpers.connects = False
        await scene.visit(line)
    assert scene.watcher.path[-1] == "human"
    assert isinstance(line.handed[-1], Enqueue)
    assert scene.replayed_alike()


async def test_a_call_for_help_outlives_the_controller() -> None:
    async with asyncio.TaskGroup() as tasks:
        old = Scene(tasks)
        await old.visit(Line(*FIRE))
        new, line = Scene(tasks, old.journal), Line()
        new.helpers.ended = "joined"
        await new.visit(line, outcome=QueueLeft(CALL, GENERAL, "failed"))
    assert [type(each) for each in line.handed] == [HangUp]
    assert new.replayed_alike()


async def test_a_call_sent_by_110_goes_ahead_in_every_queue_and_keeps_their_id_after_a_restart() -> None:
    sent = {"from": "110", "id": "110-2026-7", "place": "东岗西路"}
    async with asyncio.TaskGroup() as tasks:
        old, line = Scene(tasks), Line(EXPIRED, DigitPressed(CALL, "2"))
        await old.visit(line, context=sent)
        assert line.handed == [Enqueue(CALL, ELDER, 80, 30)]
        assert (old.watcher.offers[0].their_id, old.watcher.offers[0].context) == ("110-2026-7", sent)
        new, after = Scene(tasks, old.journal), Line()
        await new.visit(after, outcome=QueueLeft(CALL, ELDER, "timeout"))
    assert after.handed == [Enqueue(CALL, GENERAL, 80, 300)]
    assert new.replayed_alike()
