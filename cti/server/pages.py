"""The process that serves the pages; it may hang or die, and no call notices (docs/adr/0008)."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from cti.access import Role
from cti.accounts import AccountRecord
from cti.adapters.control.door_client import DoorClient
from cti.adapters.files.city_sources import FileGeo, FilePopulation, FileVideo, city_folder
from cti.adapters.files.partner_file import PartnerFile
from cti.adapters.numbers.places import place_of_number
from cti.adapters.sql.account_store import SqlAccountStore
from cti.adapters.sql.audit_store import SqlAudit
from cti.adapters.sql.database import Database
from cti.adapters.sql.track_store import SqlTracks
from cti.adapters.web.app import PagesDeps, pages_app
from cti.adapters.web.certificates import check_certificate
from cti.adapters.web.desks import Desks
from cti.adapters.web.frames import FramedWebSocket
from cti.adapters.web.guessing import Guessing
from cti.adapters.web.hub import Hub
from cti.adapters.web.order_deps import CitySources, OrdersDeps
from cti.adapters.web.passwords import Passwords, one_time_password
from cti.adapters.web.sessions import Sessions
from cti.adapters.web.watch import follow
from cti.server.admin.admin_desk import OfficeDesk
from cti.server.clock import SystemClock
from cti.server.emergency import control_socket
from cti.server.files.policy_files import safe_masking
from cti.server.files.seat_file import SeatsNow
from cti.server.hot_watch import HotWatch, watch_hot
from cti.server.installation import folders_of, seat_password
from cti.server.open311_out import HandingOver, run_handing_over
from cti.server.orders import Orders, dispatch_catalogue, partner_file
from cti.server.page_process import page_process
from cti.server.report_drafts import draft_reports
from cti.server.reports import Reports
from cti.server.webhooks import Webhooks, run_webhooks
from cti.settings import Settings
from ivr.adapters.asterisk.supervise import ProcessSpec
from ivr.adapters.files.journal_files import JournalFiles
from ivr.errors import StoreError
from ivr.ports import Clock
from ivr.problems import Problem
from workorder.grid.tracks import forget_before

log = logging.getLogger(__name__)

SWEEP_SECONDS = 600.0
MOST_VISITORS = 4000
FIRST_ADMIN = "admin"


def pages_deps(settings: Settings, database: Database, clock: Clock) -> PagesDeps:
    """Return what the routes of the pages are given."""
    accounts, orders = SqlAccountStore(database), Orders(settings, database)
    idle = timedelta(minutes=settings.pages.idle_minutes)
    door, hub = DoorClient(control_socket(settings)), Hub(clock.now)
    return PagesDeps(
        settings=settings,
        database=database,
        clock=clock,
        masking=safe_masking(settings),
        journal=JournalFiles(folders_of(settings).journal),
        door=door,
        accounts=accounts,
        audit=SqlAudit(database),
        sessions=Sessions(accounts, clock, idle, is_secure=settings.pages.is_secure),
        passwords=Passwords(),
        guessing=Guessing(clock.monotonic),
        hub=hub,
        desks=Desks(door, hub),
        seats=SeatsNow(settings),
        seat_password=lambda seat: seat_password(settings, seat),
        orders=OrdersDeps(
            orders.lives,
            orders.calendar,
            orders.pack,
            orders.confirm,
            orders.take_in,
            folders_of(settings).run / "attachments",
            orders.sealing,
            partner_file(settings),
            lambda: dispatch_catalogue(settings),
            city_sources(settings),
        ),
        reports=Reports(settings, database),
        admin=OfficeDesk(settings, database, clock, lambda: _busy_seats(hub.board)),
    )


_BUSY = {"ringing": "正在振铃", "talking": "正在通话", "after_call": "正在写工单"}


def _busy_seats(board: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the seats that nothing may be taken from now, and why, as the board has it."""
    return {seat: _BUSY[row["state"]] for seat, row in board["seats"].items() if row.get("state") in _BUSY}


def city_sources(settings: Settings) -> CitySources:
    """Return what feeds the digital-city centre here: files, where no other system is connected."""
    folder = city_folder(settings.data_folder)
    return CitySources(FileGeo(folder), FilePopulation(folder), FileVideo(folder))


