"""What may be asked at the control door about a call's recording: call.pause, call.resume."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cti.adapters.control.door import Request, Verb
from cti.shell import CallDesk
from ivr.call import call_id

MOST_BY = 40


def pause_verbs(desk: CallDesk) -> dict[str, Verb]:
    """Return the two verbs; a request names its `call` and, in `by`, who asks."""
    return {"call.pause": partial(_turn, desk, True), "call.resume": partial(_turn, desk, False)}


async def _turn(desk: CallDesk, paused: bool, request: Request) -> Mapping[str, object]:
    call = request.get("call")
    if not isinstance(call, str) or not call:
        raise ValueError("缺少 call（通话编号）。")
    done, text = await desk.pause(call_id(call), paused, str(request.get("by") or "")[:MOST_BY])
    return {"ok": done, "text": text}
