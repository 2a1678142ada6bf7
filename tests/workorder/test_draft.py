"""The draft as storage and pages see it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import CallId
from workorder.draft import Candidate, Draft, Evidence, Field, FieldName, FieldState

_WORDS = st.text(max_size=12)
_SHARE = st.floats(min_value=0, max_value=1, allow_nan=False)
_SECONDS = st.floats(min_value=0, max_value=1e6, allow_nan=False)
_FIELDS = st.builds(
    Field,
    value=_WORDS,
    confidence=_SHARE,
    evidence=st.lists(
        st.builds(Evidence, st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), _SECONDS, _SECONDS, _WORDS),
        max_size=2,
    ).map(tuple),
    candidates=st.lists(st.builds(Candidate, _WORDS, _SHARE, st.lists(_WORDS, max_size=2).map(tuple)), max_size=3).map(
        tuple
    ),
    source=_WORDS,
    state=st.sampled_from(FieldState),
    question=_WORDS,
)
_DRAFTS = st.builds(
    Draft,
    st.just(CallId("hl-1.2")),
    st.dictionaries(st.sampled_from(FieldName), _FIELDS, max_size=5),
    st.lists(_WORDS, max_size=2).map(tuple),
    their_id=st.sampled_from(["", "110-20261122-7"]),
)


@given(_DRAFTS)
def test_a_stored_draft_comes_back_equal(draft: Draft) -> None:
    assert Draft.from_json(draft.to_json()) == draft


@given(_DRAFTS, _DRAFTS)
def test_later_speech_never_changes_what_a_person_typed_or_confirmed(draft: Draft, later: Draft) -> None:
    revised = draft.revised_by(later)
    assert revised.their_id == (later.their_id or draft.their_id)
    for name, field in draft.fields.items():
        if field.is_fixed:
            assert revised[name] == field
    for name, field in later.fields.items():
        if name is FieldName.PLACE_STANDARD and revised[FieldName.PLACE].is_fixed:
            continue  # it stands for the place that was heard
        if not draft[name].is_fixed:
            assert revised[name] == field


def test_a_place_that_a_person_wrote_is_not_shown_beside_the_standard_name_of_another() -> None:
    heard = Draft(
        CallId("c"), {FieldName.PLACE: Field("西客站"), FieldName.PLACE_STANDARD: Field("七里河区西站街道兰州西站")}
    )
    edited = heard.edited(FieldName.PLACE, "东方红广场")
    for draft in (edited, edited.revised_by(heard), edited.confirmed().revised_by(heard)):
        assert (draft.value(FieldName.PLACE), draft.value(FieldName.PLACE_STANDARD)) == ("东方红广场", "")
    assert heard.edited(FieldName.UNIT, "水务局").value(FieldName.PLACE_STANDARD)


def test_an_edit_keeps_what_the_machine_had_suggested() -> None:
    suggested = Field("水务局", 0.6, candidates=(Candidate("水务局", 0.6, ("停水",)),))
    edited = Draft(CallId("c"), {FieldName.UNIT: suggested}).edited(FieldName.UNIT, "供电局")
    assert edited.value(FieldName.UNIT) == "供电局"
    assert edited[FieldName.UNIT].candidates == suggested.candidates


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"call":"c","fields":[],"reasons":[]}', "null", "[" * 100_000])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Draft.from_json(text)
