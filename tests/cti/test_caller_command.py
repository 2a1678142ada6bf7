"""`hotline caller` marks who is served with special care, and takes it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.__main__ import main


def test_a_caller_is_marked_and_unmarked_and_a_typing_error_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("HOTLINE_SETTINGS", raising=False)

    def run(line: str) -> tuple[int, str]:
        code = main(["--run-folder", str(tmp_path / "run"), "caller", *line.split()])
        told = capsys.readouterr()
        return code, told.out + told.err

    assert run("plain 13900001234 --by 王") == (1, "139****1234　没有登记过。\n")
    assert run("vip 13900001234 --why 独居 --by 王") == (0, "139****1234　已登记为重点服务对象。\n")
    assert run("plain 13900001234 --by 王") == (0, "139****1234　已取消。\n")
    code, told = run("vip 一二三 --why 独居 --by 王")
    assert code == 1
    assert "改法" in told
