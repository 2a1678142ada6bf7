"""A life-service order (生活服务订单): what a citizen wants of a merchant, who agreed to what, and each step of it.

The merchant and the citizen settle the order between themselves (row L-15); the hotline proposes it, hands it over,
and keeps the citizen's number to itself until the citizen has agreed that the merchant may have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from ivr.call import CallId, PhoneNumber
from ivr.speech.redact import redact
from workorder.life.refusal import STALE, Refusal
from workorder.merchants import HIGHEST_RATING, LOWEST_RATING


class MerchantState(StrEnum):
    """Where the order stands."""

    PROPOSED = "proposed"
    CONTACTED = "contacted"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class MerchantMove(StrEnum):
    """What moves it."""

    CONTACT = "contact"
    CONFIRM = "confirm"
    CANCEL = "cancel"


class Handover(StrEnum):
    """How the merchant got it: as an order to read (转交), or with the citizen on the line (转接)."""

    TICKET = "ticket"
    CALL = "call"


_S, _M = MerchantState, MerchantMove

MOVES: Mapping[tuple[MerchantState, MerchantMove], MerchantState] = MappingProxyType({
    (_S.PROPOSED, _M.CONTACT): _S.CONTACTED,
    (_S.CONTACTED, _M.CONFIRM): _S.CONFIRMED,
    (_S.PROPOSED, _M.CANCEL): _S.CANCELLED,
    (_S.CONTACTED, _M.CANCEL): _S.CANCELLED,
    (_S.CONFIRMED, _M.CANCEL): _S.CANCELLED,
})  # fmt: skip

STATE_TITLES: Mapping[MerchantState, str] = MappingProxyType(
    {_S.PROPOSED: "已提出", _S.CONTACTED: "已联系", _S.CONFIRMED: "已确定", _S.CANCELLED: "已取消"}
)
MOVE_TITLES: Mapping[MerchantMove, str] = MappingProxyType(
    {_M.CONTACT: "联系诉求人", _M.CONFIRM: "确定订单", _M.CANCEL: "取消"}
)
HANDOVER_TITLES: Mapping[Handover, str] = MappingProxyType({Handover.TICKET: "转交", Handover.CALL: "转接"})


@dataclass(frozen=True, slots=True)
class Citizen:
    """Who wants it, where, and what."""

    name: str
    phone: str
    place: str
    wish: str


@dataclass(frozen=True, slots=True)
class Consent:
    """That the citizen agreed to be called by the merchant: when, recorded by whom, and how it was said."""

    at: datetime
    by: str
    how: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to the order; steps are only ever added."""

    at: datetime
    by: str
    what: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the citizen said when asked afterwards (回访)."""

    rating: int
    is_completed: bool
    complaint: str = ""


@dataclass(frozen=True, slots=True)
class MerchantOrder:
    """The order. `work_order` is the 12345 order that it came from, `call` the call that was put through."""

    id: str
    merchant: str
    service: str
    citizen: Citizen
    channel: str
    opened: datetime
    state: MerchantState = MerchantState.PROPOSED
    consent: Consent | None = None
    handover: Handover | None = None
    work_order: str = ""
    call: CallId | None = None
    agreed: str = ""
    verdict: Verdict | None = None
    steps: tuple[Step, ...] = field(default=())
    revision: int = 1

    @property
    def updated(self) -> datetime:
        """Return when it last changed."""
        return self.steps[-1].at if self.steps else self.opened


def consented(order: MerchantOrder, how: str, by: str, at: datetime) -> MerchantOrder | Refusal:
    """Return the order with the citizen's consent recorded."""
    if order.state is MerchantState.CANCELLED:
        return _over(order)
    if not how.strip():
        return Refusal("没有写诉求人怎样同意的。", "写明，例如：电话中口头同意。", "L-15")
    return _step(replace(order, consent=Consent(at, by, how.strip())), "consent", how, by, at)


def withdrawn(order: MerchantOrder, why: str, by: str, at: datetime) -> MerchantOrder | Refusal:
    """Return the order after the citizen took the consent back: the number is hidden again."""
    if order.consent is None:
        return Refusal("诉求人没有同意过，没有可撤回的。", "刷新后再看。", "L-15")
    return _step(replace(order, consent=None), "consent_withdrawn", why, by, at)


