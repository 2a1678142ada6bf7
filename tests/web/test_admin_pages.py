"""The pages of administration in a real browser, on pages served without a switch: what they show, refuse and keep."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, Route, expect

from cti.access import Role
from tests.cti.web.site import PASSWORD, Served, served
from tests.web.browser import Browsers, assert_accessible, assert_fits, errors_of, new_page

pytestmark = [pytest.mark.xdist_group("web-admin-pages"), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def it() -> AsyncIterator[Served]:
    folder = Path(tempfile.mkdtemp(prefix="hl-adm-"))
    async with served(folder) as found:
        await found.here.account("赵主任", Role.ADMIN)
        yield found
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def admin(it: Served, browsers: Browsers, path: str, name: str = "赵主任") -> AsyncIterator[Page]:
    """An admin's page, signed in and opened at `path`; it must have logged no error at its end."""
    page = await new_page(await browsers.saying(1000), it.origin, permissions=["microphone", "clipboard-write"])
    await page.goto("/sign-in")
    await page.get_by_label("账号").fill(name)
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    await page.goto(path)
    yield page
    assert errors_of(page) == []
    await page.context.close()


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name=re.compile("YAML"))


async def replace_line(page: Page, old: str, new: str) -> None:
    """Replace a whole line of the open file, as somebody with a keyboard does."""
    line = editor(page).locator(".cm-line", has_text=old).first
    await line.click()
    await page.keyboard.press("Home")
    await page.keyboard.press("Home")
    await page.keyboard.press("Shift+End")
    await page.keyboard.insert_text(new)


def problems(page: Page) -> Locator:
    return page.get_by_role("region", name="问题")