def _server() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def server_of(settings: Settings, deps: PagesDeps) -> uvicorn.Server:
    """Return the web server, not yet running."""
    pages = settings.pages
    return uvicorn.Server(
        uvicorn.Config(
            pages_app(deps),
            pages.host,
            pages.port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(pages.proxies),  # else who asks is who connects: a header could say anything
            forwarded_allow_ips=list(pages.proxies),
            limit_concurrency=MOST_VISITORS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=2,  # open WebSockets would keep us for ever
            lifespan="off",
            ws=FramedWebSocket,
            ws_per_message_deflate=False,
            ws_max_size=1024 * 1024,
            ssl_certfile=str(pages.tls_certificate) if pages.tls_certificate else None,
            ssl_keyfile=str(pages.tls_key) if pages.tls_key else None,
        )
    )


def certificate_problems(settings: Settings) -> tuple[Problem, ...]:
    """Return what is wrong with the certificate of the settings; an expired one is still served, with a warning."""
    pages = settings.pages
    if pages.tls_certificate is None or pages.tls_key is None:
        return ()
    host = urlsplit(pages.address).hostname if pages.address else None
    return check_certificate(pages.tls_certificate, pages.tls_key, [host] if host else (), datetime.now(UTC))


def _webhooks(settings: Settings, database: Database, clock: Clock) -> Webhooks:
    file = partner_file(settings)
    return Webhooks(database, PartnerFile(file), file.parent, clock)


def _handing_over(settings: Settings, database: Database, clock: Clock, deps: PagesDeps) -> HandingOver:
    return HandingOver(database, deps.orders.lives, PartnerFile(partner_file(settings)), clock)


async def serve_pages(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    for problem in certificate_problems(settings):
        log.error("certificate_problem", extra={"problem": str(problem)})
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))  # three of them for each desk
    database, clock = Database(settings.database), SystemClock()
    deps = pages_deps(settings, database, clock)
    async with asyncio.TaskGroup() as tasks:
        background = [
            tasks.create_task(database.open_patiently(), name="database"),
            tasks.create_task(_sweep(deps), name="sweep"),
            tasks.create_task(follow(deps.door, deps.hub, place_of_number), name="watch"),
            tasks.create_task(run_webhooks(_webhooks(settings, database, clock)), name="webhooks"),
            tasks.create_task(run_handing_over(_handing_over(settings, database, clock, deps)), name="open311"),
            tasks.create_task(watch_hot(HotWatch(database, Orders(settings, database), clock)), name="hot"),
            tasks.create_task(draft_reports(Reports(settings, database), clock, _server()), name="reports"),
        ]
        await server_of(settings, deps).serve()
        deps.desks.close()
        for task in background:
            task.cancel()
    deps.admin.close()
    await database.close()


async def first_admin(settings: Settings) -> str:
    """Make the first account where there is none; return its one-time password, empty when there are accounts."""
    password = one_time_password()
    async with Database(settings.database) as database:
        record = AccountRecord(
            FIRST_ADMIN,
            "管理员",
            (Role.ADMIN, Role.SUPERVISOR),
            password_hash=await Passwords().hashed(password),
            must_change=True,
        )
        was_added = await SqlAccountStore(database).add(record, datetime.now(UTC), only_first=True)
    return password if was_added else ""


async def _sweep(deps: PagesDeps) -> None:
    idle = timedelta(minutes=deps.settings.pages.idle_minutes)
    while True:
        try:
            await deps.accounts.sweep(deps.clock.now(), deps.clock.now() - idle)
            roster = (await deps.orders.sources.geo.city()).roster
            await SqlTracks(deps.database).forget(forget_before(roster, deps.clock.now()))
        except StoreError as error:
            log.warning("sessions_not_swept", extra={"reason": str(error)[:200]})
        await asyncio.sleep(SWEEP_SECONDS)


def page_processes(settings: Settings, arguments: Sequence[str]) -> list[ProcessSpec]:
    """Return how to run the pages, if they are to be served. Nobody waits for them: without them every call goes on."""
    if not settings.pages.is_served:
        return []
    return [page_process(settings, arguments, "pages")]
