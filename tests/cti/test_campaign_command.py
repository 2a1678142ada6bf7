"""`hotline campaign`: test calls ring a simulated hotline on this machine and are scored; a sample is drawn again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cti.__main__ import main
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import SqlOrderStore
from cti.server.orders import Orders
from cti.settings import default_settings
from ivr.adapters.simulator.phone_errors import SimulatedPhoneError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.call import CallId, Leg, PhoneNumber
from ivr.ports import Heard
from tests.workorder.test_campaigns import SURVEY
from workorder.call_record import CallRecord
from workorder.draft import FieldName
from workorder.life.actors import Actor, Role
from workorder.life.opening import Opening

Run = Callable[[str], tuple[int, str]]
DIAL = """\
campaign: 1
kind: dial_test
title: 政务服务效能拨测
client: 市政务服务局
calls:
  - {name: 总机, to: "12345", hears: [您好], stay_seconds: 1}
  - {name: 太慢, to: "12345", hears: [您好], stay_seconds: 1}
  - {name: 没人, to: "12345", stay_seconds: 1}
"""
PEOPLE = {"19900000001": (4.0, "您好，很高兴为您服务"), "19900000002": (20.0, "喂")}
"""Who takes a test call in the simulated hotline: after how many seconds, with which words; others wait in vain."""


class Hotline:
    """A hotline on loopback: one telephone that answers everything, and the store that a controller would write."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.address = ("", 0)
        self.rung: list[str] = []

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        database = Database(self._database)
        await database.open()
        store = SqlCallStore(database)

        async def taken(call: SipCall) -> None:
            assert call.invitation is not None
            caller = call.invitation.get("From").partition("sip:")[2].partition("@")[0]
            self.rung.append(caller)
            begun = datetime.now(UTC)
            try:
                await call.ended(60)
            except SimulatedPhoneError:
                return
            await self._write(store, caller, begun)

        async with SipPhone(bind_ip="127.0.0.1", number="12345") as phone:
            phone.on_call = taken
            self.address = phone.address
            self._ready.set()
            await self._stop.wait()
        await database.close()

    async def _write(self, store: SqlCallStore, caller: str, begun: datetime) -> None:
        call, who = CallId(f"hl-{caller}.1"), PEOPLE.get(caller)
        answered = begun + timedelta(seconds=who[0]) if who else None
        if who:
            await store.save_turns(call, [Heard(call, Leg.AGENT, who[1], True, 0.0, 2.0)])
        record = CallRecord(
            call, PhoneNumber(caller), "12345", started=begun, queued=begun, answered=answered, ended=begun
        )
        await store.save_call(record)


@pytest.fixture
def hotline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("HOTLINE_SETTINGS", raising=False)
    (tmp_path / "run").mkdir()

    def run(line: str) -> tuple[int, str]:
        code = main(["--run-folder", str(tmp_path / "run"), *line.split()])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


@pytest.fixture
def switch(tmp_path: Path, hotline: Run) -> Iterator[Hotline]:
    served = Hotline(f"sqlite:///{tmp_path / 'run' / 'hotline.db'}")
    served.start()
    yield served
    served.stop()


