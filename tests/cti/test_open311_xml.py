"""Open311's XML: what is written is read back, and what a stranger sends can do no harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.open311_xml import UnsafeXmlError, read_xml, written

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co", "Zs", "Zl", "Zp", "Cf"]))


@given(st.lists(st.fixed_dictionaries({"service_request_id": WORDS, "token": WORDS}), max_size=4))
def test_what_is_written_is_read_back(rows: list[dict[str, str]]) -> None:
    root, found = read_xml(written("service_requests", rows))
    assert (root, found) == ("service_requests", rows)


def test_markup_in_words_stays_words() -> None:
    evil = "</request><request><a>&lt;]]>"
    _, found = read_xml(written("service_requests", [{"description": evil, "bell": "\a", "none": None, "yes": True}]))
    assert found == [{"description": evil, "bell": "", "none": "", "yes": "true"}]


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>',
        b"<x>" * 20 + b"</x>" * 20,
        b"<x>" + b"<y/>" * 30_000 + b"</x>",
        b"<x>&nothing;</x>",
        b"<x>",
        b"",
        b"\xff\xfe",
        b"<x>" + b"a" * 2_000_000 + b"</x>",
    ],
)
def test_what_could_do_harm_is_refused(content: bytes) -> None:
    with pytest.raises(UnsafeXmlError):
        read_xml(content)
