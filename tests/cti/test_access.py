"""Who may do and see what: roles add up, a one-time password opens nothing, and what is hidden stays hidden."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from cti.access import ROLES, TITLES, Account, Permission, Role, hidden_from, mask_number, mask_plain, may_hold_number
from cti.accounts import wrong_name, wrong_password
from cti.server.files.policy_files import shipped_masking
from ivr.speech.redact import ALL_KINDS, PrivateKind, redact

MASKING = shipped_masking()
SETS_OF_ROLES = st.lists(st.sampled_from(list(Role)), max_size=4).map(tuple)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


def account(*roles: Role, must_change: bool = False) -> Account:
    return Account("x", "x", roles, must_change=must_change)


def test_every_role_has_a_title_and_rights_and_every_right_belongs_to_some_role() -> None:
    assert set(TITLES) == set(ROLES) == set(Role)
    granted = set().union(*ROLES.values())
    assert granted == set(Permission)


def test_what_is_an_admins_is_not_an_agents_and_the_other_way_round() -> None:
    assert not account(Role.ADMIN).may(Permission.MONITOR)
    assert not account(Role.ADMIN).may(Permission.RECORDINGS)
    assert not account(Role.AGENT).may(Permission.CALLS_ALL)
    assert not account(Role.SUPERVISOR).may(Permission.ADMIN_USERS)
    assert account(Role.UNIT).permissions.isdisjoint({Permission.ORDERS_READ, Permission.DESK, Permission.CALLS_READ})


@given(SETS_OF_ROLES, st.sampled_from(list(Role)))
def test_another_role_only_adds_rights_and_only_uncovers(roles: tuple[Role, ...], more: Role) -> None:
    few, many = account(*roles), account(*roles, more)
    assert few.permissions <= many.permissions
    assert hidden_from(many, MASKING) <= hidden_from(few, MASKING)
    assert account(*roles, must_change=True).permissions == frozenset()


def test_who_has_no_role_sees_no_number() -> None:
    assert hidden_from(account(), MASKING) == ALL_KINDS


@given(JSON, st.sets(st.sampled_from(list(PrivateKind))))
def test_masking_keeps_the_shape_and_is_done_once(value: object, hidden: set[PrivateKind]) -> None:
    seen = mask_plain(value, frozenset(hidden))
    assert _shape(seen) == _shape(value)
    assert mask_plain(seen, frozenset(hidden)) == seen
    assert mask_plain(value, frozenset()) == value


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["caller", "number", "text", "why", "value"]))
def test_no_telephone_number_gets_past_the_mask_wherever_it_stands(number: str, key: str) -> None:
    row = {"call": "hl-1795312728.0", key: number, "parties": [{key: number}], "known": {"deep": [{key: number}]}}
    seen = json.dumps(mask_plain(row, ALL_KINDS), ensure_ascii=False)
    assert number not in seen
    assert "hl-1795312728.0" in seen
    assert mask_number(number, ALL_KINDS)[-4:] == number[-4:]


@given(st.text(st.sampled_from("零一二三四五六七八九十百幺两0159AXx甘苏 京号-，"), max_size=24))
def test_what_is_not_looked_at_closely_holds_no_private_number(text: str) -> None:
    if not may_hold_number(text):
        assert redact(text) == text


def test_a_text_that_was_masked_loses_its_words() -> None:
    spoken = {"text": "号码是13812345678", "words": [{"text": digit} for digit in "13812345678"]}
    assert mask_plain(spoken, ALL_KINDS) == {"text": "号码是138****5678", "words": []}
    harmless = {"text": "路灯坏了", "words": [{"text": "路灯"}]}
    assert mask_plain(harmless, ALL_KINDS) == harmless


def test_moments_and_orders_are_no_numbers_of_people() -> None:
    told = {
        "number": "WO20261122-000002",
        "created": "2026-11-22T08:36:52.912383+00:00",
        "at_last": "2026-11-22T08:36:52Z",
    }
    assert mask_plain(told, ALL_KINDS) == told


def test_names_and_passwords_are_told_what_is_wrong_with_them() -> None:
    for name in ("xiaomei", "李晓梅", "a.b@c-d_e", "1"):
        assert wrong_name(name) == ""
    for name in ("", " x", "a b", "<b>", "x" * 61, "../x", "a\n", ".a"):
        assert "改法" in wrong_name(name)
    assert wrong_password("correct horse", "xiaomei") == ""
    for password in ("short", "aaaaaaaaaaaa", "1234567890", "xiaomei-2026", "x" * 300):
        assert "改法" in wrong_password(password, "xiaomei")


def _shape(value: object) -> object:
    if isinstance(value, dict):
        if "text" in value and "words" in value:
            return {key: _shape(each) for key, each in value.items() if key != "words"}
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return type(value)
