"""Flow files on disk: read, proved, their prompts made; a broken save is refused and the old edition stays."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cti.seats_file import Seat
from cti.server.files.seat_file import seats_of
from cti.server.modes import overlaid
from cti.settings import Settings
from ivr.adapters.voice.espeak import Espeak
from ivr.adapters.voice.prompts import Prepared, net_sounds, prepare, standing_sounds
from ivr.errors import AuthorError, HotlineError
from ivr.flow.book import FlowBook, make_book
from ivr.flow.check import check_files
from ivr.flow.inspect import Catalogue
from ivr.flow.manifest import load_prompts, prompt_manifest
from ivr.flow.model import Flow
from ivr.flow.prompt import PromptText
from ivr.problems import Place, Problem, has_errors
from routing.queue import Queues

log = logging.getLogger(__name__)

IVR = Path(__file__).resolve().parents[3] / "ivr"
SHIPPED_FLOWS = IVR / "flows"
SHIPPED_PROMPTS = IVR / "prompts" / "prompts.yaml"
POLL_SECONDS = 1.0
SETTLE_SECONDS = 0.2
"""So long nothing may change before saved files are believed to be complete: they may be several."""


def own_flows(settings: Settings) -> Path:
    """Return the folder of this installation's own flows: the one that the settings name, or what pages publish to."""
    return settings.flows_folder or settings.run_folder / "flows"


def flows_in_use(settings: Settings) -> Path:
    """Return the folder whose flows answer calls: the installation's own, or the shipped ones while it has none."""
    own = own_flows(settings)
    return own if settings.flows_folder is not None or any(own.glob("*.yaml")) else SHIPPED_FLOWS


@dataclass(frozen=True, slots=True)
class FlowFiles:
    """The texts of one edition by file name, as they lay on disk."""

    texts: Mapping[str, bytes]
    prompts: bytes

    @classmethod
    def read(cls, settings: Settings) -> FlowFiles:
        """Read what answers calls now: the usual, with what the response mode that is on writes anew in its place."""
        usual = cls.usual(settings)
        return cls(*overlaid(settings, usual.texts, usual.prompts))

    @classmethod
    def usual(cls, settings: Settings) -> FlowFiles:
        """Read the installation's flows, or the shipped ones; a prompts.yaml beside them goes before ours."""
        folder = flows_in_use(settings)
        own = folder / "prompts.yaml"
        files = sorted(file for file in folder.glob("*.yaml") if file != own)
        prompts = own if own.is_file() else SHIPPED_PROMPTS
        return cls({str(file): file.read_bytes() for file in files}, prompts.read_bytes())


@dataclass(frozen=True, slots=True)
class Edition:
    """Flows that may be used, with everything they need to be heard."""

    book: FlowBook
    flows: tuple[Flow, ...]
    manifest: tuple[PromptText, ...]
    problems: tuple[Problem, ...]


def catalogue_of(settings: Settings, queues: Queues, seats: Iterable[Seat] | None = None) -> Catalogue:
    """Return the names that flows may use: queues, and numbers that may be dialled."""
    there = seats_of(settings) if seats is None else seats
    return Catalogue(queues=frozenset(queues.by_name), numbers=frozenset(str(seat.id) for seat in there))


def read_edition(
    files: FlowFiles, catalogue: Catalogue, queues: Queues, lengths: Mapping[str, float] | None = None
) -> tuple[Edition | None, tuple[Problem, ...]]:
    """Read and prove all flows together; the edition is None when any of them has an error.

    `lengths` are the measured seconds of sounds; where they are not known yet, they are estimated from the words.
    """
    prompts, problems = load_prompts(files.prompts, "prompts.yaml")
    checked = check_files(files.texts, replace(catalogue, prompts=prompts, seconds=lengths or {}))
    problems += checked.problems
    if has_errors(problems):
        return None, problems
    texts = {Path(name).name: text for name, text in files.texts.items()}
    book = make_book(checked.flows, queues.default.name, {**texts, "prompts.yaml": files.prompts})
    return Edition(book, checked.flows, prompt_manifest(checked.flows, prompts), problems), problems


def missing_flows(settings: Settings, edition: Edition) -> tuple[Problem, ...]:
    """Return a problem for every called number whose flow is not among the files."""
    folder = str(flows_in_use(settings))
    return tuple(
        Problem(
            Place(folder),
            f"被叫号码 {number.number} 的语音流程“{number.flow}”不在这里。",
            f"放回 {number.flow}.yaml，或在设置文件的 called_numbers 里改用别的流程。",
        )
        for number in settings.numbers
        if number.flow not in edition.book.flows
    )


def keys_out_of_queues(flows: Iterable[Flow]) -> str:
    """Return every key by which some flow lets a caller leave a queue: the switch must know them beforehand."""
    return "".join(sorted({key for flow in flows for node in flow.nodes.values() for key in getattr(node, "keys", "")}))


