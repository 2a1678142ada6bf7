"""The Switch port over AMI: one guarded login at a time, facts out in order, wishes in, each with a deadline.

After every login the switch's state is read anew before SwitchReady is told; facts of the meantime follow it. A loss is
told once, as SwitchLost. Nothing is ever sent twice: what was pending when the link broke raises SwitchLostError, and
the caller looks at the next snapshot before deciding to ask again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from ivr.adapters.asterisk import wire_actions as safe
from ivr.adapters.asterisk.link_connection import Connection
from ivr.adapters.asterisk.render_queue_names import switch_queue
from ivr.adapters.asterisk.translate import translate
from ivr.adapters.asterisk.translate_channel import interface_of
from ivr.adapters.asterisk.translate_snapshot import snapshot
from ivr.adapters.asterisk.wire import AmiMessage, Headers
from ivr.call import CallId, ChannelName, PhoneNumber, QueueName, SeatId
from ivr.errors import SwitchError, SwitchLostError, SwitchRefusedError
from ivr.events import SwitchEvent, SwitchLost, SwitchReady
from ivr.ports import GOTO, SwitchSnapshot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Where the manager interface is, and how patient we are (seconds)."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    deadline_seconds: float = 5.0
    ping_seconds: float = 0.9
    first_retry_seconds: float = 0.2
    max_retry_seconds: float = 5.0
    boot_seconds: float = 1.0
    max_waiting_events: int = 20_000


Gate: TypeAlias = Callable[[str], str]
"""Given `PJSIP/…`: why it may not be called, in Chinese, or nothing."""


def shut(target: str) -> str:
    """The gate of a link that was given none: no trunk at all."""
    return "没有紧急号码的联锁，不能呼叫中继。" if "@" in target else ""


class AsteriskLink:
    """Fulfils `ivr.ports.Switch`. Start `run()` in a task group; cancel it to close.

    Every leg that is asked for passes `gate`, whoever wished it: the last place where a real number can be stopped.
    """

    def __init__(self, settings: LinkSettings, gate: Gate = shut) -> None:
        self._settings = settings
        self._gate = gate
        self._connection: Connection | None = None
        self._logging_in: Connection | None = None
        self._waiting: deque[SwitchEvent] = deque()
        self._held: deque[SwitchEvent] = deque()
        self._wake = asyncio.Event()
        self._booted = asyncio.Event()
        self._told_lost = False
        self._closed = False
        self.epoch = 0
        self.malformed_events = 0

    # ------------------------------------------------------------------------------------------------ the connection

    async def run(self) -> None:
        """Keep the link up until cancelled: connect, read the state, serve; on a loss wait (doubling) and again."""
        settings, delay = self._settings, self._settings.first_retry_seconds
        loop = asyncio.get_running_loop()
        try:
            while True:
                begun = loop.time()
                reason = await self._one_login()
                self._tell_lost(reason)
                if loop.time() - begun > settings.max_retry_seconds:
                    delay = settings.first_retry_seconds
                await asyncio.sleep(delay)
                delay = min(2 * delay, settings.max_retry_seconds)
        finally:
            self._closed = True
            self._tell_lost("closed by us")
            self._wake.set()

    async def _one_login(self) -> str:
        """Log in, serve until the loss, return its reason."""
        settings = self._settings
        connection = self._logging_in = Connection(self._take, settings.deadline_seconds)
        self._booted.clear()
        self._held.clear()
        try:
            async with asyncio.TaskGroup() as tasks:
                await connection.open(settings.host, settings.port, settings.username, settings.secret)
                tasks.create_task(connection.watch(settings.ping_seconds))
                await self._make_ready(connection)
                await asyncio.shield(connection.lost)
        except* SwitchError as failed:
            connection.abort(str(failed.exceptions[0]))
        finally:
            self._connection = self._logging_in = None
            connection.abort("closed by us")
        return connection.lost.result()

    async def _make_ready(self, connection: Connection) -> None:
        try:
            # FullyBooted comes only to a user that may read `system`; without it the actions below tell as well.
            await asyncio.wait_for(self._booted.wait(), self._settings.boot_seconds)
        except TimeoutError:
            log.info("switch_boot_not_told")
        self.epoch += 1
        await self._read(connection)
        self._connection, self._logging_in = connection, None
        self._told_lost = False
        self._tell(SwitchReady(self.epoch, datetime.now(UTC)))
        self._waiting.extend(self._held)
        self._held.clear()
        log.info("switch_ready", extra={"epoch": self.epoch})

    def _take(self, message: AmiMessage) -> None:
        """Take one event from the connection; never raises, never waits."""
        match message["Event"]:
            case "FullyBooted":
                self._booted.set()
                return
            case "Shutdown":
                self._cut("the switch is shutting down")
                return
        try:
            event = translate(message, datetime.now(UTC))
        except (ValueError, OverflowError, OSError):
            self.malformed_events += 1
            log.debug("switch_event_malformed", extra={"event_name": message["Event"][:40]})
            return
        if event is None:
            return
        if self._connection is None:
            self._held.append(event)
        else:
            self._tell(event)
        if max(len(self._waiting), len(self._held)) >= self._settings.max_waiting_events:
            # Better no facts than late ones: forget them, and read the state anew.
            self._waiting.clear()
            self._held.clear()
            self._cut("too many events are waiting to be read")

    def _cut(self, reason: str) -> None:
        connection = self._connection or self._logging_in
        if connection is not None:
            connection.abort(reason)

    def _tell(self, event: SwitchEvent) -> None:
        self._waiting.append(event)
        self._wake.set()

    def _tell_lost(self, reason: str) -> None:
        if not self._told_lost:
            self._told_lost = True
            log.warning("switch_lost", extra={"reason": reason})
            self._tell(SwitchLost(reason, datetime.now(UTC)))

    # --------------------------------------------------------------------------------------------------- facts, state

    async def events(self) -> AsyncIterator[SwitchEvent]:
        """Facts in the order the switch told them; ends when the link was closed. One reader."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._closed:
                return
            self._wake.clear()
            await self._wake.wait()

    async def snapshot(self) -> SwitchSnapshot:
        return await self._read(self._live())

    async def _read(self, connection: Connection) -> SwitchSnapshot:
        channels = await connection.ask("CoreShowChannels", as_list=True)
        queues = await connection.ask("QueueStatus", as_list=True)
        read, malformed = snapshot(self.epoch, channels, queues)
        self.malformed_events += malformed
        return read

    def _live(self) -> Connection:
        if self._connection is None:
            raise SwitchLostError("the link to the switch is down")
        return self._connection

    async def _ask(self, action: str, *headers: tuple[str, str], action_id: str = "") -> None:
        await self._live().ask(action, headers, action_id=action_id)

    # ------------------------------------------------------------------------------------------------------- wishes

    async def add_member(self, queue: QueueName, seat: SeatId, name: str, penalty: int = 0) -> None:
        where = (("Queue", safe.name(switch_queue(queue))), ("Interface", interface_of(SeatId(safe.seat(seat)))))
        await self._ask("QueueAdd", *where, ("MemberName", name), ("Penalty", str(penalty)))

    async def remove_member(self, queue: QueueName, seat: SeatId) -> None:
        await self._ask(
            "QueueRemove",
            ("Queue", safe.name(switch_queue(queue))),
            ("Interface", interface_of(SeatId(safe.seat(seat)))),
        )

    async def pause_member(self, seat: SeatId, paused: bool, reason: str = "") -> None:
        interface = interface_of(SeatId(safe.seat(seat)))
        await self._ask("QueuePause", ("Interface", interface), ("Paused", str(paused).lower()), ("Reason", reason))

    async def prioritise(self, call: CallId, channel: ChannelName, queue: QueueName, priority: int) -> None:
        headers: Headers = (("Queue", safe.name(switch_queue(queue))), ("Caller", safe.channel(channel)))
        await self._ask("QueueChangePriorityCaller", *headers, ("Priority", str(priority)), ("Immediate", "true"))
        log.info("caller_prioritised", extra={"call": call, "priority": priority})

    async def stop_prompt(self, channel: ChannelName) -> None:
        await self._ask("ControlPlayback", ("Channel", safe.channel(channel)), ("Control", "stop"))

    async def set_variable(self, channel: ChannelName, name: str, value: str) -> None:
        await self._ask(
            "Setvar", ("Channel", safe.channel(channel)), ("Variable", safe.variable(name)), ("Value", value)
        )

    async def beat(self, seconds: int) -> None:
        """Say that this controller is alive at `seconds` since the epoch: new callers pass by one that is not."""
        await self._ask("Setvar", ("Variable", "HL_BEAT"), ("Value", str(seconds)))

    async def tap(self, channel: ChannelName, stream: str, host: str, port: int) -> None:
        """Ask for the tap; a recogniser that is away comes back as OriginateEnded with action `tap-<stream>`."""
        await self._ask(
            "Originate",
            ("Channel", safe.channel(f"AudioSocket/{host}:{port}/{safe.channel_id(stream)}/c(slin)")),
            ("Application", "ChanSpy"),
            ("Data", f"{safe.channel(channel)},qoES"),
            ("Async", "true"),
            action_id=f"tap-{stream}",
        )

    async def originate(
        self,
        *,
        channel: str,
        channel_id: str,
        application: str,
        data: str,
        caller: PhoneNumber,
        variables: Mapping[str, str],
        timeout_seconds: int,
    ) -> None:
        """Ask once for a leg with a fixed id; how it ends is OriginateEnded with `action` = `channel_id`.

        SwitchRefusedError when the gate is shut for this target.
        """
        then = safe.dialled_then(data) if application == GOTO else ""
        for dialled in (safe.dialled(safe.target(channel)), then):
            if dialled and (reason := self._gate(dialled)):
                log.error("target_refused_at_link", extra={"leg": safe.channel_id(channel_id), "reason": reason})
                raise SwitchRefusedError(reason)
        await self._ask(
            "Originate",
            ("Channel", safe.target(channel)),
            ("ChannelId", safe.channel_id(channel_id)),
            *_what_then(application, data),
            ("CallerID", f'"12345" <{caller.digits}>'),
            *(("Variable", safe.assignment(name, value)) for name, value in variables.items()),
            ("Timeout", str(timeout_seconds * 1000)),
            ("Async", "true"),
            action_id=channel_id,
        )

    async def redirect(self, channel: ChannelName, context: str, extension: str, priority: int = 1) -> None:
        place: Headers = (
            ("Context", safe.context(context)),
            ("Exten", safe.name(extension)),
            ("Priority", str(priority)),
        )
        await self._ask("Redirect", ("Channel", safe.channel(channel)), *place)

    async def hang_up(self, channel: ChannelName, cause: int = 16) -> None:
        await self._ask("Hangup", ("Channel", safe.channel(channel)), ("Cause", str(cause)))

    async def mute_recording(self, channel: ChannelName, muted: bool) -> None:
        how: Headers = (("Direction", "both"), ("State", "1" if muted else "0"))
        await self._ask("MixMonitorMute", ("Channel", safe.channel(channel)), *how)

    async def reload_queues(self) -> None:
        await self._ask("QueueReload", ("Members", "yes"), ("Rules", "yes"), ("Parameters", "yes"))


def _what_then(application: str, data: str) -> Headers:
    """Return what a leg does once answered: an application, or a place in the dialplan (`context,extension`)."""
    if application != GOTO:
        return (("Application", safe.application(application)), ("Data", data))
    context, _, extension = data.partition(",")
    return (("Context", safe.landing(context)), ("Exten", safe.name(extension)), ("Priority", "1"))
