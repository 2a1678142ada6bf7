"""The link to the switch under a hostile network: it comes back, knows the state anew, and never blocks."""

from __future__ import annotations

import asyncio
import time

from ivr.adapters.asterisk.link import AsteriskLink, LinkSettings
from ivr.call import CallId, ChannelName, QueueName, SeatId
from ivr.events import SwitchLost, SwitchReady, UserNoted
from tests.ivr.asterisk.fake_ami import Action, FakeAmi, message
from tests.ivr.asterisk.test_panoramisk_defects import linked, until, user_event


async def test_the_state_is_read_before_work_goes_on_and_facts_of_the_meantime_follow() -> None:
    def slow(fake: FakeAmi, action: Action) -> None:
        fake.send(user_event("in the meantime"))
        fake.answer_list(action, "QueueStatus")

    async with FakeAmi() as fake:
        fake.react["QueueStatus"] = slow
        link = AsteriskLink(LinkSettings("127.0.0.1", fake.port, "hotline", fake.secret))
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(link.run())
            events = link.events()
            async with asyncio.timeout(20):
                told = [await anext(events), await anext(events)]
            running.cancel()
        assert [type(event) for event in told] == [SwitchReady, UserNoted]


async def test_every_login_is_a_new_epoch() -> None:
    async with FakeAmi() as fake, linked(fake) as (link, events):
        for epoch in (2, 3):
            fake.drop()
            await until(events, SwitchLost)
            ready = await until(events, SwitchReady)
            assert ready.epoch == epoch
            assert (await link.snapshot()).epoch == epoch


async def test_a_wrong_password_is_named_and_does_not_flood_the_switch() -> None:
    async with FakeAmi() as fake:
        link = AsteriskLink(LinkSettings("127.0.0.1", fake.port, "hotline", "wrong", first_retry_seconds=0.1))
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(link.run())
            lost = await until(link.events(), SwitchLost)
            await asyncio.sleep(0.5)
            running.cancel()
        assert "refused the login of 'hotline': Authentication failed" in lost.reason
        assert "wrong" not in lost.reason
        assert fake.connections <= 3


async def test_a_switch_that_restarts_in_the_middle_of_an_action_is_found_again() -> None:
    async with FakeAmi() as fake, linked(fake) as (link, events):

        async def restart(fake: FakeAmi, _: Action) -> None:
            fake.send(message(Event="Shutdown", Shutdown="Cleanly", Restart="True"))

        fake.react["QueuePause"] = restart
        result = await asyncio.gather(link.pause_member(SeatId("801"), True, "小休"), return_exceptions=True)
        assert "shutting down" in str(result[0])
        await fake.stop()
        await until(events, SwitchLost)
        await asyncio.sleep(0.3)
        await fake.listen()
        await until(events, SwitchReady)
        assert len(fake.named("QueuePause")) == 1


