"""What breaks is written down with its begin and its end, and the mean time to repair is counted from that alone."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.__main__ import main
from cti.access import Role
from cti.adapters.sql.database import Database
from cti.faults import FaultEvent, FaultLine, faults_in, line_text, lines_in, repairs
from cti.server.fault_log import FaultLog, FaultWatch, database_probe, failing, unless
from cti.settings import Settings, default_settings
from ivr.errors import SwitchError
from tests.cti.web.site import settings_in, site
from tests.fakes import NOON, FakeClock

HOUR = timedelta(hours=1)


def line(minutes: int, part: str, event: FaultEvent, words: str = "坏了") -> FaultLine:
    return FaultLine(NOON + timedelta(minutes=minutes), part, event, "hotline", words)


BEGAN, ENDED = FaultEvent.BEGAN, FaultEvent.ENDED


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return default_settings(tmp_path / "data", tmp_path)


@pytest.mark.requirement("D-51")
async def test_a_part_that_fails_and_comes_back_leaves_a_begin_and_an_end(settings: Settings) -> None:
    faults, clock = FaultLog(settings), FakeClock()
    broken = {"交换机"}

    async def beat() -> None:
        if "交换机" in broken:
            raise SwitchError("交换机没有应答")

    probes = {"交换机": failing(beat), "消息代理": unless(lambda: "消息代理" not in broken, "没有连上消息代理")}
    watch = FaultWatch(faults, clock, probes)
    await watch.look()
    await watch.look()
    clock.pass_seconds(600)
    broken.clear()
    await FaultWatch(faults, clock, probes).look()  # another controller takes over: the log is what is known
    (fault,) = faults.faults()
    assert (fault.part, fault.why, fault.seconds, fault.how) == ("交换机", "交换机没有应答", 600.0, "自行恢复")
    broken.add("消息代理")
    await watch.look()
    assert [each.part for each in faults.faults() if each.ended is None] == ["消息代理"]


@pytest.mark.requirement("D-51")
def test_the_mean_time_to_repair_counts_what_ended_and_tells_what_goes_on(settings: Settings) -> None:
    lines = [
        line(0, "数据库", BEGAN),
        line(10, "数据库", ENDED),
        line(20, "数据库", BEGAN),
        line(50, "数据库", ENDED),
        line(30, "中继", BEGAN),
        line(32, "中继", ENDED),
        line(90, "中继", BEGAN),
    ]
    found = repairs(faults_in(lines), NOON, NOON + 3 * HOUR)
    assert [(each.part, each.repaired, each.open, each.mttr_seconds) for each in found] == [
        ("中继", 1, 1, 120.0),
        ("数据库", 2, 0, 1200.0),
        ("合计", 3, 1, 840.0),
    ]
    assert repairs((), NOON, NOON + HOUR)[-1].mttr_seconds is None


@pytest.mark.requirement("D-51")
def test_a_controller_that_died_is_a_fault_and_one_that_was_stopped_is_none(settings: Settings) -> None:
    faults = FaultLog(settings)
    settings.run_folder.mkdir(parents=True, exist_ok=True)
    faults.begun(NOON)
    faults.touch()
    died = NOON - timedelta(seconds=40)
    os.utime(faults.alive, (died.timestamp(), died.timestamp()))
    faults.begun(NOON)
    (fault,) = faults.faults()
    assert (fault.part, fault.began, fault.seconds) == ("控制器", died, 40.0)
    faults.touch()
    faults.stopped()
    faults.begun(NOON + HOUR)
    assert len(faults.faults()) == 1


async def test_a_database_that_is_away_is_told_by_its_probe(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}")
    assert await database_probe(database)()
    await database.close()


@pytest.mark.requirement("D-51")
def test_people_write_down_what_no_probe_sees_and_the_list_shows_it(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> tuple[int, str]:
        code = main(["--run-folder", str(settings.run_folder), "fault", *words])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    assert run("begin", "运营商中继", "--why", "呼入不通", "--by", "王工")[0] == 0
    assert run("begin", "运营商中继", "--why", "还是不通", "--by", "王工")[0] == 1
    code, told = run()
    assert (code, "还没有恢复" in told, "未恢复 1 次" in told) == (0, True, True)
    assert run("end", "运营商中继", "--how", "换板卡", "--by", "王工")[0] == 0
    assert run("end", "运营商中继", "--how", "换板卡", "--by", "王工")[0] == 1
    whole = json.loads(run("--json")[1])
    assert [(each["part"], each["how"], each["by"]) for each in whole["faults"]] == [("运营商中继", "换板卡", "王工")]
    assert whole["mttr"][-1]["repaired"] == 1
    assert "MTTR" in whole["formula"]


def test_a_fault_is_ended_by_the_words_it_was_begun_with_however_long_they_are(settings: Settings) -> None:
    faults, part = FaultLog(settings), " 三楼机房" + "交换机" * 30
    faults.person(part, BEGAN, "王工", "断电", NOON)
    faults.person(part, ENDED, "王工", "来电", NOON + HOUR)
    assert [each.ended for each in faults.faults()] == [NOON + HOUR]


@pytest.mark.requirement("D-51")
async def test_the_pages_list_the_faults_beside_the_health_of_every_part(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        faults, now = FaultLog(settings_in(tmp_path)), here.clock.now()
        faults.add(FaultLine(now - HOUR, "数据库", BEGAN, "hotline", "没有应答"))
        faults.add(FaultLine(now - HOUR / 2, "数据库", ENDED, "hotline", "自行恢复"))
        admin = await here.sign_in("guanli", Role.ADMIN)
        told = (await admin.get("/api/faults")).json()
        assert [(each["part"], each["seconds"]) for each in told["faults"]] == [("数据库", 1800.0)]
        assert told["mttr"][-1] == {"part": "合计", "repaired": 1, "open": 0, "mttr_seconds": 1800.0}
        agent = await here.sign_in("xiaomei", Role.AGENT)
        assert (await agent.get("/api/faults")).status_code == 403


LINES = st.lists(
    st.builds(
        FaultLine,
        st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
        st.sampled_from(["a", "b", "c\u2028"]),
        st.sampled_from(list(FaultEvent)),
        st.text(max_size=5),
        st.text(max_size=5),
    ),
    max_size=20,
)


@given(LINES, st.text(max_size=40))
def test_whatever_the_log_holds_is_read_and_no_part_is_broken_twice_at_once(lines: list[FaultLine], torn: str) -> None:
    text = "".join(line_text(each) for each in lines)
    assert lines_in(text) == tuple(lines)
    lines_in(text + torn)
    faults = faults_in(lines)
    assert len({each.part for each in faults if each.ended is None}) == sum(each.ended is None for each in faults)
    assert all(each.seconds is None or each.seconds >= 0 for each in faults)
    whole = repairs(faults, datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))[-1]
    assert whole.repaired + whole.open == len(faults)
