"""Alerts through the API: within a minute of the order that makes them, told once, acknowledged by one person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cti.adapters.sql.outbox_store import SqlOutboxStore
from cti.server.hot_watch import EVERY_SECONDS, HotWatch
from cti.server.orders import Orders
from tests.cti.web.order_site import OrderSite, order_site
from workorder.envelope import decode


def watch_of(here: OrderSite) -> HotWatch:
    deps = here.site.deps
    return HotWatch(deps.database, Orders(deps.settings, deps.database), deps.clock)


@pytest.mark.requirement("Y-48", "J-24")
async def test_a_critical_order_raises_an_alert_within_a_minute_which_somebody_acknowledges(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        number = await here.opened(fields={"summary": "幼儿园好多孩子吐，怀疑食物中毒"}, category="complaint")
        begun = here.site.clock.at
        here.site.clock.at += timedelta(seconds=EVERY_SECONDS)
        watch = watch_of(here)
        assert [each.kind for each in await watch.look()] == ["critical"]
        assert await watch.look() == (), "once is enough"
        here.pages.clear()
        supervisor = await here.supervisor()
        alert = (await supervisor.get("/api/alerts")).json()["alerts"][0]
        assert (alert["kind"], alert["orders"], alert["acknowledged_by"]) == ("critical", [number], "")
        assert "食品安全" in alert["title"]
        assert (here.site.clock.at - begun).total_seconds() < 60
        path = f"/api/alerts/{alert['id']}/acknowledge"
        assert (await supervisor.post(path, {"note": "已报主办单位"})).status_code == 204
        assert (await (await here.host()).post(path, {})).json()["code"] == "not_waiting"
        assert (await supervisor.get("/api/alerts", params={"open_only": True})).json()["alerts"] == []
        assert (await (await here.agent()).get("/api/alerts")).status_code == 403
        rows = await SqlOutboxStore(here.site.deps.database).claim("r", 1000, here.site.clock.at, 10)
        told = [decode(row.payload) for row in rows]
        assert [(each.order, each.data["kind"]) for each in told if each.type == "hot_alert"] == [(number, "critical")]


@pytest.mark.requirement("J-17")
async def test_a_matter_that_comes_again_and_again_at_one_place_is_put_under_supervision(tmp_path: Path) -> None:
    async with order_site(tmp_path, "jinan") as here:
        numbers = []
        for _ in range(4):
            number = await here.opened()
            await here.does(await here.agent(), number, "accept")
            numbers.append(number)
            here.site.clock.at += timedelta(minutes=5)
        found = await watch_of(here).look()
        assert [(each.kind, len(each.numbers)) for each in found] == [("concentrated", 4)]
        last = (await (await here.host()).get(f"/api/orders/{numbers[-1]}")).json()
        assert last["is_supervised"]
        history = (await (await here.host()).get(f"/api/orders/{numbers[-1]}/history")).json()["events"]
        assert history[-1]["words"]["trigger"] == "recurring"
