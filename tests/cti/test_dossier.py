"""What an emergency service may be told is there at once, from memory, and after a restart from the journal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from cti.adapters.web.link_files import LinkFiles
from cti.emergency_settings import LinkPage
from cti.server.dossier import MOST_CALLS, Dossier
from ivr.call import CallId, Leg, PhoneNumber
from ivr.events import CallOffered
from ivr.flow.serialise import event_to_plain, to_plain
from ivr.ports import Heard
from routing.emergency.kinds import Kind
from routing.emergency.passing import Known
from routing.emergency.policy import Target
from tests.fakes import NOON, FakeClock, FakeJournal

CALL = CallId("hl-1795312728.0")
FIRE = Target("fire", "119 消防", ("119",), may_pass_number=False)
OFFERED = CallOffered(CALL, PhoneNumber("13812345678"), "12345", NOON, their_id="110-7")


def heard(text: str, leg: Leg = Leg.CALLER, is_final: bool = True) -> Heard:
    return Heard(CALL, leg, text, is_final, 1.0, 2.0)


class Desk:
    def __init__(self, folder: Path, page: LinkPage | None = None, journal: FakeJournal | None = None) -> None:
        self.later: list[Callable[[], None]] = []
        self.links = LinkFiles(folder)
        self.dossier = Dossier(page or LinkPage(), self.links, journal or FakeJournal(), FakeClock(), self.later.append)

    def known(self) -> Known:
        return self.dossier.known(CALL, Kind.FIRE, FIRE)


def test_the_place_is_the_callers_and_the_link_opens_as_soon_as_it_is_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.dossier.offered(OFFERED)
    desk.dossier.hear(heard("在城关区东岗西路五十六号"))
    desk.dossier.hear(heard("我们在人民路一号", Leg.AGENT))
    desk.dossier.hear(heard("在中山路", is_final=False))
    known = desk.known()
    assert "东岗西路" in known.place
    assert known.theirs == "110-7"
    assert known.location == ""
    secret = known.link.removeprefix("http://127.0.0.1:8388/e/")
    assert desk.links.find(secret, NOON) is None  # nothing was written on the way to the call
    for work in desk.later:
        work()
    grant = desk.links.find(secret, NOON)
    assert grant is not None
    assert (grant.call, grant.kind, grant.shows_number, grant.shows_place) == (CALL, Kind.FIRE, False, True)
    assert grant.expires_at == NOON + timedelta(hours=2)


def test_each_service_gets_a_link_of_its_own(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.known().link != desk.known().link


def test_a_trunk_that_understands_it_gets_the_address_of_the_location(tmp_path: Path) -> None:
    known = Desk(tmp_path, LinkPage(public_url="https://link.example.cn/hl/", carries_place=True)).known()
    assert known.link.startswith("https://link.example.cn/hl/e/")
    assert known.location == f"{known.link}/place"


def test_without_a_page_there_is_no_link_but_the_place_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path, LinkPage(is_served=False, carries_place=True))
    desk.dossier.hear(heard("在城关区东岗西路五十六号"))
    known = desk.known()
    assert (known.link, known.location, desk.later) == ("", "", [])
    assert "东岗西路" in known.place


def test_after_a_restart_the_journal_tells_what_was_said_and_the_id_of_110(tmp_path: Path) -> None:
    journal = FakeJournal()
    journal.append(CALL, {"event": dict(event_to_plain(OFFERED)), "commands": []})
    journal.append(CALL, {"heard_of": dict(to_plain(heard("在城关区东岗西路五十六号")))})
    desk = Desk(tmp_path, journal=journal)
    desk.dossier.hear(heard("快来人"))
    known = desk.known()
    assert known.theirs == "110-7"
    assert "东岗西路" in known.place


def test_a_disk_that_is_full_costs_the_link_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    desk = Desk(tmp_path / "file")
    assert desk.known().link
    for work in desk.later:
        work()


def test_memory_is_bounded(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for number in range(MOST_CALLS + 10):
        desk.dossier.hear(Heard(CallId(f"c{number}"), Leg.CALLER, "你好", True, 0.0, 1.0))
    assert len(desk.dossier._calls) == MOST_CALLS
