"""The shipped packs, the shipped calendar, and short ways to move an order in tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import workorder.cities
from tests.workorder.clock.test_days import shipped
from workorder.cities.pack import Pack
from workorder.cities.pack_file import load_pack
from workorder.life import actions as a
from workorder.life.actors import Actor, Role
from workorder.life.decide import decide, open_order
from workorder.life.evolve import evolve
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal
from workorder.order import HOTLINE_TIME, OrderNumber

FOLDER = Path(workorder.cities.__file__).parent
CITIES = ("lanzhou", "jinan", "yangling", "suqian", "digital_city")
CALENDAR = shipped()
NUMBER = OrderNumber("WO20261120-000001")
BEGUN = datetime(2026, 11, 20, 9, 0, tzinfo=HOTLINE_TIME)  # a Friday
WATER, ROADS, PARKS = "水务局", "规划建设局", "公投集团"

AGENT = Actor("801", Role.AGENT)
CENTRE = Actor("派单员", Role.CENTRE)
HOST = Actor("热线办", Role.HOST)
GOVERNING = Actor("主管", Role.GOVERNING)
LEADER = Actor("市领导", Role.LEADER)
COLLECTOR = Actor("采集员甲", Role.COLLECTOR)
CHECKED = a.Accept(checked=("位置", "类别", "照片", "责任单位"))
"""Accepted with everything that any city wants checked first."""


def unit(name: str = WATER) -> Actor:
    return Actor(f"{name}经办", Role.UNIT, name)


def pack_of(city: str) -> Pack:
    file = FOLDER / f"{city}.yaml"
    pack, problems = load_pack(file.read_bytes(), file.name)
    assert pack is not None, problems
    return pack


class Life:
    """One order under one city's rules; its clock stands still unless it is told to go on."""

    def __init__(self, city: str = "jinan", category: str = "", **opening: object) -> None:
        self.pack = pack_of(city)
        category = category or self.pack.categories[1].name
        self.at = BEGUN
        action = replace(a.Open(self.pack.edition, category), **opening)  # type: ignore[arg-type]
        first = open_order(NUMBER, action, AGENT, self.at, self.pack, CALENDAR)
        assert isinstance(first, LifeEvent), first
        self.history = [first]
        self.order: LivingOrder = evolve(None, first)

    def go_on(self, **time: float) -> Life:
        self.at += timedelta(**time)
        return self

    def does(self, actor: Actor, *actions: a.Action) -> Life:
        """Do them all; none may be refused."""
        for action in actions:
            found = self.tries(actor, action)
            assert isinstance(found, LifeEvent), f"{action}: {found}"
        return self

    def tries(self, actor: Actor, action: a.Action, version: int | None = None) -> LifeEvent | Refusal:
        found = decide(self.order, action, actor, self.at, self.pack, CALENDAR, version)
        if isinstance(found, LifeEvent):
            self.history.append(found)
            self.order = evolve(self.order, found)
        return found

    def refuses(self, actor: Actor, action: a.Action) -> str:
        """Return the words of the refusal; a move that is let through fails the test."""
        before = self.order
        found = self.tries(actor, action)
        assert isinstance(found, Refusal), f"let through: {action}"
        assert self.order == before
        return str(found)

    def with_unit(self, name: str = WATER) -> Life:
        """Accepted, dispatched and signed."""
        return self.does(AGENT, CHECKED, a.Dispatch(name)).does(unit(name), a.Sign("老李"))

    def replied(self, name: str = WATER) -> Life:
        return self.with_unit(name).does(unit(name), a.Reply("已修好。", asks_recheck=True))

    def told(self, name: str = WATER) -> Life:
        return self.replied(name).does(CENTRE, a.TellCitizen("电话", "11-20 10:00", "已修好。"))
