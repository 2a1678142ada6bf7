"""The list of the digital city's cases: where each stands and its limit, by state and by grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.cti.web.city_site import IN_XIHU, IN_XIYUAN, city_site
from tests.cti.web.test_city import filed


async def test_cases_are_listed_by_where_they_stand_and_by_grid_and_who_looked_is_written_down(tmp_path: Path) -> None:
    async with city_site(tmp_path) as here:
        agent = await here.agent()
        empty = (await agent.get("/api/city/cases")).json()
        assert (empty["cases"], empty["total"]) == ([], 0)
        sent, kept = await filed(here), await filed(here)
        away = await filed(here, matter="路灯", asset="", at=IN_XIYUAN)
        assert (await agent.post(f"/api/city/cases/{sent['number']}/dispatch", {})).status_code == 200

        async def numbers(**wanted: Any) -> list[str]:
            answer = await agent.get("/api/city/cases", params=wanted)
            assert answer.status_code == 200, answer.text
            assert answer.json()["total"] >= len(answer.json()["cases"])
            return sorted(each["number"] for each in answer.json()["cases"])

        assert await numbers() == sorted(each["number"] for each in (sent, kept, away))
        assert await numbers(state="dispatched") == [sent["number"]]
        assert await numbers(state=["accepted", "dispatched"], grid="XH-01") == sorted([sent["number"], kept["number"]])
        assert await numbers(grid="XY-01") == [away["number"]]
        assert await numbers(grid="无") == []
        assert len(await numbers(size=2)) == 2
        assert len(await numbers(size=2, page=2)) == 1
        row = (await agent.get("/api/city/cases", params={"state": "dispatched"})).json()["cases"][0]
        assert (row["at"], row["unit"], row["order"]["owner"]) == (IN_XIHU, "规划建设局", "规划建设局")
        assert (row["order"]["state_title"], row["order"]["light"]) == ("已派单", "green")
        assert row["order"]["due_at"]
        assert (await agent.get("/api/city/cases", params={"state": "没有"})).status_code == 422
        assert (await (await here.unit()).get("/api/city/cases")).status_code == 403
        looked = [each for each in await here.site.trail() if each.action == "case.list"]
        assert looked[-1].detail == {"numbers": [sent["number"]]}
