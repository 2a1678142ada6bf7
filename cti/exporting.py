"""Taking data out of the house (数据导出): who may, whether a second person must agree first, what became of it. Pure.

Where the city asks for it (rows Y-57, Y-58: `export_control` in its pack), an export waits until a second person with
the right has agreed; nobody agrees to their own. An approved export may be taken for a day, by who asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from cti.access import Account, Permission

TAKEN_FOR = timedelta(days=1)
MOST_TAKEN = 20


class ExportState(StrEnum):
    """How a wish stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What somebody wishes to take out: `what` names the kind, `wanted` says which of it (plain JSON)."""

    id: str
    what: str
    wanted: Mapping[str, object]
    reason: str
    asked_by: str
    asked: datetime
    state: ExportState
    decided_by: str = ""
    decided: datetime | None = None
    why: str = ""
    taken: int = field(default=0)


class ExportRefusedError(Exception):
    """It may not be; the message is for people."""


def asked_for(wish: ExportWish, *, needs_approval: bool) -> ExportWish:
    """Return the wish as it begins, waiting where the city asks for approval; ExportRefusedError without a reason."""
    if needs_approval and len(wish.reason.strip()) < 4:
        raise ExportRefusedError("没有写导出的用途。改法：写明用途，审批人要看")
    if needs_approval:
        return replace(wish, state=ExportState.WAITING)
    return replace(wish, state=ExportState.APPROVED, decided=wish.asked, decided_by="")


def decided(wish: ExportWish, by: Account, at: datetime, *, is_approved: bool, why: str) -> ExportWish:
    """Return the wish after a decision; ExportRefusedError when this person may not decide it, or it is decided."""
    if not by.may(Permission.EXPORT_APPROVE):
        raise ExportRefusedError("您的角色不能审批导出。改法：请班长审批")
    if by.name == wish.asked_by:
        raise ExportRefusedError("不能审批自己的导出申请。改法：请另一位有权限的人审批")
    if wish.state is not ExportState.WAITING:
        raise ExportRefusedError("这个申请已经有结论。改法：刷新后再看")
    if not is_approved and len(why.strip()) < 2:
        raise ExportRefusedError("没有写不同意的理由。改法：写一句理由")
    state = ExportState.APPROVED if is_approved else ExportState.REFUSED
    return replace(wish, state=state, decided_by=by.name, decided=at, why=why.strip())


def must_be_takeable(wish: ExportWish, by: Account, at: datetime) -> None:
    """Raise ExportRefusedError unless this person may take the file now."""
    if by.name != wish.asked_by:
        raise ExportRefusedError("只有申请人本人可以下载。改法：请本人下载，或另行申请")
    if wish.state is ExportState.WAITING:
        raise ExportRefusedError("导出还没有审批。改法：请有权限的人先审批")
    if wish.state is ExportState.REFUSED:
        raise ExportRefusedError(f"导出没有被同意：{wish.why or '没有写理由'}。改法：按意见修改后重新申请")
    if wish.decided is None or at - wish.decided > TAKEN_FOR or wish.taken >= MOST_TAKEN:
        raise ExportRefusedError("审批已过期。改法：重新申请")
