"""What the demonstration proved, read back from database, recordings and journal: as JSON and as a page to read."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import SqlOrderStore
from cti.demo.cast import AGENTS, FIRE_AGENT
from cti.demo.stage import Performance
from cti.server.files.flow_files import archived_book, catalogue_of
from cti.server.installation import folders_of, queues_of
from cti.server.transcript_view import STYLES, WHO, readable_turns, shown
from cti.settings import Settings
from ivr.adapters.files.journal_files import JournalFiles
from ivr.call import CallId, Leg
from ivr.flow.replay import replay
from ivr.ports import Heard
from ivr.recording import Part
from ivr.speech.transcript import text_of
from ivr.speech.transcript_cer import character_error_rate
from workorder.call_record import CallRecord
from workorder.draft import Draft, FieldName
from workorder.order import order_day

BOUND = 0.15
_LABELS = {
    FieldName.REQUEST_TYPE: "诉求类型",
    FieldName.CATEGORY: "事项分类",
    FieldName.UNIT: "承办单位",
    FieldName.URGENCY: "紧急程度",
    FieldName.PLACE: "地点",
    FieldName.TIME: "时间",
    FieldName.NAME: "姓名",
    FieldName.SURNAME: "姓氏",
    FieldName.PHONE: "联系电话",
    FieldName.TITLE: "标题",
    FieldName.SUMMARY: "摘要",
}


@dataclass(frozen=True, slots=True)
class CallAccount:
    """One call with all that it left behind; `json` is its entry of the report."""

    performance: Performance
    record: CallRecord | None
    turns: tuple[Heard, ...]
    json: dict[str, object]
    faults: tuple[str, ...]


async def account(settings: Settings, performances: list[Performance]) -> list[CallAccount]:
    """Read every performed call back from where the service has put it."""
    async with Database(settings.database) as database:
        return [await _call(settings, database, each) for each in performances]


async def _call(settings: Settings, database: Database, done: Performance) -> CallAccount:
    if done.call is None:
        return CallAccount(done, None, (), {"id": None}, (f"{done.citizen.name}：{done.problem or '没有打通'}",))
    calls, orders = SqlCallStore(database), SqlOrderStore(database)
    record, turns = await calls.call(done.call), await calls.turns(done.call)
    tapes = {each.part: each for each in await calls.recordings(done.call)}
    order = await orders.order_of(done.call)
    spoken, heard = "".join(done.spoken), text_of(turns, Leg.CALLER)
    agent = next((each for each in (*AGENTS, FIRE_AGENT) if record and each.seat == record.seat), None)
    agent_spoken, agent_heard = "".join(agent.lines) if agent else "", text_of(turns, Leg.AGENT)
    cer = character_error_rate(spoken, heard)
    replayed = replayed_alike(settings, done.call)
    mix = tapes.get(Part.MIX)
    entry: dict[str, object] = {
        "id": done.call,
        "flow": record.flow if record else None,
        "path": list(record.path) if record else [],
        "spoken": spoken,
        "heard": heard,
        "cer": round(cer, 4),
        "agent_spoken": agent_spoken,
        "agent_heard": agent_heard,
        "agent_cer": round(character_error_rate(agent_spoken, agent_heard), 4),
        "queue": record.queue if record else None,
        "seat": record.seat if record else None,
        "answer_ms": _answer_ms(record),
        "recording": {
            "file": str(settings.recordings_folder / mix.file) if mix else None,
            "seconds": round(mix.seconds, 2) if mix else 0.0,
            "rms_dbfs": {
                leg: round(tapes[part].rms_dbfs, 1) if part in tapes else None
                for leg, part in (("caller", Part.CALLER), ("agent", Part.AGENT))
            },
            "sha256": mix.sha256 if mix else None,
        },
        "order": _order(order.number, order.draft) if order else None,
        "journal_replay": replayed,
    }
    faults = [done.problem] if done.problem else []
    faults += [] if order else ["没有工单草稿"]
    faults += [] if cer <= BOUND else [f"字错误率 {cer:.0%} 高于 {BOUND:.0%}"]
    faults += [] if replayed == "same" else [f"通话日志重放：{replayed}"]
    faults += [f"录音 {tape.part}：{tape.problem}" for tape in tapes.values() if tape.problem]
    faults += [] if mix else ["没有录音"]
    return CallAccount(done, record, turns, entry, tuple(f"{done.citizen.name}：{fault}" for fault in faults))


def _answer_ms(record: CallRecord | None) -> int | None:
    """Milliseconds from the answer by the hotline to the answer by a person."""
    if record is None or record.started is None or record.answered is None:
        return None
    return round((record.answered - record.started).total_seconds() * 1000)


def _order(number: str, draft: Draft) -> dict[str, object]:
    return {
        "id": number,
        "request_type": draft.value(FieldName.REQUEST_TYPE),
        "category": list(draft.category),
        "unit": draft.value(FieldName.UNIT),
        "fields": {name.value: draft.value(name) for name in FieldName if draft.value(name)},
        "reasons": list(draft.reasons),
    }


def replayed_alike(settings: Settings, call: CallId) -> str:
    """Run the call's journal through the engine again; `same`, or what differs."""
    lines = JournalFiles(folders_of(settings).journal).read(call)
    digest = next((str(line["digest"]) for line in lines if "digest" in line), "")
    queues = queues_of(settings)
    folder = folders_of(settings).run / "editions" / digest
    book = archived_book(folder, catalogue_of(settings, queues), queues) if digest else None
    if book is None:
        return "没有日志，或没有那一版流程"
    try:
        difference = replay(lines, book, call).difference
    except ValueError as odd:
        return str(odd)
    return str(difference) if difference else "same"


