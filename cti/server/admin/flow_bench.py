"""What the pages ask about files that are being written: their problems, a picture, a call on trial.

Everything is picklable both ways: it runs in a `SideProcess`. There is one set of rules, that of `hotline check`, for
command line, editor and publication.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from cti.file_versions import Files, Shelf
from cti.flow_picture import Picture, picture_of
from cti.flow_trial import Moment, Trial
from cti.seats_file import Seat, load_seats
from cti.server.admin.shelves import CALENDAR, CATALOGUE, PROMPTS, QUEUES, SEATS, audio_files, files_of, fixed_names
from cti.server.admin.word_bench import danger_problems
from cti.server.files.flow_files import catalogue_of
from cti.server.files.seat_file import seats_of
from cti.server.installation import queues_of, seat_problems
from cti.settings import Settings
from ivr.call import QueueName
from ivr.errors import AuthorError
from ivr.flow.book import FlowBook, make_book
from ivr.flow.calls import Opening
from ivr.flow.check import check_files
from ivr.flow.inspect import Catalogue
from ivr.flow.load import read_flow
from ivr.flow.manifest import load_prompts, prompt_manifest
from ivr.flow.model import Flow
from ivr.flow.play import call_document, start_play, typed
from ivr.flow.prompt import PromptText
from ivr.problems import Place, Problem, Severity, has_errors
from routing.adapters.aho_matcher import AhoMatcher
from routing.classify.lexicon_file import read_categories, read_units
from routing.queue import Queues, load_queues
from workorder.clock.days_file import load_days
from workorder.dispatch_file import read_catalogue
from workorder.gazetteer import read_gazetteer

MOST_LINES = 300
"""Things done in one trial call."""


def plain_settings(settings: Settings) -> Settings:
    """Return the settings as they can be sent to another process."""
    return replace(settings, origins=dict(settings.origins))


def problems_in(settings: Settings, shelf: Shelf, files: Files) -> tuple[Problem, ...]:
    """Return every problem that these files would have, were they those in use."""
    problems = _missing_files(shelf, files)
    match shelf:
        case Shelf.FLOWS:
            problems += _flow_problems(settings, files)
        case Shelf.QUEUES:
            problems += _queue_problems(settings, files.get(QUEUES, ""))
        case Shelf.DANGER:
            problems += danger_problems(files)
        case Shelf.SEATS:
            problems += _seat_problems(settings, files.get(SEATS, ""))
        case Shelf.CALENDAR:
            problems += load_days(files.get(CALENDAR, ""), CALENDAR)[1]
        case Shelf.WORDS:
            for name, text in files.items():
                problems += _word_problems(name, text)
            problems += _same_version(files_of(settings, shelf).get(CATALOGUE, ""), files.get(CATALOGUE, ""))
    return tuple(sorted(set(problems), key=lambda problem: (problem.place, problem.what)))


def _missing_files(shelf: Shelf, files: Files) -> tuple[Problem, ...]:
    wanted = fixed_names(shelf)
    if not wanted:
        return ()
    missing = [Problem(Place(name), f"缺少文件 {name}。", "把它放回去。") for name in sorted(wanted - set(files))]
    unknown = [
        Problem(Place(name), "这里不用这个文件。", f"只有这些文件：{'、'.join(sorted(wanted))}。")
        for name in sorted(set(files) - wanted)
    ]
    return (*missing, *unknown)


def _flow_problems(settings: Settings, files: Files) -> tuple[Problem, ...]:
    try:
        queues = queues_of(settings)
    except AuthorError as error:
        return error.problems
    return _checked_flows(settings, files, queues)


def _flows_of(files: Files) -> list[Flow]:
    return [flow for name, text in files.items() if name != PROMPTS and (flow := read_flow(text, name)[0]) is not None]


def _checked_flows(
    settings: Settings, files: Files, queues: Queues, seats: tuple[Seat, ...] | None = None
) -> tuple[Problem, ...]:
    texts, prompts, problems = _texts_of(files)
    catalogue = _catalogue(settings, prompts, queues, seats)
    problems += check_files(texts, catalogue).problems
    problems += _lost_flows(settings, texts)
    missing = [text for text in prompts.values() if text.audio and text.audio not in (catalogue.audio or ())]
    return problems + tuple(
        Problem(Place(PROMPTS), f"提示音用的录音“{text.audio}”不存在。", "在“提示音”页上传它，或删去 audio。")
        for text in missing
    )


def _texts_of(files: Files) -> tuple[dict[str, str], Mapping[str, PromptText], tuple[Problem, ...]]:
    texts = {name: text for name, text in files.items() if name != PROMPTS}
    if PROMPTS not in files:
        return texts, {}, (Problem(Place(PROMPTS), "缺少提示音文件。", "放回 prompts.yaml。"),)
    prompts, problems = load_prompts(files[PROMPTS], PROMPTS)
    return texts, prompts, problems


def _catalogue(
    settings: Settings, prompts: Mapping[str, PromptText], queues: Queues, seats: tuple[Seat, ...] | None
) -> Catalogue:
    return replace(catalogue_of(settings, queues, seats), prompts=prompts, audio=audio_files(settings))


def _lost_flows(settings: Settings, texts: Files) -> tuple[Problem, ...]:
    """Return a problem for every called number that no flow would answer."""
    names = {flow.name for name, text in texts.items() if (flow := read_flow(text, name)[0]) is not None}
    unread = {name.removesuffix(".yaml") for name in texts}
    return tuple(
        Problem(
            Place(f"{number.flow}.yaml"),
            f"被叫号码 {number.number} 的语音流程“{number.flow}”不在这里。",
            f"放回 {number.flow}.yaml，或在设置文件的 called_numbers 里改用别的流程。",
        )
        for number in settings.numbers
        if number.flow not in names | unread
    )


def _queue_problems(settings: Settings, text: str) -> tuple[Problem, ...]:
    """Return the problems of the queues, and those that flows in use would have with them."""
    queues, problems = load_queues(text, QUEUES)
    if queues is None:
        return problems
    now = load_queues(files_of(settings, Shelf.QUEUES)[QUEUES], QUEUES)[0]
    if now is not None and now.default.name != queues.default.name:
        what = f"第一个队列是默认队列，现在叫“{now.default.name}”，可能正有人在里面等。"
        problems += (Problem(Place(QUEUES, 1, 1), what, f"把“{now.default.name}”留在第一个；改名要重启服务。"),)
    flows = files_of(settings, Shelf.FLOWS)
    before = set(_checked_flows(settings, flows, now)) if now is not None else set()
    return problems + tuple(each for each in _checked_flows(settings, flows, queues) if each not in before)


def _seat_problems(settings: Settings, text: str) -> tuple[Problem, ...]:
    """Return the problems of the seats, and those that flows in use would have with them."""
    written, problems = load_seats(text, SEATS)
    if written is None:
        return problems
    problems += seat_problems(settings, written.seats, SEATS)
    try:
        queues, now = queues_of(settings), seats_of(settings)
    except AuthorError as error:
        return problems + error.problems
    idle = [seat for seat in written.seats if not queues.serving(seat.skills)]
    for seat in idle:
        what = f"席位 {seat.id} 的技能（{'、'.join(sorted(seat.skills)) or '没有'}）接不了任何队列。"
        remedy = "改它的技能，或确认它只做转接、监听。"
        problems += (Problem(_line_of(text, seat.id), what, remedy, Severity.WARNING),)
    flows = files_of(settings, Shelf.FLOWS)
    before = set(_checked_flows(settings, flows, queues, now))
    return problems + tuple(
        each for each in _checked_flows(settings, flows, queues, written.seats) if each not in before
    )


def taken_from_busy(settings: Settings, files: Files, busy: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return an error for every seat that would lose itself or its telephone while it rings, talks or writes."""
    text = files.get(SEATS, "")
    written, _ = load_seats(text, SEATS)
    if written is None:
        return ()
    after = {seat.id: seat for seat in written.seats}
    problems = []
    for seat in seats_of(settings):
        then = after.get(seat.id)
        if seat.id in busy and (then is None or then.in_browser != seat.in_browser):
            wish = "停用或删去" if then is None else "换话机"
            what = f"席位 {seat.id} {busy[seat.id]}，现在不能{wish}。"
            problems.append(Problem(_line_of(text, seat.id), what, "等它空闲，或请班长先让它示忙。"))
    return tuple(problems)


