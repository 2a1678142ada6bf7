"""The orders' stores of one installation, wired: which city's rules are in force here, and the one way to confirm."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cti.adapters.files.order_keys import OrderKeys
from cti.adapters.sql.confirming import SqlConfirming
from cti.adapters.sql.database import Database
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.sealing import SqlSealing
from cti.server.drafting import SHIPPED_CATALOGUE, own_words
from cti.server.files.city_packs import city_files, followed_calendar, load_city
from cti.settings import Settings
from ivr.call import CallId
from ivr.errors import AuthorError, StoreRefusedError
from workorder.audit import Person
from workorder.cities.pack import Pack
from workorder.clock.days import WorkCalendar
from workorder.dispatch import Catalogue
from workorder.dispatch_file import read_catalogue
from workorder.draft import Draft, Field, FieldName, FieldState
from workorder.life.actors import Actor, Role
from workorder.life.living import LivingOrder
from workorder.life.opening import Opening, opening_of
from workorder.life.refusal import Refusal
from workorder.order import OrderNumber


def order_keys(settings: Settings) -> OrderKeys:
    """Return the keys of sensitive orders; their file is made when the first order is sealed."""
    return OrderKeys(settings.run_folder / "keys" / "orders.keys")


def attachments_folder(settings: Settings) -> Path:
    """Return where what was attached to orders lies."""
    return settings.run_folder / "attachments"


def partner_file(settings: Settings) -> Path:
    """Return where the other systems stand that may bring orders or hear of them."""
    return settings.run_folder / "keys" / "partners.yaml"


def dispatch_catalogue(settings: Settings) -> Catalogue:
    """Return who does what here: the installation's own catalogue, else the one that ships; AuthorError as told."""
    own = own_words(settings) / "catalogue.yaml"
    file = own if own.is_file() else SHIPPED_CATALOGUE
    about = file.stat()
    return _read_catalogue(file, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=8)
def _read_catalogue(file: Path, changed_ns: int, size: int) -> Catalogue:
    """Read a file once for each time that it was written: a city's takes seconds."""
    catalogue, problems = read_catalogue(file.read_text(encoding="utf-8"), str(file))
    if catalogue is None:
        raise AuthorError(problems)
    return catalogue


class Orders:
    """What the pages and the controller need of orders. Files are read once; the pack is kept when first needed."""

    def __init__(
        self, settings: Settings, database: Database, calendar: Callable[[], WorkCalendar] | None = None
    ) -> None:
        self.calendar: Callable[[], WorkCalendar] = calendar or followed_calendar(settings.data_folder)
        keys = order_keys(settings)
        self.lives = SqlLifeStore(database, self.calendar, keys)
        self.sealing = SqlSealing(database, keys)
        self._confirming = SqlConfirming(database, self.lives, self.sealing)
        self._drafts = SqlOrderStore(database)
        self._own = settings.data_folder / "cities"
        self._city = settings.city
        self._texts: dict[str, tuple[Pack, str]] = {}
        self._kept: set[str] = set()
        self._read(self._city)

    async def pack(self, at: datetime, city: str = "") -> Pack:
        """Return the edition in force (of this hotline, or of another city by name), kept for good.

        StoreRefusedError when its text was changed under its version.
        """
        name = city or self._city
        pack, text = self._read(name)
        if name not in self._kept:
            kept = await self.lives.keep_pack(text, at)
            if isinstance(kept, Refusal):
                raise StoreRefusedError(str(kept))
            self._kept.add(name)
        return pack

    def _read(self, name: str) -> tuple[Pack, str]:
        """Return a city's rules and their text, read once."""
        if name not in self._texts:
            pack = load_city(name, self._own)
            self._texts[name] = (pack, city_files(self._own)[name].read_text(encoding="utf-8"))
        return self._texts[name]

    async def confirm(
        self, number: OrderNumber, revision: int, person: Person, at: datetime, wish: Opening | None = None
    ) -> LivingOrder | Refusal:
        """Confirm a draft, which opens its life; errors as `SqlConfirming.confirm`."""
        role = Role(person.role) if person.role in set(Role) else Role.AGENT
        actor = Actor(person.name, Role.CENTRE if role is Role.CENTRE else Role.AGENT)
        return await self._confirming.confirm(number, revision, wish or Opening(), actor, await self.pack(at), at)

    async def take_in(
        self,
        fields: Mapping[FieldName, str],
        wish: Opening,
        actor: Actor,
        at: datetime,
        contact: str = "",
        city: str = "",
    ) -> LivingOrder | Refusal:
        """Begin an order that did not come by telephone, under this hotline's rules or those of `city`.

        What the citizen wrote themselves stands, and no person has confirmed the rest: such an order teaches nothing
        until an agent does.

        Its contact stands where a call's id would: `web-…`, `letter-…`. The same `contact` again is the same order.
        """
        pack = await self.pack(at, city)
        written = {name: Field(value, 1.0, state=FieldState.EDITED) for name, value in fields.items()}
        draft = Draft(CallId(f"{wish.channel}-{contact or secrets.token_hex(8)}"), written)
        order = await self._drafts.save_draft(draft, at)
        known = await self.lives.order(order.number) if contact else None
        if known is not None:
            return known
        return await self.lives.open(opening_of(order.draft, wish, actor.name, pack), actor, at, order.number)
