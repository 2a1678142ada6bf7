"""The rootless parts: the machine's sources are read as apt reads them, and what was fetched needs nothing more."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from ivr.adapters.asterisk import doctor, private, private_apt
from ivr.adapters.asterisk.private import Part, PartName, as_unprivileged, ensure, find, parts_folder
from ivr.adapters.asterisk.private_apt import Source, debian_sources, machine_sources, multiarch, own_release_sources
from ivr.adapters.asterisk.private_closure import host_folders, library_folders, package_candidates, package_of
from ivr.adapters.asterisk.private_elf import missing_libraries, needed_libraries
from ivr.adapters.asterisk.private_parts import RECIPES, Recipe, version_of
from ivr.adapters.asterisk.render_templates import wanted_modules
from ivr.errors import PartMissingError


def test_sources_of_both_kinds_are_read(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "# deb http://old.example/debian buster main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # note\n"
        "deb-src http://mirror.example/debian bookworm main\n"
    )
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "other.sources").write_text(
        "Types: deb deb-src\n# a comment\nURIs: http://a.example/debian http://b.example/debian\n"
        "Suites: bookworm bookworm-updates\nComponents: main\nSigned-By: /usr/share/k.gpg\n\n"
        "Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\n\n"
        "Types: deb\nURIs: http://inline.example/debian\nSuites: trixie\nComponents: main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----\n"
    )
    assert machine_sources(tmp_path) == (
        Source("http://mirror.example/debian", ("bookworm",), ("main", "contrib"), "/k.gpg"),
        Source("http://a.example/debian", ("bookworm", "bookworm-updates"), ("main",), "/usr/share/k.gpg"),
        Source("http://b.example/debian", ("bookworm", "bookworm-updates"), ("main",), "/usr/share/k.gpg"),
        Source("http://inline.example/debian", ("trixie",), ("main",)),
    )


def test_only_the_distributions_own_archives_are_used(tmp_path: Path) -> None:
    sources = (
        Source("http://mirror.example/debian", ("bookworm",), ("main",)),
        Source("http://mirror.example/debian-security", ("bookworm-security",), ("main",)),
        Source("https://vendor.example/node", ("nodistro",), ("main",)),
    )
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    assert own_release_sources(sources) == sources[:2]
    assert debian_sources("sid", sources, keyring) == (
        Source("http://mirror.example/debian", ("sid",), ("main",), str(keyring)),
    )


def test_without_debians_keys_nothing_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(PartMissingError, match="debian-archive-keyring"):
        debian_sources("sid", (), tmp_path / "none.gpg")


def test_a_machine_without_apt_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_named: None)
    monkeypatch.setattr(private, "_find_system", lambda _recipe: None)
    with pytest.raises(PartMissingError, match=r"apt-get.*mosquitto 2\.0"):
        ensure(PartName.MOSQUITTO, tmp_path)


def test_a_mirror_that_fails_is_reported_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = Source("http://127.0.0.1:9/debian", ("sid",), ("main",), "/usr/share/keyrings/debian-archive-keyring.gpg")
    monkeypatch.setattr(private, "debian_sources", lambda *_: (dead,))
    with pytest.raises(PartMissingError, match=r"下载软件包清单失败.*改法"):
        ensure(PartName.ASTERISK, tmp_path)
    assert not [one for one in tmp_path.iterdir() if one.name.startswith("asterisk")]


def test_unsigned_packages_are_refused(tmp_path: Path) -> None:
    """A mirror that anyone could have written is no mirror: apt itself must say no."""
    archive = tmp_path / "debian" / "dists" / "sid"
    archive.mkdir(parents=True)
    (archive / "Release").write_text("Suite: sid\nCodename: sid\nComponents: main\nArchitectures: amd64\n")
    source = Source(f"file:{tmp_path}/debian", ("sid",), ("main",), "/usr/share/keyrings/debian-archive-keyring.gpg")
    with pytest.raises(PartMissingError):
        private_apt.PrivateApt(tmp_path / "apt", (source,)).update()


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libssl.so.3", "libssl3t64"),
        ("libcrypto.so.3", "libssl3t64"),
        ("libxslt.so.1", "libxslt1.1"),
        ("libxml2.so.16", "libxml2-16"),
        ("libstdc++.so.6", "libstdc++6"),
        ("libgcc_s.so.1", "libgcc-s1"),
        ("libz.so.1", "zlib1g"),
        ("libsqlite3.so.0", "libsqlite3-0"),
        ("libnssutil3.so", "libnss3"),
        ("libnspr4.so", "libnspr4"),
        ("libc.so.6", "libc6"),
        ("ld-linux-x86-64.so.2", "libc6"),
        ("libsrtp2.so.1", "libsrtp2-1"),
        ("libpcap.so.0.8", "libpcap0.8"),
    ],
)
def test_the_package_of_a_library_follows_debians_naming_rule(soname: str, package: str) -> None:
    pattern = package_candidates(soname)
    assert pattern.fullmatch(package)
    assert not pattern.fullmatch(f"{package}-dev")


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libxml2.so.2", "libxml2"),
        ("libicuuc.so.72", "libicu72"),
        ("libicui18n.so.72", "libicu72"),
        ("libpulse-simple.so.0", "libpulse0"),
        ("libpulsecommon-16.1.so", "libpulse0"),
        ("liblber-2.5.so.0", "libldap-2.5-0"),
        ("libgssapi_krb5.so.2", "libgssapi-krb5-2"),
    ],
)
def test_a_library_named_before_the_rule_is_found_among_the_dependencies(soname: str, package: str) -> None:
    names = frozenset(
        ("libxml2", "libxml2-utils", "libicu72", "libpulse0", "libpam0g", "libldap-2.5-0", "libgssapi-krb5-2", "libc6")
    )
    assert package_of(soname, "postgres", names) == package


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libgobject-2.0.so.0", "libglib2.0-0"),
        ("libgio-2.0.so.0", "libglib2.0-0t64"),
        ("libatk-1.0.so.0", "libatk1.0-0"),
        ("libatk-bridge-2.0.so.0", "libatk-bridge2.0-0"),
        ("libjpeg.so.62", "libjpeg62-turbo"),
        ("libX11.so.6", "libx11-6"),
        ("libXcomposite.so.1", "libxcomposite1"),
        ("libudev.so.1", "libudev1"),
    ],
)
def test_what_a_browser_needs_is_found_among_its_dependencies(soname: str, package: str) -> None:
    names = (
        "libgbm1",
        "libgtk-3-0",
        "libatk1.0-0",
        "libatk-bridge2.0-0",
        "libatspi2.0-0",
        "libjpeg62-turbo",
        "libx11-6",
    )
    assert package_of(soname, "chromium", frozenset((*names, "libxcomposite1", "libudev1", package))) == package


def test_a_library_that_nothing_resembles_is_told_with_the_program_that_needs_it() -> None:
    with pytest.raises(PartMissingError, match=r"libfoo\.so\.1.*postgres"):
        package_of("libfoo.so.1", "postgres", frozenset(("libxml2", "libc6")))


def test_versions_are_compared_as_numbers() -> None:
    assert version_of("1:22.10.1+dfsg+~cs6.17.60671434-1") == (22, 10, 1)
    assert version_of("Asterisk 22.9.0") == (22, 9, 0)
    assert version_of("22.10.1") > version_of("22.9.0")
    assert version_of("mosquitto version 2.0.11") == (2, 0, 11)
    assert version_of("nothing") == (0,)


def test_the_libraries_of_a_program_are_read_from_the_file() -> None:
    shell = Path("/bin/sh").resolve()
    assert "libc.so.6" in needed_libraries(shell)
    assert missing_libraries((shell,), host_folders(multiarch())) == {}
    assert missing_libraries((shell,), ()) == {"libc.so.6": shell}
    assert needed_libraries(Path(__file__)) == ()


@pytest.mark.parametrize(
    ("version", "modules", "is_used"),
    [("20.0.1", True, True), ("22.10.1", True, True), ("18.26.4", True, False), ("20.0.1", False, False)],
)
def test_the_machines_own_asterisk_is_used_from_version_20_on_if_it_has_the_modules(
    version: str, modules: bool, is_used: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "asterisk"
    program.write_text(f"#!/bin/sh\necho Asterisk {version}\n")
    program.chmod(0o755)
    folder = tmp_path / "modules"
    folder.mkdir()
    for module in wanted_modules() if modules else ():
        (folder / module).touch()
    monkeypatch.setattr(shutil, "which", lambda *_args, **_named: str(program))
    monkeypatch.setattr(private, "_system_folder", lambda _pattern: folder)
    found = find(PartName.ASTERISK, tmp_path)
    assert (found is not None) is is_used
    if found is not None:
        assert (found.origin, found.version, found.command) == ("system", version, (str(program),))


@pytest.mark.system
def test_the_private_asterisk_is_whole_and_runs() -> None:
    part = ensure(PartName.ASTERISK, parts_folder(Path.home()), print)
    assert version_of(part.version) >= RECIPES[PartName.ASTERISK].system_least
    said = subprocess.run((*part.command, "-V"), capture_output=True, text=True, check=True, timeout=20).stdout
    assert "Asterisk" in said
    if part.origin == "private":
        modules = tuple(part.folders["modules"] / module for module in wanted_modules())
        assert missing_libraries(modules, library_folders(part.root, multiarch())) == {}


@pytest.mark.system
def test_the_browser_of_the_tests_is_whole_and_runs() -> None:
    part = ensure(PartName.CHROMIUM, parts_folder(Path.home()), print)
    env = {**os.environ, **part.env}
    said = subprocess.run((*part.command, "--version"), capture_output=True, text=True, check=True, timeout=20, env=env)
    assert "Chrom" in said.stdout
    if part.origin == "private":
        folders = (*library_folders(part.root, multiarch()), *host_folders(multiarch()))
        assert missing_libraries((Path(part.command[0]),), folders) == {}
        fonts = list(part.folders["fonts"].rglob("*.tt?"))
        assert fonts, "no font with Chinese"


@pytest.mark.system
def test_a_second_run_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = parts_folder(Path.home())
    first = ensure(PartName.ASTERISK, folder)

    def no_network(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(private, "PrivateApt", no_network)
    assert ensure(PartName.ASTERISK, folder) == first
    assert find(PartName.ASTERISK, folder) == first


def _fetch_here(folder: Path) -> Part:
    """Want a part on a machine that has none, where fetching takes a while and is counted."""

    def fetch(recipe: Recipe, folder: Path, progress: object) -> Part:
        with (folder / "fetched").open("a") as counted:
            counted.write("x")
        time.sleep(0.5)
        root = folder / "mosquitto-2.0.11-test"
        for program in recipe.programs.values():
            (root / program).parent.mkdir(parents=True, exist_ok=True)
            (root / program).touch()
        stamp = {"version": "2.0.11", "recipe": private._fingerprint(recipe)}
        (root / private._STAMP).write_text(json.dumps(stamp))
        part = private._private_part(recipe, root, "2.0.11")
        assert part is not None
        return part

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(private, "_find_system", lambda _recipe: None)
        patch.setattr(private, "_fetch", fetch)
        return ensure(PartName.MOSQUITTO, folder)


def test_two_processes_that_want_the_same_part_fetch_it_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        one, other = pool.map(_fetch_here, [tmp_path, tmp_path], chunksize=1)
    assert one == other
    assert (tmp_path / "fetched").read_text() == "x"


def test_root_hands_the_database_to_somebody_else() -> None:
    command = as_unprivileged(("id", "-u"))
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert said != "0"


def test_the_doctor_names_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    findings = doctor.probe(tmp_path, look=lambda _name, _folder: None)
    assert [finding.ok for finding in findings] == [False, False, False]
    assert all("hotline up" in finding.remedy for finding in findings)
    only_tests = doctor.probe(tmp_path, (PartName.SIPP,), look=lambda _name, _folder: None)
    assert only_tests[0].ok
