"""What an emergency service sees of a call: never more than the policy allows, never more than one header line."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ivr.call import CallId
from routing.emergency.kinds import Kind
from routing.emergency.passing import Known, decoded, encoded, headers_of
from routing.emergency.policy import Target

CALL = CallId("hl-1795312728.0")
FIRE = Target("fire", "119 消防", ("119",))
KNOWN = Known(
    "城关区东岗西路56号", "https://link.example.cn/e/abc_-1", "https://link.example.cn/e/abc_-1/place", "110-2026-7"
)


def test_the_service_sees_order_type_place_link_and_the_id_that_110_gave() -> None:
    headers = headers_of(CALL, Kind.FIRE, FIRE, KNOWN)
    assert headers["X-12345-Order"] == CALL
    assert headers["X-12345-Type"] == "119"
    assert headers["X-12345-Place"].startswith("%E5%9F%8E%E5%85%B3%E5%8C%BA")
    assert decoded(headers["X-12345-Place"]) == "城关区东岗西路56号"
    assert headers["X-12345-Link"] == KNOWN.link
    assert headers["Call-Info"] == f"<{KNOWN.link}>;purpose=info"
    assert headers["Geolocation"] == f"<{KNOWN.location}>"
    assert headers["Geolocation-Routing"] == "no"
    assert headers["X-110-Id"] == "110-2026-7"


def test_a_target_that_may_not_see_the_place_gets_neither_place_nor_location() -> None:
    headers = headers_of(CALL, Kind.FIRE, replace(FIRE, may_pass_place=False), KNOWN)
    assert not {"X-12345-Place", "Geolocation", "Geolocation-Routing"} & set(headers)


def test_what_is_not_known_has_no_header() -> None:
    assert set(headers_of(CALL, Kind.FIRE, FIRE, Known())) == {"X-12345-Order", "X-12345-Type"}


def test_a_link_that_could_break_out_of_its_header_is_left_out() -> None:
    for link in ("https://x/>;a=b", "https://x/\r\nVia: y", "ftp://x/", "https://中国/", "https://x/" + "a" * 400):
        assert "X-12345-Link" not in headers_of(CALL, Kind.FIRE, FIRE, Known(link=link, location=link))


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_no_text_makes_a_second_header_line(place: str, link: str, theirs: str) -> None:
    headers = headers_of(CALL, Kind.FIRE, FIRE, Known(place, link, link, theirs))
    for value in headers.values():
        assert value.isascii()
        assert value.isprintable()
        assert len(value) <= 800


@given(st.text(max_size=60))
def test_what_is_encoded_comes_back(text: str) -> None:
    sent = text.encode("utf-8", "replace").decode("utf-8")
    assert decoded(encoded(text)) == sent
