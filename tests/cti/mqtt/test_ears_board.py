"""The board of recognition workers on a real broker: who comes, who changes, who goes without a word."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from cti.adapters.mqtt.ears_board import announce, watch
from ivr.speech.ear_roster import EarCard
from tests.conftest_services import Broker

CARD = EarCard("box-1", "127.0.0.1", 5000, 5001, "demo", 40, "secret")


class Board:
    """What a controller sees."""

    def __init__(self) -> None:
        self.cards: dict[str, EarCard] = {}
        self._news = asyncio.Event()

    def tell(self, name: str, card: EarCard | None) -> None:
        self.cards.pop(name, None)
        if card is not None:
            self.cards[name] = card
        self._news.set()

    async def until(self, condition: Callable[[dict[str, EarCard]], bool]) -> None:
        async with asyncio.timeout(15):
            while not condition(self.cards):
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def during(*works: object) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(work) for work in works]  # type: ignore[call-overload]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


async def test_a_worker_is_seen_coming_changing_and_going(mqtt_broker: Broker) -> None:
    board, card = Board(), CARD
    async with during(watch(mqtt_broker.url, board.tell)):
        async with during(announce(mqtt_broker.url, lambda: card)):
            await board.until(lambda cards: cards.get("box-1") == CARD)
            card = replace(CARD, streams=7)
            await board.until(lambda cards: cards["box-1"].streams == 7)
            late = Board()
            async with during(watch(mqtt_broker.url, late.tell)):
                await late.until(lambda cards: "box-1" in cards)  # retained: who comes later sees it too
        await board.until(lambda cards: not cards)


async def test_a_worker_that_dies_without_a_word_is_taken_down_by_its_will(mqtt_broker: Broker) -> None:
    board = Board()
    child = (
        "import asyncio\n"
        "from cti.adapters.mqtt.ears_board import announce\n"
        "from ivr.speech.ear_roster import EarCard\n"
        "card = EarCard('box-1', '127.0.0.1', 5000, 5001, 'demo', 40, 's')\n"
        f"asyncio.run(announce({mqtt_broker.url!r}, lambda: card))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", child)
    async with during(watch(mqtt_broker.url, board.tell)):
        await board.until(lambda cards: "box-1" in cards)
        process.kill()
        await process.wait()
        await board.until(lambda cards: not cards)


async def test_a_broker_that_comes_back_is_told_again(mqtt_broker: Broker) -> None:
    board = Board()
    async with during(watch(mqtt_broker.url, board.tell), announce(mqtt_broker.url, lambda: CARD)):
        await board.until(lambda cards: "box-1" in cards)
        mqtt_broker.kill()
        board.cards.clear()
        mqtt_broker.start()
        await board.until(lambda cards: "box-1" in cards)
