"""The switch for emergency response on the pages' API: for supervisors and admins, with a reason, in the audit."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.access import Role
from tests.cti.web.site import site


@pytest.mark.requirement("Y-49")
async def test_a_supervisor_or_an_admin_switches_with_a_reason_and_an_agent_does_not(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        agent = await here.sign_in("xiaomei", Role.AGENT)
        assert (await agent.post("/api/mode", {"mode": "incident", "reason": "防汛"})).status_code == 403
        boss, admin = await here.sign_in("banzhang", Role.SUPERVISOR), await here.sign_in("guanli", Role.ADMIN)
        before = (await boss.get("/api/mode")).json()
        assert (before["on"], before["report_minutes"]) == ("", 24 * 60)
        assert "incident" in [each["name"] for each in before["modes"]]
        for body in ({"mode": "incident", "reason": " "}, {"mode": "nowhere", "reason": "防汛"}):
            assert (await boss.post("/api/mode", body)).status_code == 422
        on = await boss.post("/api/mode", {"mode": "incident", "reason": "防汛Ⅲ级响应"})
        assert on.status_code == 200, on.text
        told = on.json()
        assert (told["on"], told["by"], told["reason"], told["report_minutes"]) == (
            "incident",
            "banzhang",
            "防汛Ⅲ级响应",
            30,
        )
        off = (await admin.post("/api/mode", {"mode": "", "reason": "响应结束"})).json()
        assert (off["on"], [each["mode"] for each in off["history"]]) == ("", ["incident", ""])
        kept = [(row.person.name, row.subject) for row in await here.trail() if row.action == "mode.switch"]
        assert kept == [("banzhang", "incident"), ("guanli", "usual")]
