"""Models are tried before they are trusted, and installing one either works or changes nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ivr.adapters.vosk import model_check, model_install
from ivr.adapters.vosk.model_check import is_checked, verify
from ivr.adapters.vosk.model_folder import CHECKSUMS, MANIFEST, sample_rate_hz, sha256
from ivr.adapters.vosk.model_install import install
from ivr.adapters.vosk.models import DEMO_MODEL, describe, find, installed, open_model
from ivr.errors import EarsError
from tests.ivr.vosk.speech import MODEL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of our own that may be broken."""
    return Path(shutil.copytree(MODEL, tmp_path / "source" / "vosk-model-test-cn-1", ignore=_no_manifest))


def _no_manifest(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in (CHECKSUMS, MANIFEST)}


@pytest.fixture(autouse=True)
def _own_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests check is forgotten after them."""
    monkeypatch.setattr(model_check, "NOTES", tmp_path / "notes")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where models are installed."""
    return tmp_path / "models"


def write_manifest(folder: Path, name: str) -> None:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.name not in (MANIFEST, CHECKSUMS)]
    entries = [{"path": file.relative_to(folder).as_posix(), "sha256": sha256(file)} for file in files]
    if name == MANIFEST:
        text = json.dumps(
            {"files": entries, "licence": "Apache-2.0", "language": "zh-CN", "synthetic_speech_only": True}
        )
    else:
        text = "".join(f"{entry['sha256']}  {entry['path']}\n" for entry in entries)
    (folder / name).write_text(text)