def _line_of(text: str, seat: str) -> Place:
    """Return the line on which a seat stands, as our own files write it."""
    lines = enumerate(text.splitlines(), 1)
    return Place(SEATS, next((number for number, line in lines if re.search(rf"\b{seat}\b", line)), 1))


def _word_problems(name: str, text: str) -> tuple[Problem, ...]:
    match name:
        case "categories.yaml":
            return read_categories(text, name)[1]
        case _ if name == CATALOGUE:
            return read_catalogue(text, name)[1]
        case "places.yaml":
            return read_gazetteer(text, name, AhoMatcher)[1]
        case _:
            return read_units(text, name)[1]


def _same_version(old: str, new: str) -> tuple[Problem, ...]:
    """Whoever changes the catalogue gives it a new version: orders are told apart by the one they went out under."""
    before, after = read_catalogue(old, CATALOGUE)[0], read_catalogue(new, CATALOGUE)[0]
    if before is None or after is None or before == after or before.version != after.version:
        return ()
    line = next((number for number, text in enumerate(new.splitlines(), 1) if text.startswith("version:")), 1)
    what = f"派单目录改了内容，版本却还是“{after.version}”。"
    return (Problem(Place(CATALOGUE, line, 1), what, "把 version 换成新的，旧工单才说得清是按哪一版派的。"),)


