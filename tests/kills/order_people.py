"""The people of a kill campaign: they open and move orders over HTTP, all at once, whatever becomes of the servers.

Whoever gets no answer does not know whether it was done: they look, and go on from what they see.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from cti.access import Role
from tests.kills.order_ledger import Ledger, Sent

PASSWORD = "一个够长的口令-2026"
UNIT = "水务局"
PEOPLE: Mapping[str, tuple[tuple[Role, ...], str]] = {
    "agent": ((Role.AGENT,), ""),
    "centre": ((Role.SUPERVISOR,), ""),
    "host": ((Role.INSPECTOR,), ""),
    "unit": ((Role.UNIT,), UNIT),
}
HELD = 3
MOST_TRIES = 60
_ENDS = ("archived", "final", "answered", "not_accepted", "merged", "")

Fields = Callable[[str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """One move that somebody may try in a state; `fields` puts the token into its text, if it has one."""

    who: str
    move: str
    fields: Fields = lambda _: {}
    weight: int = 1


STEPS: Mapping[str, Sequence[Step]] = {
    "drafted": [Step("agent", "accept"), Step("agent", "add_new_facts", lambda t: {"text": f"又来电{t}"})],
    "accepted": [
        Step("agent", "dispatch", lambda _: {"unit": UNIT}, 4),
        Step("agent", "add_new_facts", lambda t: {"text": f"又来电{t}"}),
    ],
    "dispatched": [
        Step("unit", "sign", lambda t: {"handler": f"老李{t}"}, 4),
        Step("unit", "request_return", lambda t: {"basis": f"不是我们的{t}", "suggestion": "转规划建设局"}),
        Step("agent", "urge", lambda t: {"why": f"市民着急{t}"}),
    ],
    "return_requested": [
        Step("host", "accept_return"),
        Step("host", "reject_return", lambda t: {"why": f"就是你们的{t}"}),
    ],
    "handling": [
        Step("unit", "reply", lambda t: {"text": f"已修好{t}"}, 3),
        Step("unit", "request_extension", lambda t: {"by": {"amount": 3, "unit": "days"}, "why": f"等配件{t}"}, 2),
        Step("agent", "urge", lambda t: {"why": f"市民着急{t}"}),
    ],
    "extension_requested": [
        Step("host", "approve_extension"),
        Step("host", "refuse_extension", lambda t: {"why": f"配件有货{t}"}),
    ],
    "extension_approved": [Step("agent", "tell_extension", lambda t: {"how": "电话", "contact": f"当面{t}"})],
    "replied": [
        Step("centre", "pass_review", weight=3),
        Step("centre", "fail_review", lambda t: {"lacking": ["specific"], "why": f"没写何时{t}"}),
    ],
    "reviewed": [Step("agent", "tell_citizen", lambda t: {"how": "电话", "contact": "当面", "text": f"修好了{t}"})],
    "told": [Step("agent", "send_sms")],
    "sms_followup": [
        Step("agent", "close", lambda _: {"satisfaction": "satisfied"}, 3),
        Step("agent", "sms_dissatisfied", lambda t: {"answer": f"还漏{t}"}),
    ],
    "manual_followup": [
        Step("agent", "close", lambda _: {"satisfaction": "satisfied"}),
        Step("host", "redo", lambda t: {"reason": f"还漏{t}", "finding": "属实"}),
        Step("centre", "rectify", lambda t: {"why": f"还漏{t}"}),
    ],
    "redo": [Step("unit", "reply", lambda t: {"text": f"又修好{t}"})],
    "rectifying": [Step("unit", "reply", lambda t: {"text": f"又修好{t}"})],
    "closed": [Step("centre", "archive")],
}
LIFT = Step("host", "lift_supervision", lambda t: {"finding": f"已落实{t}"})


@dataclass
class Known:
    """An order as one of the people last saw it."""

    number: str
    version: int = 0
    state: str = ""
    is_supervised: bool = False
    tries: int = 0

    def seen(self, row: Mapping[str, Any]) -> None:
        self.version, self.state = int(row["version"]), str(row["state"])
        self.is_supervised = bool(row["is_supervised"])


@dataclass
class Town:
    """The servers, the people's browsers, and what they remember."""

    ports: Sequence[int]
    token: str
    ledger: Ledger = field(default_factory=Ledger)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: Counter[int] = field(default_factory=Counter)
    _browsers: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    _signing: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def ask(self, who: str, method: str, path: str, body: object = None, port: int = 0) -> httpx.Response | None:
        """Return the answer; None when nobody knows what became of it. Who is signed out signs in and asks again."""
        port = port or random.choice(self.ports)
        while True:
            answer = await self._send(who, method, path, body, port)
            if answer is None or answer.status_code != 401 or not who:
                return answer
            if not await self._sign_in(who, port):
                return None

    async def look(self, order: Known) -> None:
        """See where the order stands, from whichever server answers."""
        while True:
            answer = await self.ask("agent", "GET", f"/api/orders/{order.number}")
            if answer is not None and answer.status_code == 200:
                return order.seen(answer.json())
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        for browser in self._browsers.values():
            await browser.aclose()

    async def _send(self, who: str, method: str, path: str, body: object, port: int) -> httpx.Response | None:
        browser = self._browsers.setdefault(who, httpx.AsyncClient(timeout=20, trust_env=False))
        base = f"http://127.0.0.1:{port}"
        headers = {"origin": base, "x-csrf": browser.cookies.get("hl_csrf") or ""}
        if not who:
            headers = {"authorization": f"Bearer {self.token}"}
        self.under_way[port] += 1
        try:
            answer = await browser.request(method, base + path, json=body, headers=headers)
        except httpx.TransportError:
            await asyncio.sleep(0.02)
            return None
        finally:
            self.under_way[port] -= 1
        return None if answer.status_code >= 500 else answer

    async def _sign_in(self, who: str, port: int) -> bool:
        lock = self._signing.setdefault(who, asyncio.Lock())
        if lock.locked():  # somebody does it already
            async with lock:
                return True
        async with lock:
            browser = self._browsers[who]
            with suppress(httpx.TransportError):
                await browser.post(
                    f"http://127.0.0.1:{port}/api/session",
                    json={"name": who, "password": PASSWORD},
                    headers={"origin": f"http://127.0.0.1:{port}"},
                )
                return True
            return False


