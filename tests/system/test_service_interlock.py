"""A real emergency trunk is shut until its test call is confirmed: no way in reaches a real number, by any trunk.

The "real" centre is a simulator at 127.0.0.4 and the carrier one at 127.0.0.5: nothing leaves this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from cti.adapters.control.visit import ask
from cti.server.emergency import control_socket
from cti.server.installation import queues_of, seat_password, switch_config
from cti.server.interlock import confirmation_file, gate_of
from ivr.adapters.asterisk.link import AsteriskLink, LinkSettings
from ivr.adapters.simulator.phone_errors import CallTimeoutError, SimulatedPhoneError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_message import SipRequest, respond
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.sip_wire import Address
from ivr.call import CallId, ChannelName, PhoneNumber
from ivr.errors import SwitchError, SwitchRefusedError
from ivr.ports import GOTO
from tests.ports import free_port
from tests.system.running_service import Bus, RunningService, service_of
from tests.system.running_switch import until
from tests.system.seat_scene import AGENT_HZ, CALLER_HZ, HELP_HZ, THIRD_HZ, hear, says
from tests.system.test_service_emergency import QUEUES

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-interlock")]

CENTRE, CARRIER, TEST_NUMBER = "127.0.0.4", "127.0.0.5", "02988880000"
PORTS = {CENTRE: free_port(CENTRE), CARRIER: free_port(CARRIER)}
ALLOWED = "13800138000"
REAL = ("110", "119", "120", "122", "112", "0110", "9119", "0086110", "0931119", "01012345", "12345", "95110")


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    change = {
        "emergency_trunk": {
            "real": True, "host": CENTRE, "port": PORTS[CENTRE], "match": [CENTRE], "test_number": TEST_NUMBER,
        },
        "switch": {
            "trunks": [{"name": "carrier", "host": CARRIER, "port": PORTS[CARRIER], "match": [CARRIER, "127.0.0.2"]}]
        },
    }  # fmt: skip
    with service_of(change, QUEUES, hurried=True) as running:
        yield running


@pytest.fixture
async def outside() -> AsyncIterator[dict[str, SipPhone]]:
    """Whoever could be called: the centre and the carrier."""
    async with (
        SipPhone(bind_ip=CENTRE, port=PORTS[CENTRE], number="centre") as centre,
        SipPhone(bind_ip=CARRIER, port=PORTS[CARRIER], number="carrier") as carrier,
    ):
        yield {CENTRE: centre, CARRIER: carrier}


def called(outside: dict[str, SipPhone], where: str) -> list[str]:
    """The numbers that were called there."""
    invitations = [call.invitation for call in outside[where].calls if call.invitation is not None]
    return [each.uri.removeprefix("sip:").partition("@")[0] for each in invitations]


@asynccontextmanager
async def talking(service: RunningService) -> AsyncIterator[tuple[Bus, CallId, SipCall, SipCall]]:
    await service.serving()
    async with service.bus() as bus, service.seat("801") as seat, service.citizen() as citizen:
        caller = await service.dial(citizen)
        call = await service.offered(bus, citizen)
        await bus.event(call, "answered", 30)
        agent = await seat.next_call(30)
        await agent.answered(30)
        yield bus, call, caller, agent
        for line in (caller, agent):
            with contextlib.suppress(SimulatedPhoneError):
                await line.hang_up()
        await service.finished(call)


async def refer(line: SipCall, to: str) -> int:
    """Ask the switch to transfer our party (RFC 3515); returns the status of its answer, 0 when it gives none."""
    assert line._dialog is not None
    line._dialog = line._dialog.next()
    request = line._dialog.request("REFER", via=line._via(), extra=(("Refer-To", f"<sip:{to}@127.0.0.1>"),))
    try:
        return (await line._wire.ask(request, line._dialog.peer, within_seconds=1.5)).status
    except CallTimeoutError:  # the switch knows no REFER at all
        return 0


async def dialled_by(phone: SipPhone, service: RunningService, number: str) -> None:
    """Dial, wait a moment, hang up; a refusal is as good as any other end."""
    call = await phone.call(number, service.settings.switch.sip_host, service.settings.switch.sip_port)
    with contextlib.suppress(SimulatedPhoneError):
        await call.answered(15)
        await asyncio.sleep(0.3)
    await call.hang_up()


async def test_no_telephone_reaches_a_real_number_and_an_ordinary_one_is_reached(
    service: RunningService, outside: dict[str, SipPhone]
) -> None:
    """Dialled by an agent, by a citizen through the trunk, and by the centre itself."""
    async with service.seat("802") as seat, service.citizen() as citizen:
        await asyncio.gather(*(dialled_by(seat, service, number) for number in REAL))
        await dialled_by(seat, service, f"110@{CENTRE}")
        await asyncio.gather(*(dialled_by(phone, service, "119") for phone in (citizen, outside[CENTRE])))
        assert called(outside, CENTRE) == called(outside, CARRIER) == []
        await dialled_by(seat, service, ALLOWED)
    assert (called(outside, CENTRE), called(outside, CARRIER)) == ([], [ALLOWED])  # the eyes can see


async def test_no_transfer_and_no_feature_code_reaches_a_real_number(
    service: RunningService, outside: dict[str, SipPhone]
) -> None:
    async with talking(service) as (_, _, caller, agent):
        for line in (agent, caller):
            assert await refer(line, "110") not in range(100, 300)
            await line.press("#1110#*2119#")
        await asyncio.sleep(1.0)
    assert called(outside, CENTRE) == called(outside, CARRIER) == []


class ForwardingPhone(SipPhone):
    """Answers each call with 302: please call 110 at the centre instead."""

    forwarded = 0
    _asked: frozenset[str] = frozenset()

    def _take_invitation(self, invite: SipRequest, sender: Address) -> None:
        self._asked |= {invite.call_id}  # one that is repeated is none of its own
        self.forwarded = len(self._asked)
        elsewhere = (("Contact", f"<sip:110@{CENTRE}:{PORTS[CENTRE]}>"),)
        self._wire.send(respond(invite, 302, "Moved Temporarily", "forwards", elsewhere), sender)


async def test_no_telephone_that_forwards_its_calls_reaches_a_real_number(service: RunningService) -> None:
    switch = service.settings.switch
    password = seat_password(service.settings, "803")
    async with (
        SipPhone(bind_ip=CENTRE, port=PORTS[CENTRE], number="centre") as centre,
        ForwardingPhone(bind_ip=CARRIER, port=PORTS[CARRIER], number="carrier") as carrier,
        ForwardingPhone(bind_ip="127.0.0.1", number="803", password=password) as seat,
        service.seat("802") as other,
        service.citizen() as citizen,
    ):
        await dialled_by(other, service, ALLOWED)  # the carrier forwards
        await seat.register(switch.sip_host, switch.sip_port)
        await dialled_by(other, service, "803")  # a seat forwards

        async def both_forwarded() -> bool:
            return min(carrier.forwarded, seat.forwarded) >= 1

        await until(both_forwarded)
        line = await service.dial(citizen)  # and a citizen whom the queue gives to it
        await asyncio.sleep(3.0)
        await line.hang_up()
        assert centre.calls == []
        assert carrier.forwarded == 1  # 110 was not asked of the carrier either


async def test_a_flow_that_wishes_a_real_number_is_refused_by_the_dialplan(
    service: RunningService, outside: dict[str, SipPhone]
) -> None:
    """`hotline check` refuses such a flow; what if its wish reached the dialplan all the same?"""
    async with service.bus() as bus, service.ami() as ami, service.citizen() as citizen:
        line = await service.dial(citizen, "12319")
        call = await service.offered(bus, citizen)
        await service.at_node(call, "main_menu")
        channels = await ami.listed("CoreShowChannels")
        channel = next(each["Channel"] for each in channels if each["Uniqueid"] == call)
        for number in ("119", "0110"):
            begun = len(ami.events)
            for name, value in (("HL_DIAL", number), ("HL_RING", "5"), ("HL_DO", "dial")):
                await ami.act("Setvar", Channel=channel, Variable=name, Value=value)
            await ami.act("Redirect", Channel=channel, Context="hl-done", Exten="s", Priority="1")
            await ami.event(lambda e: e.get("UserEvent") == "OutboundRefused", 10, begun)
        await line.hang_up()
        await service.finished(call)
    assert called(outside, CENTRE) == called(outside, CARRIER) == []


async def test_the_link_refuses_real_numbers_whoever_asks_it(
    service: RunningService, outside: dict[str, SipPhone]
) -> None:
    """The last gate: a call-back, a notice, a three-way call all end in this one method."""
    config = switch_config(service.settings, queues_of(service.settings))
    ami = LinkSettings("127.0.0.1", config.ports.ami, config.ami_user, config.ami_secret)
    link = AsteriskLink(ami, gate_of(service.settings))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(link.run())

        async def is_ready() -> bool:
            return link.epoch > 0 and link._connection is not None

        await until(is_ready)
        for number in REAL:
            ways = ("PJSIP/{}@emergency", "Local/{}@hl-notice/n", "Local/{}@hl-third/n", "PJSIP/{}@carrier")
            for target in (way.format(number) for way in ways):
                with pytest.raises(SwitchError):
                    await originate(link, target)
            with pytest.raises(SwitchError):  # a seat that is rung, and then dials
                await originate(link, "PJSIP/802", GOTO, f"hl-call,{number}")
        for target in ("PJSIP/119@emergency", "PJSIP/13812345678@emergency"):
            with pytest.raises(SwitchRefusedError, match="测试呼叫"):
                await originate(link, target)
        for context in ("from-seat", "from-trunk"):
            with pytest.raises(SwitchError):
                await link.redirect(ChannelName("PJSIP/801-00000001"), context, "110")
        running.cancel()
    await asyncio.sleep(0.5)
    assert called(outside, CENTRE) == called(outside, CARRIER) == []


async def test_no_wish_of_an_agent_reaches_a_real_number_and_ordinary_ones_are_reached(
    service: RunningService, outside: dict[str, SipPhone]
) -> None:
    """Transfer, consult, a call out and a call back, asked for at the control door."""
    door = control_socket(service.settings)

    async def asked(verb: str, **words: str) -> bool:
        request = {"verb": verb, "by": "801", **words}
        return bool((await asyncio.to_thread(ask, door, request))["ok"])

    async with talking(service) as (bus, call, caller, agent), service.seat("802") as second:
        while not await asked("seat.ready", seat="802"):  # noqa: ASYNC110  (its telephone is being registered)
            await asyncio.sleep(0.1)
        for number in (*REAL, "１１９", "119#", "+86110"):
            for verb in ("call.transfer_blind", "call.consult"):
                assert not await asked(verb, call=call, seat="801", to=number)
            assert not await asked("call.out", seat="802", number=number)
            assert not await asked("call.call_back", seat="802", call="hl-1.1", number=number)
        await asyncio.sleep(0.5)
        assert called(outside, CENTRE) == called(outside, CARRIER) == []

        says(caller, CALLER_HZ)
        assert await asked("call.consult", call=call, seat="801", to=ALLOWED)
        third = await outside[CARRIER].next_call(30)
        await third.answered(30)
        says(third, THIRD_HZ)
        await hear(agent, THIRD_HZ)
        assert await asked("call.consult_cancel", call=call, seat="801")
        await hear(agent, CALLER_HZ)

        assert await asked("call.transfer_blind", call=call, seat="801", to=ALLOWED)
        third = await outside[CARRIER].next_call(30)
        await third.answered(30)
        says(third, THIRD_HZ)
        await agent.ended(30)
        await hear(caller, THIRD_HZ)
        await hear(third, CALLER_HZ)

        assert await asked("call.out", seat="802", number=ALLOWED)
        own = await second.next_call(30)
        await own.answered(30)
        says(own, AGENT_HZ)
        citizen = await outside[CARRIER].next_call(30)
        await citizen.answered(30)
        says(citizen, HELP_HZ)
        await hear(own, HELP_HZ)
        await hear(citizen, AGENT_HZ)
        made = await bus.envelope(lambda e: e["type"] == "answered" and str(e["call"]).startswith("oc-"))
        assert made["data"]["seat"] == "802"
        await citizen.hang_up()
        await own.ended(30)
        await service.finished(CallId(made["call"]))
    assert called(outside, CARRIER) == [ALLOWED] * 3
    record = await service.record(CallId(made["call"]))
    assert record is not None
    assert (record.caller.digits, record.seat) == (ALLOWED, "802")
    assert service.tracebacks() == []


async def originate(link: AsteriskLink, target: str, application: str = "Wait", data: str = "1") -> None:
    await link.originate(
        channel=target,
        channel_id=f"em-test-{abs(hash(target))}-1",
        application=application,
        data=data,
        caller=PhoneNumber("12345"),
        variables={},
        timeout_seconds=3,
    )


async def test_a_raise_calls_nobody_and_people_are_told_until_the_test_call_is_confirmed(
    service: RunningService, outside: dict[str, SipPhone]
) -> None:
    confirmation_file(service.settings).unlink(missing_ok=True)
    async with talking(service) as (bus, call, _, _):
        assert (await service.hotline("emergency", "raise", call, "--kind", "119", "--by", "801"))[0] == 0
        assert "没有接通" in (await bus.event(call, "emergency_supervisor"))["data"]["reason"]
    assert called(outside, CENTRE) == called(outside, CARRIER) == []

    code, told = await doctor(service, "no\n", "--confirm-by", "王班长")
    assert (code, called(outside, CENTRE)) == (1, [TEST_NUMBER]), told
    assert not confirmation_file(service.settings).exists()
    code, told = await doctor(service, "yes\n", "--confirm-by", "王班长")
    assert (code, called(outside, CENTRE)) == (0, [TEST_NUMBER, TEST_NUMBER]), told
    assert "王班长" in (await doctor(service, ""))[1]

    async with talking(service) as (bus, call, _, _):
        assert (await service.hotline("emergency", "raise", call, "--kind", "119", "--by", "801"))[0] == 0
        await bus.event(call, "emergency_joined")
        async with service.seat("803") as seat:  # open for the desk, and for nobody else
            await asyncio.gather(*(dialled_by(seat, service, number) for number in REAL))
    assert called(outside, CENTRE) == [TEST_NUMBER, TEST_NUMBER, "119"]
    assert called(outside, CARRIER) == []
    assert service.tracebacks() == []


async def doctor(service: RunningService, answers: str, *words: str) -> tuple[int, str]:
    """Run `hotline doctor --emergency` with an operator who types these lines."""
    process = await asyncio.create_subprocess_exec(
        *service.command("doctor", "--emergency", *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(process.communicate(answers.encode()), 60)
    return process.returncode or 0, told.decode(errors="replace")
