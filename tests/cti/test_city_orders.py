"""`hotline order` under the digital city's rules: the checklist before filing, and what shirking costs a unit."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cti.__main__ import main
from workorder.order import HOTLINE_TIME, numbered, order_day

Run = Callable[[str], tuple[int, str]]


def this_month() -> str:
    """The month of the moment it is asked for: a run of all tests may begin in another one."""
    return datetime.now(HOTLINE_TIME).strftime("%Y-%m")


@pytest.fixture
def hotline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("HOTLINE_SETTINGS", raising=False)

    def run(line: str) -> tuple[int, str]:
        code = main(["--run-folder", str(tmp_path / "run"), *line.split()])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def handled(run: Run, nth: int, unit: str, *, shirks: bool) -> str:
    """A case that a unit answers in time, at once or only after its return was rejected; returns what was said last."""
    number, by = numbered(order_day(datetime.now(UTC)), nth), f"--by unit:某人:{unit}"
    steps = [
        f"open --city digital_city --category component --by agent:801 --number {number}",
        f"do {number} accept checked=位置;类别;照片;责任单位 --by agent:801",
        f"do {number} dispatch unit={unit} --by centre:王",
        f"do {number} sign handler=某人 {by}",
        *(
            [
                f"do {number} request_return basis=不归我管 suggestion=转别家 {by}",
                f"do {number} reject_return why=目录写明归你单位 --by host:办公室",
            ]
            if shirks
            else []
        ),
        f"do {number} reply text=已修好 asks_recheck=true {by}",
    ]
    told = [run(f"order {step}") for step in steps]
    assert [code for code, _ in told] == [0] * len(steps), told
    return told[-1][1]


@pytest.mark.requirement("D-10")
def test_whoever_accepts_a_case_answers_the_checklist_first(hotline: Run) -> None:
    number = numbered(order_day(datetime.now(UTC)), 9)
    assert hotline(f"order open --city digital_city --category event --by agent:801 --number {number}")[0] == 0
    accept = f"order do {number} accept"
    code, told = hotline(f"{accept} --by agent:801")
    assert (code, "还没有核对：位置、类别、照片、责任单位。（依据：D-10）" in told) == (1, True)
    code, told = hotline(f"{accept} checked=位置;类别;责任单位 --by agent:801")
    assert (code, "还没有核对：照片。" in told) == (1, True)
    assert hotline(f"{accept} checked=位置;类别;照片;责任单位 --by agent:801")[0] == 0


@pytest.mark.requirement("D-49")
def test_a_unit_that_shirks_or_does_not_put_right_is_supervised_and_loses_points(hotline: Run) -> None:
    assert "督办中" in handled(hotline, 1, "供电局", shirks=True), "its return was rejected: supervised by itself"
    for nth, unit in ((2, "邮政局"), (3, "民政局")):
        assert "督办中" not in handled(hotline, nth, unit, shirks=False)
    number = numbered(order_day(datetime.now(UTC)), 2)
    told = hotline(f"order do {number} supervise trigger=refused opinion=派遣后不整改 --by host:办公室")
    assert (told[0], "督办中" in told[1]) == (0, True)
    code, shown = hotline(f"assess month {this_month()} --city digital_city")
    assert code == 0
    score = {
        unit: re.findall(r"[\d.]+", next(line for line in shown.splitlines() if unit in line))[-1]
        for unit in ("供电局", "邮政局", "民政局")
    }
    assert score == {"供电局": "98.00", "邮政局": "98.00", "民政局": "100.00"}
    assert "供电局：因超期、推诿等被督办 1 次" in shown
