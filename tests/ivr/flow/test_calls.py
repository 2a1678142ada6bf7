"""tests/calls/*.yaml: one file, one telephone call, played through the engine."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ivr.commands import Command
from ivr.flow.calls import CALL, Opening, deeds, events_of, standing, words_heard
from ivr.flow.engine import advance, open_session
from ivr.flow.play import call_document, start_play, typed
from ivr.flow.session import told
from ivr.flow.switch_cases import QueueFacts
from ivr.yaml_source import YamlList, YamlMap, YamlScalar, YamlValue, read_yaml
from tests.ivr.flow import shipped

FILES = sorted(shipped.CALLS.glob("*.yaml"))


def plain(value: YamlValue) -> object:
    match value:
        case YamlMap(entries=entries):
            return {key: plain(inner) for key, inner in entries.items()}
        case YamlList(items=items):
            return [plain(item) for item in items]
        case YamlScalar(value=found, raw=raw):
            return raw if isinstance(found, str) else found


def run(text: str, name: str) -> None:
    tree, problems = read_yaml(text, name)
    assert problems == ()
    assert tree is not None
    document = plain(tree)
    assert isinstance(document, dict)
    at = datetime.fromisoformat(str(document["at"]))
    opening = Opening(str(document["flow"]), at, str(document.get("caller", "")))
    session = open_session(shipped.book(), opening.flow, CALL)
    queues = document.get("queues", {})
    session = told(session, {queue: QueueFacts(*facts) for queue, facts in queues.items()})
    session, commands = advance(session, opening.offered())
    due = list(deeds(commands))
    for number, item in enumerate(document["story"], 1):
        where = f"{name}, item {number}: {item}"
        events = events_of(item, session, at)
        if events is not None:
            assert not due, f"{where}: before it the switch was also asked for {due}"
            collected: list[Command] = []
            for event in events:
                session, asked = advance(session, event)
                collected += asked
            commands, due = tuple(collected), list(deeds(collected))
            continue
        match item:
            case {"heard": text}:
                assert str(text) in words_heard(commands, shipped.words()), where
            case {"does": deed}:
                assert due, where
                assert due.pop(0) == deed, where
            case {"path": path}:
                assert list(session.path) == path, where
            case {"ends": how}:
                assert standing(session) == how, where
            case _:
                pytest.fail(f"{where}: not a thing of a story")
    assert not due, f"{name}: at the end the switch was also asked for {due}"


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_the_call_goes_as_written(file: Path) -> None:
    run(file.read_text(encoding="utf-8"), file.name)


def test_there_are_at_least_a_dozen_calls() -> None:
    assert len(FILES) >= 12


def test_a_changed_expectation_fails() -> None:
    text = (shipped.CALLS / "complaint_by_key.yaml").read_text(encoding="utf-8")
    with pytest.raises(AssertionError):
        run(text.replace("排队 complaint", "排队 other"), "changed")
    with pytest.raises(AssertionError):
        run(text.replace('  - does: "排队 complaint"\n', ""), "changed")


def test_what_was_played_at_the_terminal_is_a_test_that_repeats_it() -> None:
    at = datetime.fromisoformat("2026-11-23T10:00:00+08:00")
    played, shown = start_play(shipped.book(), Opening("menu", at, "13812345678"), shipped.words())
    assert shown.startswith("听到：您好")
    for line in (".", "3", "20261122001#", "我要人工", "?", "q 瞎", "q 1", "1", "", "胡言", "!"):
        played, _ = typed(played, line)
    assert played.is_over
    run(call_document(played, '他说"好"'), "played")
