"""What an open page asks by itself keeps nobody signed in: an unattended page idles out all the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cti.access import Role
from tests.cti.web.site import site


async def test_asking_for_the_mode_again_and_again_keeps_nobody_signed_in(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        supervisor = await here.sign_in("banzhang", Role.SUPERVISOR)
        for _ in range(2):
            assert (await supervisor.get("/api/mode")).status_code == 200
            here.clock.at += timedelta(minutes=14)
        here.clock.at += timedelta(minutes=3)
        assert (await supervisor.get("/api/mode")).status_code == 401

        busy = await here.sign_in("zhoubanzhang", Role.SUPERVISOR)
        for _ in range(4):
            here.clock.at += timedelta(minutes=14)
            assert (await busy.get("/api/reports")).status_code == 200


async def test_the_desk_may_know_the_mode_and_a_unit_may_not(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        assert (await (await here.sign_in("xiaomei", Role.AGENT)).get("/api/mode")).json()["on"] == ""
        unit = await here.sign_in("shuiwu", Role.UNIT, unit="水务局")
        assert (await unit.get("/api/mode")).status_code == 403