def zipped(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        for file in folder.rglob("*"):
            package.write(file, file.relative_to(folder.parent))
    return archive


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """`folder` on a loopback web server."""
    handler = partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


# --------------------------------------------------------------------------------------------------------- verifying


def test_a_good_model_is_tried_once_and_remembered(folder: Path) -> None:
    verdict = verify(folder)
    assert verdict.is_good
    assert verdict.sample_rate_hz == sample_rate_hz(folder)
    assert verdict.load_seconds > 0
    assert is_checked(folder)
    (folder / "conf" / "model.conf").write_text((folder / "conf" / "model.conf").read_text() + "\n")
    assert not is_checked(folder)


@pytest.mark.parametrize("part", ["am/final.mdl", "graph/HCLG.fst", "graph/words.txt", "conf/mfcc.conf"])
def test_a_missing_file_is_named(folder: Path, part: str) -> None:
    (folder / part).unlink()
    verdict = verify(folder)
    assert not verdict.is_good
    assert part in verdict.problems[0]


@pytest.mark.parametrize("part", ["am/final.mdl", "graph/HCLG.fst", "conf/model.conf"])
def test_a_damaged_file_that_crashes_libvosk_does_not_crash_us(folder: Path, part: str) -> None:
    (folder / part).write_bytes(b"--no-such-option=1\n\x00\x01\x02" * 50)
    verdict = verify(folder, timeout_s=60)
    assert not verdict.is_good
    assert not is_checked(folder)


def test_a_truncated_network_is_found(folder: Path) -> None:
    network = folder / "am" / "final.mdl"
    network.write_bytes(network.read_bytes()[:200_000])
    assert not verify(folder, timeout_s=60).is_good


def test_a_model_that_takes_too_long_is_given_up(folder: Path) -> None:
    assert "未能加载完成" in verify(folder, timeout_s=0.01).problems[0]


@pytest.mark.parametrize("name", [MANIFEST, CHECKSUMS])
def test_a_manifest_is_checked_to_the_last_bit(folder: Path, name: str) -> None:
    write_manifest(folder, name)
    assert verify(folder).is_good
    assert verify(folder).has_manifest
    words = folder / "graph" / "words.txt"
    words.write_bytes(words.read_bytes()[:-1] + b" ")
    assert any("words.txt" in problem for problem in verify(folder).problems)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (CHECKSUMS, f"{'0' * 64}  ../../etc/passwd\n"),
        (CHECKSUMS, "nonsense\n"),
        (MANIFEST, "[" * 100_000),
        (MANIFEST, "[]"),
        (MANIFEST, '{"files": ["x", {"path": 1, "sha256": 2}]}'),
    ],
)
def test_a_senseless_manifest_is_a_problem(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    assert name in verify(folder).problems[0]
    assert describe(folder).has_manifest


def test_the_manifest_tells_licence_language_and_that_it_is_a_demo(folder: Path) -> None:
    write_manifest(folder, MANIFEST)
    model = describe(folder)
    assert (model.licence, model.language, model.is_demo) == ("Apache-2.0", "zh-CN", True)


def test_a_senseless_sample_rate_is_a_problem_with_a_remedy(folder: Path) -> None:
    (folder / "conf" / "mfcc.conf").write_text("--sample-frequency=1\n")
    assert "改法" in verify(folder).problems[0]
    assert describe(folder).problems


# ---------------------------------------------------------------------------------------------------------- choosing


def test_the_list_shows_every_model_the_broken_ones_too(folder: Path, place: Path) -> None:
    install(str(folder), place)
    shutil.copytree(folder, place / "broken-zh")
    (place / "broken-zh" / "am" / "final.mdl").unlink()
    (place / "recipe").mkdir()
    models = {model.name: model for model in installed([place, place.parent / "nowhere"])}
    assert set(models) == {"vosk-model-test-cn-1", "broken-zh"}
    good = models["vosk-model-test-cn-1"]
    assert (good.language, good.checked, good.problems) == ("zh", True, ())
    assert good.size_bytes > 1_000_000
    assert models["broken-zh"].problems


def test_the_model_card_tells_the_licence(folder: Path) -> None:
    (folder / "MODEL_CARD.md").write_text("# 演示模型\n\n- License: Apache-2.0\n")
    assert (describe(folder).licence, describe(folder).card) == ("Apache-2.0", "演示模型")


def test_the_demo_model_comes_with_a_warning_and_a_real_one_without(folder: Path, place: Path) -> None:
    install(str(folder), place, name=DEMO_MODEL)
    install(str(folder), place)
    assert "不能用于真实来电" in open_model("", [place])[1]
    assert open_model("vosk-model-test-cn-1", [place])[1] == ""
    assert open_model(str(folder), [])[1] == ""


def test_a_model_that_is_not_there_or_broken_says_what_to_do(folder: Path, place: Path) -> None:
    with pytest.raises(EarsError, match="改法"):
        find("vosk-model-cn-9", [place])
    place.mkdir()
    shutil.copytree(folder, place / "bad")
    (place / "bad" / "am" / "final.mdl").write_bytes(b"nonsense")
    with pytest.raises(EarsError, match="没有转写"):
        open_model("bad", [place])


# -------------------------------------------------------------------------------------------------------- installing


def test_a_model_is_installed_from_a_folder_a_zip_and_an_address(folder: Path, place: Path, tmp_path: Path) -> None:
    archive = zipped(folder, tmp_path / "download.zip")
    assert install(str(folder), place / "a").checked
    assert install(str(archive), place / "b").name == "vosk-model-test-cn-1"
    assert install(archive.as_uri(), place / "c", name="mine").name == "mine"
    seen: list[tuple[int, int]] = []
    with served(tmp_path) as address:
        model = install(
            f"{address}/download.zip",
            place / "d",
            sha256_hex=sha256(archive).upper(),
            progress=lambda done, total: seen.append((done, total)),
        )
    assert model.checked
    assert seen[-1] == (archive.stat().st_size, archive.stat().st_size)
    assert [child.name for child in (place / "d").iterdir()] == ["vosk-model-test-cn-1"]


def test_a_wrong_sha256_installs_nothing(folder: Path, place: Path, tmp_path: Path) -> None:
    archive = zipped(folder, tmp_path / "m.zip")
    with pytest.raises(EarsError, match="sha256"):
        install(str(archive), place, sha256_hex=hashlib.sha256(b"other").hexdigest())
    with served(tmp_path) as address, pytest.raises(EarsError, match="sha256"):
        install(f"{address}/m.zip", place)
    assert list(place.iterdir()) == []


def test_a_broken_model_does_not_replace_the_one_that_works(folder: Path, place: Path) -> None:
    install(str(folder), place)
    (folder / "am" / "final.mdl").write_bytes(b"nonsense")
    with pytest.raises(EarsError, match="未通过检查"):
        install(str(folder), place)
    assert verify(place / "vosk-model-test-cn-1").is_good
    assert [child.name for child in place.iterdir()] == ["vosk-model-test-cn-1"]


@pytest.mark.parametrize("name", ["../../escaped.txt", "/tmp/hotline-escaped.txt", "a/../../../escaped.txt", "..\\x"])
def test_a_zip_that_reaches_outside_is_refused(place: Path, tmp_path: Path, name: str) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr(name, "gotcha")
    with pytest.raises(EarsError, match="不安全"):
        install(str(archive), place)
    assert list(place.iterdir()) == []
    assert not list(tmp_path.glob("**/escaped.txt"))


def test_a_zip_with_a_link_inside_is_refused(place: Path, tmp_path: Path) -> None:
    archive = tmp_path / "link.zip"
    with zipfile.ZipFile(archive, "w") as package:
        link = zipfile.ZipInfo("model/am")
        link.external_attr = 0o120777 << 16
        package.writestr(link, "/etc")
    with pytest.raises(EarsError, match="不安全"):
        install(str(archive), place)


def test_a_zip_bomb_is_refused_before_it_unfolds(place: Path, tmp_path: Path) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("model/am/final.mdl", bytes(80_000_000))
    with pytest.raises(EarsError, match="炸弹"):
        install(str(archive), place)


def test_too_many_files_are_refused(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_install, "MAX_FILES", 3)
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as package:
        for number in range(4):
            package.writestr(f"{number}", "")
    with pytest.raises(EarsError, match="文件过多"):
        install(str(archive), place)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a zip", b"<html>404</html>"])
def test_what_is_no_zip_is_said_to_be_none(place: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(EarsError, match="已损坏或不是 zip"):
        install(str(tmp_path / "x.zip"), place)


def test_a_dead_address_and_a_missing_path_say_what_to_do(place: Path, tmp_path: Path) -> None:
    with served(tmp_path) as address, pytest.raises(EarsError, match=r"下载失败.*改法"):
        install(f"{address}/nothing.zip", place, sha256_hex="0" * 64)
    with pytest.raises(EarsError, match="找不到"):
        install(str(tmp_path / "nothing"), place)
    with pytest.raises(EarsError, match="没有完整的 Vosk 模型"):
        install(str(tmp_path), place)
    with pytest.raises(EarsError, match="名称"):
        install(str(MODEL), place, name="../evil")
