"""What an emergency service is told, what 110 tells us, and the key that calls for help: on the real switch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from cti.link_view import place_of
from cti.server.installation import folders_of
from ivr.adapters.simulator.call_plan import Answering, Dialling
from ivr.adapters.simulator.line import LineState
from ivr.adapters.simulator.sip_message import SipRequest, user_of
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.call import CallId
from routing.adapters.emergency_policies import load_city
from routing.emergency.passing import decoded
from tests.ports import free_port
from tests.system.running_service import RunningService, service_of
from tests.system.running_switch import until
from tests.system.test_service_emergency import QUEUES, Talk, emergency_centre, talking
from workorder.draft import FieldName

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-emergency-told")]

POLICIES = Path(__file__).parents[2] / "routing" / "emergency" / "policies"
SENT_BY_110 = (
    ("X-110-Id", "110-20261122-0007"),
    ("X-110-Type", "noise"),
    ("X-110-Place", "%E4%B8%9C%E5%B2%97%E8%A5%BF%E8%B7%AF56%E5%8F%B7"),
)
HOSTILE = (("X-110-Id", "a b\tc"), ("X-110-Type", "${SHELL(id)}"), ("X-110-Place", "%0d%0aX: y"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    own = tmp_path_factory.mktemp("city") / "own.yaml"
    text = (POLICIES / "default.yaml").read_text(encoding="utf-8")
    medical = 'numbers: ["120"]'
    assert medical in text
    own.write_text(text.replace(medical, f"{medical}, pass_number: false, pass_place: false"), encoding="utf-8")
    assert not load_city(own).targets["medical"].may_pass_number
    change = {
        "emergency": {
            "policy": str(own),
            "link": {"serve": True, "port": free_port(), "carries_place": True},
            "from_110": {"owner": "示范区公安局", "contact": "指挥中心值班"},
        },
        "called_numbers": {
            "12345": {"flow": "main"},
            "12319": {"flow": "menu"},
            "1234510": {"flow": "main", "from_110": True},
        },
    }
    with service_of(change, queues=QUEUES, hurried=True) as running:
        yield running


@pytest.fixture
async def centre(service: RunningService) -> AsyncIterator[SipPhone]:
    async with emergency_centre(service) as phone:
        phone.answering = Answering()
        yield phone


def invitation(request: SipRequest | None) -> SipRequest:
    assert request is not None
    return request


def said_in(service: RunningService, call: CallId) -> list[str]:
    heard = [line["heard_of"] for line in service.journal.read(call) if "heard_of" in line]
    return [each["text"] for each in heard if isinstance(each, dict) and each["kind"] == "Heard" and each["text"]]


async def opened(link: str) -> httpx.Response:
    """The page; its process may still be starting, and the link's file on its way."""
    answers: list[httpx.Response] = []
    async with httpx.AsyncClient(timeout=5) as client:

        async def is_there() -> bool:
            try:
                answers.append(await client.get(link))
            except httpx.TransportError:
                return False
            return answers[-1].status_code == 200

        await until(is_there, 40)
    return answers[-1]


async def test_a_service_sees_number_order_type_place_and_a_page_of_the_words_as_far_as_it_may(
    service: RunningService, centre: SipPhone
) -> None:
    async with talking(service) as talk:
        await talk.caller.say(await service.speech("我家在东岗西路五十六号，楼下着火了。"))

        async def is_written() -> bool:
            return bool(said_in(service, talk.call))

        await until(is_written, 40)
        assert (await talk.ask("raise", "--kind", "119", "--by", "801", "--why", "着火"))[0] == 0
        emergency = await centre.next_call(30)
        await talk.told("joined", 40)
        words = said_in(service, talk.call)
        invite = invitation(emergency.invitation)
        assert user_of(invite.get("From")) == talk.citizen.number
        assert user_of(invite.get("P-Asserted-Identity")) == talk.citizen.number
        assert (invite.get("X-12345-Order"), invite.get("X-12345-Type")) == (talk.call, "119")
        assert decoded(invite.get("X-12345-Place")) == place_of(words)
        link = invite.get("X-12345-Link")
        assert invite.get("Call-Info") == f"<{link}>;purpose=info"
        page = await opened(link)
        for shown in (talk.call, "119 消防", talk.citizen.number, words[0]):
            assert shown in page.text
        assert place_of(words)
        assert invite.get("Geolocation") == f"<{link}/place>"
        place = await opened(f"{link}/place")
        assert place.headers["content-type"].startswith("application/pidf+xml")
        assert place_of(words) in place.text
        looks = (folders_of(service.settings).run / "links" / "audit.jsonl").read_text(encoding="utf-8").splitlines()
        assert json.loads(looks[0])["call"] == talk.call
        assert link.rpartition("/")[2] not in "".join(looks)
        assert (await talk.ask("verified", "--by", "801"))[0] == 0
        await emergency.hang_up()
        await talk.told("closed", 40)
        await knows_neither(talk, centre)


async def knows_neither(talk: Talk, centre: SipPhone) -> None:
    """A service that may know neither number nor place learns neither, of the same call."""
    code, said = await talk.ask("raise", "--category", "公共安全/突发疾病", "--by", "801")  # the policy asks first
    assert code == 0, said
    assert (await talk.ask("confirm", "--by", "801"))[0] == 0
    emergency = await centre.next_call(30)
    invite = invitation(emergency.invitation)
    assert talk.citizen.number not in invite.encode().decode()
    assert user_of(invite.get("From")) == "12345"
    assert not any(invite.get(name) for name in ("X-12345-Place", "Geolocation"))
    page = await opened(invite.get("X-12345-Link"))
    assert talk.citizen.number not in page.text
    assert "按本地政策不提供" in page.text
    await emergency.hang_up()


