"""Several files replaced together: all or none, and nobody ever reads half of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.adapters.files.replace_files import replace_files


def test_files_are_written_others_removed_and_no_traces_left(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text("old")
    replace_files({tmp_path / "new" / "a.yaml": b"a", tmp_path / "b.yaml": b"b"}, [tmp_path / "old.yaml"])
    found = sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file())
    assert found == ["b.yaml", "new/a.yaml"]


def test_when_one_cannot_be_written_none_is_changed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("before")
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"):
        replace_files({tmp_path / "a.yaml": b"after", tmp_path / "file" / "b.yaml": b"b"}, [tmp_path / "a.yaml"])
    assert (tmp_path / "a.yaml").read_text() == "before"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.yaml", "file"]
