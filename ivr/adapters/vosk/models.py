"""The speech models that are installed, what is known of each, and which one is in use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.adapters.vosk.model_check import is_checked, verify
from ivr.adapters.vosk.model_folder import (
    CHECKSUMS,
    MANIFEST,
    manifest_of,
    missing_files,
    sample_rate_hz,
    size_bytes,
)
from ivr.errors import EarsError

DEMO_MODEL = "demo-zh-synthetic"
"""The model that comes with the project: it knows synthesised voices only."""

DEMO_WARNING = (
    "正在使用演示语音模型（demo-zh-synthetic）：它只用合成语音训练，听不懂真人说话，不能用于真实来电。"
    "请安装正式模型，例如：hotline models install vosk-model-cn-0.22.zip"
)

_CARDS = ("MODEL_CARD.md", "README.md", "README", "README.txt")
_LICENCE_FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "COPYING")
_LICENCE_LINE = re.compile(r"^\W*(?:licen[cs]e|许可证?|授权)\W*[:：|]\W*(.+?)\W*$", re.IGNORECASE | re.MULTILINE)
_LANGUAGE_IN_NAME = re.compile(r"(?:^|-)(cn|zh|en|de|fr|ru|ja|ko|es|it|pt|vn|tr|uk|kz|fa|hi)(?:-|$)")


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One line of `hotline models`. `checked` says that it passed `verify` as it is now."""

    name: str
    folder: Path
    language: str
    size_bytes: int
    sample_rate_hz: int
    licence: str
    card: str
    has_manifest: bool
    checked: bool
    is_demo: bool
    problems: tuple[str, ...] = ()


def describe(folder: Path) -> ModelEntry:
    """Read what a model folder says of itself, without loading it; what is wrong is in `problems`."""
    problems = tuple(f"缺少 {name}" for name in missing_files(folder))
    rate_hz = 0
    try:
        rate_hz = sample_rate_hz(folder)
    except (EarsError, OSError) as error:
        problems = problems or (str(error),)
    card = next((text for name in _CARDS if (text := _read(folder / name))), "")
    told = manifest_of(folder)
    licence = _LICENCE_LINE.search(card)
    language = _LANGUAGE_IN_NAME.search(folder.name)
    spoken = language.group(1) if language else ""
    return ModelEntry(
        name=folder.name,
        folder=folder,
        language=str(told.get("language") or {"cn": "zh"}.get(spoken, spoken)),
        size_bytes=size_bytes(folder) if folder.is_dir() else 0,
        sample_rate_hz=rate_hz,
        licence=str(told.get("licence") or (licence.group(1) if licence else _first_line(folder))),
        card=next((line.lstrip("# ").strip() for line in card.splitlines() if line.strip()), ""),
        has_manifest=(folder / MANIFEST).is_file() or (folder / CHECKSUMS).is_file(),
        checked=is_checked(folder),
        is_demo=folder.name == DEMO_MODEL or bool(told.get("synthetic_speech_only")),
        problems=problems,
    )


def installed(places: Sequence[Path]) -> tuple[ModelEntry, ...]:
    """Every model in `places`; of two with the same name the earlier place wins. Broken ones are listed too."""
    found: dict[str, ModelEntry] = {}
    for place in places:
        if not place.is_dir():
            continue
        for folder in sorted(place.iterdir()):
            if folder.is_dir() and not folder.name.startswith((".", "_")) and _looks_like_model(folder):
                found.setdefault(folder.name, describe(folder))
    return tuple(found.values())


def find(name: str, places: Sequence[Path]) -> ModelEntry:
    """Return the model of this name, or at this path; the demo model for an empty name; EarsError for none."""
    wanted = name.strip() or DEMO_MODEL
    if "/" in wanted or wanted.startswith((".", "~")):
        folder = Path(wanted).expanduser()
        if folder.is_dir():
            return describe(folder)
    else:
        for place in places:
            if (place / wanted).is_dir():
                return describe(place / wanted)
    names = "、".join(model.name for model in installed(places)) or "（无）"
    raise EarsError(
        f"没有名为 {wanted} 的语音模型，已安装：{names}。"
        "改法：hotline models install 文件夹、压缩包或网址，或在设置中改用已安装的模型。"
    )


def open_model(name: str, places: Sequence[Path], timeout_s: float = 180.0) -> tuple[LoadedModel, str]:
    """Check (once) and load the model in use; also return a warning for people, empty for a real model.

    EarsError, with the remedy, when it is missing or broken: then calls go on without ears.
    """
    entry = find(name, places)
    if not entry.checked:
        verdict = verify(entry.folder, timeout_s)
        if not verdict.is_good:
            raise EarsError(
                f"语音模型 {entry.name} 不能使用：{'；'.join(verdict.problems)}。"
                "改法：重新安装（hotline models install），或在设置中改用其他模型。通话不受影响，但没有转写。"
            )
    return LoadedModel(entry.folder), DEMO_WARNING if entry.is_demo else ""


def _looks_like_model(folder: Path) -> bool:
    return any((folder / part).exists() for part in ("am", "graph", "final.mdl", "conf/mfcc.conf", "mfcc.conf"))


def _read(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(65_536)
    except OSError:
        return ""


def _first_line(folder: Path) -> str:
    for name in _LICENCE_FILES:
        for line in _read(folder / name).splitlines():
            if line.strip():
                return line.strip()
    return ""
