"""Orders as a table to take out: what a list shows, never the citizen; through approval where the city asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from cti.access import Account, Permission, hidden_from
from cti.adapters.sql.order_rows import OrderFilter, SqlOrderRows
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.desk_days import instants, period
from cti.adapters.web.routes_exports import KINDS, Parcel, days_of, table_parcel
from cti.order_view import row_of
from cti.report_tables import ReportTable
from workorder.clock.due import spoken_instant
from workorder.reports.grid import Column, Kind

MOST_ROWS = 5000
_AT_ONCE = 100
_COLUMNS = (
    ("number", "工单编号"),
    ("opened_at", "登记时间"),
    ("state_title", "状态"),
    ("channel", "渠道"),
    ("category", "类别"),
    ("title", "标题"),
    ("place", "地点"),
    ("owner", "现由谁负责"),
    ("due_at", "到期"),
    ("light_words", "时限"),
)


async def orders_parcel(deps: PagesDeps, me: Account, wanted: Mapping[str, Any]) -> Parcel:
    """Return the orders of some days, the newest first, as this person may see them in a list."""
    first, last = period(*days_of(wanted), deps.clock.now())
    begin, end = instants(first, last)
    rows, now, hidden = SqlOrderRows(deps.database), deps.clock.now(), hidden_from(me, deps.masking)
    words = str(wanted.get("words", "")).replace("\0", "").strip()
    chosen = OrderFilter(words=words, opened_from=begin, opened_until=end)
    cells: list[tuple[str, ...]] = []
    total = 0
    while len(cells) < MOST_ROWS:
        page, total = await rows.page(chosen, len(cells), _AT_ONCE)
        cells += [_cells(row_of(each.draft, each.life, me, now, hidden)) for each in page]
        if len(page) < _AT_ONCE:
            break
    notes = [f"共 {total} 张；不含市民姓名和电话。"]
    if total > len(cells):
        notes.append(f"只列出最新的 {len(cells)} 张。改法：缩短日期范围，分几次导出。")
    columns = tuple(Column(name, title, Kind.TEXT) for name, title in _COLUMNS)
    return table_parcel(ReportTable("orders", "工单", first, last, columns, tuple(cells), tuple(notes), "none"))


def routes(deps: PagesDeps) -> APIRouter:
    """Add orders to what may be exported; the routes themselves are `/api/exports`."""
    KINDS.setdefault("orders", ("工单", Permission.ORDERS_READ, orders_parcel))
    return APIRouter()


def _cells(row: Mapping[str, object]) -> tuple[str, ...]:
    def told(name: str) -> str:
        value = row.get(name) or ""
        return spoken_instant(datetime.fromisoformat(str(value))) if name.endswith("_at") and value else str(value)

    return tuple(told(name) for name, _ in _COLUMNS)