async def test_a_peer_that_is_no_switch_is_left_alone() -> None:
    async def web_server(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(range(256)) * 100)
        writer.close()  # since Python 3.12 a server that closes waits for its connections

    server = await asyncio.start_server(web_server, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    link = AsteriskLink(LinkSettings("127.0.0.1", port, "hotline", "s"))
    async with server, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(link.run())
        lost = await until(link.events(), SwitchLost)
        running.cancel()
    assert "not an Asterisk manager port" in lost.reason


async def test_garbage_after_the_login_ends_the_connection_not_the_server() -> None:
    async with FakeAmi() as fake, linked(fake) as (_, events):
        fake.send(b"\xff\xfe\0garbage" * 60_000)
        await until(events, SwitchLost)
        await until(events, SwitchReady)


async def test_a_flood_nobody_reads_is_cut_and_the_state_read_anew() -> None:
    async with FakeAmi() as fake, linked(fake, max_waiting_events=1000) as (link, events):
        fake.send(user_event("x") * 100_000)
        for _ in range(1000):
            if link.epoch == 2:
                break
            await asyncio.sleep(0.01)
        async with asyncio.timeout(20):
            told = [await anext(events), await anext(events)]
        assert isinstance(told[0], SwitchLost)
        assert "too many events" in told[0].reason
        assert isinstance(told[1], SwitchReady)


async def test_a_flood_that_is_read_arrives_whole_and_the_loop_stays_responsive() -> None:
    """Responsive is counted in events between two turns of the loop, not in seconds, which a busy machine stretches."""
    read = worst = 0

    async def heartbeat() -> None:
        nonlocal worst
        while True:
            before = read
            await asyncio.sleep(0)
            worst = max(worst, read - before)

    async with FakeAmi() as fake, linked(fake, max_waiting_events=200_000) as (_, events):
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(heartbeat())
            fake.send(user_event("x") * 100_000)
            for _ in range(100_000):
                await until(events, UserNoted, 30)
                read += 1
            beating.cancel()
        assert fake.connections == 1
    assert worst <= 10_000


async def test_a_half_open_peer_is_noticed_though_it_never_closes() -> None:
    async with FakeAmi() as fake, linked(fake, ping_seconds=0.2) as (_, events):
        fake.silent = True
        begun = time.monotonic()
        await until(events, SwitchLost)
        assert time.monotonic() - begun < 15.0  # without the pings it would be never


async def test_events_prove_life_even_when_pongs_are_late() -> None:
    async with FakeAmi() as fake, linked(fake, ping_seconds=0.5) as (_, events):
        fake.silent = True
        for _ in range(15):
            fake.send(user_event("still here"))
            await asyncio.sleep(0.2)
        fake.silent = False
        for _ in range(15):
            await until(events, UserNoted)
        assert fake.connections == 1


async def test_the_snapshot_tells_callers_seats_and_waiting_people_and_leaves_out_taps() -> None:
    channel = {"Event": "CoreShowChannel", "Application": "Queue", "Duration": "00:01:05", "CallerIDNum": "13812345678"}
    tap = {**channel, "Channel": "AudioSocket/127.0.0.1:9092-1", "Uniqueid": "hl-1.9", "Linkedid": "hl-1.9"}
    caller = {**channel, "Channel": "PJSIP/trunk-00000001", "Uniqueid": "hl-1.1", "Linkedid": "hl-1.1", "BridgeId": ""}
    member = {"Event": "QueueMember", "Queue": "general", "Location": "PJSIP/801", "Penalty": "2", "Status": "1"}
    entry = {"Event": "QueueEntry", "Queue": "general", "Position": "1", "Channel": "PJSIP/trunk-00000001"}

    async with FakeAmi() as fake, linked(fake) as (link, _):
        fake.react["CoreShowChannels"] = lambda fake, action: fake.answer_list(
            action, "CoreShowChannels", (caller, tap)
        )
        fake.react["QueueStatus"] = lambda fake, action: fake.answer_list(
            action,
            "QueueStatus",
            (
                {**member, "Paused": "1", "PausedReason": "小休", "CallsTaken": "3"},
                {**entry, "Uniqueid": "hl-1.1", "Wait": "7", "Priority": "9"},
                {**entry, "Uniqueid": "hl-1.1", "Wait": "long", "Priority": "9"},
            ),
        )
        read = await link.snapshot()
    assert [(one.call, one.seconds, one.number.digits) for one in read.channels] == [("hl-1.1", 65.0, "13812345678")]
    assert [(one.seat, one.paused, one.reason, one.device, one.penalty) for one in read.members] == [
        (SeatId("801"), True, "小休", "not in use", 2)
    ]
    assert [(one.call, one.waited_seconds, one.priority) for one in read.waiting] == [("hl-1.1", 7.0, 9)]
    assert link.malformed_events == 1


async def test_a_tap_asks_for_what_one_party_says_only() -> None:
    stream = "40325ec2-5efd-4bd3-805f-53576e581d13"
    async with FakeAmi() as fake:
        async with linked(fake) as (link, _):
            await link.tap(ChannelName("PJSIP/801-0000000a"), stream, "127.0.0.1", 9092)
            await link.prioritise(CallId("hl-1.1"), ChannelName("PJSIP/trunk-00000001"), QueueName("general"), 9)
        (tap,) = fake.named("Originate")
        assert tap["Channel"] == [f"AudioSocket/127.0.0.1:9092/{stream}/c(slin)"]
        assert (tap["Application"], tap["Data"], tap["Async"]) == (["ChanSpy"], ["PJSIP/801-0000000a,qoES"], ["true"])
        (moved,) = fake.named("QueueChangePriorityCaller")
        assert (moved["Priority"], moved["Immediate"]) == (["9"], ["true"])
