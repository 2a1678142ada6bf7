"""`hotline city` and `hotline check` on city packs, as an administrator meets them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cti.__main__ import main
from cti.server.files.city_packs import SHIPPED_CITIES, followed_calendar, load_calendar, load_city
from ivr.errors import AuthorError
from workorder.order import numbered, order_day


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("HOTLINE_SETTINGS", raising=False)
    return tmp_path / "hotline12345"


def test_two_cities_are_compared_rule_by_rule(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["city", "diff", "jinan", "suqian"]) == 0
    told = capsys.readouterr().out
    assert "时限｜办理\n    jinan：5 个工作日　〔J-09〕\n    suqian：12 小时，原则上　〔S-25〕" in told
    assert main(["city", "diff", "jinan", "suqian", "--switches", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"身份", "时限｜天的算法"} <= {each["rule"] for each in found}


def test_a_citys_rules_are_shown_with_their_clauses(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["city", "show", "yangling"]) == 0
    told = capsys.readouterr().out
    assert "延期｜批准：主办单位　〔Y-07、Y-40〕" in told
    assert "原文未写，取默认" in told


def test_a_city_put_into_the_data_folder_is_listed_and_checked(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "cities").mkdir(parents=True)
    text = (SHIPPED_CITIES / "suqian.yaml").read_text(encoding="utf-8").replace("name: suqian", "name: xincheng")
    own = home / "cities" / "xincheng.yaml"
    own.write_text(text, encoding="utf-8")
    assert main(["city", "list"]) == 0
    assert "xincheng" in capsys.readouterr().out
    assert main(["check", str(own)]) == 0
    own.write_text(text.replace("weight: 30", "weight: 31"), encoding="utf-8")
    assert main(["check"]) == 1
    assert "合计 101" in capsys.readouterr().err


def test_an_installations_own_calendar_is_checked_too(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.mkdir(parents=True)
    (home / "calendar.yaml").write_text("calendar: 1\nyears:\n  - {year: 2027}\n", encoding="utf-8")
    assert main(["check"]) == 1
    assert "缺少“source”" in capsys.readouterr().err


def test_a_city_nobody_knows_is_refused_with_the_names_that_are(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["city", "show", "suqain"]) == 1
    assert "suqian" in capsys.readouterr().err
    with pytest.raises(AuthorError):
        load_city("nowhere")


def test_an_installations_own_calendar_comes_before_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "calendar.yaml"
    own.write_text("calendar: 1\nyears:\n  - {year: 2027, source: 通知, workdays: [2027-01-03]}\n", encoding="utf-8")
    assert load_calendar().kind(date(2027, 1, 3)).is_provisional
    kind = load_calendar(own).kind(date(2027, 1, 3))
    assert (kind.is_workday, kind.is_provisional) == (True, False)
    assert not load_calendar().kind(date(2019, 10, 1)).is_workday


def test_stored_orders_are_taken_again_under_another_citys_rules(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["--run-folder", str(tmp_path / "run")]
    number = numbered(order_day(datetime.now(UTC)), 1)
    assert main([*run, "order", "open", "--city", "jinan", "--category", "help", "--by", "agent:801"]) == 0
    for words in ("accept --by agent:801", "dispatch unit=水务局 --by agent:801"):
        assert main([*run, "order", "do", number, *words.split()]) == 0
    capsys.readouterr()
    assert main([*run, "city", "whatif", "--pack", "suqian", "--as", "help=sudden"]) == 0
    told = capsys.readouterr().out
    assert "1 张工单按 suqian@2020-10-19.1 重走，1 张会有不同" in told
    assert f"{number}　到期" in told
    assert main([*run, "city", "whatif", "--pack", "jinan"]) == 0
    assert "0 张会有不同" in capsys.readouterr().out
    assert main([*run, "city", "whatif", "--pack", "suqian"]) == 0
    assert "没有“help”这一类诉求" in capsys.readouterr().out


def test_a_calendar_published_meanwhile_counts_at_once_and_a_broken_one_leaves_what_was(tmp_path: Path) -> None:
    calendar, sunday, own = followed_calendar(tmp_path), date(2027, 1, 3), tmp_path / "calendar.yaml"
    assert not calendar().kind(sunday).is_workday
    own.write_text("calendar: 1\nyears:\n  - {year: 2027, source: 通知, workdays: [2027-01-03]}\n", encoding="utf-8")
    assert calendar().kind(sunday).is_workday
    own.write_text("calendar: 1\nyears: oops\n", encoding="utf-8")
    assert calendar().kind(sunday).is_workday
    own.unlink()
    assert not calendar().kind(sunday).is_workday