def drawn(files: Files, name: str) -> Picture | None:
    """Return the picture of the flow `name`, with whatever of it can be read; None when there is no such flow."""
    texts, prompts, _ = _texts_of(files)
    flows: dict[str, Flow] = {}
    last_line = 0
    for file, text in texts.items():
        flow, _ = read_flow(text, file)
        if flow is not None:
            flows[flow.name] = flow
            last_line = len(text.splitlines()) if flow.name == name else last_line
    return picture_of(name, flows, prompts, last_line)


def played(settings: Settings, files: Files, opening: Opening, lines: tuple[str, ...]) -> Trial | tuple[Problem, ...]:
    """Play a call from its beginning by what was typed so far; the errors, when the flows cannot be used."""
    catalogue = catalogue_of(settings, queues_of(settings))
    known = (catalogue.queues or frozenset(), catalogue.numbers or frozenset(), audio_files(settings))
    found = _book(tuple(sorted(files.items())), queues_of(settings).default.name, *known)
    if not isinstance(found, _Book):
        return found
    if opening.flow not in found.book.flows:
        return (Problem(Place(opening.flow), f"没有流程“{opening.flow}”。", "选一个已有的流程。"),)
    call, shown = start_play(found.book, opening, found.words)
    moments = [Moment("", shown, call.session.flow, call.session.node, call.session.phase.value)]
    for line in lines[:MOST_LINES]:
        if call.is_over:
            break
        call, shown = typed(call, line)
        moments.append(Moment(line, shown, call.session.flow, call.session.node, call.session.phase.value))
    return Trial(tuple(moments), call.session.path, call.is_over, call_document(call, "在页面上的一次试听"))


@dataclass(frozen=True, slots=True)
class _Book:
    book: FlowBook
    words: Mapping[str, str]


@lru_cache(maxsize=4)
def _book(
    files: tuple[tuple[str, str], ...],
    default_queue: QueueName,
    queues: frozenset[str],
    numbers: frozenset[str],
    audio: frozenset[str],
) -> _Book | tuple[Problem, ...]:
    texts, prompts, problems = _texts_of(dict(files))
    checked = check_files(texts, Catalogue(queues=queues, numbers=numbers, prompts=prompts, audio=audio))
    problems += checked.problems
    if has_errors(problems):
        return tuple(problem for problem in problems if problem.is_error)
    words = {sound.name: sound.words for sound in prompt_manifest(checked.flows, prompts)}
    return _Book(make_book(checked.flows, default_queue), words)


def manifest_of(files: Files) -> tuple[PromptText, ...]:
    """Return every prompt that the flows play, with its words; silences and digits are left out."""
    _, prompts, _ = _texts_of(files)
    return tuple(
        each
        for each in prompt_manifest(_flows_of(files), prompts)
        if not each.silence_seconds and not each.name.startswith("digits/")
    )
