"""A year of orders in PostgreSQL for benchmarks: an invented month, copied by the database itself.

The copies lie in other months, in other streets, come from other callers and have numbers of their own; those of
earlier months are copies of orders that have ended. Their hash chains are not sealed anew: nothing here reads seals.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import psycopg
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import calls, order_events, order_lives, order_timers, orders
from cti.adapters.sql.schema_orders import order_units
from cti.adapters.sql.seeding import SqlSeeding
from cti.demo.invented import Inventor
from cti.demo.matters import read_matters
from cti.server.files.city_packs import load_calendar, load_city
from cti.server.orders import Orders
from cti.settings import Settings
from workorder.life.states import ENDS, LifeState

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MONTH_DAYS, MONTHS = 30, 12
_BATCH = 50
_STREETS = "东西南北中前后左右上下青红白黄蓝紫金银铜铁石木水火土山川江河湖海云雨风雪春夏秋冬梅兰竹菊松柏桃李杏柳荷桂"
_OVER = "', '".join(sorted({state.value for state in ENDS} | {LifeState.CLOSED.value}))

_PREPARE = f"""
CREATE UNLOGGED TABLE bench_seed AS
SELECT o.number AS old, to_date(substr(o.number, 3, 8), 'YYYYMMDD') AS day, substr(o.number, 12)::int AS serial,
       o.call_id, l.state IN ('{_OVER}') AS is_over
FROM orders o JOIN order_lives l USING (number);
CREATE FUNCTION bench_number(day date, serial int, k int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'WO' || to_char(day - (k % {MONTHS}) * {MONTH_DAYS}, 'YYYYMMDD') || '-'
        || lpad(((serial - 1) * 100 + k / {MONTHS} + 1001)::text, 6, '0') $$;
CREATE FUNCTION bench_street(key text, k int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT left(key, 1) || substr('{_STREETS}', k % {len(_STREETS)} + 1, 1) || substr(key, 3) $$;
CREATE FUNCTION bench_caller(caller text, k int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN caller = '' THEN '' ELSE
        '13' || lpad((('x' || substr(md5(caller || k % 200), 1, 7))::bit(28)::int)::text, 9, '0') END $$;
"""
_NEW = """
CREATE TEMP TABLE now_made ON COMMIT DROP AS
SELECT s.*, bench_number(s.day, s.serial, %(k)s) AS new, s.call_id || '-' || %(k)s AS new_call,
       (%(k)s %% 12) * 30 * interval '1 day' AS back
FROM bench_seed s WHERE s.is_over OR %(k)s %% 12 = 0
"""
_CHANGED: Mapping[Table, Mapping[str, str]] = {
    calls: {
        "id": "n.new_call",
        "caller": "bench_caller(o.caller, %(k)s)",
        **{name: f"o.{name} - n.back" for name in ("started", "queued", "answered", "ended")},
    },
    orders: {
        "number": "n.new",
        "call_id": "n.new_call",
        "caller": "bench_caller(o.caller, %(k)s)",
        "phone": "bench_caller(o.phone, %(k)s)",
        "place_key": "t.key",
        **{name: f"replace(o.{name}, t.old_key, t.key)" for name in ("place", "title", "summary")},
        **{name: f"o.{name} - n.back" for name in ("created", "updated", "confirmed")},
        "draft": "replace(replace(o.draft::text, t.old_key, t.key), t.old_caller, t.caller)::jsonb",
    },
    order_lives: {
        "number": "n.new",
        **{name: f"o.{name} - n.back" for name in ("opened", "updated", "due", "told")},
    },
    order_events: {"number": "n.new", "at": "o.at - n.back", "event": "replace(o.event, n.old, n.new)"},
    order_units: {"number": "n.new"},
    order_timers: {"number": "n.new"},
}
"""What a copy has of its own; everything else is as in the invented month."""
_STREET = """ CROSS JOIN LATERAL (SELECT coalesce(nullif(o.place_key, ''), '无') AS old_key,
    bench_street(coalesce(nullif(o.place_key, ''), '无'), %(k)s) AS key,
    coalesce(nullif(o.caller, ''), '无') AS old_caller, bench_caller(o.caller, %(k)s) AS caller OFFSET 0) t"""


def _copied(table: Table) -> str:
    """Return the statement that copies the month's rows of a table once."""
    changed = _CHANGED[table]
    columns = ", ".join(column.name for column in table.c)
    values = ", ".join(changed.get(column.name, f"o.{column.name}") for column in table.c)
    mine = "o.id = n.call_id" if table is calls else "o.number = n.old"
    street = _STREET if table is orders else ""
    return f"INSERT INTO {table} ({columns}) SELECT {values} FROM now_made n JOIN bench_{table} o ON {mine}{street}"


async def fill(settings: Settings, count: int, console: Console) -> int:
    """Fill an empty PostgreSQL with at least `count` orders of the year before NOW; return how many there are.

    One that was filled before (HOTLINE_BENCH_MILLION says where) stays as it is.
    """
    there = await _count(settings)
    if there:
        return there
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("orders", total=count)
        invented = min(2000, count // 20)
        await _invent(settings, invented)
        bar.update(task, completed=invented)
        return await asyncio.to_thread(_copy, settings.database, count, lambda done: bar.update(task, completed=done))


async def _count(settings: Settings) -> int:
    database = Database(settings.database, deadline_seconds=1200)
    await database.open()
    counted = select(func.count()).select_from(order_lives)

    async def work(connection: AsyncConnection) -> int:
        return int((await connection.execute(counted)).scalar_one())

    count = await database.read("count", work)
    await database.close()
    return count


async def _invent(settings: Settings, count: int) -> None:
    pack, calendar = load_city(settings.city, settings.data_folder / "cities"), load_calendar(None)
    database = Database(settings.database, deadline_seconds=60)
    await Orders(settings, database, lambda: calendar).pack(NOW)
    inventor = Inventor(read_matters(), pack, calendar, NOW, {})
    seeding, instants = SqlSeeding(database), inventor.instants(count, MONTH_DAYS)
    numbers = await seeding.numbers(instants)
    for begin in range(0, count, _BATCH):
        pairs = zip(numbers[begin : begin + _BATCH], instants[begin : begin + _BATCH], strict=True)
        await seeding.write([inventor.order(number, at) for number, at in pairs], pack, calendar, NOW)
    await database.close()


def _copy(url: str, count: int, told: Callable[[int], object]) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(_PREPARE.encode())
        for table in _CHANGED:  # joining with what grows would cost more with each copy
            connection.execute(f"CREATE UNLOGGED TABLE bench_{table} AS SELECT * FROM {table}".encode())
        connection.execute("ANALYZE")
        there, k = 0, 0
        while there < count:
            with connection.transaction():
                connection.execute(_NEW, {"k": k})
                for table in _CHANGED:
                    connection.execute(_copied(table).encode(), {"k": k})
            row = connection.execute("SELECT count(*), count(*) FILTER (WHERE is_over) FROM bench_seed").fetchone()
            assert row is not None
            there, k = (row[0] if k == 0 else there) + row[0 if k % MONTHS == 0 else 1], k + 1
            told(min(there, count))
        connection.execute("VACUUM ANALYZE")
    return there
