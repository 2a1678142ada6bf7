"""Administration through the pages: people, queues, holidays, words, and the state of the house."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from cti.access import Role
from cti.server.installation import queues_path
from tests.cti.web.site import BASE, Page, Site, site

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(tmp_path_factory.mktemp("admin")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(here: Site) -> Page:
    return await here.sign_in("赵主任", Role.ADMIN)


async def test_a_new_account_gets_a_password_that_is_shown_once_and_must_be_changed(here: Site, admin: Page) -> None:
    wish = {"name": "li.na", "title": "李娜", "roles": ["agent"], "usual_seat": "802"}
    made = await admin.post("/api/admin/users", wish)
    assert made.status_code == 201, made.text
    password = made.json()["password"]
    page = here.visitor()
    signed = await page.post("/api/session", {"name": "li.na", "password": password})
    assert signed.json()["user"]["must_change"]
    assert (await admin.post("/api/admin/users", wish)).json()["code"] == "name_taken"
    listed = (await admin.get("/api/admin/users")).json()
    assert next(each for each in listed["users"] if each["name"] == "li.na")["signed_in"] == 1
    assert password not in str(listed)
    assert {each["title"] for each in listed["roles"]} >= {"坐席员", "班长", "管理员"}
    assert not any(password in str(row.detail) for row in await here.trail())


async def test_who_loses_a_role_or_is_disabled_is_signed_out_at_once(here: Site, admin: Page) -> None:
    page = await here.sign_in("wang", Role.SUPERVISOR)
    change = {"title": "王班长", "roles": ["agent"]}
    assert (await admin.put("/api/admin/users/wang", change)).status_code == 204
    assert (await page.get("/api/session")).status_code == 401
    assert (await admin.put("/api/admin/users/wang", {**change, "is_disabled": True})).status_code == 204
    again = here.visitor()
    told = await again.post("/api/session", {"name": "wang", "password": "一个够长的口令-2026"})
    assert told.status_code == 401
    assert [row.action for row in await here.trail() if row.subject == "user/wang"] == ["user.change"] * 2


async def test_a_new_password_ends_the_old_one_and_every_session(here: Site, admin: Page) -> None:
    page = await here.sign_in("chen", Role.AGENT)
    given = (await admin.post("/api/admin/users/chen/password")).json()
    assert (await page.get("/api/session")).status_code == 401
    new = await here.visitor().post("/api/session", {"name": "chen", "password": given["password"]})
    assert new.status_code == 200
    assert (await admin.delete("/api/admin/users/chen/sessions")).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", {"name": "<b>", "title": "x", "roles": ["agent"]}, 422),
        ("POST", "", {"name": "x1", "title": "x", "roles": []}, 422),
        ("POST", "", {"name": "x1", "title": "x", "roles": ["god"]}, 422),
        ("POST", "", {"name": "x1", "title": "x", "roles": ["unit"]}, 422),
        ("POST", "", {"name": "x1", "title": "x", "roles": ["agent"], "usual_seat": "999"}, 422),
        ("POST", "", {"name": "x1", "title": "x", "roles": ["agent"], "is_admin": True}, 422),
        ("PUT", "/nobody", {"title": "x", "roles": ["agent"]}, 404),
        ("PUT", "/赵主任", {"title": "x", "roles": ["agent"]}, 409),
        ("PUT", "/赵主任", {"title": "x", "roles": ["admin"], "is_disabled": True}, 409),
        ("POST", "/赵主任/password", None, 409),
        ("POST", "/nobody/password", None, 404),
        ("DELETE", "/nobody/sessions", None, 404),
    ],
)
async def test_what_makes_no_sense_of_an_account_is_refused_in_words(
    here: Site, admin: Page, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    told = await admin.request(method, f"/api/admin/users{path}", json=body)
    assert told.status_code == status, told.text
    assert "改法" in told.json()["error"] or status == 409


async def test_none_but_an_admin_reaches_administration(here: Site, admin: Page) -> None:
    paths = [
        path
        for path, verbs in here.app.openapi()["paths"].items()
        if path.startswith("/api/admin/") and "get" in verbs
        if not path.startswith(("/api/admin/prompts", "/api/admin/recordings", "/api/admin/sound", "/api/admin/health"))
    ]
    assert len(paths) > 10
    for role in (Role.AGENT, Role.UNIT, Role.INSPECTOR, Role.REVIEWER, Role.SUPERVISOR):
        page = await here.sign_in(f"only-{role.value}", role, unit="住建局")
        for path in paths:
            told = await page.get(path.replace("{number}", "1").replace("{name}", "lanzhou"))
            assert told.status_code == 403, (role, path)
    assert (await here.visitor().get("/api/admin/users")).status_code == 401


async def test_a_published_queue_is_in_force_and_a_default_queue_cannot_be_taken_away(here: Site, admin: Page) -> None:
    now = (await admin.get("/api/admin/queues")).json()
    text = now["files"]["queues.yaml"]
    wish = {"based_on": now["digest"], "note": "加长等待"}
    first = next(line.strip(" :") for line in text.splitlines() if line.startswith("  ") and line.endswith(":"))
    renamed = {"queues.yaml": text.replace(first, "elsewhere")}
    told = await admin.post("/api/admin/queues/publish", {**wish, "files": renamed})
    assert told.json()["code"] == "has_errors"
    assert any("默认队列" in each["what"] for each in told.json()["problems"])
    lost = {"queues.yaml": text.replace("  complaint:", "  complaints:", 1)}
    told = await admin.post("/api/admin/queues/check", {"files": lost})
    assert any("complaint" in each["what"] for each in told.json()["problems"]), "a flow sends callers there"
    longer = {"queues.yaml": f"{text}# 333\n"}
    done = await admin.post("/api/admin/queues/publish", {**wish, "files": longer})
    assert done.status_code == 200, done.text
    assert "333" in queues_path(here.deps.settings).read_text(encoding="utf-8")
    seats = (await admin.get("/api/admin/seats/shown")).json()
    assert [each["seat"] for each in seats] == ["801", "802", "803"]
    assert all(each["queues"] for each in seats)
    back = await admin.post("/api/admin/queues/roll-back", {"number": 1, "based_on": done.json()["digest"]})
    assert back.status_code == 200
    assert not (here.deps.settings.run_folder / "queues.yaml").exists(), "what ships anyway is not kept as our own"


async def test_holidays_are_checked_and_published(here: Site, admin: Page) -> None:
    now = (await admin.get("/api/admin/calendar")).json()
    text = now["files"]["calendar.yaml"]
    wrong = {"calendar.yaml": text.replace("- year:", "- yaer:", 1)}
    assert not (await admin.post("/api/admin/calendar/check", {"files": wrong})).json()["may_publish"]
    wish = {"files": {"calendar.yaml": f"{text}# 见国办通知\n"}, "based_on": now["digest"], "note": "注明出处"}
    assert (await admin.post("/api/admin/calendar/publish", wish)).status_code == 200
    assert (here.deps.settings.data_folder / "calendar.yaml").is_file()


async def test_what_would_this_text_be_says_category_unit_and_danger_with_reasons(here: Site, admin: Page) -> None:
    told = (await admin.post("/api/admin/judge", {"text": "我家楼下着火了，快来人"})).json()
    danger = told["verdict"]["danger"]
    assert (danger["kind"], danger["is_confirmed"]) == ("119", True)
    assert danger["words"]
    assert told["verdict"]["categories"][0]["words"]
    calm = (await admin.post("/api/admin/judge", {"text": "路灯不亮"})).json()["verdict"]
    assert calm["danger"] is None
    now = (await admin.get("/api/admin/words")).json()
    units = now["files"]["units.yaml"]
    mine = {**now["files"], "units.yaml": units.replace("units:\n", "units:\n  测试路灯所: 路灯不亮=20\n", 1)}
    tried = (await admin.post("/api/admin/judge", {"text": "路灯不亮", "files": mine})).json()["verdict"]
    assert tried["units"][0]["label"] == "测试路灯所"
    assert "测试路灯所" not in str((await admin.post("/api/admin/judge", {"text": "路灯不亮"})).json())
    broken = {**now["files"], "units.yaml": "lexicon: 1\nunits: []\n"}
    told = (await admin.post("/api/admin/judge", {"text": "路灯", "files": broken})).json()
    assert told["verdict"] is None
    assert told["problems"][0]["file"].endswith("units.yaml")


async def test_only_changed_words_become_the_installations_own(here: Site, admin: Page) -> None:
    now = (await admin.get("/api/admin/words")).json()
    files = {**now["files"], "units.yaml": now["files"]["units.yaml"] + "# 本地\n"}
    wish = {"files": files, "based_on": now["digest"], "note": "本地单位", "reason": "派单目录的提醒以后再改"}
    done = await admin.post("/api/admin/words/publish", wish)
    assert done.status_code == 200, done.text
    assert [file.name for file in (here.deps.settings.data_folder / "words").iterdir()] == ["units.yaml"]
    extra = {**wish, "files": {**files, "mine.yaml": "lexicon: 1\n"}, "based_on": done.json()["digest"]}
    assert (await admin.post("/api/admin/words/publish", extra)).json()["code"] == "has_errors"


async def test_a_changed_catalogue_needs_a_version_of_its_own(here: Site, admin: Page) -> None:
    now = (await admin.get("/api/admin/words")).json()
    text = now["files"]["catalogue.yaml"]
    old = next(line for line in text.splitlines() if line.startswith("version:"))
    unit = text.split("units:\n  - ", 1)[1].split("\n", 1)[0] if "units:\n  - " in text else "供电局"
    changed = text.replace(unit, f"{unit}新")
    assert changed != text
    told = (await admin.post("/api/admin/words/check", {"files": {**now["files"], "catalogue.yaml": changed}})).json()
    assert any("版本却还是" in each["what"] and each["line"] for each in told["problems"])
    newer = changed.replace(old, 'version: "2027-01"')
    told = (await admin.post("/api/admin/words/check", {"files": {**now["files"], "catalogue.yaml": newer}})).json()
    assert told["may_publish"], told["problems"]


async def test_every_rule_of_a_city_is_shown_with_its_source(here: Site, admin: Page) -> None:
    cities = (await admin.get("/api/admin/cities")).json()
    assert sum(each["in_use"] for each in cities) == 1
    for each in cities:
        rules = (await admin.get(f"/api/admin/cities/{each['name']}")).json()
        assert len(rules) > 20
        assert all(rule["rule"] and rule["source"] for rule in rules)
    assert (await admin.get("/api/admin/cities/atlantis")).status_code == 404


async def test_who_did_what_can_be_read_and_that_somebody_looked_is_kept(here: Site, admin: Page) -> None:
    await admin.post("/api/admin/users", {"name": "audited", "title": "某人", "roles": ["agent"]})
    about = (await admin.get("/api/admin/audit", params={"subject": "user/audited"})).json()
    assert [(each["who"], each["action"]) for each in about] == [("赵主任", "user.add")]
    assert about[0]["detail"]["roles"] == ["agent"]
    newest = (await admin.get("/api/admin/audit", params={"who": "赵主任"})).json()[0]
    assert (newest["action"], newest["detail"]["subject"]) == ("audit.read", "user/audited")
    assert (await admin.get("/api/admin/audit", params={"who": "nobody"})).json() == []


async def test_settings_are_shown_with_their_origin(here: Site, admin: Page) -> None:
    lines = {each["key"]: each for each in (await admin.get("/api/admin/settings")).json()}
    assert lines["switch.sip_port"] == {"key": "switch.sip_port", "value": "5460", "origin": "默认"}


async def test_the_health_page_names_every_part_and_a_controller_that_is_away(here: Site, admin: Page) -> None:
    findings = {each["part"]: each for each in (await admin.get("/api/admin/health")).json()}
    assert findings["控制器"]["ok"]
    assert {"语音流程", "Python", "语音模型", "录音目录"} <= set(findings)
    await here.door.close()
    findings = {each["part"]: each for each in (await admin.get("/api/admin/health")).json()}
    assert not findings["控制器"]["ok"]
    assert "改法" in findings["控制器"]["remedy"]
    await here.door.open()


async def test_without_the_csrf_header_nothing_is_published(here: Site, admin: Page) -> None:
    told = await admin.client.post("/api/flows/publish", json={}, headers={"origin": BASE})
    assert told.status_code == 403
