"""Whom the emergency desk invites: a free seat, and never one that another emergency rings at this moment."""

from __future__ import annotations

from ivr.call import CallId, ChannelName, PhoneNumber, QueueName, SeatId
from ivr.ports import QueueMember, SwitchSnapshot
from routing.emergency.hands import Hands
from routing.emergency.invitations import Invitations
from tests.fakes import FakeSwitch

GENERAL = QueueName("general")
BOTH_FREE = SwitchSnapshot(
    1, (), tuple(QueueMember(GENERAL, SeatId(seat), 0, False, "", "not in use") for seat in ("801", "802")), ()
)
CALLER = ChannelName("PJSIP/pstn-00000001")


async def test_two_emergencies_at_the_same_moment_invite_two_seats() -> None:
    invitations = Invitations(Hands(FakeSwitch(), lambda: GENERAL))
    for case, seat in (("hl-1.1-1", "801"), ("hl-1.2-1", "802")):
        assert invitations.next_seat(case, BOTH_FREE) == seat
        await invitations.ring(case, SeatId(seat), CallId(case[:-2]), CALLER, PhoneNumber("13812345678"), 1)
    assert invitations.next_seat("hl-1.3-1", BOTH_FREE) is None
    assert invitations.refused("ag-hl-1.1-1-1") == "hl-1.1-1"
    assert invitations.next_seat("hl-1.3-1", BOTH_FREE) == "801"
