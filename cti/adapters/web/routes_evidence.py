"""The bundle of evidence on one order (推送纪检监察): its sealed history and files, taken out only with an approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from cti.access import Account, Permission, hidden_from
from cti.adapters.sql.file_rows import SqlOrderFiles
from cti.adapters.sql.order_rows import SqlOrderRows
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import refused
from cti.adapters.web.order_deps import number_of, unsealed
from cti.adapters.web.routes_exports import ALWAYS_APPROVED, KINDS, Parcel, table_parcel
from cti.order_view import history_plain
from cti.report_tables import ReportTable
from workorder.clock.due import spoken_instant
from workorder.life.history import breaks_in
from workorder.order import order_day
from workorder.reports.grid import Column, Kind

EVIDENCE = "evidence"
_COLUMNS = (
    ("seq", "序号"),
    ("at", "时间"),
    ("role", "身份"),
    ("who", "经办"),
    ("title", "办理"),
    ("state_title", "之后的状态"),
    ("owner", "由谁负责"),
    ("words", "内容"),
    ("seal", "封印（sha256）"),
)


async def evidence_parcel(deps: PagesDeps, me: Account, wanted: Mapping[str, Any]) -> Parcel:
    """Return the bundle of the order that `name` names; only once the city's ladder has come to a body outside."""
    number = number_of(str(wanted.get("name", "")))
    listed, now = await SqlOrderRows(deps.database).one(number), deps.clock.now()
    if listed is None or listed.life is None:
        raise refused(404, "没有这张工单，或它还没有受理。改法：检查工单编号", "no_such_order")
    pack = await deps.orders.lives.pack(listed.life.pack)
    bodies = [each for each in pack.ladder if each.sends_evidence] if pack else []
    reached = [each.title for each in bodies if each.name in listed.life.ladder]
    if not reached:
        steps = "、".join(each.title for each in bodies) or "（本市规则没有这一步）"
        raise refused(409, f"还没有升级到{steps}，不能整理证据材料。改法：先按规则升级处理", "not_reached")
    shown = await unsealed(listed, me, deps.orders.sealing, now)
    events = await deps.orders.lives.history(number)
    whole = await deps.orders.sealing.whole_history(number)
    if shown.draft is not listed.draft:  # one of its readers: with every word
        events = whole
    draft = shown.draft.draft if shown.draft else None
    rows = []
    for plain, event in zip(history_plain(events, draft, me, hidden_from(me, deps.masking)), events, strict=True):
        told = plain | {"at": spoken_instant(event.at), "seal": event.hash, "words": _words(plain["words"])}
        rows.append(tuple(str(told[name]) for name, _ in _COLUMNS))
    broken = breaks_in(whole)
    files = await SqlOrderFiles(deps.database).of(number)
    notes = (
        f"推送：{'、'.join(reached)}。城市规则 {listed.life.pack}。",
        "封印完好，没有缺漏或改动。" if not broken else "封印不符：" + "".join(each.what for each in broken),
        *(f"附件 {each.name}，{each.bytes} 字节，sha256 {each.sha256}" for each in files),
    )
    columns = tuple(Column(name, title, Kind.TEXT) for name, title in _COLUMNS)
    first, last = order_day(listed.life.opened), order_day(now)
    title = f"工单 {number} 办理情况证据材料"
    return table_parcel(ReportTable(f"{EVIDENCE}-{number}", title, first, last, columns, tuple(rows), notes, "none"))


def routes(deps: PagesDeps) -> APIRouter:
    """Add the bundle to what may be exported, always with an approval; the routes themselves are `/api/exports`."""
    KINDS.setdefault(EVIDENCE, ("证据材料", Permission.ORDERS_READ, evidence_parcel))
    ALWAYS_APPROVED.add(EVIDENCE)
    return APIRouter()


def _words(words: object) -> str:
    return "；".join(f"{key}：{value}" for key, value in words.items() if value) if isinstance(words, dict) else ""
