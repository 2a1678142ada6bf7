"""Accounts and sessions in SQL; whoever loses a right loses their sessions in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.access import Role
from cti.accounts import AccountRecord, Session
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_pages import accounts, sessions
from cti.adapters.sql.statements import insert_new
from cti.adapters.sql.types import storable


class SqlAccountStore:
    """Accounts and sessions on either database. Every method raises StoreError when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: AccountRecord, at: datetime, *, only_first: bool = False) -> bool:
        """Add an account; False when there is one of this name (`only_first`: when there is any at all)."""
        row = {**_row(record), "created": at}

        async def work(connection: AsyncConnection) -> bool:
            if connection.dialect.name != "sqlite":  # whose writers stand in line by themselves
                await connection.execute(text("LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE"))
            taken = select(accounts.c.name)
            taken = taken if only_first else taken.where(accounts.c.name == row["name"])
            if (await connection.execute(taken.limit(1))).one_or_none() is not None:
                return False
            await insert_new(connection, accounts, [row])
            return True

        return await self._database.write("保存账号", work)

    async def account(self, name: str) -> AccountRecord | None:
        """Return the account of this name."""

        async def work(connection: AsyncConnection) -> AccountRecord | None:
            found = (await connection.execute(select(accounts).where(accounts.c.name == storable(name)))).one_or_none()
            return _record(found) if found is not None else None

        return await self._database.read("读取账号", work)

    async def accounts(self) -> tuple[AccountRecord, ...]:
        """Return all accounts, by name."""

        async def work(connection: AsyncConnection) -> tuple[AccountRecord, ...]:
            return tuple(_record(row) for row in await connection.execute(select(accounts).order_by(accounts.c.name)))

        return await self._database.read("读取账号", work)

    async def change(self, record: AccountRecord) -> bool:
        """Change title, roles, unit, usual seat and whether it is disabled; all its sessions end. False if unknown."""
        row = _row(record)
        changed = {key: row[key] for key in ("title", "roles", "unit", "usual_seat", "is_disabled")}
        return await self._change(record.name, changed, "")

    async def set_password(self, name: str, password_hash: str, *, must_change: bool, keep: str = "") -> bool:
        """Set a password; all sessions of the account end, but the one whose token hash is `keep`. False if unknown."""
        return await self._change(name, {"password_hash": password_hash, "must_change": must_change}, keep)

    async def rehash(self, name: str, password_hash: str) -> None:
        """Keep the same password under a newer hash; sessions stay."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(
                update(accounts).where(accounts.c.name == name).values(password_hash=password_hash)
            )

        await self._database.write("保存密码", work)

    async def open_session(self, session: Session) -> None:
        """Keep a session."""

        async def work(connection: AsyncConnection) -> None:
            await insert_new(connection, sessions, [_session_row(session)])

        await self._database.write("保存登录", work)

    async def session(
        self, token_hash: str, now: datetime, used_after: datetime
    ) -> tuple[Session, AccountRecord] | None:
        """Return a session that still holds, and whose it is; None when it ended, idled or its account is disabled."""
        query = (
            select(*accounts.c, *(each.label(f"s_{each.name}") for each in sessions.c))
            .join(sessions, sessions.c.name == accounts.c.name)
            .where(
                sessions.c.token_hash == token_hash,
                sessions.c.ends > now,
                sessions.c.used > used_after,
                accounts.c.is_disabled.is_(False),
            )
        )

        async def work(connection: AsyncConnection) -> tuple[Session, AccountRecord] | None:
            row = (await connection.execute(query)).one_or_none()
            return (_session(row), _record(row)) if row is not None else None

        return await self._database.read("读取登录", work)

    async def touch(self, token_hash: str, now: datetime) -> None:
        """Note that a session was used."""
        await self._sessions("保存登录", update(sessions).where(sessions.c.token_hash == token_hash).values(used=now))

    async def free_seat(self, seat: str, keep: str) -> None:
        """Take a seat from every session but the one whose token hash is `keep`."""
        others = update(sessions).where(sessions.c.seat == seat, sessions.c.token_hash != keep)
        await self._sessions("保存登录", others.values(seat=""))

    async def sit(self, token_hash: str, seat: str) -> None:
        """Note at which seat a session is; empty: at none."""
        await self._sessions("保存登录", update(sessions).where(sessions.c.token_hash == token_hash).values(seat=seat))

    async def close_session(self, token_hash: str) -> None:
        """End one session."""
        await self._sessions("结束登录", delete(sessions).where(sessions.c.token_hash == token_hash))

    async def close_sessions_of(self, name: str) -> None:
        """End every session of an account."""
        await self._sessions("结束登录", delete(sessions).where(sessions.c.name == storable(name)))

    async def sweep(self, now: datetime, used_before: datetime) -> int:
        """Forget sessions that have ended; return how many."""
        return await self._sessions(
            "清理登录", delete(sessions).where((sessions.c.ends <= now) | (sessions.c.used <= used_before))
        )

    async def open_sessions(self) -> Sequence[Session]:
        """Return every session that is kept, newest first."""

        async def work(connection: AsyncConnection) -> tuple[Session, ...]:
            columns = [each.label(f"s_{each.name}") for each in sessions.c]
            query = select(*columns).order_by(sessions.c.opened.desc())
            return tuple(_session(row) for row in await connection.execute(query))

        return await self._database.read("读取登录", work)

    async def _change(self, name: str, values: dict[str, Any], keep: str) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            done = await connection.execute(update(accounts).where(accounts.c.name == storable(name)).values(**values))
            ended = delete(sessions).where(sessions.c.name == storable(name), sessions.c.token_hash != keep)
            await connection.execute(ended)
            return done.rowcount > 0

        return await self._database.write("保存账号", work)

    async def _sessions(self, doing: str, statement: Any) -> int:
        async def work(connection: AsyncConnection) -> int:
            return int((await connection.execute(statement)).rowcount)

        return await self._database.write(doing, work)


def _row(record: AccountRecord) -> dict[str, Any]:
    return {
        "name": storable(record.name),
        "title": storable(record.title),
        "roles": [role.value for role in record.roles],
        "unit": storable(record.unit),
        "usual_seat": storable(record.usual_seat)[:8],
        "password_hash": record.password_hash,
        "must_change": record.must_change,
        "is_disabled": record.is_disabled,
    }


def _record(row: Row[Any]) -> AccountRecord:
    known = {role.value for role in Role}
    return AccountRecord(
        name=row.name,
        title=row.title,
        roles=tuple(Role(role) for role in row.roles if role in known),
        unit=row.unit,
        usual_seat=row.usual_seat,
        password_hash=row.password_hash,
        must_change=row.must_change,
        is_disabled=row.is_disabled,
        created=row.created,
    )


def _session_row(session: Session) -> dict[str, Any]:
    return {
        "token_hash": session.token_hash,
        "name": session.name,
        "csrf": session.csrf,
        "seat": session.seat,
        "opened": session.opened,
        "used": session.used,
        "ends": session.ends,
        "address": storable(session.address)[:64],
    }


def _session(row: Row[Any]) -> Session:
    return Session(
        row.s_token_hash, row.s_name, row.s_csrf, row.s_seat, row.s_opened, row.s_used, row.s_ends, row.s_address
    )
