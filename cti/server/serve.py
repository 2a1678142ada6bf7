"""The controller: every part wired together, run until told to stop. Long, for it is one list of what knows what.

Whatever dies here strands nobody: the switch keeps its callers, the dialplan asks again, and the next controller reads
journal, database and switch before it goes on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from dataclasses import dataclass, replace

from cti.adapters.control.door import open_door
from cti.adapters.mqtt.publisher import MqttPublisher
from cti.adapters.mqtt.relay import Relay
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.caller_book import SqlCallerBook
from cti.adapters.sql.database import Database
from cti.adapters.sql.day_calls import calls_queued_since
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.order_desk import SqlOrderDesk
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.outbox_store import SqlOutboxStore
from cti.adapters.sql.spool_file import SpoolFile
from cti.adapters.sql.spooling import SpoolingStore
from cti.conversation import Conversation
from cti.server.assistant import Assistant, assistant_verbs
from cti.server.board_feed import BoardFeed
from cti.server.call_places import Tools
from cti.server.clock import SystemClock
from cti.server.dossier import Dossier, link_files
from cti.server.drafting import LearningPrefill, make_drafter, own_words
from cti.server.ears import open_ears
from cti.server.emergency import (
    FlowHelp,
    control_socket,
    emergency_desk,
    emergency_policy,
    verbs_of,
)
from cti.server.fault_log import fault_watch
from cti.server.files.city_packs import followed_calendar
from cti.server.files.danger_words import open_spotter, own_danger
from cti.server.files.flow_files import FlowShelf
from cti.server.files.following import Following, skills_of, tell_refused
from cti.server.files.queue_file import QueueFile
from cti.server.files.seat_file import SeatFile, seats_of
from cti.server.files.switch_files import SwitchFiles
from cti.server.installation import (
    broker_url,
    espeak_of,
    folders_of,
    part,
    queues_in_force,
    queues_of,
    ready_file,
    switch_config,
)
from cti.server.interlock import gate_of, locks_of
from cti.server.life_timers import run_timers
from cti.server.monitoring import MonitorDesk
from cti.server.notices import outlets_of
from cti.server.order_typing import Desk as TypingDesk
from cti.server.order_typing import OrderTyping
from cti.server.orders import Orders, order_keys
from cti.server.pausing import pause_verbs
from cti.server.phones import phone_verbs
from cti.server.policy import Routing
from cti.server.seats import SeatVerbs, not_ready_reasons
from cti.server.situation import SituationReports
from cti.server.tapes import Tapes
from cti.server.transfer.calls_out import CallsOut
from cti.server.transfer.desk import TransferDesk
from cti.server.transfer.verbs import TransferVerbs
from cti.server.trial_call import TrialCall
from cti.server.vitals import beat, beat_once, follow, recover, settle_memory
from cti.server.watching import WatchedJournal, WatchedPublisher, Watching
from cti.settings import Settings
from cti.shell import CallDesk
from cti.world import World
from ivr.adapters.asterisk.agi_flow import flow_handler
from ivr.adapters.asterisk.agi_server import AgiServer
from ivr.adapters.asterisk.link import AsteriskLink, LinkSettings
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.asterisk.steps import StepSettings
from ivr.adapters.files.journal_files import JournalFiles
from ivr.adapters.vosk.ears import EarsNews
from ivr.call import CallId, Leg
from ivr.commands import InstantCommand
from ivr.errors import SwitchError
from ivr.events import CallOffered, SwitchEvent, SwitchReady
from ivr.ports import Heard, Switch
from ivr.shell import FlowDesk
from routing.adapters.learnt_models import LearntModels
from routing.emergency.shell import EmergencyDesk
from routing.shell import SeatDesk

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Watcher:
    """Tells call desk, dossier and board what the flow desk does (fulfils `ivr.visits.FlowWatcher`)."""

    desk: CallDesk
    dossier: Dossier
    feed: BoardFeed

    def opened(self, offered: CallOffered, flow: str) -> None:
        self.dossier.offered(offered)
        self.desk.opened(offered, flow)
        self.feed.opened(offered, flow)

    def went(self, call: CallId, path: tuple[str, ...]) -> None:
        self.desk.went(call, path)
        self.feed.went(call, path)

    def told(self, command: InstantCommand) -> None:
        self.desk.told(command)


async def serve(settings: Settings) -> None:
    """Run the controller until cancelled."""
    folders, clock = folders_of(settings), SystemClock()
    ready_file(settings).unlink(missing_ok=True)
    queue_file = QueueFile(
        lambda: queues_in_force(settings), queues_of(settings), lambda queues: following.queues(queues), tell_refused
    )
    config = switch_config(settings, queue_file.queues)
    policy = emergency_policy(settings)
    database = Database(settings.database)
    workdays = followed_calendar(settings.data_folder)
    lives = SqlLifeStore(database, workdays, order_keys(settings))
    broker = MqttPublisher(broker_url(settings))
    watching = Watching(clock, queue_file.queues.service_level_seconds)
    publisher = WatchedPublisher(broker, watching)
    journal = WatchedJournal(JournalFiles(folders.journal), watching)
    outbox = SqlOutboxStore(database)
    relay = Relay(outbox, publisher, clock)
    spool = SpoolFile(folders.spool)
    store = SpoolingStore(SqlOrderStore(database), SqlCallStore(database), outbox, spool, relay.wake)
    ami = LinkSettings("127.0.0.1", config.ports.ami, config.ami_user, config.ami_secret)
    link = AsteriskLink(ami, gate_of(settings))
    espeak = espeak_of(settings, part(settings, PartName.ESPEAK))
    switch_files = SwitchFiles(settings, lambda: part(settings, PartName.ASTERISK), link.reload_queues)
    shelf = FlowShelf(
        settings, lambda: queue_file.queues, folders.sounds, espeak, folders.run / "editions", tell_refused
    )
    await shelf.open()
    lost_taps: list[CallDesk] = []  # the desk hears of lost and late taps once it is there

    def tap_lost(call: CallId, leg: Leg) -> None:
        for desk in lost_taps:
            desk.tap_lost(call, leg)

    def text_late(call: CallId, leg: Leg, shed_s: float) -> None:
        for desk in lost_taps:
            desk.text_late(call, leg, shed_s)

    async with open_ears(settings, EarsNews(lost=tap_lost, late=text_late)) as ears, asyncio.TaskGroup() as tasks:
        world = World(
            switch=link,
            ears=ears,
            calls=store,
            orders=store,
            publisher=publisher,
            journal=journal,
            tapes=Tapes(settings.recordings_folder),
            drafter=make_drafter(
                await asyncio.to_thread(LearningPrefill, LearntModels(folders.learnt), own_words(settings))
            ),
            clock=clock,
            longest_pause_seconds=settings.ears.longest_pause_seconds,
            unrecorded=frozenset(each.number for each in settings.numbers if not each.is_recorded),
        )
        flows: list[FlowDesk] = []
        helpers: list[EmergencyDesk] = []

        def live(call: CallId) -> Conversation | None:
            task = calls.live.get(call)
            return task.here if task else None

        feed = BoardFeed(
            watching,
            clock,
            lambda: queue_file.queues,
            live,
            lambda: helpers[0].status() if helpers else (),
            ears,
            journal,
        )
        seat_file = SeatFile(
            settings, seats_of(settings), lambda: following.busy(), lambda new: following.desks(new), tell_refused
        )
        seats = SeatDesk(link, skills_of(seat_file.seats), lambda: queue_file.queues, feed.seat)
        seat_verbs = SeatVerbs(seats, not_ready_reasons(settings.data_folder), folders.run / "seats.json")
        seat_verbs.remember()
        routing = Routing(lambda: queue_file.queues, seats)
        assistant = Assistant(world.drafter, store, SqlCallerBook(database), publisher, clock, tasks, live, feed.known)

        def over(call: CallId) -> None:
            flows[0].forget(call)
            assistant.forget(call)

        calls: CallDesk = CallDesk(world, tasks, over=over)
        lost_taps.append(calls)
        first_flow, flow_help = settings.numbers[0].flow, FlowHelp(lambda: helpers[0], world.journal)
        dossier = Dossier(
            settings.emergency.link,
            link_files(settings),
            world.journal,
            clock,
            lambda work: tasks.create_task(asyncio.to_thread(work), name="link"),
        )
        watcher = _Watcher(calls, dossier, feed)
        flow_desk = FlowDesk(
            shelf, routing, world.journal, clock, watcher, first_flow, tasks, flow_help, policy.from_110_priority
        )
        flows.append(flow_desk)
        spotter = await asyncio.to_thread(open_spotter, own_danger(settings))
        emergency = emergency_desk(
            link,
            world.journal,
            clock,
            publisher,
            store,
            spotter,
            policy,
            lambda: queue_file.queues.default.name,
            tasks,
            locks_of(settings),
            dossier.known,
            lambda teller: outlets_of(settings, replace(espeak, cache=None), teller, clock, tasks),
        )
        helpers.append(emergency)
        following = Following(
            settings,
            folders.sounds,
            espeak,
            switch_files,
            shelf,
            queue_file,
            seat_file,
            seats,
            feed,
            emergency,
            tasks,
        )
        trial = TrialCall(link, clock, settings, tasks)

        async def tell(event: SwitchEvent) -> None:
            """Let every desk hear of an event, under its call."""
            watching.take(event)
            assistant.take(event)
            routing.take(event)
            await seats.take(event)
            await calls.take(event)
            await emergency.take(event)
            await transfers.take(event)
            await calls_out.take(event)
            trial.take(event)

        tools = Tools(
            link,
            journal,
            clock,
            publisher,
            seats,
            watching,
            lambda: queue_file.queues,
            gate_of(settings),
            tell,
            store.call,
        )
        transfers = TransferDesk(tools)
        calls_out = CallsOut(tools, transfers.legs, store.callbacks_done)
        monitors = MonitorDesk(tools, transfers, feed.waits)
        typing = OrderTyping(
            TypingDesk(
                SqlOrderStore(database),
                SqlOrderDesk(database),
                lambda: Orders(settings, database, workdays),
                assistant,
                journal,
                watching,
                clock,
            )
        )

        async def take(event: SwitchEvent) -> None:
            if isinstance(event, SwitchReady):
                await beat_once(link, clock)  # an old beat would send new callers past us
            monitors.see(event)
            for named in transfers.ours(event):
                for each in emergency.ours(named):
                    await tell(each)
            if isinstance(event, SwitchReady):
                await _show(link, feed, seats, monitors)
                for call in calls.live:
                    assistant.adopt(call)
            if isinstance(event, SwitchReady) and event.epoch == 1:
                tasks.create_task(feed.today(lambda since: calls_queued_since(database, since)), name="today")
                ready_file(settings).write_text(str(os.getpid()), encoding="ascii")
                log.info("controller_ready", extra={"agi": config.ports.agi})
                tasks.create_task(recover(calls), name="recover")
                tasks.create_task(following.catch_up(), name="catch up")

        async def hear(heard: Heard) -> None:
            flow_desk.hear(heard)
            calls.hear(heard)
            assistant.hear(heard)
            emergency.hear(heard)
            dossier.hear(heard)

        settle_memory()
        following.start()
        tasks.create_task(database.open_patiently(), name="database")
        tasks.create_task(link.run(), name="link")
        tasks.create_task(beat(link, clock), name="beat")
        tasks.create_task(broker.run(), name="publisher")
        tasks.create_task(relay.run(), name="relay")
        tasks.create_task(store.run(), name="spool")
        tasks.create_task(run_timers(lives, clock, f"{socket.gethostname()}:{os.getpid()}", relay.wake), name="timers")
        watch = fault_watch(settings, clock, link, database, lambda: broker.is_connected, ears)
        tasks.create_task(watch.run(), name="faults")
        tasks.create_task(SituationReports(settings, database, clock).run(), name="situation")
        tasks.create_task(follow(link.events(), take), name="switch events")
        tasks.create_task(follow(ears.heard(), hear), name="ears")
        tasks.create_task(watching.run(feed.each_second), name="board")
        verbs = (
            watching.verbs()
            | seat_verbs.verbs()
            | verbs_of(emergency)
            | trial.verbs()
            | pause_verbs(calls)
            | TransferVerbs(tools, transfers).verbs()
            | calls_out.verbs()
            | monitors.verbs()
            | typing.verbs()
            | assistant_verbs(assistant)
        )
        verbs |= phone_verbs(settings)
        tasks.create_task(open_door(control_socket(settings), verbs), name="control door")
        answer = flow_handler(flow_desk, link, StepSettings(config.lease_seconds))
        tasks.create_task(AgiServer(answer).run("127.0.0.1", config.ports.agi), name="agi")


async def _show(switch: Switch, feed: BoardFeed, seats: SeatDesk, monitors: MonitorDesk) -> None:
    """Let the board fit the switch after a login."""
    try:
        snapshot = await switch.snapshot()
        feed.adopt(snapshot, seats)
        monitors.adopt(snapshot)
    except SwitchError as error:
        log.warning("board_not_adopted", extra={"reason": str(error)})
