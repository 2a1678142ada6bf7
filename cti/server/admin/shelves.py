"""Where the files that pages publish lie: which are in use now, and where an installation's own are written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cti.adapters.files.replace_files import replace_files
from cti.file_versions import Files, Shelf
from cti.seats_file import WrittenSeats, seats_text
from cti.server.drafting import SHIPPED_CATALOGUE, SHIPPED_GAZETTEER, SHIPPED_LEXICONS, own_words
from cti.server.files.city_packs import SHIPPED_DAYS
from cti.server.files.danger_words import own_danger
from cti.server.files.flow_files import SHIPPED_FLOWS, SHIPPED_PROMPTS, flows_in_use, own_flows
from cti.server.files.seat_file import own_seats
from cti.server.installation import SHIPPED_QUEUES, own_queues, queues_path
from cti.settings import Settings
from routing.adapters.emergency_words import word_files

PROMPTS = "prompts.yaml"
QUEUES = "queues.yaml"
SEATS = "seats.yaml"
CALENDAR = "calendar.yaml"
CATALOGUE = "catalogue.yaml"
AUDIO = "audio"


def files_of(settings: Settings, shelf: Shelf) -> Files:
    """Return the files in use by name; OSError when they cannot be read.

    Bytes that are no UTF-8 become a character that the checks then complain about.
    """
    if shelf is Shelf.SEATS and not own_seats(settings).is_file():
        return {SEATS: seats_text(WrittenSeats(settings.seats))}
    return {name: file.read_text(encoding="utf-8", errors="replace") for name, file in _in_use(settings, shelf).items()}


def put_files(settings: Settings, shelf: Shelf, files: Files) -> None:
    """Make `files` those in use; OSError, and nothing changed, when they cannot be written. May be repeated.

    Files that are what ships anyway are not written: a later release may then bring better ones. Flows are all written,
    for a folder of flows is taken as a whole.
    """
    places = _own(settings, shelf, files)
    shipped = _shipped(shelf)
    same = {
        name
        for name in files
        if shelf is not Shelf.FLOWS and name in shipped and shipped[name].read_text(encoding="utf-8") == files[name]
    }
    if shelf is Shelf.QUEUES and settings.queues_file is not None:
        same = set()
    wanted = {places[name]: text.encode("utf-8") for name, text in files.items() if name not in same}
    gone = [places[name] for name in same]
    if shelf is Shelf.FLOWS:
        kept = {file.name for file in wanted}
        gone = [file for file in own_flows(settings).glob("*.yaml") if file.name not in kept]
    replace_files(wanted, gone)


def fixed_names(shelf: Shelf) -> frozenset[str]:
    """Return the names of the files that a shelf consists of; empty: its files may have any name (flows)."""
    match shelf:
        case Shelf.FLOWS:
            return frozenset()
        case Shelf.SEATS:
            return frozenset({SEATS})
        case _:
            return frozenset(_shipped(shelf))


def audio_files(settings: Settings) -> frozenset[str]:
    """Return the recordings that prompts may name, relative to the folder of the flows."""
    return frozenset(
        file.relative_to(folder).as_posix()
        for folder in {flows_in_use(settings), own_flows(settings)}
        for file in folder.rglob("*.wav")
        if file.is_file()
    )


def _in_use(settings: Settings, shelf: Shelf) -> Mapping[str, Path]:
    match shelf:
        case Shelf.FLOWS:
            folder = flows_in_use(settings)
            prompts = folder / PROMPTS
            found = {file.name: file for file in sorted(folder.glob("*.yaml"))}
            return {**found, PROMPTS: prompts if prompts.is_file() else SHIPPED_PROMPTS}
        case Shelf.QUEUES:
            return {QUEUES: queues_path(settings)}
        case Shelf.SEATS:
            return {SEATS: own_seats(settings)}
        case Shelf.CALENDAR | Shelf.WORDS | Shelf.DANGER:
            shipped = _shipped(shelf)
            own = _own(settings, shelf, dict.fromkeys(shipped, ""))
            return {name: own[name] if own[name].is_file() else file for name, file in shipped.items()}


def _own(settings: Settings, shelf: Shelf, files: Files) -> Mapping[str, Path]:
    match shelf:
        case Shelf.FLOWS:
            return {name: own_flows(settings) / name for name in files}
        case Shelf.QUEUES:
            return {QUEUES: own_queues(settings)}
        case Shelf.SEATS:
            return {SEATS: own_seats(settings)}
        case Shelf.CALENDAR:
            return {CALENDAR: settings.data_folder / CALENDAR}
        case Shelf.WORDS:
            return {name: own_words(settings) / name for name in files}
        case Shelf.DANGER:
            return {name: own_danger(settings) / name for name in files}


def _shipped(shelf: Shelf) -> Mapping[str, Path]:
    match shelf:
        case Shelf.FLOWS:
            return {file.name: file for file in SHIPPED_FLOWS.glob("*.yaml")} | {PROMPTS: SHIPPED_PROMPTS}
        case Shelf.QUEUES:
            return {QUEUES: SHIPPED_QUEUES}
        case Shelf.DANGER:
            return word_files()
        case Shelf.SEATS:
            return {}  # they stand in the settings until pages publish them
        case Shelf.CALENDAR:
            return {CALENDAR: SHIPPED_DAYS}
        case Shelf.WORDS:
            lexicons = {file.name: file for file in SHIPPED_LEXICONS}
            return {**lexicons, CATALOGUE: SHIPPED_CATALOGUE, "places.yaml": SHIPPED_GAZETTEER}