async def test_a_caller_who_cannot_speak_calls_the_fire_service_by_two_keys_and_an_agent_comes_third(
    service: RunningService, centre: SipPhone
) -> None:
    async with service.bus() as bus, service.citizen() as citizen:
        line = await service.dial(citizen, "12319")
        call = await service.offered(bus, citizen)
        await service.at_node(call, "main_menu")
        await line.press("*")
        await service.at_node(call, "danger")
        await line.press("1")
        emergency = await centre.next_call(30)
        raised = await bus.event(call, "emergency_detected")
        assert (raised["data"]["kind"], raised["data"]["source"], raised["data"]["by"]) == ("119", "key", "caller")
        await emergency.answered(30)
        await bus.event(call, "emergency_joined")
        async with service.seat("802") as seat:
            agent = await seat.next_call(30)
            await agent.answered(30)
            assert (await service.hotline("emergency", "verified", call, "--by", "802"))[0] == 0
            await emergency.hang_up()
            await asyncio.sleep(0.5)
            await agent.hang_up()
            await line.ended(30)  # the flow went on by `joined`, which says goodbye
        record = await service.finished(call)
    assert record.path[-2:] == ("danger", "fire")
    assert len(centre.calls) == 1
    assert service.tracebacks() == []


async def test_a_service_that_leaves_before_anything_is_understood_leaves_the_caller_to_a_person(
    service: RunningService, centre: SipPhone
) -> None:
    async with service.bus() as bus, service.citizen() as citizen:
        line = await service.dial(citizen, "12319")
        call = await service.offered(bus, citizen)
        await service.at_node(call, "main_menu")
        await line.press("*")
        await service.at_node(call, "danger")
        await line.press("2")
        emergency = await centre.next_call(30)
        await bus.event(call, "emergency_joined", 40)
        await emergency.hang_up()
        await bus.event(call, "emergency_emergency_left", 40)
        async with service.seat("801") as seat:
            agent = await seat.next_call(30)
            await bus.event(call, "answered", 40)
            assert line.state is LineState.TALKING
            await line.hang_up()
            await agent.ended(30)
        assert (await service.finished(call)).outcome == "answered"
    assert service.tracebacks() == []


@pytest.mark.requirement("Y-03", "Y-04")
async def test_a_call_that_110_sends_goes_ahead_of_all_others_and_keeps_their_id_both_ways(
    service: RunningService, centre: SipPhone
) -> None:
    async with service.bus() as bus, service.citizen() as first, service.citizen() as second:
        waiting = [await service.dial(first), await service.dial(second)]
        for citizen in (first, second):
            await bus.event(await service.offered(bus, citizen), "queued")
        how = Dialling(raw_from="<sip:13900001111@127.0.0.3>;tag=x110", headers=SENT_BY_110)
        line = await service.dial(centre, "12345", how)
        told = await bus.envelope(lambda e: e["type"] == "referred")
        call = CallId(told["call"])
        expected = {"from": "110", "id": "110-20261122-0007", "type": "noise", "place": "东岗西路56号"}
        assert told["data"] == expected
        queued = (await bus.event(call, "queued"))["data"]
        assert (queued["position"], queued["source"]) == (1, "110")
        async with service.seat("801") as seat:
            agent = await seat.next_call(30)
            await agent.answered(30)
            assert (await bus.event(call, "answered"))["data"]["seat"] == "801"
            assert (await service.hotline("emergency", "raise", call, "--kind", "110", "--by", "801"))[0] == 0
            leg = await centre.next_call(30)
            await bus.event(call, "emergency_joined")
            assert invitation(leg.invitation).get("X-110-Id") == "110-20261122-0007"
            assert invitation(leg.invitation).get("X-12345-Order") == call
            for each in (line, *waiting):
                await each.hang_up()
            await leg.hang_up()
            await agent.hang_up()
            record = await service.finished(call)
        order = await service.order(call)
        drafted = await bus.event(call, "drafted")
    assert (record.their_id, record.caller.digits) == ("110-20261122-0007", "13900001111")
    assert order is not None
    assert order.draft.their_id == "110-20261122-0007"
    assert order.draft.value(FieldName.PLACE) == "东岗西路56号"
    assert (drafted["order"], drafted["data"]["their_id"]) == (order.number, "110-20261122-0007")


CONTEXTS: tuple[tuple[str, tuple[tuple[str, str], ...], dict[str, str] | None], ...] = (
    ("1234510", (("X-110-Id", "A-1"),), {"from": "110", "id": "A-1"}),
    ("1234510", (), {"from": "110"}),
    ("1234510", HOSTILE, {"from": "110"}),
    ("1234510", (("X-110-Id", "9" * 65), ("X-110-Place", "%E4" * 300)), {"from": "110"}),
    ("12345", (("X-110-Id", "A-1"),), None),
)
"""An own number, without context, hostile, too long, an ordinary caller's headers."""


async def test_only_sensible_context_is_kept_and_only_where_110_calls(service: RunningService) -> None:
    async def one(number: str, headers: tuple[tuple[str, str], ...], told: dict[str, str] | None) -> None:
        async with service.citizen() as citizen:
            line = await service.dial(citizen, number, Dialling(headers=headers))
            call = await service.offered(bus, citizen)
            await bus.event(call, "queued")
            referred = [each["data"] for each in bus.envelopes if (each["call"], each["type"]) == (call, "referred")]
            assert referred == ([] if told is None else [told])
            await line.hang_up()
            record = await service.finished(call)
        assert record.their_id == (told or {}).get("id", "")

    async with service.bus() as bus:
        await asyncio.gather(*(one(*each) for each in CONTEXTS))
    assert service.tracebacks() == []
