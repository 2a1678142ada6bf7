"""What a Vosk model folder holds: the files it needs, its sample rate, its manifest. Nothing is loaded here."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from ivr.errors import EarsError

MANIFEST = "manifest.json"
"""What our own recipe writes: name, language, licence, and `files` with path and sha256."""

CHECKSUMS = "SHA256SUMS"
"""Lines of `<sha256>  <path>`, as sha256sum(1) writes them: a manifest for models that others publish."""

_RATE = re.compile(r"^\s*--sample-frequency\s*=\s*([0-9]+)(?:\.0*)?\s*$", re.MULTILINE)
_DEFAULT_RATE_HZ = 16_000  # Kaldi's own default


def missing_files(folder: Path) -> tuple[str, ...]:
    """Return what `folder` lacks to be a model; both the new layout (am/, graph/) and the flat old one will do."""
    if not folder.is_dir():
        return ("模型文件夹本身",)
    wanted: list[tuple[str, tuple[str, ...]]] = [
        ("am/final.mdl", ("am/final.mdl", "final.mdl")),
        ("conf/mfcc.conf", ("conf/mfcc.conf", "mfcc.conf")),
        ("graph/HCLG.fst（或 HCLr.fst 与 Gr.fst）", ("graph/HCLG.fst", "HCLG.fst", "graph/HCLr.fst", "HCLr.fst")),
    ]
    lacking = [name for name, places in wanted if not any(_is_filled(folder / place) for place in places)]
    for place in ("graph/HCLr.fst", "HCLr.fst"):
        grammar = (folder / place).with_name("Gr.fst")
        if (folder / place).is_file() and not _is_filled(grammar):
            lacking.append(str(grammar.relative_to(folder)))
    static = any((folder / place).is_file() for place in ("graph/HCLG.fst", "HCLG.fst"))
    if static and not any(_is_filled(folder / place) for place in ("graph/words.txt", "words.txt")):
        lacking.append("graph/words.txt")
    return tuple(lacking)


def _is_filled(file: Path) -> bool:
    return file.is_file() and file.stat().st_size > 0


def sample_rate_hz(folder: Path) -> int:
    """Return the rate that the model's features were made for; EarsError when it makes no sense."""
    for place in ("conf/mfcc.conf", "mfcc.conf"):
        file = folder / place
        if file.is_file():
            found = _RATE.search(file.read_text("utf-8", "replace"))
            rate = int(found.group(1)) if found else _DEFAULT_RATE_HZ
            if not 4_000 <= rate <= 48_000:
                raise EarsError(f"{file}：采样率 {rate} 不合理。改法：应为 8000 或 16000，请重新安装模型。")
            return rate
    raise EarsError(f"{folder} 中没有 conf/mfcc.conf。改法：重新安装模型。")


def size_bytes(folder: Path) -> int:
    """How much room the model takes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def manifest_of(folder: Path) -> Mapping[str, object]:
    """Return what manifest.json says; nothing when there is none, or none that can be read."""
    try:
        told = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def manifest_problems(folder: Path) -> tuple[str, ...] | None:
    """Return what differs from the manifest (nothing: all as it should be), or None when there is no manifest."""
    if (folder / MANIFEST).is_file():
        files = manifest_of(folder).get("files")
        if not isinstance(files, list) or not files:
            return (f"{MANIFEST} 中没有文件清单",)
        told = [(entry.get("sha256"), entry.get("path")) if isinstance(entry, dict) else ("", "") for entry in files]
        return _differences(folder, MANIFEST, told)
    if (folder / CHECKSUMS).is_file():
        lines = (folder / CHECKSUMS).read_text("utf-8", "replace").splitlines()
        parts = [line.strip().partition(" ") for line in lines if line.strip() and not line.startswith("#")]
        return _differences(folder, CHECKSUMS, [(digest, name.strip().lstrip("*")) for digest, _, name in parts])
    return None


def _differences(folder: Path, manifest: str, told: list[tuple[object, object]]) -> tuple[str, ...]:
    root = folder.resolve()
    problems: list[str] = []
    for number, (digest, name) in enumerate(told, start=1):
        if not isinstance(digest, str) or not isinstance(name, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
            problems.append(f"{manifest} 第 {number} 项无法理解")
        elif not (file := (folder / name).resolve()).is_relative_to(root):
            problems.append(f"{manifest} 第 {number} 项指向模型文件夹之外")
        elif not file.is_file():
            problems.append(f"缺少文件 {name}")
        elif sha256(file) != digest.lower():
            problems.append(f"文件 {name} 的 sha256 与清单不符")
    return tuple(problems)


def sha256(file: Path) -> str:
    """The sha256 of a file, in lower-case hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
