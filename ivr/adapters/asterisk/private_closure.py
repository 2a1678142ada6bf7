"""Which packages hold the libraries a private part still lacks: found from the part's files, not from a fixed list."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

from ivr.adapters.asterisk.private_apt import PrivateApt, unpack
from ivr.adapters.asterisk.private_elf import missing_libraries
from ivr.errors import PartMissingError

_ROUNDS = 12
_LEAST_COMMON = len("lib") + 3
# Sonames whose package does not follow from Debian's naming rule (library policy, section 8.1).
_ODD_PACKAGES = {
    "libz.so.1": "zlib1g",
    "libgcc_s.so.1": "libgcc-s1",
    "libcrypto.so.3": "libssl3",
    "libssl3.so": "libnss3",
    "libsmime3.so": "libnss3",
    "libnssutil3.so": "libnss3",
    "libplc4.so": "libnspr4",
    "libplds4.so": "libnspr4",
    "liblber-2.5.so.0": "libldap-2.5-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgmodule-2.0.so.0": "libglib2.0-0",
    "libatk-1.0.so.0": "libatk1.0-0",
    "libatk-bridge-2.0.so.0": "libatk-bridge2.0-0",
    "libatspi.so.0": "libatspi2.0-0",
}  # fmt: skip
_C_LIBRARY = re.compile(r"(?:ld-linux.*|lib(?:c|m|mvec|dl|rt|pthread|resolv|util|anl|nsl|BrokenLocale))\.so(?:\.\d+)?")
_TRANSITION_SUFFIX = (
    r"(?:\.\d+)*(?:t64|g|a|b|c2|c2a|v5|ldbl)?"  # libxslt.so.1 lives in libxslt1.1, libssl.so.3 in libssl3t64
)


def library_folders(root: Path, machine: str) -> tuple[Path, ...]:
    """Return where an unpacked package tree keeps its libraries."""
    subfolders = sorted(path for path in (root / "usr/lib" / machine).glob("*") if path.name in ("pulseaudio", "nss"))
    places = (root / "usr/lib" / machine, root / "lib" / machine, root / "usr/lib", root / "lib", *subfolders)
    return tuple(place for place in places if place.is_dir())


def host_folders(machine: str) -> tuple[Path, ...]:
    """Return where the machine itself keeps its libraries."""
    return tuple(Path(place) for place in (f"/usr/lib/{machine}", f"/lib/{machine}", "/usr/lib64", "/usr/lib", "/lib"))


def add_missing_libraries(
    apt: PrivateApt,
    packages: tuple[str, ...],
    files: tuple[Path, ...],
    host: tuple[Path, ...],
    machine: str,
    archives: Path,
    root: Path,
    progress: Callable[[str], object],
) -> dict[str, str]:
    """Fetch and unpack library packages until nothing is missing; return file name → sha256 of what was added."""
    added: dict[str, str] = {}
    names: frozenset[str] = frozenset()
    for _ in range(_ROUNDS):
        missing = missing_libraries(files, (*library_folders(root, machine), *host))
        if not missing:
            return added
        names = names or apt.dependencies(packages)
        wanted = tuple(sorted({package_of(soname, user.name, names) for soname, user in missing.items()}))
        progress(f"  下载 {' '.join(wanted)}")
        fetched = apt.download(wanted, archives)
        for name in fetched:
            unpack(archives / name, root)
        if not fetched:
            break
        added |= fetched
    raise PartMissingError(f"缺少库文件 {', '.join(sorted(missing))}")


def package_candidates(soname: str) -> re.Pattern[str]:
    """Return a pattern for the package names that, by Debian's rule, may hold `soname`."""
    if soname in _ODD_PACKAGES:
        return re.compile(re.escape(_ODD_PACKAGES[soname]) + _TRANSITION_SUFFIX)
    if _C_LIBRARY.fullmatch(soname):
        return re.compile(r"libc6")
    stem, _, version = soname.partition(".so")
    version = version.lstrip(".").lower()
    base = stem.lower().replace("_", "-")
    separator = "-" if base[-1:].isdigit() and version else ""
    return re.compile(re.escape(f"{base}{separator}{version}") + _TRANSITION_SUFFIX)


def package_of(soname: str, user: str, names: frozenset[str]) -> str:
    """Return which of the packages `names` holds `soname`, by Debian's rule, else by the longest common beginning.

    The second way finds what was named before the rule: libxml2.so.2 in libxml2, libicuuc.so.72 in libicu72.
    A wrong guess does no harm: the library stays missing and is told. PartMissingError when nothing is near.
    """
    pattern = package_candidates(soname)
    found = sorted((name for name in names if pattern.fullmatch(name)), key=len)
    if found:
        return found[-1]
    near = {name: _alike(soname.lower(), name) for name in names}
    best = max(near.values(), default=0)
    if best < _LEAST_COMMON:
        raise PartMissingError(f"不知道哪个软件包带有 {soname}({user} 需要它)")
    return min((name for name, common in near.items() if common == best), key=lambda name: (len(name), name))


def _alike(one: str, other: str) -> int:
    """Return how many characters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
