"""Something to show on the pages of the business beside the hotline's own orders: cases, life services, a survey."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.cti.city_files import write_city

MERCHANTS = """\
merchants: 1
ranking: {rating: 50, completion: 30, complaints: 20, newcomer: 0.6}
services: [开锁, 家政]
register:
  - id: M001
    name: 平安开锁
    services: [开锁]
    phone: "09318800001"
    orders: 100
    rating: 4.2
    completed: 90
    complaints: 5
  - {id: M002, name: 顺达便民, services: [开锁, 家政], phone: "13900000002", orders: 50, rating: 4.8, completed: 49}
  - {id: M003, name: 新邻家政, services: [开锁, 家政], phone: "13900000003"}
"""
SURVEY = """\
campaign: 1
kind: survey
title: 物业服务满意度
client: 住房和城乡建设局
script:
  opening: 您好，这里是12345热线，受住房和城乡建设局委托，想请教您一个问题。
  questions:
    - {name: overall, ask: 您对物业服务满意吗？, choices: [满意, 基本满意, 不满意]}
"""
CASES = (
    ("路灯", 103.72, 36.07, True),
    ("通信井盖", 103.85, 36.05, False),
    ("违法户外广告", 103.77, 36.02, True),
    ("社区环境", 103.88, 36.03, False),
    ("行车道占道停车", 103.83, 36.08, True),
)
ANSWERS = {"位置": "武威路9号门前", "类别": "已核对", "照片": "来电，无照片", "责任单位": "已核对"}
SAID = ("满意", "满意", "基本满意", "不满意", "满意")
_POST = """async ([path, body]) => {
  const token = document.cookie.split('; ').find((each) => each.startsWith('hl_csrf='))?.slice(8) ?? ''
  const headers = {'Content-Type': 'application/json', 'X-CSRF': decodeURIComponent(token)}
  const answer = await fetch(path, {method: 'POST', headers, body: JSON.stringify(body)})
  if (!answer.ok) throw new Error(path + ': ' + await answer.text())
  return await answer.json()
}"""


async def fill(page: Page, data_folder: Path) -> None:
    """Write the files of a small district and some merchants, and do as the signed-in supervisor what they do."""
    write_city(data_folder)
    (data_folder / "merchants.yaml").write_text(MERCHANTS, encoding="utf-8")
    for matter, lon, lat, is_sent in CASES:
        told: dict[str, Any] = {
            "source": "government",
            "matter": matter,
            "text": f"巡查时看到{matter}有问题",
            "place": "武威路",
        }
        case = await _post(page, "/api/city/cases", told | {"at": {"lon": lon, "lat": lat}, "checklist": ANSWERS})
        if is_sent:
            await _post(page, f"/api/city/cases/{case['number']}/dispatch", {})
    wish: dict[str, Any] = {
        "name": "王小明",
        "phone": "13812345678",
        "place": "武威路9号",
        "wish": "门锁打不开，要开锁",
    }
    await _post(page, "/api/merchant-orders", {"service": "家政", "citizen": wish | {"wish": "擦玻璃"}})
    order = await _post(page, "/api/merchant-orders", {"service": "开锁", "citizen": wish, "consent": "电话中口头同意"})
    for path, body in (
        ("handover", {"mode": "ticket"}),
        ("moves", {"move": "contact"}),
        ("moves", {"move": "confirm", "text": "今天下午，80 元"}),
    ):
        address = f"/api/merchant-orders/{order['id']}/{path}"
        order = await _post(page, address, body | {"revision": order["revision"]})
    today = datetime.now(UTC).date()
    sample = f"sample: {{since: {today - timedelta(days=20)}, until: {today}, size: 12}}\n"
    survey = await _post(page, "/api/campaigns", {"plan": SURVEY + sample})
    for nth, said in enumerate(SAID, 1):
        body = {"outcome": "answered", "answers": {"overall": said}}
        await _post(page, f"/api/campaigns/{survey['id']}/members/{nth}/answers", body)


async def _post(page: Page, path: str, body: dict[str, Any]) -> Any:
    return await page.evaluate(_POST, [path, body])