def handed_over(
    order: MerchantOrder, mode: Handover, call: CallId | None, by: str, at: datetime
) -> MerchantOrder | Refusal:
    """Return the order as handed to its merchant; 转接 names the call, whose recording stays linked."""
    if order.state is not MerchantState.PROPOSED:
        return Refusal(f"订单{STATE_TITLES[order.state]}，不能再转交或转接。", "另开一张订单。", "L-14")
    if mode is Handover.CALL and call is None:
        return Refusal("转接没有写是哪一通电话。", "写通话编号，录音要跟着订单走。", "L-14")
    text = HANDOVER_TITLES[mode] + (f" {call}" if call and mode is Handover.CALL else "")
    return _step(replace(order, handover=mode, call=call or order.call), f"handover_{mode.value}", text, by, at)


def moved(order: MerchantOrder, move: MerchantMove, text: str, by: str, at: datetime) -> MerchantOrder | Refusal:
    """Return the order one state on; Refusal when the table, the consent or the words are lacking."""
    after = MOVES.get((order.state, move))
    if after is None:
        return Refusal(f"订单{STATE_TITLES[order.state]}，不能“{MOVE_TITLES[move]}”。", "刷新后再看。", "L-15")
    if move is MerchantMove.CONTACT and order.handover is None:
        return Refusal("订单还没有转交给企业。", "先转交或转接。", "L-14")
    if move is MerchantMove.CONTACT and order.handover is Handover.TICKET and order.consent is None:
        return Refusal("诉求人没有同意把电话告诉企业。", "先问诉求人并记下同意，或改用转接。", "L-15")
    if move is not MerchantMove.CONTACT and not text.strip():
        what = "约定的时间、内容和价格" if move is MerchantMove.CONFIRM else "取消的原因"
        return Refusal(f"没有写{what}。", f"写明{what}。", "L-15")
    agreed = text.strip() if move is MerchantMove.CONFIRM else order.agreed
    return _step(replace(order, state=after, agreed=agreed), move.value, text, by, at)


def judged(order: MerchantOrder, verdict: Verdict, by: str, at: datetime) -> MerchantOrder | Refusal:
    """Return the order with what the citizen said of it; asked once, of confirmed orders."""
    if order.state is not MerchantState.CONFIRMED:
        return Refusal("只有已确定的订单才回访。", "等企业和诉求人确定订单。", "L-17")
    if order.verdict is not None:
        return Refusal("这张订单已经回访过。", "刷新后再看。", "L-17")
    if not LOWEST_RATING <= verdict.rating <= HIGHEST_RATING:
        return Refusal(f"评分 {verdict.rating} 不对。", f"写 {LOWEST_RATING} 到 {HIGHEST_RATING} 之间的整数。", "L-17")
    return _step(replace(order, verdict=verdict), "judged", verdict.complaint, by, at)


def seen_at(order: MerchantOrder, revision: int) -> Refusal | None:
    """Return why a change on top of `revision` may not be: somebody else was quicker."""
    return None if order.revision == revision else Refusal(STALE, "刷新后再做。")


def for_merchant(order: MerchantOrder) -> Citizen:
    """Return what the merchant may know of the citizen: without consent no name, number or place."""
    whole = order.citizen
    if order.consent is not None:
        return whole
    name = whole.name[:1] + "**" if whole.name else ""
    return Citizen(name, PhoneNumber(whole.phone).masked, "诉求人同意后可见", redact(whole.wish))


def moves_table() -> str:
    """Return the moves as a table for the docs."""
    heads = ["状态", *(MOVE_TITLES[move] for move in MerchantMove)]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for state in MerchantState:
        after = [MOVES.get((state, move)) for move in MerchantMove]
        cells = [STATE_TITLES[each] if each is not None else "" for each in after]
        lines.append("| " + " | ".join([STATE_TITLES[state], *cells]) + " |")
    return "\n".join(lines)


def _over(order: MerchantOrder) -> Refusal:
    return Refusal(f"订单{STATE_TITLES[order.state]}，不能再改。", "另开一张订单。", "L-15")


def _step(order: MerchantOrder, what: str, text: str, by: str, at: datetime) -> MerchantOrder:
    return replace(order, steps=(*order.steps, Step(at, by, what, text.strip())), revision=order.revision + 1)
