"""The supervisor's pages in a real browser on the real service: wallboard, recordings, quality, reports, exports."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook
from playwright.async_api import Page, expect

from cti.access import Role
from cti.adapters.sql.call_store import SqlCallStore
from ivr.call import CallId, Leg, PhoneNumber
from ivr.ports import Heard, HeardWord
from ivr.recording import Part, Recording, recording_file
from tests.ivr.vosk.speech import write_wav
from tests.system.running_service import RunningService
from tests.web.browser import Browsers, assert_accessible, assert_fits, errors_of, new_page
from tests.web.desk import account, sign_in
from workorder.call_record import CallRecord

pytestmark = [pytest.mark.xdist_group("web-supervisor"), pytest.mark.asyncio(loop_scope="module")]


async def past_calls(service: RunningService, count: int = 6) -> list[CallId]:
    """Calls of the last hour: answered and recorded, the last of them abandoned."""
    made = []
    now = datetime.now(UTC)
    async with service.database() as database:
        store = SqlCallStore(database)
        for nth in range(count):
            began = now - timedelta(minutes=10 + nth)
            call = CallId(f"hl-{began.timestamp():.0f}.{nth}")
            is_lost = nth == count - 1
            record = CallRecord(
                call, PhoneNumber("13812345678"), "12345", started=began, queued=began + timedelta(seconds=2),
                answered=None if is_lost else began + timedelta(seconds=8), ended=began + timedelta(seconds=40),
                queue="general", seat="" if is_lost else "804", outcome="abandoned" if is_lost else "answered",
            )  # fmt: skip
            await store.save_call(record)
            if is_lost:
                continue
            text = f"第{'一二三四五六'[nth]}通说的是武威路的井盖<b>坏了</b>"
            words = tuple(HeardWord(char, 20.0 + at / 4, 20.25 + at / 4, 1.0) for at, char in enumerate(text))
            await store.save_turns(call, [Heard(call, Leg.CALLER, text, True, 20.0, 26.0, words)])
            file = service.settings.recordings_folder / recording_file(call, Part.MIX)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_wav(file, bytes(2 * 8000 * 32))
            relative = str(recording_file(call, Part.MIX))
            await store.save_recordings(call, [Recording(call, Part.MIX, relative, 32.0, -20.0, "0" * 64, "")])
            made.append(call)
    return made


@asynccontextmanager
async def supervisor(service: RunningService, browsers: Browsers, name: str, path: str) -> AsyncIterator[Page]:
    await account(service, name, Role.SUPERVISOR, title="班长")
    page = await new_page(await browsers.saying(1000), service.settings.pages.base_url)
    try:
        await sign_in(page, name)
        await page.goto(path)
        await expect(page.get_by_role("heading", name="班长席", exact=True)).to_be_visible()
        yield page
        assert errors_of(page) == []
    finally:
        await page.context.close()


async def test_the_wallboard_shows_a_waiting_caller_within_a_second_and_lets_one_steer(
    service: RunningService, browsers: Browsers
) -> None:
    async with supervisor(service, browsers, "banzhang1", "/supervisor") as page:
        waiting = page.locator("[data-tile=waiting] .figure")
        await expect(waiting).to_have_text("0")
        rate = page.locator("[data-tile=within]")
        await expect(rate).to_contain_text("÷ 进入人工排队的通话")
        await assert_accessible(page, "nobody waits")
        async with service.citizen("13900000701") as phone, service.bus() as bus:
            line = await service.dial(phone)
            await service.offered(bus, phone)
            for key in "0":
                await line.press(key)
            await expect(waiting).to_have_text("1", timeout=30_000)
            row = page.get_by_role("row").filter(has_text="139 0000 0701")
            await row.get_by_role("button", name="提前").click()
            await expect(page.get_by_role("status").last).to_contain_text("优先级已改为")
            await row.get_by_role("button", name="换队列").click()
            dialog = page.get_by_role("dialog")
            await assert_accessible(page, "moving a caller")
            await dialog.get_by_label("队列").select_option(index=1)
            await dialog.get_by_role("button", name="移过去").click()
            await expect(page.get_by_role("status").last).to_contain_text("已移到")
            await assert_accessible(page, "somebody waits")
            await line.hang_up()
        await expect(waiting).to_have_text("0", timeout=30_000)
        await assert_fits(page)


async def test_a_seats_state_is_forced_only_with_a_reason(service: RunningService, browsers: Browsers) -> None:
    async with supervisor(service, browsers, "banzhang2", "/supervisor") as page:
        row = page.locator("tr[data-seat='804']")
        await row.get_by_role("button", name="强制改状态").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("改为").select_option("signed_out")
        await dialog.get_by_role("button", name="强制", exact=True).click()
        await expect(page.get_by_role("status").last).to_contain_text("请写明原因")
        await assert_accessible(page, "forcing a seat")
        await dialog.get_by_label("原因").fill("下班忘了签出")
        await dialog.get_by_role("button", name="强制", exact=True).click()
        await expect(page.get_by_role("status").last).not_to_contain_text("请写明原因")
        await expect(row).to_contain_text("未签入")


async def test_words_are_found_and_played_from_their_second(service: RunningService, browsers: Browsers) -> None:
    await past_calls(service)
    async with supervisor(service, browsers, "banzhang3", "/supervisor/recordings") as page:
        await expect(page.get_by_role("heading", name=re.compile(r"通话（\d+）"))).to_be_visible()
        await expect(page.get_by_text("排队中放弃").first).to_be_visible()
        await assert_accessible(page, "calls listed")
        await page.get_by_label("通话里说过的词").fill("武威路 井盖")
        await page.get_by_role("button", name="查找").click()
        hit = page.get_by_role("button", name=re.compile("武威路")).first
        await expect(hit).to_be_visible()
        await hit.click()
        sound = page.locator("audio")
        await expect(sound).to_have_attribute("data-second", re.compile(r"^2[0-9]\."), timeout=30_000)
        await expect(page.get_by_label("通话转写")).to_contain_text("<b>坏了</b>")  # said, not obeyed
        await assert_accessible(page, "a hit plays")
        await assert_fits(page)


async def test_a_call_is_drawn_by_lot_and_judged(service: RunningService, browsers: Browsers) -> None:
    await past_calls(service)
    async with supervisor(service, browsers, "banzhang4", "/supervisor/quality") as page:
        await page.get_by_label("抽几通").fill("2")
        await page.get_by_role("button", name="随机抽取").click()
        await page.get_by_role("button", name=re.compile("未评")).first.click()
        total = page.locator("[data-total]")
        await expect(total).to_have_text("100 / 100")
        await page.get_by_label("工单要素完整").fill("20")
        await expect(total).to_have_text("95 / 100")
        await page.get_by_label("泄露市民信息").check()
        await expect(total).to_have_text("0 / 100")
        await page.get_by_label("泄露市民信息").uncheck()
        await page.get_by_label("评语").fill("地点没有复述")
        await assert_accessible(page, "judging")
        await page.get_by_role("button", name="保存评分").click()
        await expect(page.get_by_text("已保存：95 分。")).to_be_visible()
        await expect(page.get_by_role("button", name=re.compile("95 分")).first).to_be_visible()
        await assert_fits(page)


async def test_a_report_stands_beside_its_chart_and_is_taken_out(service: RunningService, browsers: Browsers) -> None:
    await past_calls(service)
    async with supervisor(service, browsers, "banzhang5", "/supervisor/reports") as page:
        chart = page.get_by_role("img")
        await expect(chart).to_have_attribute("aria-label", re.compile("每日话务"))
        await expect(page.get_by_role("row").filter(has_text="合计")).to_be_visible()
        await expect(page.get_by_text("15 秒接听率 =")).to_be_visible()
        await assert_accessible(page, "a report")
        await page.get_by_role("combobox", name="报表").select_option("seats")
        await page.get_by_role("button", name="统计").click()
        await expect(page.get_by_role("cell", name="804").first).to_be_visible()
        await page.get_by_role("button", name="导出当前报表").click()
        link = page.get_by_role("link", name="Excel").first
        async with page.expect_download() as waited:
            await link.click()
        path = await (await waited.value).path()
        sheet = load_workbook(io.BytesIO(await asyncio.to_thread(path.read_bytes))).active
        assert sheet is not None
        assert any(row[0].value == "804" for row in sheet.iter_rows())
        await page.emulate_media(color_scheme="dark")
        await page.evaluate("document.documentElement.classList.add('dark')")
        await assert_accessible(page, "a report in the dark")
        await assert_fits(page)
