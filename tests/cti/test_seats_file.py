"""seats.yaml: what is written is read again, what makes no sense is refused with its line, and nobody loses a talk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.file_versions import Shelf
from cti.seats_file import Seat, WrittenSeats, load_seats, seats_text
from cti.server.admin.flow_bench import problems_in
from cti.server.files.seat_file import SeatFile, SeatsNow, kept_while_busy, own_seats, seats_of
from cti.server.installation import SHIPPED_QUEUES, switch_config
from cti.settings import Settings, default_settings
from ivr.call import SeatId
from ivr.errors import AuthorError, SwitchLostError
from routing.queue import load_queues

QUEUES = load_queues("queues_version: 1\nqueues:\n  general: {title: 综合}\n", "queues.yaml")[0]
LI, WANG, ZHAO = (Seat(SeatId(number), name) for number, name in (("801", "李"), ("802", "王"), ("803", "赵")))

SEATS = st.lists(
    st.builds(
        Seat,
        st.integers(100, 99999).map(lambda number: SeatId(str(number))),
        st.text("李王赵 a\"'#:\\", min_size=1, max_size=8).map(str.strip).filter(bool),
        st.frozensets(st.sampled_from(["elder", "law", "维语"])),
        st.integers(0, 10),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda seat: seat.id,
)


@given(SEATS, st.data())
def test_what_is_written_is_read_again(seats: list[Seat], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(seats)))
    written = WrittenSeats(tuple(seats[:cut]), tuple(seats[cut:]))
    read, problems = load_seats(seats_text(written), "seats.yaml")
    assert problems == ()
    assert read is not None
    assert set(read.seats) == set(written.seats)
    assert set(read.disabled) == set(written.disabled)


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ('  - {seat: "80", agent: 李}', "席位号"),
        ('  - {seat: "801", agent: 李}\n  - {seat: "801", agent: 王}', "两次"),
        ('  - {seat: "801", agent: 李, phone: fax}', "phone"),
        ('  - {seat: "801", agent: 李, disabled: true}', "没有在用的席位"),
        ('  - {seat: "801", agent: 李, skil: [a]}', "skil"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(lines: str, word: str) -> None:
    written, problems = load_seats(f"seats_version: 1\nseats:\n{lines}\n", "seats.yaml")
    assert written is None
    assert any(word in str(problem) for problem in problems)


def test_only_what_would_hurt_a_seat_at_work_waits() -> None:
    busy = {SeatId("801"), SeatId("802")}
    wanted = (replace(LI, in_browser=True, agent="李芳"), replace(ZHAO, agent="赵敏"))
    assert kept_while_busy((LI, WANG, ZHAO), wanted, busy) == (LI, wanted[1], WANG)
    renamed = (replace(LI, agent="李芳"), WANG, ZHAO)
    assert kept_while_busy((LI, WANG, ZHAO), renamed, busy) == renamed, "a name may change in a talk"
    assert kept_while_busy((LI, WANG, ZHAO), wanted, ()) == wanted


def installation(folder: Path) -> Settings:
    return default_settings(folder / "data", folder / "run")


def publish(settings: Settings, *seats: Seat) -> None:
    own_seats(settings).parent.mkdir(parents=True, exist_ok=True)
    own_seats(settings).write_text(seats_text(WrittenSeats(seats)), encoding="utf-8")


def test_published_seats_take_the_place_of_those_of_the_settings(tmp_path: Path) -> None:
    settings = installation(tmp_path)
    assert QUEUES is not None
    assert [seat.id for seat in switch_config(settings, QUEUES).seats] == ["801", "802", "803"]
    now = SeatsNow(settings)
    publish(settings, LI, Seat(SeatId("899"), "新"))
    assert [seat.id for seat in now()] == ["801", "899"]
    assert [seat.id for seat in switch_config(settings, QUEUES).seats] == ["801", "899"]
    own_seats(settings).write_text("seats: nothing of the kind", encoding="utf-8")
    with pytest.raises(AuthorError):
        seats_of(settings)
    assert [seat.id for seat in now()] == ["801", "899"], "the pages go on with those they knew"


def test_a_seat_that_serves_no_queue_is_pointed_out_on_its_line(tmp_path: Path) -> None:
    queues = tmp_path / "queues.yaml"
    text = SHIPPED_QUEUES.read_text(encoding="utf-8")
    queues.write_text(text.replace("  general:\n", "  general:\n    skills: [all]\n"), encoding="utf-8")
    settings = replace(installation(tmp_path), queues_file=queues)
    text = seats_text(WrittenSeats((replace(LI, skills=frozenset({"all"})), WANG)))
    found = [each for each in problems_in(settings, Shelf.SEATS, {"seats.yaml": text}) if "接不了" in each.what]
    (line,) = (number for number, line in enumerate(text.splitlines(), 1) if '"802"' in line)
    assert [(each.place.line, each.is_error) for each in found] == [(line, False)]


async def test_a_seat_goes_when_its_talk_is_over_and_a_switch_that_is_away_is_asked_again(tmp_path: Path) -> None:
    settings = replace(installation(tmp_path), seats=(LI, WANG))
    busy, applied, is_away = {SeatId("802")}, list[tuple[Seat, ...]](), [True]

    async def apply(seats: tuple[Seat, ...]) -> None:
        if is_away[0]:
            raise SwitchLostError("away")
        applied.append(seats)

    refused: list[object] = []
    file = SeatFile(settings, (LI, WANG), lambda: busy, apply, refused.append)
    file.take_in(seats_text(WrittenSeats((LI, ZHAO))).encode())
    await file.follow()
    assert file.seats == (LI, WANG)
    is_away[0] = False
    await file.follow()
    assert applied == [(LI, ZHAO, WANG)], "who talks stays until the end"
    await file.follow()
    assert len(applied) == 1, "nothing is done twice"
    busy.clear()
    await file.follow()
    assert file.seats == (LI, ZHAO)
    file.take_in(b"seats: [")
    assert refused
    await file.follow()
    assert file.seats == (LI, ZHAO)
    file.take_in(None)
    await file.follow()
    assert file.seats == (LI, WANG), "without a file the settings count again"
