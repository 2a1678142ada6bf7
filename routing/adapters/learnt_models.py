"""The learnt models on disk: every edition is kept, the last one is in use, and the one before it is a command away."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ivr.errors import AuthorError, StoreError
from routing.classify.lexicon_file import Vote, read_units
from routing.classify.model import BrokenModelError, LinearModel
from routing.classify.ngrams import Hints
from routing.classify.voting import NOTHING_LEARNT, Learnt, Target

_LARGEST = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Edition:
    """Which model answers for which target since when; a target that is absent is the lexicon's alone."""

    adopted: str
    versions: Mapping[Target, str]


class LearntModels:
    """`editions.json` in `folder`, with the model files beside it. All methods block briefly: call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._list = folder / "editions.json"
        self._words = folder / "words.yaml"

    @property
    def mark(self) -> tuple[int, ...]:
        """Changes whenever another edition comes into use or a word is accepted; costs a look at two files."""
        marks: list[int] = []
        for file in (self._list, self._words):
            try:
                seen = file.stat()
            except OSError:
                marks += (0, 0)
            else:
                marks += (seen.st_mtime_ns, seen.st_ino)
        return tuple(marks)

    def accepted(self) -> tuple[Vote, ...]:
        """Return the words for units that an admin accepted; AuthorError when somebody spoilt the file."""
        try:
            text = self._words.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"读不到采纳的关键词 {self._words}。改法：检查权限与 UTF-8 编码") from error
        return _words_of(text, str(self._words))

    def accept(self, words: Sequence[tuple[str, str]]) -> tuple[Vote, ...]:
        """Add words (as in units.yaml: 爆管=3) to units; AuthorError, and nothing changed, when one is wrong."""
        with self._alone():
            by_unit: dict[str, dict[str, None]] = {}
            for vote in self.accepted():
                by_unit.setdefault(vote.label, {})[f"{'+'.join(vote.words)}={vote.weight:g}"] = None
            for word, unit in words:
                by_unit.setdefault(unit, {})[word] = None
            lines = [f"  {json.dumps(unit, ensure_ascii=False)}: {' '.join(said)}" for unit, said in by_unit.items()]
            text = "\n".join(["# 管理员从 hotline learn --advice 采纳的关键词", "lexicon: 1", "units:", *lines, ""])
            votes = _words_of(text, "采纳的关键词")
            self._write(self._words, text.encode())
            return votes

    def editions(self) -> tuple[Edition, ...]:
        """Return every edition, the one in use last; StoreError when the list cannot be read."""
        try:
            raw = json.loads(self._list.read_text(encoding="utf-8"))
            return tuple(_edition(each) for each in raw["editions"])
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"读不懂学到的模型清单 {self._list}（{type(error).__name__}）。"
                "改法：删去它就只用关键词库，再运行 hotline learn"
            ) from error

    def current(self, hints: Hints) -> Mapping[Target, Learnt]:
        """Return the models in use; StoreError or BrokenModelError when one is not what it was."""
        editions = self.editions()
        if not editions:
            return NOTHING_LEARNT
        return MappingProxyType(
            {target: self._read(target, version, hints) for target, version in editions[-1].versions.items()}
        )

    def adopt(self, models: Mapping[Target, bytes], cards: Mapping[Target, str], adopted: str) -> Edition:
        """Put models in use, in the place of those of the same target; others stay as they are."""
        with self._alone():
            editions = self.editions()
            versions = dict(editions[-1].versions) if editions else {}
            for target, data in models.items():
                version = sha256(data).hexdigest()[:12]
                self._write(self._file(target, version), data)
                self._write(self._file(target, version).with_suffix(".md"), cards[target].encode())
                versions[target] = version
            edition = Edition(adopted, MappingProxyType(versions))
            self._save((*editions, edition))
            return edition

    def rollback(self) -> Edition | None:
        """Take the last edition out of use; returns the one in use now, None for the lexicon alone.

        StoreError when nothing was ever adopted.
        """
        with self._alone():
            editions = self.editions()
            if not editions:
                raise StoreError("没有采用过学到的模型，现在用的就是关键词库。改法：不必回退")
            self._save(editions[:-1])
            return editions[-2] if len(editions) > 1 else None

    def _file(self, target: Target, version: str) -> Path:
        return self._folder / f"{target.value}-{version}.model"

    def _read(self, target: Target, version: str, hints: Hints) -> Learnt:
        file = self._file(target, version)
        try:
            with file.open("rb") as opened:
                data = opened.read(_LARGEST + 1)
        except OSError as error:
            raise StoreError(
                f"读不到模型 {file}（{error.strerror}）。改法：hotline learn --rollback 换回上一个"
            ) from error
        if len(data) > _LARGEST or sha256(data).hexdigest()[:12] != version:
            raise BrokenModelError(f"模型 {file} 被改动或已损坏。改法：hotline learn --rollback 换回上一个")
        return Learnt(version, LinearModel.from_bytes(data, hints))

    def _save(self, editions: Sequence[Edition]) -> None:
        plain = [
            {"adopted": each.adopted, "models": {target.value: version for target, version in each.versions.items()}}
            for each in editions
        ]
        text = json.dumps({"editions": plain}, ensure_ascii=False, indent=1)
        self._write(self._list, text.encode())

    def _write(self, file: Path, data: bytes) -> None:
        """Write whole or not at all."""
        part = file.with_name(file.name + ".part")
        try:
            with part.open("wb") as opened:
                opened.write(data)
                opened.flush()
                os.fsync(opened.fileno())
            part.replace(file)
        except OSError as error:
            raise StoreError(f"模型写不进 {file}（{error.strerror}）。改法：检查权限与磁盘空间") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two people may learn at once; one after the other."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"模型目录 {self._folder} 不可写（{error.strerror}）。改法：检查权限与磁盘空间") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _words_of(text: str, file: str) -> tuple[Vote, ...]:
    lexicon, problems = read_units(text, file)
    if lexicon is None:
        raise AuthorError(problems)
    return lexicon.votes


def _edition(raw: Mapping[str, Any]) -> Edition:
    versions = {Target(target): str(version) for target, version in raw["models"].items()}
    if any(not version.isalnum() for version in versions.values()):
        raise ValueError("not a version")
    return Edition(str(raw["adopted"]), MappingProxyType(versions))
