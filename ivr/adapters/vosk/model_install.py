"""Installing a speech model from a folder, a zip file or an address; nothing half-done is ever left in its place."""

from __future__ import annotations

import re
import shutil
import stat
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

from ivr.adapters.vosk.model_check import verify
from ivr.adapters.vosk.model_folder import missing_files, sha256
from ivr.adapters.vosk.models import ModelEntry, describe
from ivr.errors import EarsError

MAX_DOWNLOAD_BYTES = 8 * 1024**3
MAX_UNPACKED_BYTES = 16 * 1024**3
MAX_FILES = 2_000
MAX_RATIO = 200
"""A model's zip shrinks three- to fivefold; a bomb a thousandfold."""

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
_BLOCK = 1 << 20

Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all (0: unknown)."""


def install(
    source: str,
    into: Path,
    *,
    sha256_hex: str = "",
    name: str = "",
    progress: Progress = lambda _done, _all: None,
    timeout_s: float = 180.0,
) -> ModelEntry:
    """Put the model at `source` into folder `into`, verified; EarsError, with the remedy, leaves all as it was.

    `source` is a folder, a .zip, or an address (https, http, file). `sha256_hex` is compared with the zip; a plain
    http address must have it. An installed model of the same name is replaced only by one that works.
    """
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".install-", dir=into) as workshop:
        work = Path(workshop)
        folder, proposed = _unpacked(source, work, sha256_hex.strip().lower(), progress)
        chosen = name or proposed
        if not _NAME.fullmatch(chosen):
            raise EarsError(f"模型名称 {chosen!r} 不可用。改法：用 --name 给出只含字母、数字、点和横线的名称。")
        verdict = verify(folder, timeout_s)
        if not verdict.is_good:
            raise EarsError(f"模型 {chosen} 未通过检查，未安装：{'；'.join(verdict.problems)}。改法：重新下载后再试。")
        _put_in_place(folder, into / chosen, work)
    return describe(into / chosen)


def _unpacked(source: str, work: Path, wanted_sha256: str, progress: Progress) -> tuple[Path, str]:
    address = urllib.parse.urlsplit(source)
    if address.scheme in ("http", "https"):
        if address.scheme == "http" and not wanted_sha256:
            raise EarsError("明文 http 下载必须给出 sha256。改法：加 --sha256，或改用 https 地址。")
        archive = work / "download.zip"
        _download(source, archive, progress)
        return _from_zip(archive, work, wanted_sha256, Path(urllib.parse.unquote(address.path)).name)
    path = Path(urllib.request.url2pathname(address.path)) if address.scheme == "file" else Path(source).expanduser()
    if path.is_dir():
        if wanted_sha256:
            raise EarsError("文件夹没有 sha256 可比。改法：去掉 --sha256，或从压缩包安装。")
        folder = _model_within(path)
        _copy(folder, work / "model")
        return work / "model", folder.resolve().name
    if path.is_file():
        return _from_zip(path, work, wanted_sha256, path.name)
    raise EarsError(f"找不到 {source}。改法：给出模型文件夹、.zip 文件，或 https:// 网址。")


def _download(address: str, archive: Path, progress: Progress) -> None:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer, archive.open("wb") as file:
            total = int(answer.headers.get("Content-Length") or 0)
            done = 0
            while block := answer.read(_BLOCK):
                done += len(block)
                if max(done, total) > MAX_DOWNLOAD_BYTES:
                    raise EarsError("下载内容过大，已停止。改法：确认网址是语音模型。")
                file.write(block)
                progress(done, total)
            if total and done < total:
                raise EarsError(f"下载中断（{done}/{total} 字节）。改法：重试。")
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise EarsError(
            f"下载失败：{address}（{error}）。改法：检查网络和网址，或先用浏览器下载再从文件安装。"
        ) from error


def _from_zip(archive: Path, work: Path, wanted_sha256: str, file_name: str) -> tuple[Path, str]:
    if wanted_sha256 and sha256(archive) != wanted_sha256:
        raise EarsError(f"{file_name} 的 sha256 与给出的不符，未安装。改法：重新下载，并核对发布者公布的校验值。")
    target = work / "unpacked"
    try:
        with zipfile.ZipFile(archive) as package:
            _unpack(package, target)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise EarsError(f"压缩包 {file_name} 已损坏或不是 zip（{error}）。改法：重新下载。") from error
    folder = _model_within(target)
    return folder, folder.name if folder != target else file_name.removesuffix(".zip")


def _unpack(package: zipfile.ZipFile, target: Path) -> None:
    """Unpack with our own hands: no entry leaves `target`, none is a link, and the sizes that are told are enforced."""
    entries = package.infolist()
    told = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MAX_FILES or told > MAX_UNPACKED_BYTES or told > MAX_RATIO * max(packed, 100_000):
        raise EarsError("压缩包解开后过大或文件过多，疑似压缩炸弹，未安装。改法：确认来源。")
    root = target.resolve()
    for entry in entries:
        place = (root / entry.filename).resolve()
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if not place.is_relative_to(root) or "\\" in entry.filename or kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise EarsError(f"压缩包中有不安全的路径 {entry.filename[:80]!r}，未安装。改法：确认来源。")
        if entry.is_dir():
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        with package.open(entry) as inside, place.open("wb") as outside:
            left = entry.file_size
            while block := inside.read(_BLOCK):
                left -= len(block)
                if left < 0:
                    raise EarsError("压缩包中的文件比声明的大，疑似压缩炸弹，未安装。改法：确认来源。")
                outside.write(block)


def _model_within(folder: Path) -> Path:
    """The model is the folder itself, or the one folder in it (as the published zips have it)."""
    if not missing_files(folder):
        return folder
    inner = [child for child in folder.iterdir() if child.is_dir() and not child.name.startswith((".", "__"))]
    if len(inner) == 1 and not missing_files(inner[0]):
        return inner[0]
    raise EarsError(
        f"其中没有完整的 Vosk 模型：缺少 {'、'.join(missing_files(folder))}。改法：确认下载的是 Vosk 模型。"
    )


def _copy(folder: Path, target: Path) -> None:
    try:
        shutil.copytree(folder, target, symlinks=False)
    except (OSError, shutil.Error) as error:
        raise EarsError(f"复制模型失败（{error}）。改法：检查磁盘空间和读取权限。") from error


def _put_in_place(folder: Path, place: Path, work: Path) -> None:
    old = work / "replaced"
    try:
        if place.exists():
            place.rename(old)
        try:
            folder.rename(place)
        except OSError:
            if old.exists():
                old.rename(place)
            raise
    except OSError as error:
        raise EarsError(f"无法写入 {place}（{error.strerror}）。改法：检查权限和磁盘空间。") from error
