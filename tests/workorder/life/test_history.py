"""The history: sealed, append-only, and whole after a round trip through JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workorder.life.packs import CENTRE, HOST, WATER, Life, unit
from workorder.clock.due import Limit, TimeUnit
from workorder.life import actions as a
from workorder.life.codec import from_plain, to_plain
from workorder.life.evolve import fold
from workorder.life.history import LifeEvent, breaks_in


def some_history() -> list[LifeEvent]:
    life = Life("suqian", calls=("hl-1.1",)).with_unit()
    life.does(unit(), a.RequestExtension(Limit(6, TimeUnit.DAYS), "雨季")).does(HOST, a.RefuseExtension("不必"))
    return life.does(unit(), a.Reply("修好了。", attachments=("a.jpg",))).does(CENTRE, a.PassReview()).history


@pytest.mark.requirement("S-35", "J-34")
def test_a_history_that_nobody_touched_holds_and_adds_up() -> None:
    history = some_history()
    assert breaks_in(history) == ()
    assert fold(history).version == len(history)
    assert [event.seq for event in history] == list(range(1, len(history) + 1))


@pytest.mark.requirement("J-34")
def test_every_edit_of_a_history_shows() -> None:
    whole = some_history()
    third = whole[2]
    edits = {
        "changed words": [*whole[:4], replace(whole[4], action=a.Reply("没修。")), *whole[5:]],
        "changed instant": [*whole[:2], replace(third, at=third.at + timedelta(seconds=1)), *whole[3:]],
        "changed owner": [*whole[:2], replace(third, owner="别的单位"), *whole[3:]],
        "resealed alone": [*whole[:2], replace(third, owner="别的单位").sealed(), *whole[3:]],
        "left out": [*whole[:2], *whole[3:]],
        "turned round": [*whole[:2], whole[3], whole[2], *whole[4:]],
        "doubled": [*whole[:3], whole[2], *whole[3:]],
    }
    assert {name for name, edited in edits.items() if not breaks_in(edited)} == set()


def test_events_come_back_from_json_as_they_were() -> None:
    for event in some_history():
        assert from_plain(LifeEvent, json.loads(json.dumps(to_plain(event)))) == event


def test_a_field_that_a_later_version_adds_breaks_no_old_seal() -> None:
    text = json.dumps(to_plain(some_history()[0]))
    assert "consents" not in text  # at its default it is neither stored nor sealed
    assert breaks_in([from_plain(LifeEvent, json.loads(text))]) == ()


@pytest.mark.parametrize("plain", [{}, [], {"is": "LifeEvent"}, {"is": "LifeEvent", "action": {"is": "Nonsense"}}, 7])
def test_anything_else_is_no_event(plain: object) -> None:
    with pytest.raises(ValueError, match="not a LifeEvent"):
        from_plain(LifeEvent, plain)


def test_a_unit_of_an_order_is_named_in_its_history() -> None:
    assert {event.owner for event in some_history()} == {"热线中心", WATER}
