"""The link asks its gate before every leg: what the gate refuses never becomes an action of the switch."""

from __future__ import annotations

import pytest

from ivr.adapters.asterisk.link import AsteriskLink, LinkSettings
from ivr.adapters.asterisk.wire_actions import APPLICATIONS, context, seat
from ivr.call import PhoneNumber
from ivr.errors import SwitchLostError, SwitchRefusedError, UnsafeHeaderError

AWAY = LinkSettings("127.0.0.1", 1, "hotline", "secret")


async def call(link: AsteriskLink, target: str) -> None:
    await link.originate(
        channel=target,
        channel_id="em-case-1-1",
        application="Wait",
        data="5",
        caller=PhoneNumber("12345"),
        variables={},
        timeout_seconds=5,
    )


async def test_a_link_without_a_gate_calls_no_trunk_at_all() -> None:
    link = AsteriskLink(AWAY)
    with pytest.raises(SwitchRefusedError, match="联锁"):
        await call(link, "PJSIP/119@emergency")
    with pytest.raises(SwitchLostError):  # a seat passes the gate, and there is no switch
        await call(link, "PJSIP/801")


async def test_the_gate_is_told_the_whole_target_and_its_reason_is_raised() -> None:
    asked: list[str] = []

    def gate(target: str) -> str:
        asked.append(target)
        return "不行"

    with pytest.raises(SwitchRefusedError, match="不行"):
        await call(AsteriskLink(AWAY, gate), "PJSIP/119@emergency")
    assert asked == ["PJSIP/119@emergency"]


def test_no_leg_may_run_what_calls_somebody_else() -> None:
    assert not APPLICATIONS & {"Dial", "Queue", "Originate", "Page", "FollowMe", "Transfer"}


@pytest.mark.parametrize("name", ["from-seat", "from-trunk", "from-emergency", "default", "", "hl-out\r\nX: y"])
def test_no_call_is_moved_to_where_numbers_are_dialled(name: str) -> None:
    with pytest.raises(UnsafeHeaderError):
        context(name)


@pytest.mark.parametrize("name", ["emergency", "pstn", "801@emergency", "1"])
def test_a_trunk_cannot_be_made_a_seat_of_a_queue(name: str) -> None:
    with pytest.raises(UnsafeHeaderError):
        seat(name)