async def checked(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait for the verdict under the editor."""
    await expect(problems(page).get_by_role("status")).to_contain_text(text, timeout=60_000)


async def test_every_page_of_administration_is_accessible_in_light_dark_and_large(
    it: Served, browsers: Browsers
) -> None:
    async with admin(it, browsers, "/admin") as page:
        menu = page.get_by_role("navigation", name="系统管理").get_by_role("link")
        await expect(menu).to_have_count(12)
        for at in range(12):
            await menu.nth(at).click()
            name = await menu.nth(at).inner_text()
            await expect(menu.nth(at)).to_have_attribute("aria-current", "page")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            if await page.locator(".yaml").count():
                await checked(page, re.compile("没有问题|提醒"))
            await expect(page.get_by_text("正在读取…")).to_have_count(0)
            await assert_accessible(page, name)
            if at not in (0, 1, 3, 5, 8):  # the others are made of the same parts
                continue
            await page.get_by_role("button", name="深色").click()
            await page.get_by_role("button", name="大字").click()
            await assert_accessible(page, f"{name}, dark and large")
            await assert_fits(page)
            await page.get_by_role("button", name="深色").click()
            await page.get_by_role("button", name="大字").click()
        await page.set_viewport_size({"width": 683, "height": 384})  # 1366 × 768 at 200 %
        for name in ("语音流程", "账号与角色"):
            await page.get_by_role("link", name=name).click()
            await expect(page.get_by_role("heading", name=name)).to_be_visible()
            await assert_fits(page)
        await page.get_by_role("button", name="新建账号").click()
        await page.get_by_role("dialog").get_by_role("button", name=re.compile("建立")).scroll_into_view_if_needed()
        await assert_fits(page)


async def test_a_flow_is_edited_refused_mended_published_and_given_back(it: Served, browsers: Browsers) -> None:
    async with admin(it, browsers, "/admin/flows") as page:
        await page.get_by_role("tab", name="menu.yaml").click()
        await checked(page, "0 个错误")
        publish = page.get_by_role("button", name="发布…")
        await expect(publish).to_be_disabled()

        await replace_line(page, "start: greeting", "start: greetng")
        await checked(page, re.compile("[1-9] 个错误"))
        await expect(problems(page)).to_contain_text("greetng")
        await expect(editor(page).locator(".cm-lintRange-error").first).to_be_visible()
        await assert_accessible(page, "a flow with errors")
        await publish.click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("alert")).to_contain_text("不能发布")
        await dialog.get_by_label("发布说明").fill("换个说法")
        await expect(dialog.get_by_role("button", name="发布", exact=True)).to_be_disabled()
        await assert_accessible(page, "a publication that errors forbid")
        await page.keyboard.press("Escape")

        await problems(page).get_by_role("button", name=re.compile("错误")).first.click()
        await replace_line(page, "start: greetng", "start: greeting")
        await checked(page, "0 个错误")
        await replace_line(page, "您好，这里是一二三四五", "    say: 您好，这里是测试用的问候。")
        await checked(page, "0 个错误")
        await publish.click()
        await dialog.get_by_label("发布说明").fill("换个问候")
        await expect(dialog.get_by_role("button", name="发布", exact=True)).to_be_disabled()
        await dialog.get_by_label("为什么可以这样发布").fill("本地保留菜单")
        await expect(dialog.get_by_role("group", name="menu.yaml 的差别")).to_contain_text("测试用的问候")
        await assert_accessible(page, "publishing")
        await dialog.get_by_role("button", name="发布", exact=True).click()
        await expect(page.get_by_role("status").filter(has_text="已发布")).to_be_visible()
        file = it.here.deps.settings.run_folder / "flows" / "menu.yaml"
        assert "测试用的问候" in file.read_text(encoding="utf-8")

        await page.get_by_role("tab", name="版本").click()
        rows = page.get_by_role("group", name="版本列表").locator("tbody tr")
        await expect(rows).to_have_count(2)
        await expect(rows.first).to_contain_text("赵主任")
        await expect(rows.first).to_contain_text("换个问候")
        await rows.first.get_by_role("button", name="改了什么").click()
        await expect(page.get_by_role("group", name="menu.yaml 的差别")).to_contain_text("测试用的问候")
        await assert_accessible(page, "two versions compared")
        await rows.nth(1).get_by_role("button", name="换回").click()
        await expect(rows).to_have_count(3)
        await expect(rows.first).to_contain_text("换回第 1 版")
        assert "测试用的问候" not in file.read_text(encoding="utf-8")
        await expect(editor(page)).to_contain_text("您好，这里是一二三四五")


async def test_the_picture_leads_to_the_lines_and_the_trial_call_lights_its_step(
    it: Served, browsers: Browsers
) -> None:
    async with admin(it, browsers, "/admin/flows") as page:
        await page.get_by_role("tab", name="menu.yaml").click()
        box = page.get_by_role("button", name=re.compile("菜单，main_menu"))
        await expect(box).to_be_visible(timeout=60_000)
        await box.focus()
        await page.keyboard.press("Enter")
        await expect(editor(page).locator(".cm-activeLine").first).to_be_visible()
        await expect(editor(page)).to_be_focused()
        await assert_accessible(page, "the picture")

        await page.get_by_role("tab", name="试听").click()
        await page.get_by_role("button", name="拨打").click()
        story = page.get_by_role("list", name="试听经过")
        await expect(story).to_contain_text("您好，这里是一二三四五")
        await page.get_by_role("button", name="沉默").click()
        await expect(page.locator("[aria-current=step]")).to_have_attribute("data-node", "main_menu")
        await page.get_by_role("textbox", name="说的话").fill("我要投诉")
        await page.keyboard.press("Enter")
        await expect(story).to_contain_text("排队 complaint")
        await assert_accessible(page, "a call on trial")
        await page.get_by_role("button", name="退一步").click()
        await expect(story).not_to_contain_text("排队 complaint")
        async with page.expect_response("**/api/flows/say") as said:
            await page.get_by_role("button", name="试听第 1 段").click()
        answer = await said.value
        assert (answer.status, answer.headers["content-type"]) == (200, "audio/wav")


async def test_completion_offers_kinds_and_nodes(it: Served, browsers: Browsers) -> None:
    async with admin(it, browsers, "/admin/flows") as page:
        await page.get_by_role("tab", name="menu.yaml").click()
        await checked(page, "0 个错误")
        await replace_line(page, "then: main_menu", "    then: ")
        await page.keyboard.type("ma")
        option = page.get_by_role("option", name="main_menu")
        await expect(option).to_be_visible()
        await assert_accessible(page, "completion")
        await page.keyboard.press("Enter")
        await checked(page, "0 个错误")
        await replace_line(page, "kind: menu", "    kind: ")
        await page.keyboard.type("me")
        await expect(page.get_by_role("option", name="menu")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="放弃改动").click()


async def test_ten_megabytes_pasted_are_refused_in_words_and_the_page_lives_on(it: Served, browsers: Browsers) -> None:
    async with admin(it, browsers, "/admin/queues") as page:
        await checked(page, "没有问题")
        await editor(page).focus()
        await page.keyboard.press("Control+End")
        await page.evaluate(
            """() => {
                const content = document.querySelector('.yaml').shadowRoot.querySelector('.cm-content')
                const data = new DataTransfer()
                data.setData('text/plain', 'a: ' + 'x'.repeat(10_000_000))
                const how = { clipboardData: data, bubbles: true, cancelable: true }
                content.dispatchEvent(new ClipboardEvent('paste', how))
            }"""
        )
        await checked(page, "太大")
        await page.get_by_role("button", name="放弃改动").click()
        await checked(page, "没有问题")


async def test_what_was_written_survives_a_reload(it: Served, browsers: Browsers) -> None:
    async with admin(it, browsers, "/admin/queues") as page:
        await checked(page, "没有问题")
        await replace_line(page, "title: 综合受理", "    title: 综合受理台")
        await checked(page, "没有问题")
        page.once("dialog", lambda dialog: dialog.accept())
        await page.reload()
        await expect(editor(page)).to_contain_text("综合受理台")
        await page.get_by_role("button", name="放弃改动").click()
        await expect(editor(page)).not_to_contain_text("综合受理台")


async def test_a_text_is_judged_with_its_reasons(it: Served, browsers: Browsers) -> None:
    may_come = asyncio.Event()

    async def held(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    async with admin(it, browsers, "/admin") as page:
        await page.route("**/api/admin/words", held)
        await page.goto("/admin/words")
        await page.get_by_label("市民说的话").fill("<b>我家楼下着火了</b>，快来人")
        judge = page.get_by_role("button", name="判断")
        await expect(judge).to_be_disabled()  # there are no words yet to judge by
        may_come.set()
        await judge.click()
        await expect(page.get_by_text("险情：119 消防")).to_be_visible(timeout=60_000)
        await expect(page.get_by_role("table", name="分类")).to_be_visible()
        await assert_accessible(page, "a text judged")


async def test_an_account_is_made_and_its_password_shown_once(it: Served, browsers: Browsers) -> None:
    async with admin(it, browsers, "/admin/users") as page:
        await page.get_by_role("button", name="新建账号").click()
        dialog = page.get_by_role("dialog")
        await assert_accessible(page, "a new account")
        await dialog.get_by_label("账号").fill("qian.jin")
        await dialog.get_by_label("姓名").fill("<img src=x>钱进")
        await dialog.get_by_role("button", name=re.compile("建立")).click()
        shown = page.get_by_role("dialog", name="一次性密码")
        await expect(shown.locator("code")).to_have_text(re.compile(r"\S{12,}"))
        await assert_accessible(page, "a password shown once")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("row", name=re.compile("qian.jin"))).to_contain_text("<img src=x>钱进")
        await expect(
            page.get_by_role("row", name=re.compile("赵主任")).get_by_role("button", name="新密码")
        ).to_have_count(0)


async def test_a_supervisor_reads_flows_and_health_and_an_agent_is_led_to_the_desk(
    it: Served, browsers: Browsers
) -> None:
    await it.here.account("王班长", Role.SUPERVISOR)
    await it.here.account("小梅", Role.AGENT)
    async with admin(it, browsers, "/admin/users", "王班长") as page:
        links = page.get_by_role("navigation", name="系统管理").get_by_role("link")
        await expect(links).to_have_text(["语音流程", "提示音", "运行状况"])
        await expect(page.get_by_role("heading", name="语音流程")).to_be_visible()
        await expect(page.get_by_role("button", name="发布…")).to_have_count(0)
        await expect(page.get_by_role("button", name=re.compile("新建"))).to_have_count(0)
        await assert_accessible(page, "flows to read")
    async with admin(it, browsers, "/admin/users", "小梅") as page:
        await expect(page).to_have_url(re.compile("/desk"))
