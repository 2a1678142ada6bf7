"""Files that people change while the hotline runs: read again when they changed, by whoever asks first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from cti.adapters.files.followed import Followed
from cti.server.drafting import own_words
from cti.server.orders import SHIPPED_CATALOGUE, dispatch_catalogue
from cti.settings import default_settings
from ivr.errors import AuthorError
from ivr.problems import Place, Problem


def test_who_asks_while_a_file_is_read_for_the_first_time_waits_for_it(tmp_path: Path) -> None:
    file, reading, go_on = tmp_path / "grids.yaml", threading.Event(), threading.Event()
    file.write_text("all", encoding="utf-8")

    def load() -> str:
        reading.set()
        assert go_on.wait(30)
        return file.read_text(encoding="utf-8")

    followed = Followed(lambda: [file], load, "nothing")
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(followed)
        assert reading.wait(30)
        second = threads.submit(followed)
        wait([second], timeout=0.2)
        go_on.set()
        assert [first.result(30), second.result(30)] == ["all", "all"], "nobody is told of a city that has nothing"


def test_a_file_with_a_mistake_or_none_leaves_what_was_until_it_is_mended(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"

    def load() -> str:
        text = file.read_text(encoding="utf-8")
        if text == "broken":
            raise AuthorError((Problem(Place(str(file)), "坏了。", "改好。"),))
        return text

    followed = Followed(lambda: [file], load, "first")
    assert followed() == "first"
    for text, told in (("one", "one"), ("broken", "one"), ("mended", "mended")):
        file.write_text(text, encoding="utf-8")
        assert followed() == told
    file.unlink()
    assert followed() == "mended"


def test_the_catalogue_is_read_once_for_each_time_that_it_was_written(tmp_path: Path) -> None:
    settings = default_settings(tmp_path, tmp_path)
    own = own_words(settings) / "catalogue.yaml"
    assert dispatch_catalogue(settings) is dispatch_catalogue(settings), "a request waits for no file"
    own.parent.mkdir(parents=True)
    own.write_text(SHIPPED_CATALOGUE.read_text(encoding="utf-8").replace("version:", "version:  9"), encoding="utf-8")
    assert dispatch_catalogue(settings).version.startswith("9")
    own.write_text("units: oops", encoding="utf-8")
    with pytest.raises(AuthorError):
        dispatch_catalogue(settings)
