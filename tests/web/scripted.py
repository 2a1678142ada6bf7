"""A server that plays one agent's calls by script, so that the desk can be brought into every state in seconds.

The pages, their headers and the words of the contract are real; behind them stands a board that tests write on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse

from cti.access import ROLES, Role
from cti.adapters.web import static
from cti.adapters.web.security import Guard
from tests.ports import free_port
from workorder.marks import ABUSES, MARK_TITLES, MarkKind

CALL, CASE, SEAT = "hl-1.1", "hl-1.1-1", "801"
Row = dict[str, Any]


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def seat_row(seat: str, state: str, **more: Any) -> Row:
    row = {"seat": seat, "agent": "赵敏", "user": "", "state": state, "reason": "", "since": ago(90), "call": None}
    return {**row, "reachable": True, "skills": [], "queues": ["general"], **more}


def party(leg: str, **more: Any) -> Row:
    return {"leg": leg, "seat": None, "number": "", "channel": leg, "on_hold": False, "in_talk": True, **more}


KNOWN: Row = {
    "calls": 3,
    "last_seat": "802",
    "last_call_at": ago(4 * 86400),
    "nuisances": 1,
    "orders": [
        {
            "number": "WO20261118-000032",
            "state": "handling",
            "unit": "水务局",
            "category": "a/b/供水",
            "created": ago(9e5),
        },
        {
            "number": "WO20261002-000117",
            "state": "closed",
            "unit": "城管局",
            "category": "a/b/路灯",
            "created": ago(4e6),
        },
    ],
}
SAID = [
    ("caller", "我们小区自来水管爆了，水都漫到一楼了", 2.0, 9.0),
    ("agent", "您好，请问是哪个小区，几号楼？", 9.5, 11.8),
    ("caller", "幸福里小区三号楼，物业说不归他们管", 12.2, 18.0),
]
DRAFT: Row = {
    "draft": 1,
    "call": CALL,
    "reasons": [],
    "fields": {
        "request_type": {"value": "求助", "confidence": 0.88, "state": "suggested"},
        "urgency": {"value": "紧急", "confidence": 0.72, "state": "suggested"},
        "category": {
            "value": "城乡建设/市政管理/供水",
            "confidence": 0.81,
            "state": "suggested",
            "source": "lexicon.categories",
            "evidence": [[0, 3, 8, 4.2, 5.9, "自来水管爆了"]],
            "candidates": [["城乡建设/市政管理/供水", 0.81, ["水管"]], ["城乡建设/市政管理/排水", 0.11, ["漫"]]],
        },
        "unit": {
            "value": "",
            "confidence": 0.48,
            "state": "suggested",
            "question": "漏的是小区里的管子，还是马路上的管子？",
            "candidates": [["水务局", 0.48, ["自来水"]], ["住建局", 0.41, ["小区", "物业"]]],
        },
        "place": {
            "value": "幸福里小区三号楼",
            "confidence": 0.78,
            "state": "suggested",
            "evidence": [[2, 0, 8, 12.2, 14.4, "幸福里小区三号楼"]],
        },
        "title": {"value": "幸福里小区自来水管爆裂", "confidence": 0.7, "state": "suggested"},
        "summary": {"value": "市民反映幸福里小区三号楼自来水管爆裂。", "confidence": 0.7, "state": "suggested"},
        "phone": {"value": "138****8000", "confidence": 0.9, "state": "suggested"},
    },
}


class Script:
    """The board, what the page asked for, and the ways to make things happen."""

    def __init__(self) -> None:
        self.port = free_port()
        self.asked: list[tuple[str, Row]] = []
        self.typed: dict[str, str] = {}
        self.is_signed_in = False
        self.is_away = False
        self.may_save = asyncio.Event()
        self.may_save.set()
        self.may_tell = asyncio.Event()
        self.may_tell.set()
        """Whether the server answers what it knows of a call; it answers what it knew when it was asked."""
        self.known: Row = KNOWN
        self.refusals: dict[str, Row] = {}
        """What the controller answers to a verb instead of doing it."""
        self.mode: Row = {"on": "", "title": "平时", "since": None, "by": "", "reason": "", "modes": [], "history": []}
        self.marks: list[Row] = []
        self.words: list[Row] = []
        self.draft: Row | None = None
        self.similar: list[Row] = []
        self._sockets: list[WebSocket] = []
        self._seq = 1
        self.board: dict[str, Row] = {
            "calls": {},
            "seats": {
                SEAT: seat_row(SEAT, "ready"),
                "802": seat_row("802", "talking"),
                "803": seat_row("803", "ready"),
            },
            "queues": {
                "general": {
                    "queue": "general",
                    "title": "综合受理",
                    "waiting": ["hl-2.1", "hl-3.1"],
                    "longest_since": ago(75),
                    "ready": 2,
                }
            },
            "emergencies": {},
            "today": {},
            "ears": {},
        }

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def of(self, verb: str) -> list[Row]:
        """Return with what words the page asked for this."""
        return [body for each, body in self.asked if each == verb]

    async def asked_for(self, verb: str, times: int = 1, within: float = 15.0) -> list[Row]:
        """Wait until the page has asked for this so often; return with what words."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while len(self.of(verb)) < times:  # noqa: ASYNC110  # the server keeps a list
                    await asyncio.sleep(0.02)
        return self.of(verb)

    # ------------------------------------------------------------------------------------------------------ happenings

    async def tell(self, type: str, data: Row | None = None, patch: dict[str, Row] | None = None) -> None:
        for part, rows in (patch or {}).items():
            for key, row in rows.items():
                if row is None:
                    self.board[part].pop(key, None)
                else:
                    self.board[part][key] = row
        self._seq += 1
        event = {"t": "event", "seq": self._seq, "type": type, "call": CALL, "seat": None, "at": ago(0)}
        await self.say({**event, "data": data or {}, "patch": patch or {}})

    async def say(self, message: Row) -> None:
        for socket in list(self._sockets):
            await socket.send_text(json.dumps(message))

    async def seat(self, state: str, **more: Any) -> None:
        await self.tell("board", patch={"seats": {SEAT: seat_row(SEAT, state, since=ago(0), **more)}})

    async def call(self, **more: Any) -> None:
        await self.tell("board", patch={"calls": {CALL: {**self.board["calls"][CALL], **more}}})

    async def ring(self, **more: Any) -> None:
        row = {
            "call": CALL, "caller": "138****8000", "called": "12345", "line": "12319", "flow": "main", "keys": "2",
            "path": ["欢迎", "主菜单"], "state": "ringing", "direction": "in", "queue": "general", "position": None,
            "priority": 0, "began_at": ago(30), "queued_at": ago(12), "answered_at": None, "seat": None,
            "ringing_seats": [SEAT], "parties": [party("caller", in_talk=False)], "recording_paused": False,
            "their_id": "", "context": {}, "words_in_flow": ["我要投诉"], "consult": None, "monitored_by": [],
            "order": "", "text_late_s": 0, "last_agent": "802", "known": KNOWN, "place": "",
        }  # fmt: skip
        ringing = seat_row(SEAT, "ringing", call=CALL)
        await self.tell("offered", patch={"calls": {CALL: {**row, **more}}, "seats": {SEAT: ringing}})

    async def answer(self) -> None:
        parties = [party("caller"), party("agent", seat=SEAT)]
        await self.call(state="talking", seat=SEAT, ringing_seats=[], answered_at=ago(0), parties=parties)
        await self.seat("talking", call=CALL)

    async def talk(self) -> None:
        """Three turns and what comes of them."""
        self.draft, self.similar = DRAFT, [{"number": "WO20261121-000211", "likeness": 0.8, "reasons": ["place"]}]
        for leg, text, begun, ended in SAID:
            said = {"leg": leg, "text": text, "begun_s": begun, "ended_s": ended}
            self.words.append({**said, "is_final": True})
            await self.tell("heard", said)
        await self.tell("hearing", {"leg": "caller", "text": "水还在往外冒", "begun_s": 19.0, "ended_s": 21.0})
        await self.tell("draft")
        await self.tell("similar", {"orders": self.similar})

    async def case(self, state: str, told: str = "", **more: Any) -> None:
        row = {
            "case": CASE, "call": CALL, "kind": "120", "state": state, "is_verified": False, "where": "talk",
            "seat": SEAT, "source": "words_in_talk", "by": "ears", "why": "触电、倒在水里", "second": 23.1,
            "attempts": 1, "at": ago(3),
        }  # fmt: skip
        await self.tell(f"emergency_{state}", {"case": CASE}, {"emergencies": {CASE: {**row, **more}}})
        if told:
            await self.tell("emergency_told", {"case": CASE, "text": told, "asks": []})

    async def hang_up(self) -> None:
        await self.tell("ended", patch={"calls": {CALL: None}, "emergencies": {CASE: None}})
        await self.seat("after_call")

    async def go_away(self) -> None:
        self.is_away = True
        for socket in list(self._sockets):
            await socket.close(1012)

    async def expire(self) -> None:
        self.is_signed_in = False
        await self.say({"t": "expired"})

    # ---------------------------------------------------------------------------------------------------- the server

    def session(self) -> Row:
        user = {
            "name": "lixiaomei", "title": "李晓梅", "roles": ["agent"], "unit": "", "must_change": False,
            "role_titles": ["坐席员"], "permissions": sorted(each.value for each in ROLES[Role.AGENT]),
        }  # fmt: skip
        return {"user": user, "seat": SEAT, "csrf": "x", "sip": None}

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/api/session")
        async def sign_in(_request: Request) -> Row:
            self.is_signed_in = True
            return self.session()

        @app.get("/api/session")
        async def who() -> Any:
            return self.session() if self.is_signed_in else JSONResponse({"error": "请登录", "code": "signed_out"}, 401)

        @app.get("/api/calls/{call}")
        async def call(call: str) -> Any:
            if call not in self.board["calls"]:
                return JSONResponse({"error": "没有这通电话", "code": "no_such_call"}, 404)
            row = self.board["calls"][call]
            draft = self.draft and {**self.draft}
            whole = {"call": row, "caller": self.known, "words": [*self.words], "draft": draft, "similar": self.similar}
            self.asked.append(("whole call", {"call": call}))
            await self.may_tell.wait()
            return whole

        @app.post("/api/do/{verb}")
        async def do(verb: str, request: Request) -> Any:
            if self.is_away:
                return JSONResponse({"error": "呼叫控制不在", "code": "controller_away"}, 503)
            body = await request.json()
            self.asked.append((verb, body))
            if verb in self.refusals:
                return self.refusals[verb]
            if verb == "order.type":
                await self.may_save.wait()
                self.typed[body["field"]] = body["value"]
            if verb == "phone.answer":
                await self.answer()
            return {"ok": True, "text": "好的", "draft": self.draft, "order": "WO20261122-000007"}

        @app.get("/api/mode")
        async def mode() -> Row:
            return self.mode

        @app.get("/api/order-marks/{number}")
        async def marks(number: str) -> Row:
            kinds = [{"value": kind.value, "title": title} for kind, title in MARK_TITLES.items()]
            choices = {"kinds": kinds, "abuses": list(ABUSES), "violations": []}
            return {"marks": self.marks, "proposed_violation": "", "choices": choices}

        @app.post("/api/order-marks/{number}")
        async def mark(number: str, request: Request) -> Any:
            body = await request.json()
            self.asked.append(("mark", {"number": number, **body}))
            if body["kind"] == "referred":
                return JSONResponse({"error": "还没有劝阻过，不能移交。改法：先劝阻并记下", "code": "refused"}, 409)
            title = MARK_TITLES[MarkKind(body["kind"])]
            row = {"id": str(len(self.marks)), "kind_title": title, "code": "", "who": "李晓梅", "state": "open"}
            self.marks.append({**row, **body})
            return self.marks[-1]

        @app.get("/api/city/types")
        async def types() -> Row:
            group = {"group": "公用设施", "types": [{"matter": "雨水井盖", "units": ["水务局"]}]}
            return {"version": "1", "components": [group], "events": []}

        @app.get("/api/orders/{number}/case/proposal")
        async def proposal(number: str) -> Row:
            checklist = {"位置": "幸福里小区三号楼", "类别": "雨水井盖", "照片": "", "责任单位": "水务局"}
            units = {"unit": "水务局", "candidates": ["水务局", "住建局"], "question": "是小区里的还是马路上的？"}
            return {"matter": "雨水井盖", **units, "checklist": checklist}

        @app.post("/api/orders/{number}/case", status_code=201)
        async def file_case(number: str, request: Request) -> Row:
            body = await request.json()
            self.asked.append(("case", {"number": number, **body}))
            return {"number": "WO20261122-000008", "unit": body["unit"] or "水务局", "why": "雨水井盖归水务局"}

        @app.get("/api/vocabulary")
        async def vocabulary() -> Row:
            return {"categories": ["城乡建设/城市管理/路灯", "城乡建设/城市管理/供水"], "units": ["水务局", "住建局"]}

        @app.post("/api/knowledge/suggest")
        async def suggest() -> Row:
            article = {
                "id": "K1",
                "title": "自来水爆管找谁",
                "question": "",
                "answer": "红线内找物业。",
                "unit": "水务局",
            }
            return {"articles": [article]}

        @app.websocket("/ws")
        async def live(socket: WebSocket) -> None:
            if self.is_away or not self.is_signed_in:
                await socket.close(4401)
                return
            await socket.accept()
            await socket.receive_text()
            hello = {"t": "hello", "epoch": "e", "seq": self._seq, "board": self.board, "controller": True, "me": {}}
            await socket.send_text(json.dumps(hello))
            self._sockets.append(socket)
            try:
                while True:
                    await socket.receive_text()
            except (WebSocketDisconnect, RuntimeError):
                self._sockets.remove(socket)

        app.include_router(static.routes())
        app.add_middleware(Guard, address="", is_secure=False, monotonic=asyncio.get_running_loop().time)
        return app


@asynccontextmanager
async def scripted() -> AsyncIterator[Script]:
    """Serve a script of its own on a port of its own."""
    script = Script()
    config = uvicorn.Config(script.app(), host="127.0.0.1", port=script.port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110  # uvicorn offers no event for it
            await asyncio.sleep(0.01)
        yield script
    finally:
        server.force_exit = server.should_exit = True
        await task