@pytest.mark.requirement("S-42")
def test_a_dial_test_places_simulated_calls_and_scores_each(
    hotline: Run, switch: Hotline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, settings = tmp_path / "plan.yaml", tmp_path / "settings.yaml"
    plan.write_text(DIAL, encoding="utf-8")
    host, port = switch.address
    settings.write_text(f"settings_version: 1\nswitch: {{sip_host: {host}, sip_port: {port}}}\n", encoding="utf-8")
    monkeypatch.setenv("HOTLINE_SETTINGS", str(settings))
    assert hotline(f"check {plan}")[0] == 0
    code, told = hotline(f"campaign open {plan} --by 王主任")
    assert code == 0, told
    number = told.split("编号 ")[1].split()[0]
    code, told = hotline(f"campaign run {number} --by 王主任")
    assert code == 0, told
    assert switch.rung == ["19900000001", "19900000002", "19900000003"], "three calls were made, one after another"
    assert "1. 总机　已评分　100 分　等待 4.0 秒" in told
    assert "2. 太慢　已评分　60 分　等待 20.0 秒" in told
    assert "3. 没人　已评分　22 分" in told
    assert "已拨 3 通，平均 60.7 分（满分 100）；达到的通数：接通 3，有人接 2，及时 1，用语 1" in told
    assert hotline(f"campaign run {number} --by 王主任")[0] == 0
    assert len(switch.rung) == 3, "what is done is not rung again"
    assert "100 分" in hotline(f"campaign show {number}")[1]
    assert hotline(f"campaign close {number} --by 王主任") == (0, "已结束，不再收结果。\n")
    assert hotline(f"campaign run {number} --by 王主任")[0] == 1


@pytest.mark.requirement("S-42")
def test_a_dial_test_rings_only_our_numbers_and_a_hotline_that_is_away_gets_no_points(
    hotline: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, settings = tmp_path / "plan.yaml", tmp_path / "settings.yaml"
    plan.write_text(DIAL.replace('to: "12345", stay', 'to: "13900000000", stay'), encoding="utf-8")
    code, told = hotline(f"check {plan}")
    assert code == 1
    assert "不是本热线的号码" in told
    assert hotline(f"campaign open {plan} --by 王主任")[0] == 1
    settings.write_text("settings_version: 1\nswitch: {sip_host: 192.0.2.1}\n", encoding="utf-8")
    monkeypatch.setenv("HOTLINE_SETTINGS", str(settings))
    plan.write_text("".join(DIAL.splitlines(keepends=True)[:6]), encoding="utf-8")
    code, told = hotline(f"campaign open {plan} --by 王主任")
    number = told.split("编号 ")[1].split()[0]
    told = hotline(f"campaign run {number} --by 王主任")[1]
    assert "1. 总机　没有打通　0 分" in told, "not a packet leaves this machine"


@pytest.mark.requirement("Y-20")
def test_a_sample_is_drawn_again_from_its_seed_and_a_changed_one_is_told(hotline: Run, tmp_path: Path) -> None:
    async def take_in(count: int, first: int = 0) -> None:
        database = Database(f"sqlite:///{tmp_path / 'run' / 'hotline.db'}")
        await database.open()
        orders = Orders(default_settings(tmp_path / "data", tmp_path / "run"), database)
        for nth in range(first, first + count):
            fields = {FieldName.PHONE: f"139000000{nth:02d}", FieldName.SUMMARY: "路灯不亮"}
            await orders.take_in(fields, Opening(channel="letter"), Actor("李", Role.AGENT), datetime.now(UTC))
        assert await SqlOrderStore(database).latest_orders(1)
        await database.close()

    asyncio.run(take_in(8))
    today = datetime.now(UTC).date()
    days = f"since: {today - timedelta(days=2)}, until: {today + timedelta(days=2)}"
    plan = tmp_path / "plan.yaml"
    plan.write_text(SURVEY.replace("since: 2026-11-01, until: 2026-11-22", days), encoding="utf-8")
    code, told = hotline(f"campaign open {plan} --by 王主任")
    assert code == 0, told
    assert "从 8 位市民中随机抽取 3 位" in told
    number = told.split("编号 ")[1].split()[0]
    code, told = hotline(f"campaign redraw {number}")
    assert (code, "3 位与当初相同" in told) == (0, True)
    asyncio.run(take_in(40, first=8))
    code, told = hotline(f"campaign redraw {number}")
    assert (code, "不一致" in told) == (1, True), "48 citizens are not the 8 of then"
    assert "委托调研" in hotline("campaign list")[1]
    assert hotline("campaign show none")[0] == 1
