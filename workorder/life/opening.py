"""From a draft to the first step of an order's life: which category of the city, and what was asked at the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workorder.cities.pack import Pack
from workorder.draft import Draft, FieldName
from workorder.life.actions import Open
from workorder.order import OrderNumber

_MANNERS = {"举报": ("举报", "投诉"), "表扬": ("建议",), "投诉": ("投诉", "难点", "求助"), "建议": ("建议",)}
"""Where a city has no category that is called like the manner of the request, what comes nearest to it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a person says of an order when they stand behind its draft; an empty `category`: as the draft suggests."""

    category: str = ""
    channel: str = "call"
    consents: bool = False
    subject_unit: str = ""
    repeat_of: OrderNumber | None = None
    repeat_kind: str = ""
    is_major: bool = False
    is_leader_assigned: bool = False
    is_anonymous: bool = False
    upstream_id: str = ""
    upstream_due: datetime | None = None


def service_line(category: str) -> str:
    """Return `life` for what daily-life services do (生活服务), else `government` (政务服务)."""
    return "life" if category.startswith("life") else "government"


def suggested_category(request_type: str, pack: Pack) -> str:
    """Return the city's category for 咨询, 求助, 投诉, 举报, 建议 or 表扬; protected ones are chosen by people only."""
    open_to_all = [each for each in pack.categories if not each.is_protected]
    for word in (request_type, *_MANNERS.get(request_type, ()), "求助"):
        found = next((each.name for each in open_to_all if word and word in each.title), "")
        if found:
            return found
    return open_to_all[0].name


def opening_of(draft: Draft, wish: Opening, receiver: str, pack: Pack) -> Open:
    """Return the step that begins the life of a draft's order under the city's present rules."""
    manner = draft.value(FieldName.REQUEST_TYPE)
    return Open(
        pack=pack.edition,
        category=wish.category or suggested_category(manner, pack),
        channel=wish.channel,
        request_type=manner,
        calls=(draft.call,),
        first_receiver=receiver,
        repeat_of=wish.repeat_of,
        repeat_kind=wish.repeat_kind,
        subject_unit=wish.subject_unit,
        consents=wish.consents,
        is_major=wish.is_major,
        is_leader_assigned=wish.is_leader_assigned,
        is_anonymous=wish.is_anonymous,
        upstream_id=wish.upstream_id or draft.their_id,
        upstream_due=wish.upstream_due,
    )
