"""What controller and recognition worker say to each other over TCP: JSON lines, some with audio after them.

Controller: `{"hello": token}` first, then asks, each with an `ask` number that its `answer` bears:

    expect  call leg begun_at_s paused → stream        finish  call → (its finals came before)
    pause   call paused                                end     call leg
    again   job call leg hole at_s last, audio → found

Worker: `{"welcome": name}`, answers, and what happens: `heard`, `covered` (never before the finals that it covers),
`lost`, `late`, and once a second `load`, which is also its heartbeat.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ivr.call import CallId, Leg
from ivr.ports import Heard, HeardWord

MAX_LINE = 1024 * 1024
MAX_AUDIO = 1024 * 1024

Message: TypeAlias = dict[str, Any]


class WireError(ValueError):
    """What came is nothing of this protocol."""


def encode(message: Mapping[str, object], audio: bytes = b"") -> bytes:
    """Return one message as it goes over the line."""
    whole = {**message, "audio": len(audio)} if audio else message
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" + audio


async def receive(reader: asyncio.StreamReader) -> tuple[Message, bytes] | None:
    """Return the next message and its audio, None at the end; WireError when it is none."""
    try:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            return None
        message = json.loads(line)
        size = message.get("audio", 0)
        if not isinstance(size, int) or not 0 <= size <= MAX_AUDIO:
            raise WireError("no length of audio")
        return message, await reader.readexactly(size) if size else b""
    except asyncio.IncompleteReadError:
        return None
    except (ValueError, AttributeError, RecursionError) as error:
        raise WireError(f"not a message: {error}") from error


def plain(heard: Heard) -> list[object]:
    """Return a result as it goes over the line."""
    words = [[word.text, word.begun_s, word.ended_s, word.confidence] for word in heard.words]
    return [heard.call, heard.leg.value, heard.text, heard.is_final, heard.begun_s, heard.ended_s, words]


def heard_of(told: Sequence[Any]) -> Heard:
    """Return the result that `plain` made so; WireError when it is none."""
    try:
        call, leg, text, is_final, begun_s, ended_s, words = told
        said = tuple(HeardWord(str(w[0]), float(w[1]), float(w[2]), float(w[3])) for w in words)
        return Heard(CallId(str(call)), Leg(leg), str(text), bool(is_final), float(begun_s), float(ended_s), said)
    except (TypeError, ValueError, IndexError) as error:
        raise WireError(f"not a result: {error}") from error
