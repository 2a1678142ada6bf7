"""Units' own systems: their heartbeat counts for the assessment; their moves are signed, young, and done once."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from cti.adapters.files.partner_file import PartnerFile
from cti.adapters.sql.assessment_store import SqlAssessment
from cti.adapters.sql.unit_systems import SqlUnitSystems
from cti.partners import read_partners, signature
from tests.cti.web.order_site import ROADS, WATER, OrderSite, order_site
from tests.fakes import NOON
from workorder.assessment.scheme import marks_of, scheme_of
from workorder.life.refusal import Refusal
from workorder.uptime import SLOT, Heard, slot_of, uptimes


class UnitSystem:
    """A unit's own system, with its token and its secret."""

    def __init__(self, here: OrderSite, unit: str = WATER) -> None:
        self.here, self.client = here, here.site.visitor("203.0.113.7").client
        del self.client.headers["origin"]
        file = PartnerFile(here.site.deps.orders.partners)
        self.token, self.secret = file.add(f"{unit}系统", ["heartbeat", "moves"], "app", unit=unit)

    async def beat(self) -> httpx.Response:
        return await self.client.post("/api/partner/heartbeat", headers={"authorization": f"Bearer {self.token}"})

    async def moves(self, identity: str, number: str, action: str, **more: Any) -> httpx.Response:
        """Send a signed move; `stamp`, `secret` and `sent` tell lies."""
        fields = {key: value for key, value in more.items() if key not in ("stamp", "secret", "sent")}
        body = json.dumps({"order": number, "action": action, "fields": fields}).encode()
        stamp = more.get("stamp") or str(int(self.here.site.clock.now().timestamp()))
        headers = {
            "authorization": f"Bearer {self.token}",
            "x-hotline-id": identity,
            "x-hotline-time": stamp,
            "x-hotline-signature": signature(str(more.get("secret", self.secret)).encode(), stamp, body),
        }
        return await self.client.post("/api/partner/moves", content=more.get("sent", body), headers=headers)


@pytest.mark.requirement("L-29")
async def test_a_units_heartbeat_is_reported_in_percent_and_feeds_the_assessment(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        system, clock = UnitSystem(here), here.site.clock
        for minutes in (0, 1, 5, 10, 30):  # four slots of seven
            clock.at = NOON + timedelta(minutes=minutes)
            assert (await system.beat()).status_code == 200
        clock.at = NOON + timedelta(minutes=35)
        chief = await here.supervisor()
        told = (await chief.get("/api/units/connections")).json()["units"]
        by_unit = {each["unit"]: each["percent"] for each in told}
        assert by_unit[WATER] == "57.14"
        assert by_unit[ROADS] is None, "a unit without a system has no percentage"
        assert (await (await here.unit()).get("/api/units/connections")).status_code == 403

        scheme = scheme_of(await here.site.deps.orders.pack(NOON))
        assert not isinstance(scheme, Refusal)
        counts = await SqlAssessment(here.site.deps.database, "lanzhou").count("2026-11", [WATER, ROADS])
        name = next(each.name for each in scheme.dimensions if "技术平台对接" in each.name)
        assert marks_of(scheme, counts[WATER], 1, {})[name] == Decimal("57.14")
        assert marks_of(scheme, counts[ROADS], 1, {name: Decimal(80)})[name] == 80, "others are marked by people"


@pytest.mark.requirement("L-29")
def test_uptime_counts_from_the_first_beat_and_never_rounds_up() -> None:
    first = slot_of(NOON)
    heard = {WATER: Heard(first, first + 9999 * SLOT, 9999)}
    (up,) = uptimes((WATER,), heard, first - timedelta(days=30), first + 10_000 * SLOT)
    assert up.percent == Decimal("99.99")
    (early,) = uptimes((), {WATER: Heard(first, first, 1)}, first, first)
    assert early.percent is None


@pytest.mark.requirement("S-04")
async def test_a_units_system_signs_and_replies_and_what_it_says_twice_is_done_once(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        system, agent = UnitSystem(here), await here.agent()
        number = await here.opened()
        await here.does(agent, number, "accept")
        await here.does(agent, number, "dispatch", unit=WATER)
        first = await system.moves("m-1", number, "sign", handler="老李")
        assert (first.status_code, first.json()["state"]) == (200, "handling")
        again = await system.moves("m-1", number, "sign", handler="老李")
        assert again.json() == first.json(), "told twice, done once, answered the same"
        other = await system.moves("m-1", number, "reply", text="修好了。")
        assert (other.status_code, "已经用过" in other.json()["error"]) == (409, True)
        assert (await system.moves("m-2", number, "reply", text="修好了。")).json()["state"] == "replied"
        history = (await agent.get(f"/api/orders/{number}/history")).json()["events"]
        assert [each["move"] for each in history] == ["Open", "Accept", "Dispatch", "Sign", "Reply"]


async def test_a_message_that_comes_again_while_it_is_being_done_is_done_once(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        system, agent, number = UnitSystem(here), await here.agent(), await here.opened()
        await here.does(agent, number, "accept")
        host = await here.host()
        await here.does(host, number, "coordinate", why="职责交叉", coordinator="热线办")
        await here.does(host, number, "decide_lead", lead=ROADS, assistants=[WATER])
        answers = await asyncio.gather(*(system.moves("m-1", number, "assist_report", text="在查。") for _ in range(4)))
        assert {each.status_code for each in answers} <= {200, 409}
        assert (await system.moves("m-1", number, "assist_report", text="在查。")).status_code == 200
        history = (await agent.get(f"/api/orders/{number}/history")).json()["events"]
        assert [each["move"] for each in history].count("AssistReport") == 1


async def test_a_move_with_a_false_an_old_or_no_signature_is_refused_in_words(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        system, number = UnitSystem(here), await here.with_unit()
        old = str(int((here.site.clock.now() - timedelta(minutes=6)).timestamp()))
        changed = json.dumps({"order": number, "action": "reply", "fields": {"text": "改过的"}}).encode()
        for lie in ({"secret": "别人的"}, {"stamp": old}, {"sent": changed}, {"stamp": "soon"}):
            answer = await system.moves("m-9", number, "reply", text="修好了。", **lie)
            assert (answer.status_code, "签名不对" in answer.json()["error"]) == (401, True), lie
        foreign = await UnitSystem(here, ROADS).moves("m-1", number, "reply", text="修好了。")
        assert foreign.status_code == 403
        assert (await system.moves("", number, "reply", text="修好了。")).status_code == 422
        assert (await system.moves("m-3", number, "nonsense")).status_code == 422
        seen = (await (await here.agent()).get(f"/api/orders/{number}")).json()
        assert seen["state"] == "handling", "nothing was done"


def test_a_units_system_must_say_of_which_unit_it_is() -> None:
    line = f'partners_version: 1\npartners:\n  - {{name: x, token_sha256: "{"0" * 64}", may: [heartbeat]}}\n'
    partners, problems = read_partners(line, "partners.yaml")
    assert partners == ()
    assert any("哪个单位" in str(each) for each in problems)


async def test_beats_of_one_slot_are_one(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        systems = SqlUnitSystems(here.site.deps.database)
        slots = {await systems.beat(WATER, NOON + timedelta(seconds=each)) for each in range(5)}
        assert len(slots) == 1
        (heard,) = (await systems.heard(NOON - SLOT, NOON + SLOT)).values()
        assert heard.slots == 1
        assert isinstance(heard.first, datetime)
