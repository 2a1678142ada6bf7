"""What somebody sees of a life-service order: the hotline all of it, its merchant no more than the citizen allowed."""

from __future__ import annotations

from typing import Any

from cti.access import Account, Permission, hidden_from, mask_number
from ivr.recording import Part
from ivr.speech.redact import redact
from workorder.masking import Masking
from workorder.merchant_orders import HANDOVER_TITLES, MOVES, STATE_TITLES, Citizen, MerchantOrder, for_merchant
from workorder.merchants import HIGHEST_RATING, Offer


def may_see(account: Account, order: MerchantOrder) -> bool:
    """Whether this person may open the order: the hotline any, a merchant their own once it was handed over."""
    if account.may(Permission.MERCHANTS) or account.may(Permission.ORDERS_INSPECT):
        return True
    return bool(account.unit) and account.unit == order.merchant and order.handover is not None


def citizen_for(order: MerchantOrder, account: Account, masking: Masking) -> Citizen:
    """Return the citizen as this person may know them; consent governs the merchant, masking everybody else."""
    if not (account.may(Permission.MERCHANTS) or account.may(Permission.ORDERS_INSPECT)):
        return for_merchant(order)
    whole, hidden = order.citizen, hidden_from(account, masking)
    return Citizen(whole.name, mask_number(whole.phone, hidden), whole.place, redact(whole.wish, hidden))


def plain_order(order: MerchantOrder, account: Account, masking: Masking) -> dict[str, Any]:
    """Return an order as JSON can hold it, as this person may see it."""
    citizen, consent, verdict = citizen_for(order, account, masking), order.consent, order.verdict
    is_merchant = not (account.may(Permission.MERCHANTS) or account.may(Permission.ORDERS_INSPECT))
    hidden = frozenset() if is_merchant else hidden_from(account, masking)  # what merchants wrote they may read
    recording = f"/api/calls/{order.call}/recording/{Part.MIX.value}" if order.call and not is_merchant else ""

    def words(text: str) -> str:
        return "" if is_merchant else redact(text, hidden)

    return {
        "id": order.id,
        "merchant": order.merchant,
        "service": order.service,
        "service_line": "life",
        "channel": order.channel,
        "state": order.state.value,
        "state_title": STATE_TITLES[order.state],
        "moves": [move.value for state, move in MOVES if state is order.state],
        "citizen": {"name": citizen.name, "phone": citizen.phone, "place": citizen.place, "wish": citizen.wish},
        "consent": {"at": consent.at.isoformat(), "by": consent.by, "how": consent.how} if consent else None,
        "handover": order.handover.value if order.handover else "",
        "handover_title": HANDOVER_TITLES[order.handover] if order.handover else "",
        "call": order.call if order.call and not is_merchant else "",
        "recording": recording,
        "work_order": order.work_order,
        "agreed": redact(order.agreed, hidden),
        "verdict": (
            {"rating": verdict.rating, "is_completed": verdict.is_completed, "complaint": verdict.complaint}
            if verdict and not is_merchant
            else None
        ),
        "opened_at": order.opened.isoformat(),
        "updated_at": order.updated.isoformat(),
        "revision": order.revision,
        "steps": [
            {"at": each.at.isoformat(), "by": each.by, "what": each.what, "text": words(each.text)}
            for each in order.steps
        ],
    }


def plain_offer(offer: Offer, nth: int) -> dict[str, Any]:
    """Return an offer with the figures that made its rank."""
    quality = offer.quality
    return {
        "nth": nth,
        "id": offer.merchant.id,
        "name": offer.merchant.name,
        "services": list(offer.merchant.services),
        "points": offer.points,
        "parts": dict(offer.parts),
        "orders": quality.orders,
        "rating": round(quality.rated / quality.orders, 2) if quality.orders else None,
        "rating_of": HIGHEST_RATING,
        "completed": quality.completed,
        "complaints": quality.complaints,
    }
