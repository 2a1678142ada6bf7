"""Flows through the pages: checked while written, refused with errors, published with a note, given back."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from cti.access import Role
from cti.adapters.web.security import MOST_BYTES
from cti.file_versions import Shelf
from cti.server.admin.shelves import files_of
from cti.server.files.flow_files import SHIPPED_FLOWS, flows_in_use
from tests.cti.web.site import Page, Site, site

GREETING = "您好，这里是一二三四五政务服务便民热线，通话将被录音。"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(tmp_path_factory.mktemp("flows")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(here: Site) -> Page:
    return await here.sign_in("赵主任", Role.ADMIN)


async def standing(page: Page) -> dict[str, Any]:
    answer = await page.get("/api/flows")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def edited(now: dict[str, Any], old: str, new: str, file: str = "menu.yaml") -> dict[str, str]:
    assert old in now["files"][file]
    return {**now["files"], file: now["files"][file].replace(old, new)}


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_editor_gets_the_very_problems_of_hotline_check(here: Site, admin: Page) -> None:
    now = await standing(admin)
    files = edited(now, "queue: complaint", "qeue: complaint")
    answer = (await admin.post("/api/flows/check", {"files": files})).json()
    found = [each for each in answer["problems"] if each["severity"] == "error"]
    assert not answer["may_publish"]
    assert found
    assert all(each["file"] == "menu.yaml" and each["line"] > 0 and each["remedy"] for each in found)
    assert any("qeue" in each["what"] for each in found)
    assert (await admin.post("/api/flows/check", {"files": now["files"]})).json()["may_publish"]


async def test_a_flow_is_published_only_without_errors_with_a_note_and_over_what_its_author_saw(
    here: Site, admin: Page
) -> None:
    now = await standing(admin)
    wish = {"files": edited(now, GREETING, "您好，这里是新的问候。"), "based_on": now["digest"]}

    broken = edited(now, "start: greeting", "start: greetng")
    refused = await admin.post("/api/flows/publish", {**wish, "files": broken, "note": "试试"})
    assert (refused.status_code, refused.json()["code"]) == (422, "has_errors")
    assert any("greetng" in each["what"] for each in refused.json()["problems"])
    assert flows_in_use(here.deps.settings) == SHIPPED_FLOWS

    assert (await admin.post("/api/flows/publish", wish)).json()["code"] == "note_missing"
    unexplained = await admin.post("/api/flows/publish", {**wish, "note": "新问候"})
    assert unexplained.json()["code"] == "reason_missing"  # the shipped menu has a warning
    assert unexplained.json()["problems"][0]["clause"]

    done = await admin.post("/api/flows/publish", {**wish, "note": "新问候", "reason": "本地领导同意保留菜单"})
    assert done.status_code == 200, done.text
    assert (done.json()["number"], done.json()["by"], done.json()["note"]) == (2, "赵主任", "新问候")
    text = (here.deps.settings.run_folder / "flows" / "menu.yaml").read_text(encoding="utf-8")
    assert "您好，这里是新的问候。" in text
    after = await standing(admin)
    assert after["digest"] == done.json()["digest"]
    assert not after["is_changed_by_hand"]

    late = await admin.post("/api/flows/publish", {**wish, "note": "我的也要", "reason": "同上"})
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    same = {"files": after["files"], "based_on": after["digest"], "note": "没有改动"}
    assert (await admin.post("/api/flows/publish", same)).json()["code"] == "nothing_changed"

    versions = (await admin.get("/api/flows/versions")).json()
    assert [each["number"] for each in versions] == [2, 1]
    assert versions[1]["by"] == "（磁盘）"
    told = (await admin.post("/api/flows/compare", {"old_number": 1, "new_number": 2})).json()
    assert [each["file"] for each in told["files"]] == ["menu.yaml"]
    lines = [line for hunk in told["files"][0]["hunks"] for line in hunk]
    assert [line[2].strip() for line in lines if line[0] == 0] == ["say: 您好，这里是新的问候。"]

    back = await admin.post("/api/flows/roll-back", {"number": 1, "based_on": after["digest"]})
    assert (back.status_code, back.json()["back_to"]) == (200, 1)
    assert GREETING in (await standing(admin))["files"]["menu.yaml"]
    trail = [row for row in await here.trail() if row.action.startswith("flows.")]
    assert [(row.person.name, row.action, row.subject) for row in trail] == [
        ("（磁盘）", "flows.publish", "flows/1"),
        ("赵主任", "flows.publish", "flows/2"),
        ("赵主任", "flows.roll_back", "flows/3"),
    ]


async def test_of_two_who_publish_at_once_one_is_told_of_the_other(here: Site, admin: Page) -> None:
    now = await standing(admin)
    other = await here.sign_in("钱主任", Role.ADMIN)
    wishes = [
        page.post(
            "/api/flows/publish",
            {
                "files": edited(now, "抱歉，坐席全忙，让您久等了。", f"{name}说抱歉。"),
                "based_on": now["digest"],
                "note": name,
                "reason": "照旧",
            },
        )
        for page, name in ((admin, "甲"), (other, "乙"))
    ]
    codes = sorted([answer.status_code for answer in await asyncio.gather(*wishes)])
    assert codes == [200, 409]


async def test_an_agent_may_read_flows_and_neither_check_nor_publish_them(here: Site, admin: Page) -> None:
    agent = await here.sign_in("小梅", Role.AGENT)
    now = await standing(agent)
    assert (await agent.post("/api/flows/check", {"files": now["files"]})).status_code == 403
    wish = {"files": now["files"], "based_on": now["digest"], "note": "我也来"}
    assert (await agent.post("/api/flows/publish", wish)).status_code == 403
    assert (await agent.post("/api/flows/roll-back", {"number": 1, "based_on": now["digest"]})).status_code == 403
    assert (await here.visitor().get("/api/flows")).status_code == 401


async def test_ten_megabytes_of_yaml_are_refused_in_words_while_others_are_served(here: Site, admin: Page) -> None:
    now = await standing(admin)
    huge = "a: " + "x" * 10_000_000
    answer, other = await asyncio.gather(
        admin.post("/api/flows/check", {"files": {**now["files"], "main.yaml": huge}}), admin.get("/api/flows/schema")
    )
    assert answer.status_code == 413
    assert "太大" in answer.json()["error"]
    assert other.status_code == 200
    large = (
        await admin.post("/api/flows/check", {"files": {**now["files"], "main.yaml": "a: " + "x" * 300_000}})
    ).json()
    assert any("256 kB" in each["what"] for each in large["problems"])
    assert (await admin.post("/api/flows/check", content=b"x" * (MOST_BYTES + 1))).status_code in (413, 422)


async def test_three_thousand_nodes_are_answered_while_the_loop_goes_on(here: Site, admin: Page) -> None:
    now = await standing(admin)
    nodes = "".join(f"  n{i}: {{kind: say, say: 您好, then: n{i + 1}}}\n" for i in range(3000))
    files = {**now["files"], "big.yaml": f"flow: 1\nstart: n0\nnodes:\n{nodes}"}
    loop, shares = asyncio.get_running_loop(), list[float]()
    while len(shares) < 3 and min(shares, default=1.0) >= 0.5:  # a busy machine may hold us up too: the best of three
        asked = asyncio.create_task(admin.post("/api/flows/check", {"files": files}))
        longest, begun = 0.0, loop.time()
        before = begun
        while not asked.done():
            await asyncio.sleep(0.005)
            longest, before = max(longest, loop.time() - before), loop.time()
        assert any("500" in each["what"] for each in asked.result().json()["problems"])
        shares.append(longest / (before - begun))
    assert min(shares) < 0.5  # done on the loop, one step would be nearly all of it


@pytest.mark.parametrize("name", ["../menu.yaml", "menu.yml", ".hidden.yaml", "", "a/b.yaml", "菜单.yaml"])
async def test_a_file_name_that_would_lead_elsewhere_is_refused(here: Site, admin: Page, name: str) -> None:
    answer = await admin.post("/api/flows/check", {"files": {name: "flow: 1\n"}})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_name")


async def test_a_number_without_its_flow_and_a_recording_that_is_not_there_are_errors(here: Site, admin: Page) -> None:
    now = await standing(admin)
    lost = {name: text for name, text in now["files"].items() if name != "elder.yaml"}
    told = (await admin.post("/api/flows/check", {"files": lost})).json()
    assert any("12349" in each["what"] for each in told["problems"])
    mute = edited(now, "prompts: 1", "prompts: 1", "prompts.yaml")
    mute["prompts.yaml"] += "  welcome_song: {words: 欢迎, audio: audio/nowhere.wav}\n"
    told = (await admin.post("/api/flows/check", {"files": mute})).json()
    assert any("audio/nowhere.wav" in each["what"] for each in told["problems"])


async def test_a_new_key_out_of_a_queue_is_as_good_as_an_old_one(here: Site, admin: Page) -> None:
    now = await standing(admin)
    files = edited(now, '      "1": call_back\n', '      "1": call_back\n      "9": call_back\n', "main.yaml")
    before = (await admin.post("/api/flows/check", {"files": now["files"]})).json()["problems"]
    assert (await admin.post("/api/flows/check", {"files": files})).json()["problems"] == before


async def test_the_picture_of_what_is_being_written_shows_boxes_with_their_lines(here: Site, admin: Page) -> None:
    now = await standing(admin)
    body = {"files": now["files"], "flow": "menu"}
    picture = (await admin.post("/api/flows/picture", body)).json()["picture"]
    box = next(each for each in picture["boxes"] if each["node"] == "main_menu")
    line = now["files"]["menu.yaml"].splitlines()[box["line"] - 1]
    assert line.strip() == "main_menu:"
    assert (await admin.post("/api/flows/picture", {**body, "flow": "nowhere"})).json()["picture"] is None


async def test_a_call_is_played_by_keys_and_words_and_can_be_kept_as_a_test(here: Site, admin: Page) -> None:
    body: dict[str, Any] = {"flow": "menu", "at": "2026-11-23T10:00:00+08:00", "lines": ["2"]}
    trial = (await admin.post("/api/flows/play", body)).json()["trial"]
    assert [each["did"] for each in trial["moments"]] == ["", "2"]
    assert "排队 complaint" in trial["moments"][1]["shown"]
    assert trial["moments"][1]["node"] == "complaint"
    assert "flow: menu" in trial["document"]
    by_word = (await admin.post("/api/flows/play", {**body, "lines": [".", "我要投诉"]})).json()["trial"]
    assert by_word["path"][-1] == trial["path"][-1]
    over = (await admin.post("/api/flows/play", {**body, "lines": ["!", "1"]})).json()["trial"]
    assert over["is_over"]
    now = await standing(admin)
    broken = edited(now, "start: greeting", "start: greetng")
    told = (await admin.post("/api/flows/play", {**body, "files": broken})).json()
    assert told["trial"] is None
    assert told["problems"]
    assert (await admin.post("/api/flows/play", {**body, "at": "2026-11-23T10:00:00"})).status_code == 422
    assert (await admin.post("/api/flows/play", {**body, "flow": "nowhere"})).json()["problems"]


async def test_prompts_are_heard_and_a_recording_becomes_telephone_audio(here: Site, admin: Page) -> None:
    told = await admin.post("/api/flows/say", {"words": "您好"})
    assert told.status_code == 200, told.text
    with wave.open(io.BytesIO(told.content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        assert 0.2 < sound.getnframes() / 8000 < 2
    prompts = (await admin.get("/api/admin/prompts")).json()
    assert any(each["words"].startswith("您好") and not each["is_named"] for each in prompts)

    kept = await admin.post("/api/admin/recordings?name=welcome", content=tone(48_000))
    assert kept.status_code == 201, kept.text
    file = kept.json()["file"]
    assert file.startswith("audio/welcome-")
    assert 0.9 < kept.json()["seconds"] < 1.2
    heard = await admin.get("/api/admin/sound", params={"name": file})
    with wave.open(io.BytesIO(heard.content)) as sound:
        assert sound.getframerate() == 8000
    assert file in [each["file"] for each in (await admin.get("/api/admin/recordings")).json()]
    now = await standing(admin)
    files = dict(now["files"])
    files["prompts.yaml"] += f"  welcome_song: {{words: 欢迎, audio: {file}}}\n"
    assert (await admin.post("/api/flows/check", {"files": files})).json()["may_publish"]


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("welcome", b"<html>", "bad_sound"),
        ("welcome", b"", "bad_sound"),
        ("../../etc/cron", b"", "bad_name"),
        ("a" * 41, b"", "bad_name"),
    ],
)
async def test_what_is_no_sound_is_refused(here: Site, admin: Page, name: str, body: bytes, code: str) -> None:
    answer = await admin.post("/api/admin/recordings", params={"name": name}, content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_only_sounds_of_ours_are_given_out(here: Site, admin: Page) -> None:
    for name in ("../../secrets/ami", "/etc/passwd", "prompts/../../hotline", "audio/../prompts.yaml", "prompts.yaml"):
        assert (await admin.get("/api/admin/sound", params={"name": name})).status_code == 404


async def test_the_schema_for_completion_names_every_kind_of_node(here: Site, admin: Page) -> None:
    schema = (await admin.get("/api/flows/schema")).json()
    assert len(schema["$defs"]["node"]["oneOf"]) == 17


def tone(rate_hz: int) -> bytes:
    """One second of 440 Hz in stereo, as a browser or a recorder would save it."""
    values = (8000 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz)).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.writeframes(np.repeat(values, 2).tobytes())
    return out.getvalue()


async def test_flows_changed_by_hand_are_said_to_be_and_become_a_version_of_their_own(here: Site, admin: Page) -> None:
    file = here.deps.settings.run_folder / "flows" / "menu.yaml"
    if not file.exists():  # alone on its worker: nothing was published before
        now = await standing(admin)
        wish = {"files": edited(now, "感谢您", "谢谢您"), "based_on": now["digest"], "note": "道谢", "reason": "照旧"}
        assert (await admin.post("/api/flows/publish", wish)).status_code == 200
    file.write_text(file.read_text(encoding="utf-8").replace("tries: 2", "tries: 3"), encoding="utf-8")
    now = await standing(admin)
    assert now["is_changed_by_hand"]
    wish = {"files": edited(now, "坐席", "话务员"), "based_on": now["digest"], "note": "称呼", "reason": "照旧"}
    assert (await admin.post("/api/flows/publish", wish)).status_code == 200
    versions = (await admin.get("/api/flows/versions")).json()
    assert versions[1]["by"] == "（磁盘）"
    kept = (await admin.get(f"/api/flows/versions/{versions[1]['number']}")).json()
    assert "tries: 3" in kept["files"]["menu.yaml"]
    assert files_of(here.deps.settings, Shelf.FLOWS) == wish["files"]


async def test_what_cannot_be_written_is_not_published(
    here: Site, admin: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = await standing(admin)
    before = (await admin.get("/api/flows/versions")).json()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(Path("flows")))

    monkeypatch.setattr("cti.server.admin.admin_desk.put_files", full)
    wish = {"files": edited(now, "tries:", "tries: "), "based_on": now["digest"], "note": "空格", "reason": "照旧"}
    assert (await admin.post("/api/flows/publish", wish)).status_code == 503
    monkeypatch.undo()
    after = (await admin.get("/api/flows/versions")).json()
    new = {each["digest"] for each in after} - {each["digest"] for each in before}
    assert new <= {now["digest"]}, "only what stood there before may have become a version"
    assert (await standing(admin))["digest"] == now["digest"]


async def test_a_flow_can_be_tried_by_voice(here: Site, admin: Page) -> None:
    spoken = (await admin.post("/api/flows/say", {"words": "我要投诉"})).content
    first, second = await asyncio.gather(*(admin.post("/api/flows/hear", content=spoken) for _ in range(2)))
    assert (first.status_code, second.status_code) == (200, 200), first.text
    assert "投诉" in first.json()["text"]
    assert (await admin.post("/api/flows/hear", content=b"RIFFnoise")).json()["code"] == "bad_sound"
    assert (await admin.post("/api/flows/hear", content=b"x" * 8_000_001)).status_code == 413