def show(accounts: list[CallAccount], console: Console) -> None:
    """Print each call as a person would want to read it."""
    for each in accounts:
        citizen, entry = each.performance.citizen, each.json
        console.rule(f"[bold]{citizen.name}　拨打 {citizen.called}")
        if each.record is None:
            continue
        record = each.record
        console.print(f"通话 {record.call}　主叫 {record.caller}　流程 {record.flow}：{' → '.join(record.path)}")
        waited = entry["answer_ms"]
        seconds = f"{waited / 1000:.1f} 秒后" if isinstance(waited, int) else "没有"
        console.print(f"队列 {record.queue or '无'}，{seconds}由席位 {record.seat or '无'} 接听")
        words = Table(show_header=False, box=None, padding=(0, 1))
        for overflow in ("ignore", "ignore", "fold"):
            words.add_column(overflow=overflow, no_wrap=overflow != "fold")
        for turn in readable_turns(each.turns, order_day(record.started) if record.started else None):
            words.add_row(f"{turn.begun_s:6.1f} 秒", Text(WHO[turn.leg], STYLES[turn.leg]), shown(turn))
        console.print(words, soft_wrap=False)
        console.print(f"市民原话：{entry['spoken']}")
        console.print(f"字错误率：市民 {entry['cer']:.1%}，坐席 {entry['agent_cer']:.1%}（经 A-law、RTP 与 Asterisk）")
        _show_recording(entry, console)
        _show_order(entry, console)


def _show_recording(entry: dict[str, object], console: Console) -> None:
    tape = entry["recording"]
    if isinstance(tape, dict) and tape["file"]:
        loud = tape["rms_dbfs"]
        console.print(
            f"录音 {tape['file']}：{tape['seconds']} 秒，市民 {loud['caller']} dBFS，坐席 {loud['agent']} dBFS，"
            f"sha256 {str(tape['sha256'])[:16]}…"
        )


def _show_order(entry: dict[str, object], console: Console) -> None:
    order = entry["order"]
    if not isinstance(order, dict):
        console.print("[red]没有工单草稿[/red]")
        return
    table = Table(title=f"工单草稿 {order['id']}", title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, label in _LABELS.items():
        if order["fields"].get(name.value):
            table.add_row(label, order["fields"][name.value])
    console.print(table, soft_wrap=False)
    for reason in order["reasons"]:
        console.print(f"  依据：{reason}")