async def make_prompts(
    edition: Edition,
    more: Iterable[PromptText],
    folder: Path,
    espeak: Espeak,
    recordings: Path | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Prepared:
    """Make every sound the edition needs, besides the standing ones and `more`; what is there already stays."""
    wanted = (*standing_sounds(), *more, *edition.manifest)
    return await prepare(wanted, folder, espeak, recordings=recordings, progress=progress)


class FlowShelf:
    """The editions of the flows: `run` looks for saved files each second, and takes in what proves sound."""

    def __init__(
        self,
        settings: Settings,
        queues: Callable[[], Queues],
        sounds: Path,
        espeak: Espeak,
        archive: Path,
        refused: Callable[[tuple[Problem, ...]], None],
    ) -> None:
        self._settings = settings
        self._queues = queues
        self._sounds = sounds
        self._espeak = espeak
        self._archive = archive
        self._refused = refused
        self._seen: FlowFiles | None = None
        self._editions: dict[str, FlowBook] = {}
        self._current: FlowBook | None = None
        self.follow: Callable[[Iterable[Flow]], Awaitable[None]] = _nobody
        """Hears of new flows before they answer calls; what it raises (the switch is away) lets them be tried again."""

    async def open(self) -> None:
        """Take in the flows as they are; AuthorError when they cannot be used and there is no older edition."""
        problems = await self._take_in(await asyncio.to_thread(FlowFiles.read, self._settings))
        if self._current is None:
            self._current = self._last_good()
        if self._current is None:
            raise AuthorError(problems)

    async def run(self) -> None:
        """Watch the files until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                files = await asyncio.to_thread(FlowFiles.read, self._settings)
            except OSError as error:
                log.warning("flows_not_read", extra={"reason": str(error)})
                continue
            if files == self._seen:
                continue
            await asyncio.sleep(SETTLE_SECONDS)
            with contextlib.suppress(OSError):
                if files == await asyncio.to_thread(FlowFiles.read, self._settings):
                    await self._take_in(files)

    def current(self) -> FlowBook:
        """Return the edition for new calls."""
        assert self._current is not None, "open() comes first"
        return self._current

    def edition(self, digest: str) -> FlowBook | None:
        """Return an older edition, from memory or from the archive."""
        book = self._editions.get(digest)
        if book is None and digest.isalnum():
            book = self._archived(self._archive / digest)
        return book

    def _catalogue(self) -> Catalogue:
        return catalogue_of(self._settings, self._queues())

    async def _take_in(self, files: FlowFiles) -> tuple[Problem, ...]:
        self._seen = files
        edition, problems = await asyncio.to_thread(read_edition, files, self._catalogue(), self._queues())
        if edition is not None:
            problems += missing_flows(self._settings, edition)
        if edition is not None and not has_errors(problems):
            made = await make_prompts(edition, (), self._sounds, self._espeak, flows_in_use(self._settings))
            problems += made.problems
            if not made.problems:
                try:
                    await self.follow(edition.flows)
                except (HotlineError, OSError) as error:
                    log.error("flows_not_applied", extra={"reason": str(error)})
                    self._seen = None
                    return problems
                self._current = self._editions[edition.book.digest] = edition.book
                await asyncio.to_thread(self._keep, edition.book.digest, files)
                log.info("flows_taken_in", extra={"digest": edition.book.digest, "flows": len(edition.flows)})
                return problems
        log.error("flows_refused", extra={"problems": sum(problem.is_error for problem in problems)})
        self._refused(problems)
        return problems

    def _keep(self, digest: str, files: FlowFiles) -> None:
        """Keep the texts: calls can be replayed, and a later start has something sound to stand on.

        A disk that takes nothing costs that, never the controller.
        """
        folder = self._archive / digest
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in files.texts.items():
                (folder / Path(name).name).write_bytes(text)
            (folder / "prompts.yaml").write_bytes(files.prompts)
            (self._archive / "current").write_text(digest, encoding="ascii")
        except OSError as error:
            log.error("flows_not_archived", extra={"digest": digest, "reason": str(error)})

    def _last_good(self) -> FlowBook | None:
        try:
            return self._archived(self._archive / (self._archive / "current").read_text(encoding="ascii").strip())
        except OSError:
            return None

    def _archived(self, folder: Path) -> FlowBook | None:
        book = archived_book(folder, self._catalogue(), self._queues())
        if book is not None:
            self._editions[folder.name] = book
        return book


async def _nobody(_flows: Iterable[Flow]) -> None:
    pass


def archived_book(folder: Path, catalogue: Catalogue, queues: Queues) -> FlowBook | None:
    """Read an archived edition; None when it is not there or no longer fits this program."""
    try:
        files = {str(file): file.read_bytes() for file in sorted(folder.glob("*.yaml")) if file.name != "prompts.yaml"}
        prompts = (folder / "prompts.yaml").read_bytes()
    except OSError:
        return None
    edition, _ = read_edition(FlowFiles(files, prompts), catalogue, queues)
    return edition.book if edition else None


__all__ = ["Edition", "FlowFiles", "FlowShelf", "net_sounds"]
