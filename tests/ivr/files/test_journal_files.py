"""The journal survives whatever happens to the process that writes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.adapters.files.journal_files import MAX_LINE_BYTES, JournalFiles
from ivr.call import CallId, PhoneNumber

CALL = CallId("hl-1763827200.12")
ROOT = Path(__file__).resolve().parents[3]

WRITER = """
import sys
from pathlib import Path
from ivr.adapters.files.journal_files import JournalFiles
from ivr.call import CallId
journal, number = JournalFiles(Path(sys.argv[1])), 0
while True:
    journal.append(CallId("hl-1763827200.12"), {"n": number, "words": "井盖坏了" * 20})
    print(number, flush=True)
    number += 1
"""


def test_lines_come_back_in_order_and_the_file_is_for_us_alone(tmp_path: Path) -> None:
    journal = JournalFiles(tmp_path)
    journal.append(CALL, {"event": "CallOffered", "caller": PhoneNumber("13812345678")})
    journal.append(CALL, {"event": "DigitPressed", "digit": "1\n2\x00", "odd": "\ud800"})
    assert [line["event"] for line in journal.read(CALL)] == ["CallOffered", "DigitPressed"]
    assert journal.read(CALL)[0]["caller"] == "13812345678"
    assert journal.read(CallId("hl-1763827200.13")) == ()
    file = tmp_path / "2025/11/23" / f"{CALL}.jsonl"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes().count(b"\n") == 2


def test_a_writer_that_is_killed_loses_no_line_it_had_written(tmp_path: Path) -> None:
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, text=True
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.05)
        writer.send_signal(signal.SIGKILL)
        acknowledged = [0, *(int(line) for line in writer.stdout.read().split("\n") if line)]
        writer.wait()
        lines = JournalFiles(tmp_path).read(CALL)
        begins = [at for at, line in enumerate(lines) if line["n"] == 0]
        assert [line["n"] for line in lines[begins[-1] :]][: max(acknowledged) + 1] == list(
            range(max(acknowledged) + 1)
        )


def test_a_torn_last_line_is_left_out_and_the_next_one_is_whole(tmp_path: Path) -> None:
    JournalFiles(tmp_path).append(CALL, {"n": 1})
    file = JournalFiles(tmp_path).file(CALL)
    with file.open("ab") as torn:
        torn.write(b'{"n": 2, "wor')
    journal = JournalFiles(tmp_path)
    assert [line["n"] for line in journal.read(CALL)] == [1]
    journal.append(CALL, {"n": 3})
    assert [line["n"] for line in journal.read(CALL)] == [1, 3]


def test_an_endless_line_is_cut_but_keeps_what_it_was(tmp_path: Path) -> None:
    journal = JournalFiles(tmp_path)
    journal.append(CALL, {"event": "WordsHeard", "text": "话" * 1_000_000, "at": 3.5, "list": ["x" * 100_000]})
    line = journal.read(CALL)[0]
    assert (line["event"], line["at"], line["cut"]) == ("WordsHeard", 3.5, True)
    assert journal.file(CALL).stat().st_size <= MAX_LINE_BYTES


def test_a_folder_that_cannot_be_written_costs_the_journal_but_never_the_call(tmp_path: Path) -> None:
    (tmp_path / "2025").write_text("a file where a folder should be")
    journal = JournalFiles(tmp_path)
    journal.append(CALL, {"n": 1})
    assert journal.lost_lines == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_counted(tmp_path: Path) -> None:
    journal = JournalFiles(tmp_path)
    file = journal.file(CALL)
    file.parent.mkdir(parents=True)
    file.symlink_to("/dev/full")  # also: a link is not followed
    journal.append(CALL, {"n": 1})
    assert journal.lost_lines == 1


def test_a_hostile_call_id_writes_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a call id"):
        JournalFiles(tmp_path).append(CallId("../../x"), {})


def test_an_old_story_and_a_stranger_in_the_folder_are_not_of_the_last_days(tmp_path: Path) -> None:
    journal = JournalFiles(tmp_path)
    journal.append(CALL, {"n": 1})
    os.utime(journal.file(CALL), (1_000_000, 1_000_000))
    (journal.file(CALL).parent / "no call.jsonl").write_text("{}")
    assert journal.calls_since(datetime.fromtimestamp(2_000_000, UTC)) == ()
    assert journal.calls_since(datetime.fromtimestamp(500_000, UTC)) == (CALL,)
