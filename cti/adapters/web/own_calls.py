"""Whether a call is somebody's own: on the board now, or lately at the seat where they sit."""

from __future__ import annotations

from datetime import timedelta

from cti.access import Account, Permission
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import refused
from ivr.call import CallId, call_id

OWN_FOR = timedelta(hours=12)
"""Who sits at a seat tomorrow has nothing to do with today's calls there."""


def call_of(text: str) -> CallId:
    """Return a call id of a request; 404 for what cannot be one."""
    try:
        return call_id(text)
    except ValueError:
        raise refused(404, "没有这通电话。改法：检查通话编号", "no_such_call") from None


async def is_own(deps: PagesDeps, account: Account, call: CallId) -> bool:
    """Whether the call belongs to the seat of this account."""
    if deps.hub.owners.owns(account.seat, call):
        return True
    if not account.seat or call in deps.hub.board["calls"]:
        return False
    record = await SqlCallStore(deps.database).call(call)
    begun = record.started if record is not None else None
    is_lately = begun is not None and deps.clock.now() - begun < OWN_FOR
    return record is not None and is_lately and record.seat == account.seat


async def must_be_own(deps: PagesDeps, account: Account, call: CallId) -> None:
    """Refuse unless the call is their own or they may see all; 403."""
    if not account.may(Permission.CALLS_ALL) and not await is_own(deps, account, call):
        raise refused(403, "这不是您的通话。改法：请班长查看", "not_own_call")
