"""A private apt: fetches packages and checks their signatures, without root and without touching the machine's own."""

from __future__ import annotations

import hashlib
import os
import platform
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import PartMissingError

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_DEFAULT_MIRROR = "http://deb.debian.org/debian"
_QUIET = ("--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances")
_TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Source:
    """One archive in apt's one-line terms."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


def machine_sources(folder: Path = Path("/etc/apt")) -> tuple[Source, ...]:
    """Return the binary archives this machine's apt knows, from one-line and deb822 files alike."""
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    found: list[Source] = []
    for file in files:
        if not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        if file.suffix == ".list":
            found.extend(_one_line_sources(text))
        elif file.suffix == ".sources":
            found.extend(_deb822_sources(text))
    return tuple(found)


def own_release_sources(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Return the archives of the distribution itself: those with a `main` component that name Debian or Ubuntu."""
    return tuple(s for s in sources if "main" in s.components and re.search(r"/(debian|ubuntu)", s.uri))


def debian_sources(suite: str, sources: Iterable[Source], keyring: Path = _KEYRING) -> tuple[Source, ...]:
    """Return Debian's archive at `suite`, from the mirror the machine already uses, signed by Debian's own keys."""
    if not keyring.is_file():
        raise PartMissingError(
            f"找不到 Debian 的签名公钥 {keyring}, 无法核对软件包。改法: 安装 debian-archive-keyring, 或自行安装所需程序"
        )
    mirrors = [s.uri for s in sources if re.search(r"/debian/?$", s.uri)]
    return (Source(mirrors[0] if mirrors else _DEFAULT_MIRROR, (suite,), ("main",), str(keyring)),)


class PrivateApt:
    """apt with its own lists, cache and sources under `folder`; proxies and certificates stay the machine's."""

    def __init__(self, folder: Path, sources: tuple[Source, ...]) -> None:
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise PartMissingError("这台机器上没有 apt-get 和 dpkg-deb, 无法自动下载。改法: 自行安装所需程序后重试")
        if not sources:
            raise PartMissingError("apt 的软件源里没有 Debian/Ubuntu 的 main 源。改法: 检查 /etc/apt/sources.list")
        self._folder = folder
        self._configuration = folder / "apt.conf"
        for name in ("lists/partial", "cache/archives/partial", "parts.d"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text("".join(_line(source) for source in sources), encoding="utf-8")
        self._configuration.write_text(_configuration(folder), encoding="utf-8")

    def update(self) -> None:
        """Fetch the signed package lists."""
        self._run(("apt-get", "update", "--error-on=any"), "下载软件包清单")

    def version(self, package: str) -> str:
        """Return the version that would be fetched, or an empty text when the archive has no such package."""
        text = self._run(("apt-cache", "policy", package), "查询软件包版本")
        found = re.search(r"^\s*Candidate:\s*(\S+)", text, re.MULTILINE)
        return "" if found is None or found[1] == "(none)" else found[1]

    def dependencies(self, packages: tuple[str, ...]) -> frozenset[str]:
        """Return the names of all packages that `packages` may draw in, directly or not."""
        text = self._run(("apt-cache", "depends", "--recurse", *_QUIET, *packages), "查询软件包依赖")
        return frozenset(line.strip() for line in text.splitlines() if line and not line.startswith((" ", "<")))

    def download(self, packages: tuple[str, ...], folder: Path) -> dict[str, str]:
        """Fetch the packages' files into `folder` (apt checks hashes against the signed lists); file name → sha256."""
        before = set(folder.glob("*.deb"))
        self._run(("apt-get", "download", *packages), "下载软件包", folder)
        files = sorted(set(folder.glob("*.deb")) - before)
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    def _run(self, command: tuple[str, ...], doing: str, cwd: Path | None = None) -> str:
        program, *rest = command
        env = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        try:
            done = subprocess.run(
                (program, "-c", str(self._configuration), "-qq" if program == "apt-get" else "-q", *rest),
                cwd=cwd or self._folder,
                env=env,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise PartMissingError(
                f"{doing}超过 {_TIMEOUT_SECONDS} 秒没有完成。改法: 检查网络与软件源后重试"
            ) from error
        if done.returncode != 0:
            said = "; ".join(line for line in done.stderr.splitlines() if line.startswith(("E:", "W:")))[:400]
            raise PartMissingError(f"{doing}失败({said or done.stderr[-200:]})。改法: 检查网络、代理与软件源后重试")
        return done.stdout


def unpack(archive: Path, folder: Path) -> None:
    """Unpack one package's files into `folder`; its scripts are never run."""
    done = subprocess.run(("dpkg-deb", "-x", str(archive), str(folder)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PartMissingError(f"解包 {archive.name} 失败({done.stderr.strip()[:200]})。改法: 检查磁盘空间后重试")


def multiarch() -> str:
    """Return Debian's library folder name of this machine, such as `x86_64-linux-gnu`."""
    return f"{platform.machine()}-linux-gnu"


def _configuration(folder: Path) -> str:
    settings = {
        "Dir::State": f"{folder}/",
        "Dir::State::lists": f"{folder}/lists/",
        "Dir::State::status": f"{folder}/status",
        "Dir::Cache": f"{folder}/cache/",
        "Dir::Cache::archives": f"{folder}/cache/archives/",
        "Dir::Etc::sourcelist": f"{folder}/sources.list",
        "Dir::Etc::sourceparts": f"{folder}/parts.d",
        "Dir::Etc::preferences": f"{folder}/preferences",
        "Dir::Etc::preferencesparts": f"{folder}/parts.d",
        "APT::Sandbox::User": pwd.getpwuid(os.getuid()).pw_name,
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    hooks = ("APT::Update::Pre-Invoke", "APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success")
    lines = [f"#clear {hook};\n" for hook in hooks] + [f'{key} "{value}";\n' for key, value in settings.items()]
    return "".join(lines)


def _line(source: Source) -> str:
    option = f"[signed-by={source.signed_by}] " if source.signed_by else ""
    return "".join(f"deb {option}{source.uri} {suite} {' '.join(source.components)}\n" for suite in source.suites)


def _one_line_sources(text: str) -> list[Source]:
    found: list[Source] = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<rest>\S.*)", line)
        if match is None:
            continue
        words = match["rest"].split("#", 1)[0].split()
        signed_by = re.search(r"signed-by=(\S+)", match["options"] or "", re.IGNORECASE)
        if len(words) >= 3:
            found.append(Source(words[0], (words[1],), tuple(words[2:]), signed_by[1] if signed_by else ""))
    return found


def _deb822_sources(text: str) -> list[Source]:
    found: list[Source] = []
    for paragraph in re.split(r"\n\s*\n", re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)):
        fields = {
            m[1].lower(): " ".join(m[2].split())
            for m in re.finditer(r"^(\S+?):((?:.*(?:\n[ \t]+.*)*))", paragraph, re.MULTILINE)
        }
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false"):
            continue
        signed_by = fields.get("signed-by", "")
        suites, components = tuple(fields.get("suites", "").split()), tuple(fields.get("components", "").split())
        keep = signed_by if signed_by.startswith("/") else ""
        found.extend(Source(uri, suites, components, keep) for uri in fields.get("uris", "").split())
    return found
