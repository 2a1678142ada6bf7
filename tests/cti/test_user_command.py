"""`hotline user`: accounts from the command line, with one-time passwords, and every change in the audit trail."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from cti.__main__ import main


@pytest.fixture
def hotline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> object:
    def run(*words: str) -> tuple[int, str]:
        code = main(["--run-folder", str(tmp_path / "run"), "user", *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def test_accounts_are_made_listed_changed_and_disabled(hotline: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert callable(hotline)
    code, told = hotline("add", "xiaomei", "--role", "agent", "--title", "李晓梅", "--seat", "801")
    assert code == 0
    assert re.search(r"一次性密码：\w{4}-\w{4}-\w{4}-\w{4}", told)
    assert "已有账号" in hotline("add", "xiaomei", "--role", "agent")[1]
    assert "写明单位" in hotline("add", "water", "--role", "unit")[1]
    assert "改法" in hotline("add", "a b", "--role", "agent")[1]
    assert hotline("add", "sso", "--role", "agent", "--sso")[0] == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert "密码长度" in hotline("password", "xiaomei", "--stdin")[1]
    monkeypatch.setattr("sys.stdin", io.StringIO("一个够长的口令-2026\n"))
    assert hotline("password", "xiaomei", "--stdin")[0] == 0
    assert hotline("role", "xiaomei", "agent", "supervisor")[0] == 0
    assert hotline("disable", "xiaomei")[0] == 0
    told = hotline("list")[1]
    assert "xiaomei\t李晓梅\t坐席员、班长\t\t801\t已停用" in told
    assert hotline("enable", "xiaomei")[0] == 0
    assert "可用" in hotline("list")[1]
    for words in (("disable", "nobody"), ("password", "nobody"), ("role", "nobody", "agent")):
        code, told = hotline(*words)
        assert (code, "没有账号" in told) == (1, True)
