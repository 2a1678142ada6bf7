"""Whom a leg of ours may call is asserted at the link itself, whatever the code above it asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.asterisk.wire_actions import target
from ivr.errors import UnsafeHeaderError


@pytest.mark.parametrize("text", ["PJSIP/801", "PJSIP/110@emergency", "PJSIP/09311234567@emergency-2"])
def test_seats_and_the_emergency_trunks_may_be_called(text: str) -> None:
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
