"""The administration's desk: files of this installation published and given back, tried beside the server's loop."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cti.access import Account
from cti.adapters.files.replace_files import replace_files
from cti.adapters.sql.database import Database
from cti.adapters.sql.version_store import SqlVersionStore
from cti.adapters.web.admin_desk import CityLine, NotPublishedError, Standing
from cti.faults import Fault
from cti.file_versions import (
    FileDiff,
    Files,
    Publication,
    Refusal,
    Shelf,
    Version,
    differences,
    digest_of,
    misfit,
    refusal,
)
from cti.flow_picture import Picture
from cti.flow_trial import Trial
from cti.response_mode import ModeStanding
from cti.server.admin import flow_bench, word_bench
from cti.server.admin.shelves import AUDIO, audio_files, files_of, put_files
from cti.server.fault_log import FaultLog
from cti.server.files.city_packs import city_files, load_city
from cti.server.files.flow_files import flows_in_use, own_flows
from cti.server.health import examined
from cti.server.installation import espeak_of, folders_of
from cti.server.mode_desk import standing as mode_standing
from cti.server.mode_desk import switch_mode
from cti.server.modes import mode_on
from cti.server.orphans import orphaned
from cti.server.side_process import SideProcess
from cti.settings import Settings
from cti.settings_view import SettingLine, setting_lines
from cti.verdict import Verdict, Vocabulary
from ivr.adapters.asterisk.doctor import Finding
from ivr.adapters.asterisk.private import find
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.voice.espeak import Voice
from ivr.adapters.voice.sound_file import TELEPHONE_HZ, levelled, read_wav, wav_bytes
from ivr.errors import PartMissingError, StoreAwayError
from ivr.flow.calls import Opening
from ivr.flow.prompt import PromptText
from ivr.ports import Clock
from ivr.problems import Problem
from workorder.audit import Person
from workorder.cities.pack import SILENT
from workorder.cities.rule_lines import rule_lines

log = logging.getLogger(__name__)

ON_DISK = "（磁盘）"
FIRST_NOTE = "发布之前在用的文件"
LONGEST_RECORDING_SECONDS = 180.0
_WAV_HEAD_BYTES = 44
_SOUND = re.compile(r"[a-z]+/[A-Za-z0-9_-]{1,64}")


class OfficeDesk:
    """Fulfils `cti.adapters.web.admin_desk.AdminDesk`."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, busy: Callable[[], Mapping[str, str]] = dict
    ) -> None:
        """`busy` tells which seats ring, talk or write, and which of it in words."""
        self._settings = settings
        self._busy = busy
        self._plain = flow_bench.plain_settings(settings)
        self._database = database
        self._versions = SqlVersionStore(database)
        self._clock = clock
        self._bench = SideProcess()
        self._ears = SideProcess(deadline_seconds=60.0)
        self._publishing = asyncio.Lock()
        self._hearing = asyncio.Lock()

    async def standing(self, shelf: Shelf) -> Standing:
        files = await self._files(shelf)
        newest, digest = await self._versions.newest(shelf), digest_of(files)
        is_taken = await asyncio.to_thread(self._controller_has, digest) if shelf is Shelf.FLOWS else None
        return Standing(files, digest, newest, is_taken, newest is not None and newest.digest != digest)

    async def check(self, shelf: Shelf, files: Files) -> tuple[Problem, ...]:
        problems = await self._bench.run(flow_bench.problems_in, self._plain, shelf, dict(files))
        if shelf is Shelf.SEATS:
            problems += await self._bench.run(flow_bench.taken_from_busy, self._plain, dict(files), dict(self._busy()))
        if shelf is Shelf.WORDS:
            problems += await orphaned(self._database, await self._files(shelf), files)
        return problems

    async def publish(self, shelf: Shelf, wish: Publication, account: Account) -> Version:
        unfit = misfit(wish.files)
        if unfit is not None:
            raise NotPublishedError(unfit)
        async with self._publishing:
            current = await self._files(shelf)
            early = refusal(wish, current, ())  # nobody is shown the problems of what they may not publish anyway
            if early in (Refusal.CHANGED_MEANWHILE, Refusal.NOTHING_CHANGED):
                raise NotPublishedError(early)
            problems = await self.check(shelf, wish.files)
            refused = refusal(wish, current, problems)
            if refused is not None:
                raise NotPublishedError(refused, problems)
            await self._keep_what_was(shelf, current)
            version = Version(
                shelf,
                0,
                digest_of(wish.files),
                self._clock.now(),
                wish.by,
                wish.note.strip(),
                dict(wish.files),
                wish.reason.strip(),
                wish.back_to,
            )

            async def put() -> None:
                try:
                    await asyncio.to_thread(put_files, self._settings, shelf, wish.files)
                except OSError as error:
                    raise StoreAwayError(
                        f"文件写不进去（{error.strerror}）。改法：检查 {error.filename} 的权限和磁盘"
                    ) from error

            kept = await self._versions.add(version, account.person, put)
        log.info("files_published", extra={"shelf": shelf.value, "number": kept.number, "digest": kept.digest})
        return kept

    async def _keep_what_was(self, shelf: Shelf, current: Files) -> None:
        """Files that no version knows (those that ship, or changed by hand) become one, so that one can go back."""
        newest = await self._versions.newest(shelf)
        if newest is None or newest.digest != digest_of(current):
            was = Version(shelf, 0, digest_of(current), self._clock.now(), ON_DISK, FIRST_NOTE, dict(current))
            await self._versions.add(was, Person(ON_DISK, ""))

    async def versions(self, shelf: Shelf) -> Sequence[Version]:
        return await self._versions.versions(shelf)

    async def version(self, shelf: Shelf, number: int) -> Version | None:
        return await self._versions.version(shelf, number)

    async def compare(self, old: Files, new: Files) -> tuple[FileDiff, ...]:
        return await self._bench.run(differences, dict(old), dict(new))

    async def picture(self, files: Files, flow: str) -> Picture | None:
        return await self._bench.run(flow_bench.drawn, dict(files), flow)

    async def play(self, files: Files, opening: Opening, lines: tuple[str, ...]) -> Trial | tuple[Problem, ...]:
        return await self._bench.run(flow_bench.played, self._plain, dict(files), opening, lines)

    async def prompts(self, files: Files) -> tuple[PromptText, ...]:
        return await self._bench.run(flow_bench.manifest_of, dict(files))

    async def say(self, words: str, speed: float) -> bytes:
        found = await asyncio.to_thread(find, PartName.ESPEAK, folders_of(self._settings).parts)
        if found is None:
            raise PartMissingError("没有语音合成 espeak-ng，不能试听。改法：运行 hotline up 会自动取得它")
        return wav_bytes(await espeak_of(self._settings, found).speak(words, Voice().at(speed)))

    async def hear(self, wav: bytes) -> str:
        async with self._hearing:
            try:
                return await self._ears.run(word_bench.recognised, self._plain, wav)
            finally:
                self._ears.close()  # a large model is not kept for the next time

    async def recordings(self) -> Mapping[str, float]:
        return await asyncio.to_thread(self._recordings)

    async def recording(self, file: str) -> bytes | None:
        return await asyncio.to_thread(self._recording, file)

    async def keep_recording(self, name: str, wav: bytes) -> tuple[str, float]:
        sound = await asyncio.to_thread(read_wav, wav)
        return await asyncio.to_thread(self._keep_recording, name, sound)

    async def judge(self, files: Files, danger_words: Files, text: str) -> Verdict | tuple[Problem, ...]:
        return await self._bench.run(word_bench.judged, dict(files), dict(danger_words), text)

    async def vocabulary(self) -> Vocabulary:
        return await asyncio.to_thread(word_bench.labels_in, await self._files(Shelf.WORDS))

    async def health(self) -> Sequence[Finding]:
        return await examined(self._settings)

    async def mode(self) -> ModeStanding:
        return await asyncio.to_thread(mode_standing, self._settings, self._clock.now())

    async def switch_mode(self, name: str, account: Account, reason: str) -> None:
        async with self._publishing:
            await switch_mode(self._settings, self._database, name, account.person, reason, self._clock.now())

    async def faults(self) -> Sequence[Fault]:
        return await asyncio.to_thread(FaultLog(self._settings).faults)

    async def cities(self) -> Mapping[str, str]:
        return await asyncio.to_thread(self._cities)

    async def city(self, name: str) -> Sequence[CityLine] | None:
        return await asyncio.to_thread(self._city, name)

    def settings(self) -> Sequence[SettingLine]:
        return setting_lines(self._settings)

    def close(self) -> None:
        self._bench.close()
        self._ears.close()

    async def _files(self, shelf: Shelf) -> Files:
        try:
            return await asyncio.to_thread(files_of, self._settings, shelf)
        except OSError as error:
            raise StoreAwayError(f"读不到文件（{error.strerror}）。改法：检查 {error.filename}") from error

    def _controller_has(self, digest: str) -> bool | None:
        """Whether the controller answers new calls by these flows; it writes down what it took in.

        None while a response mode is on: it answers by that mode's.
        """
        if mode_on(self._settings)[1] is not None:
            return None
        try:
            taken = (folders_of(self._settings).run / "editions" / "current").read_text(encoding="ascii").strip()
        except OSError:
            return None
        return taken == digest

    def _recordings(self) -> Mapping[str, float]:
        found = {}
        for name in sorted(audio_files(self._settings)):
            file = self._recording_file(name)
            if file is not None:
                seconds = max(0, file.stat().st_size - _WAV_HEAD_BYTES) / 2 / TELEPHONE_HZ
                found[name] = round(seconds, 1)
        return found

    def _recording(self, name: str) -> bytes | None:
        file = self._recording_file(name)
        if file is None and _SOUND.fullmatch(name):
            file = folders_of(self._settings).sounds / f"{name}.wav"
        return file.read_bytes() if file is not None and file.is_file() else None

    def _recording_file(self, name: str) -> Path | None:
        """Return the file of a recording; only what the listing shows can be asked for."""
        if name not in audio_files(self._settings):
            return None
        folders = (flows_in_use(self._settings), own_flows(self._settings))
        return next((folder / name for folder in folders if (folder / name).is_file()), None)

    def _keep_recording(self, name: str, sound: bytes) -> tuple[str, float]:
        whole = wav_bytes(levelled(sound[: int(LONGEST_RECORDING_SECONDS * 2 * TELEPHONE_HZ)]))
        file = f"{AUDIO}/{name}-{hashlib.sha256(whole).hexdigest()[:8]}.wav"
        try:
            replace_files({own_flows(self._settings) / file: whole})
        except OSError as error:
            raise StoreAwayError(f"录音写不进去（{error.strerror}）。改法：检查 {error.filename}") from error
        return file, round((len(whole) - _WAV_HEAD_BYTES) / 2 / TELEPHONE_HZ, 1)

    def _cities(self) -> Mapping[str, str]:
        folder = self._settings.data_folder / "cities"
        packs = {name: load_city(name, folder) for name in city_files(folder)}
        return {name: f"{pack.city}　{pack.title}　{pack.version}" for name, pack in packs.items()}

    def _city(self, name: str) -> Sequence[CityLine] | None:
        folder = self._settings.data_folder / "cities"
        if name not in city_files(folder):
            return None
        return tuple(
            CityLine(rule, line.value, "原文未写，取默认" if line.clause == SILENT else line.clause)
            for rule, line in rule_lines(load_city(name, folder)).items()
        )