class Citizen:
    """One of those who work at the same time, each on orders of their own, some of them in two windows at once."""

    def __init__(self, town: Town, nth: int) -> None:
        self._town = town
        self._chance = random.Random(nth)
        self._tokens = (f"〔{nth}-{each}〕" for each in itertools.count())
        self._held: list[Known] = []

    async def work(self) -> None:
        """Open and move until it is over."""
        while not self._town.over.is_set():
            if len(self._held) < HELD:
                await self._open()
                continue
            order = self._chance.choice(self._held)
            await self._move(order)
            order.tries += 1
            if order.state in _ENDS or order.state not in STEPS or order.tries > MOST_TRIES:
                self._held.remove(order)

    async def _open(self) -> None:
        token, ledger = next(self._tokens), self._town.ledger
        ledger.asked.add(token)
        if self._chance.random() < 0.3:
            number = await self._told_by_partner(token)
        else:
            body = {"channel": "letter", "category": "sudden", "fields": {"title": f"路灯不亮{token}", "name": "王五"}}
            answer = await self._town.ask("agent", "POST", "/api/orders", body)
            number = str(answer.json()["number"]) if answer is not None and answer.status_code == 201 else ""
            if answer is not None and not number:
                ledger.refused[answer.status_code] += 1
        if number:
            ledger.opened[token] = number
            known = Known(number)
            await self._town.look(known)
            self._held.append(known)

    async def _told_by_partner(self, token: str) -> str:
        """Another system tells its message until it is told that it arrived: it must be one order all the same."""
        form = {"text": f"武威路路灯不亮三天了{token}", "name": "王小明", "phone": "13812345678", "place": "武威路9号"}
        while True:
            answer = await self._town.ask("", "POST", "/api/partner/orders", {"their_id": token, **form})
            if answer is not None and answer.status_code == 201:
                return str(answer.json()["number"])
            if answer is not None:
                self._town.ledger.refused[answer.status_code] += 1
                return ""

    async def _move(self, order: Known) -> None:
        steps = [LIFT] if order.is_supervised and self._chance.random() < 0.5 else STEPS.get(order.state, [])
        if not steps:
            return
        step = self._chance.choices(steps, [each.weight for each in steps])[0]
        if self._chance.random() < 0.15:
            results = await asyncio.gather(*(self._send(order, step, port) for port in self._town.ports))
        else:
            results = [await self._send(order, step, self._chance.choice(self._town.ports))]
        made = [row for row in results if row is not None]
        if made:
            order.seen(made[-1])
        else:
            await self._town.look(order)

    async def _send(self, order: Known, step: Step, port: int) -> Mapping[str, Any] | None:
        """Make one move upon the version that was seen; returns the order afterwards, None when it is not known."""
        written = next(self._tokens)
        fields = step.fields(written)
        token = written if written in str(fields) else ""
        body = {"action": step.move, "fields": fields, "version": order.version}
        version = order.version
        answer = await self._town.ask(step.who, "POST", f"/api/orders/{order.number}/actions", body, port)
        is_made = answer is not None and answer.status_code == 200
        if answer is None or is_made:
            self._town.ledger.moves.append(Sent(order.number, version, step.move, token, is_made))
        else:
            self._town.ledger.refused[answer.status_code] += 1
        return dict(answer.json()) if answer is not None and is_made else None
