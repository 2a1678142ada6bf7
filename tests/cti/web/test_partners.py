"""Other systems: messages that become orders once, answers to SMS, and Open311 GeoReport v2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from cti.adapters.files.partner_file import PartnerFile
from ivr.errors import AuthorError
from tests.cti.web.order_site import OrderSite, order_site

MESSAGE = {
    "their_id": "wx-1",
    "text": "武威路路灯不亮三天了",
    "name": "王小明",
    "phone": "13812345678",
    "place": "武威路9号",
}
REQUEST = {
    "service_code": "help",
    "address_string": "武威路9号",
    "description": "路灯不亮三天了，请修一下。",
    "last_name": "王",
    "first_name": "小明",
    "phone": "13812345678",
}


class Machine:
    """Another system: no Origin, no cookies, a token."""

    def __init__(self, here: OrderSite, *may: str, channel: str = "wechat") -> None:
        self._client: httpx.AsyncClient = here.site.visitor("203.0.113.5").client
        del self._client.headers["origin"]
        self.token, _ = PartnerFile(here.site.deps.orders.partners).add(f"系统{may}", may, channel) if may else ("", "")

    async def post(self, path: str, **words: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        return await self._client.post(path, headers=headers, **words)

    async def get(self, path: str, **words: Any) -> httpx.Response:
        return await self._client.get(path, **words)


@pytest.mark.requirement("S-02")
async def test_a_message_becomes_one_order_however_often_it_is_told(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        machine = Machine(here, "intake")
        first = await machine.post("/api/partner/orders", json=MESSAGE)
        assert first.status_code == 201, first.text
        again = await machine.post("/api/partner/orders", json={**MESSAGE, "text": "武威路路灯还是不亮"})
        assert again.json()["number"] == first.json()["number"]
        other = await machine.post("/api/partner/orders", json={**MESSAGE, "their_id": "wx-2"})
        assert other.json()["number"] != first.json()["number"]
        order = (await (await here.agent()).get(f"/api/orders/{first.json()['number']}")).json()
        assert (order["channel"], order["upstream_id"]) == ("wechat", "wx-1")
        wrong = await machine.post("/api/partner/orders", json={**MESSAGE, "phone": "1", "their_id": "wx-3"})
        assert (wrong.status_code, "电话" in wrong.json()["error"]) == (422, True)


async def test_who_has_no_token_or_the_wrong_one_is_let_in_nowhere(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        reader, stranger = Machine(here, "open311"), Machine(here)
        assert (await stranger.post("/api/partner/orders", json=MESSAGE)).status_code == 401
        assert (await reader.post("/api/partner/orders", json=MESSAGE)).status_code == 403
        reader.token = reader.token[:-1] + "?"
        answers = [(await reader.post("/api/partner/orders", json=MESSAGE)).status_code for _ in range(30)]
        assert set(answers) == {401, 429}
        assert (await stranger._client.get("/api/orders")).status_code == 401
        assert (await stranger._client.post("/api/orders", json={})).status_code == 403, "elsewhere Origin still counts"
        assert here.site.deps.orders.partners.stat().st_mode & 0o777 == 0o600


@pytest.mark.requirement("S-31", "S-32")
async def test_the_answer_to_a_follow_up_sms_closes_the_order_or_calls_for_a_person(tmp_path: Path) -> None:
    async with order_site(tmp_path, "suqian") as here:
        machine, agent = Machine(here, "sms"), await here.agent()
        content, discontent = await here.told(), await here.told()
        early = await machine.post("/api/partner/sms", json={"order": content, "answer": "1"})
        assert early.status_code == 409
        for number in (content, discontent):
            await here.does(agent, number, "send_sms")
        assert (await machine.post("/api/partner/sms", json={"order": content, "answer": "？"})).status_code == 422
        closed = await machine.post("/api/partner/sms", json={"order": content, "answer": "满意。"})
        assert closed.json()["state"] == "closed"
        assert (await machine.post("/api/partner/sms", json={"order": content, "answer": "1"})).status_code == 409
        manual = await machine.post("/api/partner/sms", json={"order": discontent, "answer": "2"})
        assert manual.json()["state"] == "manual_followup"


async def test_open311_services_requests_and_tokens_as_the_standard_has_them(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        machine = Machine(here, "open311", channel="open311")
        services = (await machine.get("/open311/v2/services.json")).json()
        assert {each["service_code"] for each in services} >= {"help", "complaint"}
        assert all(each["type"] == "realtime" and each["metadata"] for each in services)
        definition = (await machine.get("/open311/v2/services/help.json")).json()
        assert [each["code"] for each in definition["attributes"]] == ["name", "phone"]
        sent = await machine.post("/open311/v2/requests.json", data=REQUEST)
        assert sent.status_code == 201, sent.text
        number = sent.json()[0]["service_request_id"]
        by_key = await Machine(here).post("/open311/v2/requests.json", data={**REQUEST, "api_key": machine.token})
        assert by_key.status_code == 201
        token = (await machine.get(f"/open311/v2/tokens/{number}.json")).json()
        assert token == [{"service_request_id": number, "token": number}]
        status = (await machine.get(f"/open311/v2/requests/{number}.json")).json()[0]
        assert (status["status"], status["service_code"], status["status_notes"]) == (
            "open",
            "help",
            "已收到，正在登记。",
        )
        listed = await machine.get("/open311/v2/requests.json", params={"status": "open"})
        assert len(listed.json()) == 2
        assert (await machine.get("/open311/v2/requests.json", params={"status": "closed"})).json() == []
        for private in ("王小明", "13812345678", "武威路", "路灯"):
            assert private not in listed.text, "what everybody may read names nobody and no place"
        order = (await (await here.agent()).get(f"/api/orders/{number}")).json()
        assert (order["channel"], order["citizen"]["name"]) == ("open311", "王小明")


async def test_open311_tells_mistakes_as_the_standard_has_them_and_nothing_of_other_orders(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        machine, phoned = Machine(here, "open311", channel="open311"), await here.opened("call")
        for change in ({"service_code": "moon"}, {"address_string": ""}, {"phone": ""}, {"description": "x"}):
            wrong = await machine.post("/open311/v2/requests.json", data={**REQUEST, **change})
            assert wrong.status_code == 400
            assert wrong.json()[0]["code"] == 400
            assert wrong.json()[0]["description"]
        nobody = await Machine(here).post("/open311/v2/requests.json", data=REQUEST)
        assert (nobody.status_code, nobody.json()[0]["code"]) == (401, 401)
        for missing in (phoned, "WO20200101-000001", "7"):
            assert (await machine.get(f"/open311/v2/requests/{missing}.json")).status_code == 404
        assert (await machine.get("/open311/v2/requests.json", params={"start_date": "2026-01-01"})).status_code == 400
        assert (await machine.get("/open311/v2/requests.json", params={"start_date": "x"})).status_code == 422


def test_a_partner_is_not_added_to_a_file_with_mistakes_which_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "partners.yaml"
    PartnerFile(file).add("便民网", ["intake"], "wechat")
    broken = file.read_text(encoding="utf-8").replace("intake", "intake, everything")
    file.write_text(broken, encoding="utf-8")
    with pytest.raises(AuthorError, match="everything"):
        PartnerFile(file).add("城市大脑", ["intake"], "wechat")
    assert file.read_text(encoding="utf-8") == broken, "the others are still there to be mended"
