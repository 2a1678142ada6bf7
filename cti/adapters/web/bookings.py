"""Opening a life-service order, the same way whether an agent, another system or a citizen on the web wishes it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cti.adapters.files.merchant_file import followed_merchants
from cti.adapters.sql.merchant_store import SqlMerchantOrders
from cti.adapters.web.deps import PagesDeps
from workorder.audit import Person
from workorder.life.refusal import Refusal
from workorder.merchant_orders import Citizen, Handover, MerchantOrder, consented, handed_over
from workorder.merchants import Offer, Register, ranked
from workorder.order import HOTLINE_TIME

MOST_OFFERED = 20


@dataclass(frozen=True, slots=True)
class Booking:
    """What is wished: an empty `merchant` is the one ranked first; `consent` says how it was given, empty: not yet."""

    service: str
    citizen: Citizen
    channel: str
    merchant: str = ""
    consent: str = ""
    work_order: str = ""
    contact: str = ""
    is_handed_over: bool = False


class Bookings:
    """The register, the ranking and the orders of one installation."""

    def __init__(self, deps: PagesDeps) -> None:
        self.orders = SqlMerchantOrders(deps.database)
        self._deps = deps
        self._register = followed_merchants(merchants_file(deps.settings.data_folder))

    @property
    def register(self) -> Register:
        return self._register()

    async def refusal(self, at: datetime) -> Refusal | None:
        """Return why there are no life services here: the city's rules have none, or nobody is registered."""
        pack = await self._deps.orders.pack(at)
        if pack.merchant.value != "true":
            return Refusal(f"{pack.city}没有加盟企业的生活服务。", "按一般诉求登记工单。", pack.merchant.clause)
        if not self.register.merchants:
            return Refusal(
                "没有登记加盟企业。", "写好 merchants.yaml，用 hotline check 检查后放进数据目录。", pack.merchant.clause
            )
        return None

    async def offers(self, service: str) -> tuple[Offer, ...]:
        """Return who offers a service, the best first."""
        return (await self.offers_of([service]))[service]

    async def offers_of(self, services: Sequence[str]) -> Mapping[str, tuple[Offer, ...]]:
        """Return who offers each service, the best first; what citizens said of all is read once."""
        said = await self.orders.quality()
        return {each: ranked(self.register, each, said)[:MOST_OFFERED] for each in services}

    async def open(self, wish: Booking, person: Person, at: datetime) -> MerchantOrder | Refusal:
        """Open the order; the same `contact` again is the same order."""
        if (refusal := await self.refusal(at)) is not None:
            return refusal
        if wish.service not in self.register.services:
            return Refusal(f"没有“{wish.service}”这项服务。", f"可以写：{'、'.join(self.register.services)}。", "L-14")
        offers = await self.offers(wish.service)
        chosen = next((each for each in offers if wish.merchant in ("", each.merchant.id)), None)
        if chosen is None:
            return Refusal("这家企业不提供这项服务，或已暂停。", "从推荐的企业里选一家。", "L-17")
        order: MerchantOrder | Refusal = MerchantOrder(
            self._identity(wish.contact, at),
            chosen.merchant.id,
            wish.service,
            wish.citizen,
            wish.channel,
            at,
            work_order=wish.work_order,
        )
        steps: list[Callable[[MerchantOrder], MerchantOrder | Refusal]] = []
        if wish.consent:
            steps.append(lambda now: consented(now, wish.consent, person.name, at))
        if wish.is_handed_over:
            steps.append(lambda now: handed_over(now, Handover.TICKET, None, person.name, at))
        for step in steps:
            assert isinstance(order, MerchantOrder)
            order = step(order)
        if isinstance(order, Refusal):
            return order
        return await self.orders.begin(replace(order, revision=1), person)

    def _identity(self, contact: str, at: datetime) -> str:
        day = at.astimezone(HOTLINE_TIME).strftime("%Y%m%d")
        return f"SH-{contact}" if contact else f"SH{day}-{secrets.token_hex(4).upper()}"


def merchants_file(data_folder: Path) -> Path:
    """Return where the register of an installation stands."""
    return data_folder / "merchants.yaml"
