"""The rootless parts: use the machine's own Asterisk, broker and friends where they fit, else fetch private ones."""

from __future__ import annotations

import fcntl
import grp
import hashlib
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ivr.adapters.asterisk.private_apt import (
    PrivateApt,
    debian_sources,
    machine_sources,
    multiarch,
    own_release_sources,
    unpack,
)
from ivr.adapters.asterisk.private_closure import add_missing_libraries, host_folders, library_folders
from ivr.adapters.asterisk.private_parts import RECIPES, Part, PartName, Recipe, version_of
from ivr.adapters.asterisk.render_templates import wanted_modules
from ivr.errors import PartMissingError

__all__ = ["Part", "PartName", "as_unprivileged", "ensure", "find", "parts_folder"]

Progress = Callable[[str], object]
_STAMP = "hotline-part.json"
_PROBE_SECONDS = 20
_FONTS_FILE = "hotline-fonts.conf"
_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def ensure(name: PartName, folder: Path, progress: Progress = str) -> Part:
    """Return the part, fetching it into `folder` when the machine has no fitting one; PartMissingError with a remedy.

    `progress` hears Chinese lines while something is fetched.
    Safe from several processes at once; needs no root and, once fetched, no network.
    """
    found = find(name, folder)
    if found is not None:
        return found
    recipe = RECIPES[name]
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f".{name}.lock"):
        found = _find_private(recipe, folder)  # another process may have fetched it while we waited
        if found is not None:
            return found
        progress(f"正在准备{recipe.purpose}: 本机没有合适的版本, 从软件源下载到 {folder} (无需管理员权限)")
        try:
            fetched = _fetch(recipe, folder, progress)
        except PartMissingError as error:
            raise PartMissingError(f"无法准备{recipe.purpose}: {error}; 或者{recipe.by_hand}") from error
        progress(f"{recipe.purpose} {fetched.version} 已就绪")
        return fetched


def parts_folder(home: Path) -> Path:
    """Return where a user's private parts live, below their home folder (XDG's place for data)."""
    return home / ".local" / "share" / "hotline12345" / "parts"


def find(name: PartName, folder: Path) -> Part | None:
    """Return the fitting part that is already there (the machine's own first), or None; never fetches."""
    recipe = RECIPES[name]
    return _find_system(recipe) or _find_private(recipe, folder)


def as_unprivileged(command: tuple[str, ...], user: str = "nobody") -> tuple[str, ...]:
    """Return `command`, run as `user` when we are root: PostgreSQL refuses to be started by root."""
    if os.geteuid() != 0:
        return command
    if shutil.which("setpriv"):
        return ("setpriv", f"--reuid={user}", f"--regid={_group_of(user)}", "--clear-groups", "--", *command)
    if shutil.which("runuser"):
        return ("runuser", "-u", user, "--", *command)
    raise PartMissingError(
        "以 root 运行时需要 setpriv 或 runuser 才能启动数据库。改法: 安装 util-linux 或换普通用户运行"
    )


def _find_system(recipe: Recipe) -> Part | None:
    programs = {name: _system_program(recipe, name) for name in recipe.programs}
    if any(path is None for path in programs.values()):
        return None
    commands = {name: (str(path),) for name, path in programs.items()}
    version = _probed_version(next(iter(commands.values())), recipe, {})
    if version_of(version) < recipe.system_least:
        return None
    folders = {key: _system_folder(pattern) for key, pattern in recipe.folders.items()}
    if recipe.module_folder and not _has_modules(folders["modules"]):
        return None
    return Part(recipe.name, version, "system", Path("/"), commands, {}, folders)


def _system_program(recipe: Recipe, name: str) -> Path | None:
    on_path = shutil.which(name) or shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin")
    if on_path and recipe.name is not PartName.POSTGRESQL:
        return Path(on_path)
    for pattern in recipe.system_globs:
        for file in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if (file.parent / name).is_file():
                return file.parent / name
    return Path(on_path) if on_path else None


def _system_folder(pattern: str) -> Path:
    relative = pattern.format(multiarch=multiarch())
    plain = relative.replace(f"/{multiarch()}", "")
    candidates = [Path("/") / relative, Path("/") / plain, Path("/usr/local") / plain.removeprefix("usr/")]
    candidates += [Path("/var/lib/asterisk")] if relative == "usr/share/asterisk" else []
    return next((path for path in candidates if path.is_dir()), candidates[0])


def _has_modules(folder: Path) -> bool:
    return all((folder / module).is_file() for module in wanted_modules())


