"""The categories and units of the words in use, for whoever writes orders."""

from __future__ import annotations

from pathlib import Path

from cti.access import Role
from cti.server.drafting import own_words
from tests.cti.web.site import site

UNITS = "lexicon: 1\nunits:\n  独此一家局: 独此一家\n"


async def test_who_writes_orders_is_offered_the_words_in_use(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        agent = await here.sign_in("xiaomei", Role.AGENT)
        first = (await agent.get("/api/vocabulary")).json()
        assert all(each.count("/") == 2 for each in first["categories"])
        assert len(first["categories"]) > 50
        assert len(set(first["units"])) == len(first["units"]) > 10
        own = own_words(here.deps.settings)
        own.mkdir(parents=True)
        (own / "units.yaml").write_text(UNITS, encoding="utf-8")
        assert "独此一家局" in (await agent.get("/api/vocabulary")).json()["units"]
        unit = await here.sign_in("shuiwu", Role.UNIT, unit="水务局")
        assert (await unit.get("/api/vocabulary")).status_code == 403
