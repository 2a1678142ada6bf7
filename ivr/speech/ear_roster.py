"""Which recognition worker hears the next leg: the workers as they announce themselves, and the choice. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

MAX_CARD_BYTES = 4096
BEHIND_S = 2.0
"""A worker whose recognition is later than this gets a new leg only when all the others are late too."""

MEMORY_SHARE = 0.5
"""How much of the machine's memory the workers' models may take together."""

MODEL_IN_MEMORY = 3.0
"""A loaded model takes so many times the bytes in memory that it takes on disk."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_HOST = re.compile(r"[A-Za-z0-9.:_-]{1,120}")


@dataclass(frozen=True, slots=True)
class EarCard:
    """One worker as it announces itself: where it listens (`token` lets one in) and how it is doing.

    `streams` counts open legs of all its controllers, `capacity` how many it hears without falling behind.
    """

    name: str
    host: str
    port: int
    audio_port: int
    model: str
    capacity: int
    token: str = field(repr=False)
    streams: int = 0
    behind_s: float = 0.0
    shed_s: float = 0.0

    def encode(self) -> bytes:
        """Return the announcement's payload."""
        return json.dumps({"v": 1, "type": "ears", "call": None, "order": None, "data": asdict(self)}).encode()


def gone_payload() -> bytes:
    """Return what stands in the place of an announcement when the worker has gone."""
    return json.dumps({"v": 1, "type": "ears_gone", "call": None, "order": None, "data": {}}).encode()


def read_card(name: str, payload: bytes) -> EarCard | None:
    """Return what a worker announced, or None when it has gone; ValueError when it is no announcement."""
    if not payload:
        return None
    if len(payload) > MAX_CARD_BYTES:
        raise ValueError("an announcement this long is none of ours")
    try:
        whole = json.loads(payload)
        if whole["v"] != 1 or whole["type"] not in ("ears", "ears_gone"):
            raise ValueError("not an announcement of this version")
        if whole["type"] == "ears_gone":
            return None
        card = EarCard(**whole["data"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not an announcement: {error!r}") from error
    texts = (card.name, card.host, card.model, card.token)
    numbers = (card.port, card.audio_port, card.capacity, card.streams, card.behind_s, card.shed_s)
    if not all(isinstance(text, str) for text in texts) or not all(_is_number(number) for number in numbers):
        raise ValueError("an announcement's parts have the wrong types")
    if card.name != name or not _NAME.fullmatch(name) or not _HOST.fullmatch(card.host):
        raise ValueError("an announcement under a wrong name, or of no address")
    if not (0 < card.port < 65536 and 0 < card.audio_port < 65536 and card.capacity > 0):
        raise ValueError("an announcement with impossible numbers")
    return card


def by_load(cards: Iterable[EarCard], ours: Mapping[str, int]) -> tuple[EarCard, ...]:
    """Return the workers in the order in which the next leg should be offered to them.

    `ours` counts what we ourselves have given each (its own count comes a moment later). Who is late comes last.
    """

    def rank(card: EarCard) -> tuple[bool, float, str]:
        return card.behind_s > BEHIND_S, max(card.streams, ours.get(card.name, 0)) / card.capacity, card.name

    return tuple(sorted(cards, key=rank))


def worker_count(cores: int, model_bytes: int, memory_bytes: int) -> int:
    """Return how many workers a machine should run: one per core, as far as their models fit into its memory."""
    fitting = int(memory_bytes * MEMORY_SHARE / (MODEL_IN_MEMORY * model_bytes)) if model_bytes > 0 else cores
    return max(1, min(cores, fitting))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9
