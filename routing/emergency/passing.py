"""What an emergency service is told of a call in the headers of its INVITE: order, type, place, link (pure).

Every value is ASCII and holds no line break: text goes percent-encoded as UTF-8 (RFC 3986), so `decoded` gives it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from ivr.call import CallId
from routing.emergency.kinds import Kind
from routing.emergency.policy import Target

LONGEST_PLACE = 60
"""Characters; nine bytes each when encoded. An INVITE must fit into one UDP datagram."""
LONGEST_LINK = 300
LONGEST_ID = 64
_IN_A_LINK = "-._~:/[]%"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a call at the moment when a service is called, from memory. Empty: not known, or not given.

    `link` opens the page of the call, `location` its PIDF-LO document; `theirs` is the id that 110 gave the call.
    """

    place: str = ""
    link: str = ""
    location: str = ""
    theirs: str = ""


def headers_of(order: CallId, kind: Kind, target: Target, known: Known) -> Mapping[str, str]:
    """Return the headers that this target may see, by name."""
    headers = {"X-12345-Order": encoded(order), "X-12345-Type": kind.value}
    if known.theirs:
        headers["X-110-Id"] = encoded(known.theirs[:LONGEST_ID])
    if known.place and target.may_pass_place:
        headers["X-12345-Place"] = encoded(known.place[:LONGEST_PLACE])
    if is_link(known.link):
        headers["X-12345-Link"] = known.link
        headers["Call-Info"] = f"<{known.link}>;purpose=info"
    if is_link(known.location) and target.may_pass_place:  # RFC 6442: location by reference
        headers["Geolocation"] = f"<{known.location}>"
        headers["Geolocation-Routing"] = "no"
    return headers


def encoded(text: str) -> str:
    """Return `text` as ASCII letters, digits, `-._~` and percent-encoded UTF-8; a line break is no exception."""
    return quote(text.encode("utf-8", "replace"), safe="")


def decoded(value: str) -> str:
    """Return what `encoded` was given."""
    return unquote(value, encoding="utf-8", errors="replace")


def is_link(url: str) -> bool:
    """Whether `url` may stand in a header as it is."""
    return (
        url.startswith(("http://", "https://"))
        and len(url) <= LONGEST_LINK
        and url.isascii()
        and all(letter.isalnum() or letter in _IN_A_LINK for letter in url)
    )
