"""110, 119, 120 and 122, each in every mode that a policy may write: the target is reached and the caller stays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from routing.emergency.kinds import Kind
from routing.emergency.policy import Policy, Source
from routing.emergency.policy_file import load_policy
from tests.routing.emergency.test_shell import (
    AGENT,
    CALL,
    CALLER,
    JOINED,
    OUR_LEG,
    TAKEN,
    TALK,
    Scene,
    heard,
    scene,
)

POLICIES = Path(__file__).parents[3] / "routing/emergency/policies"
CALLED_AND_JOINED = (OUR_LEG, TAKEN, JOINED)
SAID = {
    Kind.POLICE: "有人拿刀砍人了",
    Kind.FIRE: "我家着火了，火很大",
    Kind.MEDICAL: "老人晕倒了，没有呼吸了",
    Kind.TRAFFIC: "这里发生车祸，撞车了，有人受伤",
}


def written(city: str, mode: str = "") -> Policy:
    """A shipped policy, with every `mode:` of its file written as `mode`."""
    text = (POLICIES / f"{city}.yaml").read_text(encoding="utf-8")
    policy, problems = load_policy(re.sub(r"mode: \w+", f"mode: {mode}", text) if mode else text, "own.yaml")
    assert policy is not None, problems
    return policy


async def click(here: Scene, kind: Kind) -> None:
    await here.tell(*TALK)
    assert here.desk.raise_case(CALL, kind, Source.CLICK, "801", "市民求助").is_done
    await here.settle()


def to_citizen(here: Scene) -> str:
    """The first words that the machine says to the citizen."""
    return next(str(data["text"]) for name, data, _ in here.teller.told if name == "emergency_to_say")


def hung_up(here: Scene) -> list[object]:
    return [asked[0] for asked in here.asked("hang_up")]


@pytest.mark.requirement("L-05")
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("mode", ["transfer", "three_way"])
async def test_each_of_the_four_is_reached_with_the_caller_still_on_the_line(kind: Kind, mode: str) -> None:
    async with scene(policy=written("lanzhou", mode)) as here:
        await click(here, kind)
        assert here.dialled() == [f"PJSIP/{kind.value}@emergency"]
        await here.tell(*CALLED_AND_JOINED)
        assert "emergency_joined" in here.teller.names()
        assert hung_up(here) == [], "all three talk"
        assert here.desk.verified(CALL, "801").is_done
        await here.settle()
        assert hung_up(here) == ([AGENT] if mode == "transfer" else []), "handing over frees the agent alone"
        assert CALLER not in hung_up(here)


@pytest.mark.requirement("L-05")
@pytest.mark.parametrize("kind", Kind)
async def test_a_policy_that_says_guide_tells_the_number_and_calls_nobody(kind: Kind) -> None:
    async with scene(policy=written("lanzhou", "guide")) as here:
        await click(here, kind)
        assert here.dialled() == []
        told = [str(data["text"]) for name, data, _ in here.teller.told if name == "emergency_told"]
        assert [kind.value in text for text in told] == [True]
        assert hung_up(here) == []


@pytest.mark.requirement("Y-41")
@pytest.mark.parametrize("kind", Kind)
async def test_words_of_danger_show_the_agent_the_guiding_words_and_offer_the_call(kind: Kind) -> None:
    async with scene(policy=written("yangling")) as here:
        await here.tell(*TALK)
        here.desk.hear(heard(SAID[kind]))
        await here.settle()
        (told,) = [data for name, data, _ in here.teller.told if name == "emergency_told"]
        assert f"也可以直接拨打 {kind.value}" in str(told["text"])
        assert told["asks"] == "confirm"
        assert here.dialled() == [], "offered, not yet done"
        assert here.desk.confirm(CALL, "801").is_done
        await here.settle()
        assert here.dialled()[0] == f"PJSIP/{kind.value}@emergency"
        assert f"也可以直接拨打 {kind.value}" in to_citizen(here), "the citizen is guided too"


@pytest.mark.requirement("S-19")
@pytest.mark.parametrize("kind", Kind)
async def test_suqian_guides_the_citizen_and_notifies_the_linked_unit_at_the_same_time(kind: Kind) -> None:
    async with scene(policy=written("suqian")) as here:
        await click(here, kind)
        assert f"也可以直接拨打 {kind.value}" in to_citizen(here)
        assert here.dialled()[0] == f"PJSIP/{kind.value}@emergency"
        notices = [(data["title"], lasting) for name, data, lasting in here.teller.told if name == "emergency_notify"]
        assert notices == [("应急联动值班", True)]
        told: list[Any] = [line["told"] for line in here.journal.read(CALL) if line["name"] == "emergency.UnitNews"]
        assert [(news["target"], news["mark"]) for news in told] == [("linkage", "unit_called")], "it is written down"
        await here.tell(*CALLED_AND_JOINED)
        assert "emergency_joined" in here.teller.names()
