"""Whom a leg of ours may call is asserted at the link itself, whatever the code above it asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.asterisk.wire_actions import dialled, dialled_then, landing, target
from ivr.errors import UnsafeHeaderError


@pytest.mark.parametrize(
    "text", ["PJSIP/801", "PJSIP/110@emergency", "PJSIP/09311234567@emergency-2", "Local/13812345678@hl-third/n"]
)
def test_seats_the_emergency_trunks_and_a_third_may_be_called(text: str) -> None:
    assert target(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "PJSIP/110@pstn",
        "PJSIP/13812345678@pstn",
        "PJSIP/110@emergency/sip:110@10.0.0.1",
        "PJSIP/110@emergencyx",
        "PJSIP/110@emergency-3",
        "PJSIP/110@emergency-",
        "Local/110@hl-emergency",
        "Local/110@hl-out/n",
        "Local/110@from-seat/n",
        "Local/801@hl-third",
        "DAHDI/1/110",
        "PJSIP/801&PJSIP/110@pstn",
        "PJSIP/801\r\nAction: Logoff",
    ],
)
def test_every_other_way_out_is_refused(text: str) -> None:
    with pytest.raises(UnsafeHeaderError):
        target(text)


@given(st.text(alphabet="PJSI/0123456789@emrgncypst:&.-2", max_size=40))
def test_no_text_reaches_the_carriers_trunk(text: str) -> None:
    try:
        allowed = target(text)
    except UnsafeHeaderError:
        return
    assert allowed.endswith(("@emergency", "@emergency-2")) or "@" not in allowed


def test_the_gate_is_asked_for_every_number_that_a_leg_of_ours_will_dial() -> None:
    assert dialled("Local/119@hl-third/n") == dialled("Local/119@hl-notice/n") == "PJSIP/119"
    assert dialled_then("hl-call,119") == "PJSIP/119"
    assert dialled_then("hl-back,s") == dialled_then("hl-monitor,s") == ""
    for place in ("from-seat", "hl-out", "hl-consult", "hl-third", "hl-flow"):
        with pytest.raises(UnsafeHeaderError):
            landing(place)
