"""A saved emergency policy counts at once; a broken one is refused, told with its place, and the old one stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.server.files.policy_watch import PolicyWatch
from ivr.problems import Problem
from routing.emergency.policy import Policy

SHIPPED = Path(__file__).parents[2] / "routing" / "emergency" / "policies"
SOUND = (SHIPPED / "default.yaml").read_text(encoding="utf-8")


class City:
    """What the controller does with a policy."""

    def __init__(self, file: Path) -> None:
        self.prepared: list[str] = []
        self.followed: list[str] = []
        self.problems: list[Problem] = []
        self.disk_is_full = False
        self.watch = PolicyWatch(lambda: file, self.prepare, self.follow, self.problems.extend)

    async def prepare(self, policy: Policy) -> None:
        if self.disk_is_full:
            raise OSError(28, "No space left on device")
        self.prepared.append(policy.name)

    def follow(self, policy: Policy) -> None:
        assert self.prepared[-1] == policy.name, "its words are spoken before it counts"
        self.followed.append(policy.name)


@pytest.fixture
def city(tmp_path: Path) -> City:
    file = tmp_path / "policy.yaml"
    file.write_text(SOUND, encoding="utf-8")
    return City(file)


async def test_a_sound_policy_is_followed_once_its_words_are_there(city: City) -> None:
    await city.watch.take_in(SOUND.replace("name: 默认", "name: 新版").encode())
    assert (city.followed, city.problems) == (["新版"], [])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (SOUND.replace("targets: [traffic]", "targets: [trafic]"), "traffic"),
        (SOUND.replace('numbers: ["120"]', 'numbers: ["12o"]'), "12o"),
        ("emergency_policy: 1\nname: [", "policy.yaml"),
        ("", "policy.yaml"),
    ],
)
async def test_a_broken_policy_is_told_with_its_place_and_the_old_one_stays(city: City, wrong: str, told: str) -> None:
    await city.watch.take_in(wrong.encode())
    assert city.followed == []
    assert told in "\n".join(map(str, city.problems))
    assert all(problem.remedy for problem in city.problems)


async def test_a_policy_whose_words_cannot_be_spoken_yet_is_tried_again(city: City) -> None:
    city.disk_is_full = True
    assert not await city.watch.take_in(SOUND.encode())
    assert city.followed == []
    city.disk_is_full = False
    assert await city.watch.take_in(SOUND.encode())
    assert city.followed == ["默认"]
