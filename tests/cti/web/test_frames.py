"""One frame for many pages: it is what a WebSocket understands, and nothing overtakes what waits before it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from cti.adapters.web.frames import push_of, text_frame
from cti.adapters.web.hub import Hub, Tab
from cti.visibility import Scope


@given(st.one_of(st.text(max_size=300), st.integers(60_000, 70_000).map(lambda size: "字" * (size // 3))))
def test_a_frame_is_what_a_websocket_understands(text: str) -> None:
    client = Protocol(CLIENT, state=OPEN)
    client.receive_data(text_frame(text))
    (frame,) = client.events_received()
    assert frame.opcode is Opcode.TEXT  # type: ignore[union-attr]
    assert frame.fin  # type: ignore[union-attr]
    assert bytes(frame.data).decode() == text  # type: ignore[union-attr]


@given(st.lists(st.sampled_from(["event", "figures", "full", "empty", "sender"]), max_size=60))
def test_nothing_overtakes_and_nothing_is_lost_however_slowly_a_page_reads(steps: list[str]) -> None:
    sent: list[int] = []
    is_full = [False]

    def push(frame: bytes) -> bool:
        if not is_full[0]:
            sent.append(_seq(frame[frame.index(b"{") :]))
        return not is_full[0]

    hub = Hub()
    hub.reset("life", 0, {})
    tab = Tab("t", Scope("", True, True, frozenset()), "", "zhang", "s", push=push)
    hub.attach(tab, "life", 0)
    for line in tab.take():
        assert '"t"' in line
    tab.is_sending = False
    events: list[int] = []
    for step in steps:
        match step:
            case "event" | "figures":
                seq = hub.seq + 1
                patch: dict[str, Any] = (
                    {"today": {"": seq}} if step == "figures" else {"queues": {"general": {"n": seq}}}
                )
                hub.take({"seq": seq, "type": "board", "call": "", "seat": "", "at": "", "data": {}, "patch": patch})
                if step == "event":
                    events.append(seq)
            case "full" | "empty":
                is_full[0] = step == "full"
            case _:
                sent.extend(_seq(line) for line in tab.take())
                tab.is_sending = False
    sent.extend(_seq(line) for line in tab.take())
    assert sent == sorted(sent)
    assert set(events) <= set(sent), "only figures give way, and only to newer ones"
    assert not hub.seq or sent[-1] == hub.seq, "the newest of all came"


def test_a_server_of_another_kind_just_sends_the_usual_way() -> None:
    assert push_of({"type": "websocket"}) is None
    assert push_of({"extensions": {"websocket.http.response": {}}}) is None


def _seq(line: str | bytes) -> int:
    return int(json.loads(line)["seq"])
