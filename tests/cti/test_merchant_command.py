"""`hotline merchant` and `hotline check`: the register in words, its mistakes with remedies, orders without numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cti.__main__ import main
from cti.adapters.sql.database import Database
from cti.adapters.sql.merchant_store import SqlMerchantOrders
from tests.workorder.test_merchants import NOW, ORDER, TEXT
from workorder.audit import Person
from workorder.merchant_orders import consented


@pytest.fixture
def hotline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str]]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("HOTLINE_SETTINGS", raising=False)

    def run(line: str) -> tuple[int, str]:
        code = main(["--run-folder", str(tmp_path / "run"), *line.split()])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def test_the_register_is_listed_ranked_and_checked(hotline: Callable[[str], tuple[int, str]], tmp_path: Path) -> None:
    code, told = hotline("merchant list")
    assert (code, "没有加盟企业名录" in told) == (1, True)
    file = tmp_path / "hotline12345" / "merchants.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(TEXT, encoding="utf-8")
    assert "共 3 家。" in hotline("merchant list")[1]
    code, told = hotline("merchant rank 开锁")
    assert code == 0
    assert "1. M002　乙　96.9 分" in told
    assert hotline("merchant rank 月嫂")[0] == 1
    assert hotline(f"check {file}") == (0, "检查了 1 个文件：没有问题。\n")
    file.write_text(TEXT.replace("complaints: 20,", "complaints: 21,"), encoding="utf-8")
    code, told = hotline(f"check {file}")
    assert code == 1
    assert "merchants.yaml:2:" in told
    assert "权重合计 101" in told
    assert "权重合计 101" in hotline("check")[1], "it is among the files in use"


def test_an_order_is_shown_without_its_number(hotline: Callable[[str], tuple[int, str]], tmp_path: Path) -> None:
    async def keep() -> None:
        database = Database(f"sqlite:///{tmp_path / 'run' / 'hotline.db'}")
        await database.open()
        order = consented(ORDER, "口头同意", "李", NOW)
        await SqlMerchantOrders(database).begin(order, Person("李", "agent"))  # type: ignore[arg-type]
        await database.close()

    (tmp_path / "run").mkdir()
    asyncio.run(keep())
    assert "共 1 张。" in hotline("merchant orders --merchant M1")[1]
    assert "共 0 张。" in hotline("merchant orders --state confirmed")[1]
    code, told = hotline("merchant show SH-1")
    assert code == 0
    assert "138****5678" in told
    assert "13812345678" not in told
    assert "口头同意" in told
    assert hotline("merchant show SH-9")[0] == 1
