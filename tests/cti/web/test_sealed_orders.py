"""Sensitive orders: sealed at rest, read by the people named for them, resealed under a new key."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from cti.__main__ import main
from cti.adapters.files.order_keys import OrderKeys
from cti.adapters.sql.order_store import SqlOrderStore
from ivr.call import CallId
from ivr.errors import StoreError
from tests.cti.web.order_site import OrderSite, order_site
from tests.fakes import NOON
from workorder.draft import Draft, Field, FieldName

SECRETS = ("王小明", "13812345678", "武威路", "路灯")


async def sensitive(here: OrderSite) -> str:
    return await here.opened(category="official_report", fields={"request_type": "举报"})


def dump(folder: Path) -> bytes:
    """Everything that lies in the database's files."""
    with sqlite3.connect(folder / "run" / "hotline.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        lines = "\n".join(connection.iterdump())
    return lines.encode()


@pytest.mark.requirement("Y-57", "Y-17")
async def test_a_sensitive_order_lies_sealed_and_only_named_people_read_it(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        number, agent, supervisor = await sensitive(here), await here.agent(), await here.supervisor()
        for secret in SECRETS:
            assert secret.encode() not in dump(tmp_path), "a copy of the database tells nothing"
        first = (await agent.get(f"/api/orders/{number}")).json()
        assert first["citizen"]["name"] == "王小明", "who took it in handles it"
        for page in (supervisor, await here.host()):
            answer = await page.get(f"/api/orders/{number}")
            assert answer.json()["is_sealed"]
            for secret in SECRETS:
                assert secret not in answer.text
        for page in (agent, supervisor):
            listed = await page.get("/api/orders")
            for secret in SECRETS:
                assert secret not in listed.text
        assert (await supervisor.put(f"/api/orders/{number}/readers", {"names": ["班长"]})).status_code == 403
        assert (await (await here.host()).put(f"/api/orders/{number}/readers", {"names": ["班长"]})).status_code == 204
        assert (await supervisor.get(f"/api/orders/{number}")).json()["citizen"]["name"] == "王小明"
        assert "王小明" not in (await agent.get(f"/api/orders/{number}")).text
        trail = [row.action for row in await here.site.trail() if row.subject == number]
        assert {"order.sealed", "order.unsealed", "order.unseal_refused", "order.readers"} <= set(trail)


async def test_an_order_that_turns_out_sensitive_is_sealed_then_and_speech_brings_nothing_back(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        number = await here.opened()
        assert "王小明".encode() in dump(tmp_path)
        await here.does(await here.agent(), number, "accept", category="official_report")
        assert "王小明".encode() not in dump(tmp_path)
        drafts = SqlOrderStore(here.site.deps.database)
        order = await drafts.order(number)  # type: ignore[arg-type]
        assert order is not None
        later = Draft(CallId(order.draft.call), {FieldName.SUMMARY: Field("王小明又说了一遍")})
        await drafts.save_draft(later, NOON)
        assert "王小明".encode() not in dump(tmp_path)
        edit = {"fields": {"summary": "王小明"}, "revision": order.revision}
        assert "已加密" in (await (await here.agent()).put(f"/api/orders/{number}/fields", edit)).json()["error"]


async def test_a_new_key_seals_everything_anew_and_without_the_keys_nothing_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with order_site(tmp_path, "yangling") as here:
        number = await sensitive(here)
        file = here.site.deps.settings.run_folder / "keys" / "orders.keys"
        assert file.stat().st_mode & 0o777 == 0o600
        before, old = file.read_text(), OrderKeys(file)
        name = old.current()[0]

        words = ["--run-folder", str(here.site.deps.settings.run_folder), "order", "rotate-keys"]
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
        assert await asyncio.to_thread(main, words) == 0
        assert "重新加密 1 张" in capsys.readouterr().out
        assert name not in file.read_text(), "nothing is sealed with the old key any more"
        opened = await (await here.agent()).get(f"/api/orders/{number}")
        assert opened.json()["citizen"]["name"] == "王小明"
        file.write_text(before)
        lost = await (await here.agent()).get(f"/api/orders/{number}")
        assert lost.status_code == 503


def test_a_damaged_key_file_is_told_and_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "orders.keys"
    file.write_text("k1 not-a-key\n")
    with pytest.raises(StoreError, match="从备份恢复"):
        OrderKeys(file).current()
    assert file.read_text() == "k1 not-a-key\n"


async def test_the_words_of_its_life_and_its_attachments_are_for_the_named_people_only(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        number, agent, chief = await sensitive(here), await here.agent(), await here.supervisor()
        await here.does(agent, number, "add_new_facts", text="王小明又说了一件事。")
        picture = b"\x89PNG\r\n\x1a\n" + "王小明".encode()
        kept = await agent.post(f"/api/orders/{number}/files?name=王小明.png", content=picture)
        assert kept.status_code == 201, kept.text
        assert "王小明".encode() not in dump(tmp_path)
        folder = here.site.deps.orders.files
        assert all("王小明".encode() not in file.read_bytes() for file in folder.iterdir())
        for path in ("", "/history", "/files"):
            assert "王小明" not in (await chief.get(f"/api/orders/{number}{path}")).text, path
        assert "（已加密）" in (await chief.get(f"/api/orders/{number}/history")).text
        file = f"/api/orders/{number}/files/{kept.json()['id']}"
        assert (await chief.get(file)).status_code == 403
        assert (await agent.get(file)).content == picture
        assert (await agent.get(f"/api/orders/{number}")).json()["new_facts"] == "王小明又说了一件事。"
        assert "又说了一件事" in (await agent.get(f"/api/orders/{number}/history")).text
