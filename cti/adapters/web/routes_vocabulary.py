"""`/api/vocabulary`: the categories and units of the words in use, for a form to complete what somebody begins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from cti.access import Account, Permission
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers
from cti.adapters.web.sessions import require
from cti.verdict import Vocabulary

Reader = Annotated[Account, Depends(require(Permission.ORDERS_HANDLE))]


def routes(deps: PagesDeps) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=["orders"], responses=answers(401, 403, 503))

    @router.get("/api/vocabulary")
    async def vocabulary(who: Reader) -> Vocabulary:
        """Return what may be written as category and unit; an agent may still write something else."""
        return await deps.admin.vocabulary()

    return router
