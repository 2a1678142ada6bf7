"""What the routes of the pages are given: one value, made by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cti.adapters.control.door_client import DoorClient
from cti.adapters.sql.account_store import SqlAccountStore
from cti.adapters.sql.audit_store import SqlAudit
from cti.adapters.sql.database import Database
from cti.adapters.web.admin_desk import AdminDesk
from cti.adapters.web.desks import Desks
from cti.adapters.web.guessing import Guessing
from cti.adapters.web.hub import Hub
from cti.adapters.web.order_deps import OrdersDeps
from cti.adapters.web.passwords import Passwords
from cti.adapters.web.report_desk import ReportDesk
from cti.adapters.web.sessions import Sessions
from cti.seats_file import Seat
from cti.settings import Settings
from ivr.ports import Clock, Journal
from workorder.masking import Masking


@dataclass(frozen=True, slots=True)
class PagesDeps:
    """Everything a route may use. Add a field for what your routes need; `cti/server/pages.py` fills it."""

    settings: Settings
    database: Database
    clock: Clock
    masking: Masking
    journal: Journal
    door: DoorClient
    accounts: SqlAccountStore
    audit: SqlAudit
    sessions: Sessions
    passwords: Passwords
    guessing: Guessing
    hub: Hub
    desks: Desks
    seats: Callable[[], tuple[Seat, ...]]
    seat_password: Callable[[str], str]
    orders: OrdersDeps
    admin: AdminDesk
    reports: ReportDesk