def _find_private(recipe: Recipe, folder: Path) -> Part | None:
    stamps = folder.glob(f"{recipe.name}-*/{_STAMP}")
    for stamp in sorted(stamps, key=lambda path: version_of(path.parent.name.removeprefix(recipe.name)), reverse=True):
        try:
            written = json.loads(stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        part = _private_part(recipe, stamp.parent, str(written.get("version", "")))
        whole = all(path.exists() for path in _roots(recipe, stamp.parent))
        if part is not None and whole and written.get("recipe") == _fingerprint(recipe):
            return part
    return None


def _fetch(recipe: Recipe, folder: Path, progress: Progress) -> Part:
    sources = machine_sources()
    chosen = debian_sources(recipe.suite, sources) if recipe.suite else own_release_sources(sources)
    apt = PrivateApt(folder / ".apt" / (recipe.suite or "own"), chosen)
    progress("  下载软件包清单并核对签名")
    apt.update()
    packages, version = _candidates(recipe, apt)
    work = Path(tempfile.mkdtemp(prefix=f".{recipe.name}-", dir=folder))
    try:
        archives, root = work / "archives", work / "root"
        archives.mkdir()
        root.mkdir(mode=0o755)
        progress(f"  下载 {' '.join(packages)} ({version})")
        hashes = apt.download(packages, archives)
        for archive in sorted(archives.glob("*.deb")):
            unpack(archive, root)
        files = _roots(recipe, root)
        host = () if recipe.suite else host_folders(multiarch())
        hashes |= add_missing_libraries(apt, packages, files, host, multiarch(), archives, root, progress)
        if recipe.name is PartName.CHROMIUM:
            (root / _FONTS_FILE).write_text(_FONTS, encoding="utf-8")
        stamp = {"version": version, "recipe": _fingerprint(recipe), "suite": recipe.suite or "own", "sha256": hashes}
        (root / _STAMP).write_text(json.dumps(stamp, indent=1, sort_keys=True), encoding="utf-8")
        part = _private_part(recipe, root, version)
        if part is None:
            raise PartMissingError(f"下载的软件包里没有 {', '.join(recipe.programs)}")
        _probed_version(part.command, recipe, part.env, must_run=True)
        shown = ".".join(str(number) for number in version_of(version))
        # The recipe is part of the name: an older unpacking may be running, and must not be pulled away under it.
        target = folder / f"{recipe.name}-{shown}-{_fingerprint(recipe)[:8]}"
        if target.exists():
            shutil.rmtree(target)
        root.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    final = _private_part(recipe, target, version)
    assert final is not None
    return final


def _candidates(recipe: Recipe, apt: PrivateApt) -> tuple[tuple[str, ...], str]:
    packages = []
    for choice in recipe.packages:
        found = next((name for name in choice.split("|") if apt.version(name)), None)
        if found is None:
            raise PartMissingError(f"软件源里没有 {choice.replace('|', ' 或 ')}")
        packages.append(found)
    version = apt.version(packages[0])
    if version_of(version) < recipe.private_least:
        least = ".".join(map(str, recipe.private_least))
        raise PartMissingError(f"软件源里的 {packages[0]} 是 {version}, 低于所需的 {least}")
    return tuple(packages), version


def _roots(recipe: Recipe, root: Path) -> tuple[Path, ...]:
    modules: tuple[Path, ...] = ()
    if recipe.module_folder:
        place = root / recipe.module_folder.format(multiarch=multiarch())
        modules = tuple(place / module for module in wanted_modules())
    extra = tuple(_found(root, pattern) for pattern in recipe.extra_files)
    return (*_program_paths(recipe, root).values(), *modules, *extra)


def _program_paths(recipe: Recipe, root: Path) -> dict[str, Path]:
    return {name: _found(root, pattern) for name, pattern in recipe.programs.items()}


def _found(root: Path, pattern: str) -> Path:
    found = sorted(root.glob(pattern.format(multiarch=multiarch())), reverse=True)
    return found[0] if found else root / pattern


def _private_part(recipe: Recipe, root: Path, version: str) -> Part | None:
    programs = _program_paths(recipe, root)
    if not all(path.is_file() for path in programs.values()):
        return None
    libraries = ":".join(str(path) for path in library_folders(root, multiarch()))
    env: dict[str, str] = {}
    if recipe.suite:
        loader = next(iter(sorted(root.glob(f"usr/lib/{multiarch()}/ld-linux*.so.*"))), None)
        if loader is None:
            return None
        commands: dict[str, tuple[str, ...]] = {
            name: (str(loader), "--library-path", libraries, str(path)) for name, path in programs.items()
        }
    else:
        commands = {name: (str(path),) for name, path in programs.items()}
        env = {"LD_LIBRARY_PATH": libraries}
    folders = {key: root / pattern.format(multiarch=multiarch()) for key, pattern in recipe.folders.items()}
    if recipe.name is PartName.ESPEAK:
        env["ESPEAK_DATA_PATH"] = str(folders["data"].parent)
    if recipe.name is PartName.CHROMIUM:
        env["FONTCONFIG_FILE"] = str(root / _FONTS_FILE)
    shown = ".".join(map(str, version_of(version)))  # not the package's, such as 1:22.10.1+dfsg+~cs6.17
    return Part(recipe.name, shown, "private", root, commands, env, folders)


def _probed_version(command: tuple[str, ...], recipe: Recipe, env: Mapping[str, str], *, must_run: bool = False) -> str:
    try:
        done = subprocess.run(
            (*command, *recipe.version_arguments),
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        if must_run:
            raise PartMissingError(f"下载的 {recipe.name} 无法运行({error})") from error
        return ""
    said = done.stdout or done.stderr
    if must_run and (done.returncode in (126, 127) or "error while loading" in done.stderr):
        raise PartMissingError(f"下载的 {recipe.name} 无法运行({done.stderr.strip()[:300]})")
    return ".".join(map(str, version_of(said)))


def _fingerprint(recipe: Recipe) -> str:
    """Changes when the recipe wants something else than what was unpacked, so that the part is fetched anew."""
    wanted = (recipe.packages, recipe.extra_files, recipe.suite, wanted_modules() if recipe.module_folder else ())
    return hashlib.sha256(repr(wanted).encode()).hexdigest()[:16]


def _group_of(user: str) -> str:
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
