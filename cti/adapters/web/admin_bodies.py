"""What administration sends and is sent, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from cti.file_versions import LONGEST_NOTE, FileDiff, Version
from cti.flow_picture import Picture
from cti.flow_trial import Trial
from ivr.problems import Problem

FilesBody = Annotated[dict[str, str], Field(description="Text by file name; all files of the shelf")]


class Strict(BaseModel):
    """What is not known is refused, so that nobody believes it was understood."""

    model_config = ConfigDict(extra="forbid")


class ProblemBody(BaseModel):
    """One finding; lines and columns count from 1, 0 means the file as a whole."""

    file: str
    line: int
    column: int
    what: str
    remedy: str
    severity: str
    clause: str

    @classmethod
    def of(cls, problem: Problem) -> ProblemBody:
        place = problem.place
        return cls(
            file=place.file,
            line=place.line,
            column=place.column,
            what=problem.what,
            remedy=problem.remedy,
            severity=problem.severity.value,
            clause=problem.clause,
        )


class FilesToCheck(Strict):
    """Files as they would be."""

    files: FilesBody


class Checked(BaseModel):
    """Every problem, in the order of places; `may_publish`: none of them is an error."""

    problems: list[ProblemBody]
    may_publish: bool
    digest: str

    @classmethod
    def of(cls, problems: tuple[Problem, ...], digest: str) -> Checked:
        may = not any(problem.is_error for problem in problems)
        return cls(problems=[ProblemBody.of(problem) for problem in problems], may_publish=may, digest=digest)


class VersionBody(BaseModel):
    """A published version, without its files."""

    number: int
    digest: str
    at: datetime
    by: str
    note: str
    reason: str
    back_to: int

    @classmethod
    def of(cls, version: Version) -> VersionBody:
        return cls(
            number=version.number,
            digest=version.digest,
            at=version.at,
            by=version.by,
            note=version.note,
            reason=version.reason,
            back_to=version.back_to,
        )


class VersionWithFiles(VersionBody):
    """A published version with its files."""

    files: dict[str, str]


class StandingBody(BaseModel):
    """A shelf as it stands."""

    files: dict[str, str]
    digest: str
    newest: VersionBody | None
    is_taken: bool | None = Field(description="Whether the controller answers new calls by these files; null: unknown")
    is_changed_by_hand: bool


class Wish(Strict):
    """A wish to publish; `based_on` is the digest of the files that the author began from."""

    files: FilesBody
    based_on: str = Field(max_length=64)
    note: str = Field(default="", max_length=LONGEST_NOTE)
    reason: str = Field(default="", max_length=LONGEST_NOTE)


class WayBack(Strict):
    """A wish to make version `number` that in use again."""

    number: int = Field(ge=1, le=10**9)
    based_on: str = Field(max_length=64)
    note: str = Field(default="", max_length=LONGEST_NOTE)


class Comparison(Strict):
    """Two sides, each a version's number or files; an empty side means the files in use."""

    old_number: int = Field(default=0, ge=0, le=10**9)
    new_number: int = Field(default=0, ge=0, le=10**9)
    new_files: dict[str, str] | None = None


class DiffBody(BaseModel):
    """How two sides differ, file by file, in runs of lines `[old number, new number, text]`; 0: not on that side."""

    files: list[FileDiffBody]


class FileDiffBody(BaseModel):
    """How one file differs."""

    file: str
    hunks: list[list[tuple[int, int, str]]]

    @classmethod
    def of(cls, diff: FileDiff) -> FileDiffBody:
        return cls(file=diff.file, hunks=[[(line.old, line.new, line.text) for line in hunk] for hunk in diff.hunks])


class FlowToDraw(Strict):
    """Which flow of which files."""

    files: FilesBody
    flow: str = Field(max_length=60)


class FlowToPlay(Strict):
    """A call on trial: everything that was done so far, one line each, as `hotline play` takes it."""

    files: dict[str, str] | None = None
    flow: str = Field(max_length=60)
    caller: str = Field(default="13800001234", max_length=20)
    called: str = Field(default="12345", max_length=20)
    at: datetime | None = None
    lines: list[Annotated[str, Field(max_length=200)]] = Field(default_factory=list, max_length=300)


class PlayedBody(BaseModel):
    """The call so far, or the errors for which it cannot be played."""

    trial: Trial | None
    problems: list[ProblemBody]


class PictureBody(BaseModel):
    """The picture of a flow; null when there is no such flow, or nothing of it can be read."""

    picture: Picture | None


class WordsToSay(Strict):
    """What the synthesiser is to say."""

    words: str = Field(min_length=1, max_length=500)
    speed: float = Field(default=1.0, ge=0.5, le=2.0)


class HeardBody(BaseModel):
    """What the speech model heard; empty: nothing."""

    text: str


AnyJson = dict[str, Any]
