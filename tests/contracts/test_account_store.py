"""What the store of accounts and sessions promises, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cti.access import Role
from cti.accounts import AccountRecord, Session
from cti.adapters.sql.account_store import SqlAccountStore
from cti.adapters.sql.database import Database
from tests.fakes import NOON

XIAOMEI = AccountRecord("xiaomei", "李晓梅", (Role.AGENT, Role.SUPERVISOR), "市热线办", "801", "$hash", True)
IDLE = NOON - timedelta(minutes=30)


def session(token: str = "t1", name: str = "xiaomei", **change: object) -> Session:
    made = Session(token, name, "csrf", "801", NOON, NOON, NOON + timedelta(hours=16), "192.0.2.7")
    return replace(made, **change)  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlAccountStore]:
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hotline.db'}"
    database = Database(url, deadline_seconds=20)
    await database.open()
    yield SqlAccountStore(database)
    await database.close()


async def test_an_account_is_read_as_it_was_kept_and_no_name_is_kept_twice(store: SqlAccountStore) -> None:
    assert await store.add(XIAOMEI, NOON)
    assert await store.account("xiaomei") == replace(XIAOMEI, created=NOON)
    assert not await store.add(replace(XIAOMEI, title="别人"), NOON)
    assert await store.account("nobody") is None
    assert await store.account("\0' OR 1=1 --") is None
    assert await store.add(replace(XIAOMEI, name="zhang"), NOON)
    assert [each.name for each in await store.accounts()] == ["xiaomei", "zhang"]


async def test_of_many_who_make_the_first_account_one_does(store: SqlAccountStore) -> None:
    first = [store.add(replace(XIAOMEI, name=f"admin{n}"), NOON, only_first=True) for n in range(8)]
    assert sum(await asyncio.gather(*first)) == 1
    assert not await store.add(replace(XIAOMEI, name="late"), NOON, only_first=True)


async def test_a_session_holds_until_it_ends_idles_or_its_account_is_disabled(store: SqlAccountStore) -> None:
    await store.add(XIAOMEI, NOON)
    await store.open_session(session())
    found = await store.session("t1", NOON, IDLE)
    assert found is not None
    assert found[0] == session()
    assert found[1].account("801").permissions == frozenset()  # the password must be changed
    assert await store.session("t2", NOON, IDLE) is None
    assert await store.session("t1", NOON + timedelta(hours=16), IDLE) is None
    assert await store.session("t1", NOON, NOON) is None
    await store.touch("t1", NOON + timedelta(minutes=5))
    assert await store.session("t1", NOON, NOON) is not None
    await store.sit("t1", "")
    again = await store.session("t1", NOON, NOON)
    assert again is not None
    assert again[0].seat == ""


@pytest.mark.parametrize("how", ["disable", "roles", "password", "close", "close_all"])
async def test_whoever_loses_a_right_loses_the_sessions_with_it(store: SqlAccountStore, how: str) -> None:
    await store.add(XIAOMEI, NOON)
    await store.add(replace(XIAOMEI, name="zhang"), NOON)
    for token in ("t1", "t2"):
        await store.open_session(session(token))
    await store.open_session(session("z", "zhang"))
    match how:
        case "disable":
            assert await store.change(replace(XIAOMEI, is_disabled=True))
        case "roles":
            assert await store.change(replace(XIAOMEI, roles=(Role.UNIT,)))
        case "password":
            assert await store.set_password("xiaomei", "$new", must_change=False, keep="t2")
        case "close":
            await store.close_session("t1")
        case _:
            await store.close_sessions_of("xiaomei")
    left = [each.token_hash for each in await store.open_sessions()]
    assert "t1" not in left
    assert ("t2" in left) == (how in ("password", "close"))
    assert "z" in left


async def test_a_seat_belongs_to_the_session_that_took_it_last(store: SqlAccountStore) -> None:
    await store.add(XIAOMEI, NOON)
    for token, seat in (("t1", "801"), ("t2", "801"), ("t3", "802")):
        await store.open_session(session(token, seat=seat))
    await store.free_seat("801", "t2")
    assert {each.token_hash: each.seat for each in await store.open_sessions()} == {"t1": "", "t2": "801", "t3": "802"}


async def test_a_change_of_nobody_is_told(store: SqlAccountStore) -> None:
    assert not await store.change(XIAOMEI)
    assert not await store.set_password("xiaomei", "$new", must_change=False)


async def test_sessions_that_are_over_are_swept(store: SqlAccountStore) -> None:
    await store.add(XIAOMEI, NOON)
    await store.open_session(session("old", ends=NOON))
    await store.open_session(session("idle", used=IDLE))
    await store.open_session(session("new"))
    assert await store.sweep(NOON, IDLE) == 2
    assert [each.token_hash for each in await store.open_sessions()] == ["new"]
