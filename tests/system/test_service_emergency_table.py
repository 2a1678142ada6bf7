"""Every row of the three-way machine's printed table, on the real switch: who is on the call hears the others.

Many calls are played at once. What the machine heard stands in each call's journal; played again it tells the rows.
The last test holds them against the table: what is not seen must be told here, with the reason why it cannot be.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from cti.server.installation import queues_of, switch_config
from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.line import LineState
from routing.emergency.threeway_table import rows
from tests.system.emergency_stage import SEATS, Centre, Scene, Stage, journal_lines, policy
from tests.system.emergency_story import Row
from tests.system.running_service import RunningService, service_of
from tests.system.running_switch import RawAmi, until
from tests.system.test_service_emergency import QUEUES

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-emergency-table")]

SEEN: set[Row] = set()
PLAYED: set[str] = set()
AT_ONCE = 10


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    file = tmp_path_factory.mktemp("policy") / "policy.yaml"
    file.write_text(policy(), encoding="utf-8")
    skills = ("consultation", "complaint", "elder")
    change = {
        "emergency": {"policy": str(file)},
        "seats": [{"seat": seat, "agent": f"坐席{seat}", "skills": list(skills)} for seat in SEATS],
        "speech_model": str(file.parent / "none"),  # tones are no words: nobody listens here
    }
    with service_of(change, queues=QUEUES, hurried=True) as running:
        yield running


@pytest.fixture
async def stage(service: RunningService) -> AsyncIterator[Stage]:
    await service.serving()
    trunk = service.settings.emergency_trunk
    async with service.bus() as bus, Centre(bind_ip=trunk.host, port=trunk.port, number="centre") as centre:
        here = Stage(service, bus, await manager(service), centre)
        yield here
        await here.ami.close()
    SEEN.update(here.seen)
    assert service.tracebacks() == []


async def manager(service: RunningService) -> RawAmi:
    config = switch_config(service.settings, queues_of(service.settings))
    return await RawAmi.login(config.ports.ami, config.ami_user, config.ami_secret)


IN_A_TALK = (
    ("suggest", "dismiss"),
    ("suggest", "confirm", "rings", "dismiss"),
    ("suggest", "click", "rings"),
    ("suggest", "caller-hangs"),
    ("suggest", "agent-hangs", "agent-comes", "leave"),
    ("suggest", "insist"),
    ("ring", "rings", "click", "leave", "insist", "agent-comes"),
    ("ring", "rings", "caller-hangs"),
    ("ring", "rings", "agent-hangs", "agent-comes"),
    ("busy", "busy", "rings"),
    ("absent", "absent", "rings"),
    ("refuse", "refuse", "rings"),
    ("down", "down", "rings"),
    ("ring", "rings", "cause 16", "rings"),
    ("ring+", "rings", "unit"),
    ("shut", "shut", "rings"),
    ("ring1", "rings", "click", "leave", "dismiss"),
    ("ring1", "rings", "caller-hangs"),
    ("ring1", "rings", "agent-hangs", "agent-comes"),
    ("ring1", "rings", "insist"),
    ("ring1", "rings", "cause 16"),
    ("ring1+", "rings", "unit"),
    ("answer1", "joined"),
    ("busy1", "busy", "again", "leave", "dismiss"),
    ("absent1", "absent", "caller-hangs"),
    ("refuse1", "refuse", "agent-hangs", "agent-comes"),
    ("down1", "down", "insist"),
    ("busy1+", "busy", "unit"),
    ("answer", "joined", "click", "leave", "dismiss", "verified", "click", "dismiss", "leave"),
    ("answer", "joined", "reminded", "insist"),
    ("answer", "joined", "cause 17"),
    ("answer", "joined", "cause 19"),
    ("answer", "joined", "cause 21"),
    ("answer", "joined", "cause 34"),
    ("answer", "joined", "bye"),
    ("answer", "joined", "caller-hangs"),
    ("answer", "joined", "agent-hangs", "agent-comes"),
    ("answer+", "joined", "unit"),
    ("answer", "joined", "verified", "cause 17"),
    ("answer", "joined", "verified", "cause 19"),
    ("answer", "joined", "verified", "cause 21"),
    ("answer", "joined", "verified", "cause 34"),
    ("answer", "joined", "verified", "bye"),
    ("answer", "joined", "verified", "caller-hangs"),
    ("answer", "joined", "verified", "agent-hangs"),
    ("answer", "joined", "verified", "insist"),
    ("answer+", "joined", "verified", "unit"),
)
WHILE_WAITING = (
    ("ring", "rings", "click", "dismiss"),
    ("ring", "rings", "caller-hangs"),
    ("busy", "busy", "rings"),
    ("absent", "absent", "rings"),
    ("refuse", "refuse", "rings"),
    ("down", "down", "rings"),
    ("ring", "rings", "cause 16", "rings"),
    ("ring+", "rings", "unit"),
    ("answer", "joined", "click", "dismiss", "verified"),
    ("answer", "joined", "reminded", "bye"),
    ("answer", "joined", "cause 17"),
    ("answer", "joined", "cause 19"),
    ("answer", "joined", "cause 21"),
    ("answer", "joined", "cause 34"),
    ("answer", "joined", "caller-hangs"),
    ("answer+", "joined", "unit"),
)


async def test_what_can_happen_in_a_talk_happens_and_nobody_is_lost(stage: Stage) -> None:
    """More seats than talks: whoever lost an agent is given another."""
    room = asyncio.Semaphore(AT_ONCE)

    async def played(script: tuple[str, ...]) -> None:
        async with room, stage.talking() as scene:
            await scene.play(*script)

    async with stage.staffed(AT_ONCE + 6):
        await asyncio.gather(*(played(script) for script in IN_A_TALK))
    PLAYED.add("talk")


async def test_what_can_happen_to_a_caller_who_waits_happens_and_nobody_is_left_alone(stage: Stage) -> None:
    async def played(script: tuple[str, ...]) -> None:
        async with room, stage.waiting() as scene:
            await scene.play(*script)

    room = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(played(script) for script in WHILE_WAITING))
    PLAYED.add("waiting")


async def test_an_agent_comes_to_those_who_wait_with_the_service_and_to_those_who_understand_each_other(
    stage: Stage,
) -> None:
    async with stage.waiting() as scene:
        await scene.play("answer", "joined")
        async with stage.staffed(1):
            await scene.row("坐席加入")
            await scene.heard()
    async with stage.waiting() as scene:
        await scene.play("answer", "joined")
        async with stage.staffed(1):
            (phone,) = stage.seats.values()
            phone.answering = Answering(after_seconds=3.0)

            async def is_ringing() -> bool:
                return any(call.state is LineState.RINGING for call in phone.calls)

            await until(is_ringing, 40)
            await scene.step("verified")
            await scene.row("坐席加入")
            await scene.heard()
    PLAYED.add("agent comes")


@asynccontextmanager
async def many(stage: Stage, talks: int, waiters: int) -> AsyncIterator[tuple[list[Scene], list[Scene]]]:
    """So many talks, each with a seat, and so many callers for whom no seat is left."""
    async with stage.staffed(talks), AsyncExitStack() as stack:

        async def talk() -> Scene:
            return await stack.enter_async_context(stage.talking())

        async def wait() -> Scene:
            return await stack.enter_async_context(stage.waiting())

        talking = await asyncio.gather(*(talk() for _ in range(talks)))
        yield talking, await asyncio.gather(*(wait() for _ in range(waiters)))


async def test_a_leg_that_was_answered_and_does_not_join_is_given_up_and_the_next_is_called(stage: Stage) -> None:
    async def given_up(scene: Scene, category: str) -> None:
        assert (await scene.ask("raise", category=category))["ok"]
        await scene.row("对方应答")
        await scene.step("join-timer")
        await scene.row("对方挂断")

    async with many(stage, 2, 1) as (talks, (waiter,)):
        async with stage.nobody_joins():
            scenes = (*talks, waiter)
            await asyncio.gather(
                *(given_up(*each) for each in zip(scenes, ("answer", "answer1", "answer"), strict=True))
            )
        await asyncio.gather(*(scene.heard() for scene in talks))
    PLAYED.add("no join")


async def test_while_the_link_is_away_nobody_is_called_and_afterwards_everybody_once(stage: Stage) -> None:
    async def times_out(scene: Scene) -> None:
        await scene.step("ring-timer")
        await scene.step("gone-timer")

    async with many(stage, 7, 1) as (talks, (waiter,)):
        rung = list(zip((*talks[:2], waiter), ("soon", "soon1", "soon"), strict=True))
        for scene, category in rung:
            assert (await scene.ask("raise", category=category))["ok"]
        await asyncio.gather(*(scene.step("rings") for scene, _ in rung))
        unsent = list(zip(talks[2:], ("ring", "ring", "ring+", "soon", "ring"), strict=True))
        async with stage.no_link():
            for scene, category in unsent:
                assert (await scene.ask("raise", category=category))["ok"]
            taken_back, left, told, late, _ = talks[2:]
            for scene, step in ((taken_back, "dismiss"), (left, "click"), (left, "leave"), (left, "insist")):
                await scene.step(step)
            await told.row("单位值班电话没有打通")
            assert [scene.rows() for scene, _ in unsent if scene.legs()] == []
            await asyncio.gather(*(times_out(scene) for scene in (*(scene for scene, _ in rung), late)))
            await asyncio.gather(*(scene.heard() for scene in (*talks[:2], taken_back, told, late)))
        stage.ami = await manager(stage.service)
        await asyncio.gather(*(scene.step("gone") for scene, _ in (*rung, unsent[-1])))
        await unsent[-1][0].step("rings")
        assert [len(scene.legs()) for scene, _ in (unsent[0], unsent[-1])] == [0, 1]
    PLAYED.add("no link")


async def test_a_controller_that_comes_back_finds_every_leg_as_it_is_and_calls_none_twice(stage: Stage) -> None:
    service = stage.service
    async with many(stage, 14, 6) as (talks, waiters):
        ringing, last, joined, verified = talks[:5], talks[5:8], talks[8:11], talks[11:14]
        alone, alone_joined = waiters[:3], waiters[3:]
        answered = [ringing[1], *joined, *verified, *alone_joined]
        await asyncio.gather(*(each.play("answer", "joined") for each in answered))
        await asyncio.gather(*(each.play("ring", "rings") for each in (ringing[0], *ringing[2:], *alone)))
        await asyncio.gather(*(each.play("ring1", "rings") for each in last))
        await asyncio.gather(*(each.step("verified") for each in verified))
        moved = {scene.call: await scene.channel("em-") for scene in (joined[1], verified[1], alone_joined[1])}
        with service.nothing_restarted():  # the next controller must not read what is still being lost
            killed = service.kill("controller")
            for scene in ringing[:2]:
                lose(scene)
        for channel in moved.values():
            await stage.ami.act("Redirect", Channel=channel, Context="hl-hold", Exten="s", Priority="1")
        picked_up = (ringing[3], last[1], alone[1])
        over = (ringing[4], last[2], alone[2], joined[2], verified[2], alone_joined[2])
        # a call that is picked up waits for its acknowledgement, so all at once
        await asyncio.gather(
            *(each.legs()[-1].pick_up() for each in picked_up), *(each.legs()[-1].hang_up() for each in over)
        )
        await service.serving(killed)
        alive = (ringing[0], ringing[2], last[0], alone[0], joined[1], verified[1], alone_joined[1])
        together = (ringing[1], *picked_up, joined[0], verified[0], alone_joined[0])
        for scenes, step in ((alive, "alive"), (together, "together"), (over, "gone")):
            await asyncio.gather(*(scene.step(step) for scene in scenes))
        still = [scene for scene in (*talks, *waiters) if scene.call not in moved and len(scene.parties()) >= 2]
        assert len(still) >= 14
        await asyncio.gather(*(scene.heard() for scene in still))
        assert all(scene.line.state is LineState.TALKING for scene in (*talks, *waiters))
        twice = [scene.call for scene in (*alive, *together) if len(scene.legs()) != 1]
        assert twice == []
    PLAYED.add("restart")


def lose(scene: Scene) -> None:
    """The journal ends before the call to the emergency side was sent, as if the disk had lost the rest."""
    file = scene.stage.service.journal.file(scene.call)
    kept = []
    for line in journal_lines(file):
        if '"emergency.OriginateSent"' in line:
            break
        kept.append(line)
    new = file.with_suffix(".cut")
    new.write_text("".join(kept), encoding="utf-8")
    os.replace(new, file)
    scene.last = 0


UNSENT = "呼叫中（未发出）"
NEVER_SENT = "a leg that was not sent does not ring, answer or end: the journal knows of it before the switch does"
NOT_HEARD = "while nothing is sent the link is away, and what happened meanwhile is told by the look at the switch"
ONE_AGENT = "while an agent is in the talk no other is brought in"
CANNOT_BE = {
    **{(UNSENT, event): NEVER_SENT for event in (
        "紧急一方的腿出现", "对方振铃", "对方应答", "对方进入通话", "对方占线（486）", "对方无人接听（480）",
        "对方拒接（603）", "中继不通（503）", "对方挂断", "应答后未进入通话", "交换机报告呼叫失败",
    )},
    **{(UNSENT, event): NOT_HEARD for event in ("市民断线", "坐席断线", "坐席加入")},
    **{(state, "坐席加入"): ONE_AGENT for state in ("呼叫中", "呼叫中（最后一路）", "已加入")},
    **{(state, "呼叫已发出"): "it is sent once" for state in ("呼叫中", "呼叫中（最后一路）", "呼叫中（无坐席）")},
    ("已提示", "单位值班电话没有打通"): "units are told once it is no longer a suggestion",
}  # fmt: skip
"""Rows that the pure tests alone show, for the world cannot make them."""

MAY_BE = {
    *((state, "市民断线") for state in ("已提示", "呼叫中", "呼叫中（最后一路）", "未接通", "已加入（无坐席）")),
    *((state, "交换机报告呼叫失败") for state in ("呼叫中", "呼叫中（最后一路）", "呼叫中（无坐席）")),
}
"""Which of two facts the switch tells first is chance. It ends another leg with the caller's, mostly telling of it
first: the agent's, whose queue it was, or in a conversation of two the service's. And that a call has failed it tells
before or after the end of the leg, which says why."""

BY_EARS = {("已加入", "听到双方对话"), ("已加入（无坐席）", "听到双方对话")}
"""Shown where somebody listens: test_service_emergency.py and test_service_emergency_alone.py."""


def test_every_row_of_the_table_was_seen_or_cannot_be() -> None:
    if len(PLAYED) < 6:
        pytest.skip("not every part was played here")
    missing = {row for row in rows() if row not in SEEN}
    unexplained = sorted(row for row in missing if row[:2] not in CANNOT_BE.keys() | MAY_BE | BY_EARS)
    instead = sorted(row for row in SEEN if row[:2] in {each[:2] for each in unexplained})
    assert unexplained == [], f"seen instead: {instead}"
    assert {row[:2] for row in rows()} >= CANNOT_BE.keys() | MAY_BE | BY_EARS
    assert CANNOT_BE.keys() <= {row[:2] for row in missing}, "what cannot be was seen"
