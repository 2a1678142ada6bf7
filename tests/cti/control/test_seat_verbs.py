"""Seats at the control door: signing in and out, breaks with reasons, force, and what a restart keeps."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.adapters.control.door import Request, answer
from cti.server.seats import SeatVerbs, not_ready_reasons
from ivr.call import CallId, ChannelName, QueueName, SeatId
from ivr.events import MemberChanged, SeatAnswered, SwitchReady, TalkEnded
from ivr.ports import QueueMember, SwitchSnapshot
from routing.agent import AgentState
from routing.membership import SeatSkills
from routing.queue import Queue, Queues
from routing.reasons import AFTER_CALL_REASON, SIGNED_OUT_REASON, load_reasons
from routing.shell import SeatDesk
from tests.fakes import NOON, FakeSwitch

GENERAL, SEAT = QueueName("general"), SeatId("801")
QUEUES = Queues({GENERAL: Queue(GENERAL, "综合", after_call_seconds=0)})
REASONS = not_ready_reasons(Path("/nowhere"))


class Seats:
    """Two seats with telephones, as the door sees them."""

    def __init__(self, folder: Path) -> None:
        self.switch = FakeSwitch()
        members = tuple(QueueMember(GENERAL, SeatId(seat), 0, False, "", "not in use") for seat in ("801", "802"))
        self.switch.state = SwitchSnapshot(1, (), members, ())
        self.desk = SeatDesk(self.switch, [SeatSkills(SEAT, "甲"), SeatSkills(SeatId("802"), "乙")], lambda: QUEUES)
        self.verbs = SeatVerbs(self.desk, REASONS, folder / "run" / "seats.json")

    async def ask(self, verb: str, **words: str) -> bool:
        told = await answer(self.verbs.verbs(), json.dumps({"verb": f"seat.{verb}", **words}).encode())
        assert isinstance(told, dict)
        assert told["text"] or verb == "reasons"
        return bool(told["ok"])

    async def begun(self) -> Seats:
        await self.desk.take(SwitchReady(1, NOON))
        return self

    async def member_tells(self, reason: str, device: str = "not in use") -> None:
        await self.desk.take(MemberChanged(GENERAL, SEAT, bool(reason), reason, device, True, NOON))

    async def talks(self) -> None:
        await self.desk.take(SeatAnswered(CallId("hl-1"), GENERAL, SEAT, ChannelName("PJSIP/801-1"), 0.0, 0.0, NOON))

    def state(self) -> AgentState:
        return self.desk.desks[SEAT].state


async def test_a_telephone_alone_makes_a_seat_ready_and_a_person_may_sit_down_to_it(tmp_path: Path) -> None:
    seats = await Seats(tmp_path).begun()
    assert seats.state() is AgentState.READY
    assert await seats.ask("sign_in", seat="801", user="lixm", by="lixm")
    assert (seats.state(), seats.desk.desks[SEAT].user) == (AgentState.READY, "lixm")
    assert not await seats.ask("sign_in", seat="801", user="other", by="other")
    assert await seats.ask("sign_in", seat="802", user="lixm", by="lixm")  # one person, one seat
    assert (seats.desk.desks[SEAT].user, seats.state()) == ("", AgentState.SIGNED_OUT)
    assert not await seats.ask("sign_in", seat="999", user="x", by="x")


async def test_a_seat_whose_person_and_telephone_are_gone_may_be_taken(tmp_path: Path) -> None:
    seats = await Seats(tmp_path).begun()
    await seats.ask("sign_in", seat="801", user="lixm")
    assert not await seats.ask("sign_in", seat="801", user="wang")
    await seats.member_tells("", "unavailable")
    assert await seats.ask("sign_in", seat="801", user="wang")
    assert seats.desk.desks[SEAT].user == "wang"


async def test_who_signs_out_is_offered_nothing_until_somebody_comes_back(tmp_path: Path) -> None:
    seats = await Seats(tmp_path).begun()
    await seats.ask("sign_in", seat="801", user="lixm")
    assert await seats.ask("sign_out", seat="801")
    assert ("pause_member", "801", True, SIGNED_OUT_REASON) in seats.switch.asked
    await seats.member_tells(SIGNED_OUT_REASON)  # the switch says so too
    assert seats.state() is AgentState.SIGNED_OUT
    assert not await seats.ask("ready", seat="801")
    await seats.member_tells(SIGNED_OUT_REASON, "unavailable")
    await seats.member_tells(SIGNED_OUT_REASON)  # its telephone is connected anew
    assert seats.switch.asked[-1] == ("pause_member", "801", False, "")
    await seats.member_tells("")
    assert seats.state() is AgentState.READY


async def test_a_break_asked_for_while_talking_begins_after_the_talk(tmp_path: Path) -> None:
    seats = await Seats(tmp_path).begun()
    await seats.talks()
    assert await seats.ask("not_ready", seat="801", reason="小休")
    await seats.member_tells("小休", "in use")
    assert seats.state() is AgentState.TALKING
    assert not await seats.ask("sign_out", seat="801")
    await seats.desk.take(TalkEnded(CallId("hl-1"), GENERAL, SEAT, "caller", 1.0, NOON))
    async with asyncio.timeout(30):
        while seats.state() is not AgentState.NOT_READY:  # noqa: ASYNC110  (the work after a call is a task of its own)
            await asyncio.sleep(0.01)
    assert seats.desk.desks[SEAT].reason == "小休"
    assert await seats.ask("ready", seat="801")
    assert seats.state() is AgentState.READY


async def test_an_agent_who_needs_more_time_after_the_call_keeps_it(tmp_path: Path) -> None:
    seats = await Seats(tmp_path).begun()
    assert not await seats.ask("after_call", seat="801")
    await seats.talks()
    await seats.desk.take(TalkEnded(CallId("hl-1"), GENERAL, SEAT, "caller", 1.0, NOON))
    assert await seats.ask("after_call", seat="801")
    await seats.member_tells(AFTER_CALL_REASON)
    await asyncio.sleep(0.01)
    assert seats.state() is AgentState.AFTER_CALL
    assert await seats.ask("ready", seat="801")
    assert seats.state() is AgentState.READY


async def test_a_reason_must_be_one_of_the_list_and_a_supervisor_gives_their_own(tmp_path: Path) -> None:
    seats = await Seats(tmp_path).begun()
    assert not await seats.ask("not_ready", seat="801", reason="不想接")
    assert await seats.ask("force", seat="801", state="not_ready", reason="投诉处理", by="班长")
    assert seats.desk.desks[SEAT].reason == "班长：投诉处理"
    assert not await seats.ask("force", seat="801", state="talking", reason="x", by="班长")
    assert await seats.ask("force", seat="801", state="ready", reason="回来了", by="班长")
    assert await seats.ask("force", seat="801", state="signed_out", reason="下班", by="班长")
    assert seats.state() is AgentState.SIGNED_OUT


async def test_the_next_controller_knows_who_sits_where_and_why_they_are_not_ready(tmp_path: Path) -> None:
    first = await Seats(tmp_path).begun()
    await first.ask("sign_in", seat="801", user="李晓梅")
    second = Seats(tmp_path)
    second.verbs.remember()
    paused = QueueMember(GENERAL, SEAT, 0, True, "用餐", "not in use")
    second.switch.state = SwitchSnapshot(1, (), (paused, second.switch.state.members[1]), ())
    await second.begun()
    desk = second.desk.desks[SEAT]
    assert (desk.user, desk.reason, desk.state) == ("李晓梅", "用餐", AgentState.NOT_READY)
    (tmp_path / "run" / "seats.json").write_text("{nonsense")
    Seats(tmp_path).verbs.remember()


async def test_a_switch_that_is_lost_is_told_to_the_person(tmp_path: Path) -> None:
    seats = await Seats(tmp_path).begun()
    seats.switch.lost = True
    assert not await seats.ask("not_ready", seat="801", reason="小休")
    assert seats.state() is AgentState.READY


@pytest.mark.parametrize(
    "text", ["reasons_version: 1\nreasons: [已签退]\n", "reasons: [小休]\n", "reasons_version: 1\n"]
)
def test_a_file_of_reasons_that_will_not_do_says_so_or_is_empty(text: str) -> None:
    reasons, problems = load_reasons(text, "reasons.yaml")
    assert reasons == ()
    assert problems


@given(
    st.dictionaries(st.sampled_from(["seat", "user", "reason", "state", "by"]), st.text(max_size=300) | st.integers())
)
async def test_whatever_is_asked_of_a_seat_is_answered(words: Request) -> None:
    seats = await Seats(Path("/dev/null/none")).begun()
    for name, verb in seats.verbs.verbs().items():
        told = await answer({name: verb}, json.dumps({"verb": name, **words}).encode())
        assert isinstance(told, dict)
        assert isinstance(told["ok"], bool)
