"""Real names: papers checked, kept sealed, verified or not; and no anonymous request where the city registers names."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cti.adapters.files.partner_file import PartnerFile
from cti.adapters.sql.identity_store import SqlIdentities
from tests.cti.web.order_site import CITIZEN, order_site
from tests.cti.web.test_sealed_orders import dump
from workorder.audit import Person
from workorder.identity import Identity, IdType, VerifiedBy, wrong_identity
from workorder.order import OrderNumber

TODAY = date(2026, 11, 22)
INVENTED = "11010519491231002X"  # the example of GB 11643
PAPERS = {"name": "王小明", "id_type": "resident", "id_number": INVENTED, "verified_by": "platform"}


@pytest.mark.requirement("S-21")
async def test_a_city_of_real_names_registers_papers_with_a_flag_and_takes_nothing_anonymous(tmp_path: Path) -> None:
    async with order_site(tmp_path, "suqian") as here:
        agent, wish = await here.agent(), {"channel": "letter", "fields": CITIZEN, "is_anonymous": True}
        refused = await agent.post("/api/orders", wish)
        assert (refused.status_code, "不收匿名" in refused.json()["error"]) == (409, True)
        number = await here.opened()
        before = (await agent.get(f"/api/orders/{number}/identity")).json()
        assert (before["is_required"], before["is_verified"], before["may_be_anonymous"]) == (True, False, False)
        mistyped = await agent.put(f"/api/orders/{number}/identity", {**PAPERS, "id_number": "110105194912310021"})
        assert (mistyped.status_code, "记错了一位" in mistyped.json()["error"]) == (422, True)
        told = (await agent.put(f"/api/orders/{number}/identity", PAPERS)).json()
        assert (told["is_verified"], told["verified_by"], told["id_number"]) == (True, "platform", "110***********002X")
        assert INVENTED.encode() not in dump(tmp_path), "the number lies encrypted"
        assert "order.identity" in [row.action for row in await here.site.trail() if row.subject == number]
        assert (await (await here.host()).get(f"/api/orders/{number}/identity")).status_code == 403

        kept = SqlIdentities(here.site.deps.database, here.site.deps.orders.sealing.box)
        here.site.deps.orders.sealing.box._keys.rotate(here.site.clock.now())
        assert await kept.reseal() == 1
        opened = await kept.open(OrderNumber(number), Person("李晓梅", "agent"), here.site.clock.now())
        assert opened is not None
        assert opened.id_number == INVENTED


@pytest.mark.requirement("S-21")
async def test_where_the_city_lets_it_a_request_is_anonymous_and_another_platform_brings_verified_names(
    tmp_path: Path,
) -> None:
    async with order_site(tmp_path, "yangling") as here:
        agent = await here.agent()
        wish = {"channel": "letter", "fields": {"title": "路灯不亮", "request_type": "求助"}, "is_anonymous": True}
        number = (await agent.post("/api/orders", wish)).json()["number"]
        told = (await agent.get(f"/api/orders/{number}/identity")).json()
        assert (told["is_anonymous"], told["may_be_anonymous"]) == (True, True)
        assert (await agent.put(f"/api/orders/{number}/identity", PAPERS)).status_code == 409

        token, _ = PartnerFile(here.site.deps.orders.partners).add("省平台", ["intake"], "upstream")
        client = here.site.visitor("203.0.113.9").client
        del client.headers["origin"]
        message = {"their_id": "S-1", "text": "武威路路灯不亮三天了", "name": "王小明", "phone": "13812345678"}
        headers = {"authorization": f"Bearer {token}"}
        wrong = {**message, "identity": {**PAPERS, "id_number": "1"}}
        assert (await client.post("/api/partner/orders", json=wrong, headers=headers)).status_code == 422
        sent = await client.post("/api/partner/orders", json={**message, "identity": PAPERS}, headers=headers)
        assert sent.status_code == 201, sent.text
        found = (await agent.get(f"/api/orders/{sent.json()['number']}/identity")).json()
        assert (found["is_verified"], found["name"]) == (True, "王小明")


@pytest.mark.parametrize(
    ("id_type", "number", "is_right"),
    [
        (IdType.RESIDENT, INVENTED, True),
        (IdType.RESIDENT, "110105194902310021", False),  # there is no 31 February
        (IdType.RESIDENT, "110105294912310025", False),  # not born yet
        (IdType.RESIDENT, "1101051949123100２Ｘ", False),
        (IdType.PASSPORT, "E12345678", True),
        (IdType.PASSPORT, "E1; DROP", False),
        (IdType.TAIWAN_PERMIT, "12345678", True),
    ],
)
def test_papers_are_checked_as_they_are_written(id_type: IdType, number: str, is_right: bool) -> None:
    said = wrong_identity(Identity("王小明", id_type, number, VerifiedBy.SHOWN), TODAY)
    assert (said == "") is is_right
    assert wrong_identity(Identity(" ", id_type, number), TODAY)
