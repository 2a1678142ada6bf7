"""What the routes of administration are given: files that can be published, a bench to try them, the house's state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cti.access import Account
from cti.faults import Fault
from cti.file_versions import FileDiff, Files, Publication, Refusal, Shelf, Version
from cti.flow_picture import Picture
from cti.flow_trial import Trial
from cti.response_mode import ModeStanding
from cti.settings_view import SettingLine
from cti.verdict import Verdict, Vocabulary
from ivr.adapters.asterisk.doctor import Finding
from ivr.errors import HotlineError
from ivr.flow.calls import Opening
from ivr.flow.prompt import PromptText
from ivr.problems import Problem


class NotPublishedError(HotlineError):
    """A publication was refused; `problems` are those that stand in its way."""

    def __init__(self, refusal: Refusal, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(refusal.value)
        self.refusal, self.problems = refusal, problems


@dataclass(frozen=True, slots=True)
class Standing:
    """A shelf as it stands: its files and their digest, the last version, and whether the controller works by it.

    `is_taken` is None where the controller does not say; `is_changed_by_hand`: the files are not the last version's.
    """

    files: Files
    digest: str
    newest: Version | None
    is_taken: bool | None
    is_changed_by_hand: bool


@dataclass(frozen=True, slots=True)
class CityLine:
    """One rule of a city, with its source; `city` is empty for what a pack says of itself."""

    rule: str
    value: str
    source: str


class AdminDesk(Protocol):
    """Fulfilled by `cti.server.admin.admin_desk`. WorldError when something outside is away or took too long."""

    async def standing(self, shelf: Shelf) -> Standing:
        """Return the files in use."""

    async def check(self, shelf: Shelf, files: Files) -> tuple[Problem, ...]:
        """Return every problem that these files would have."""

    async def publish(self, shelf: Shelf, wish: Publication, account: Account) -> Version:
        """Make the files those in use; NotPublishedError, and nothing changed."""

    async def versions(self, shelf: Shelf) -> Sequence[Version]:
        """Return the versions of a shelf, newest first."""

    async def version(self, shelf: Shelf, number: int) -> Version | None:
        """Return one version."""

    async def compare(self, old: Files, new: Files) -> tuple[FileDiff, ...]:
        """Return how two sets of files differ."""

    async def picture(self, files: Files, flow: str) -> Picture | None:
        """Return the picture of a flow."""

    async def play(self, files: Files, opening: Opening, lines: tuple[str, ...]) -> Trial | tuple[Problem, ...]:
        """Play a call from its beginning by what was done so far."""

    async def prompts(self, files: Files) -> tuple[PromptText, ...]:
        """Return every prompt that the flows play, with its words."""

    async def say(self, words: str, speed: float) -> bytes:
        """Return words spoken by the synthesiser, as a WAV file."""

    async def hear(self, wav: bytes) -> str:
        """Return what the speech model hears."""

    async def recordings(self) -> Mapping[str, float]:
        """Return the recordings that prompts may use, with their seconds."""

    async def recording(self, file: str) -> bytes | None:
        """Return one recording, or the sound of a prompt, as a WAV file."""

    async def keep_recording(self, name: str, wav: bytes) -> tuple[str, float]:
        """Keep a recording as telephone audio; return the name to write in `audio`, and its seconds. BadSoundError."""

    async def judge(self, files: Files, danger_words: Files, text: str) -> Verdict | tuple[Problem, ...]:
        """Return what the hotline would make of a text with these words."""

    async def vocabulary(self) -> Vocabulary:
        """Return the categories and units of the words in use."""

    async def health(self) -> Sequence[Finding]:
        """Return a finding for every part."""

    async def mode(self) -> ModeStanding:
        """Return which response mode is on, and everything about modes."""

    async def switch_mode(self, name: str, account: Account, reason: str) -> None:
        """Switch, on the record; AuthorError when it cannot be, and nothing has changed."""

    async def faults(self) -> Sequence[Fault]:
        """Return every fault of platform and call system, by its begin."""

    async def cities(self) -> Mapping[str, str]:
        """Return the cities' packs: title by name."""

    async def city(self, name: str) -> Sequence[CityLine] | None:
        """Return a city's rules one by one."""

    def settings(self) -> Sequence[SettingLine]:
        """Return the settings as they are."""

    def close(self) -> None:
        """End what runs beside."""
