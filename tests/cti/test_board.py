"""The board: whoever lays every patch over a snapshot has the board; nobody waits in two queues; figures add up."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cti.board import Board
from cti.board_facts import (
    BoardFact,
    Opened,
    Placed,
    Pressed,
    QueuesAre,
    SeatsAre,
    SeatStands,
    Tick,
    TodayWas,
    Told,
    WaitsAre,
)
from cti.today import Today, china_day, counted, midnight, today_plain
from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.events import (
    BridgeEntered,
    BridgeLeft,
    CallerAbandoned,
    CallerQueued,
    CallOffered,
    LegDown,
    LegHeld,
    LegUp,
    QueueLeftBySwitch,
    SeatAnswered,
    SeatMissed,
    SeatRang,
    TalkEnded,
)
from tests.fakes import NOON
from workorder.call_record import CallRecord

GENERAL, ELDER = QueueName("general"), QueueName("elder")
CALL, SEAT = CallId("hl-1.1"), SeatId("801")
CALLER, AGENT = ChannelName("PJSIP/carrier-00000001"), ChannelName("PJSIP/801-00000002")
NUMBER = PhoneNumber("13800001234")

calls = st.sampled_from([CallId("hl-1.1"), CallId("hl-1.2"), CallId("hl-1.3")])
seats = st.sampled_from([SeatId("801"), SeatId("802")])
queues = st.sampled_from([GENERAL, ELDER])
channels = st.sampled_from([CALLER, AGENT, ChannelName("PJSIP/802-00000003")])
instants = st.integers(0, 100).map(lambda seconds: NOON + timedelta(seconds=seconds))
facts: st.SearchStrategy[BoardFact] = st.one_of(
    st.builds(SeatsAre, st.frozensets(seats)),
    st.builds(LegUp, calls, st.sampled_from(Leg), channels, st.just(NUMBER), instants, seats),
    st.builds(LegDown, calls, channels, st.just(16), st.just(""), instants),
    st.builds(CallerQueued, calls, queues, st.integers(0, 4), channels, instants),
    st.builds(QueueLeftBySwitch, calls, queues, instants),
    st.builds(CallerAbandoned, calls, queues, st.just(1), st.just(3.0), instants),
    st.builds(SeatRang, calls, queues, seats, channels, instants),
    st.builds(SeatMissed, calls, queues, seats, instants),
    st.builds(SeatAnswered, calls, queues, seats, channels, st.just(1.0), st.just(1.0), instants),
    st.builds(TalkEnded, calls, queues, seats, st.just("agent"), st.just(1.0), instants),
    st.builds(BridgeEntered, calls, channels, st.just("u"), st.just("b"), st.just(2), instants),
    st.builds(BridgeLeft, calls, channels, st.just("u"), st.just("b"), st.just(1), instants),
    st.builds(LegHeld, calls, channels, st.booleans(), instants),
    st.builds(Opened, st.builds(CallOffered, calls, st.just(NUMBER), st.just("12345"), instants), st.just("main")),
    st.builds(Placed, calls, st.integers(0, 99)),
    st.builds(Pressed, calls, st.sampled_from("0123456789*#")),
    st.builds(
        Told,
        st.sampled_from(["heard", "hearing", "recording_paused", "recording_resumed", "text_late", "order"]),
        instants, calls, st.just("20261122000001"),
        st.fixed_dictionaries({"leg": st.just("caller"), "text": st.text(max_size=9), "shed_seconds": st.just(1.5)}),
    ),
    st.builds(
        SeatStands, seats, st.just("甲"), st.just(""), st.sampled_from(["ready", "talking"]), st.just(""), instants,
        st.none(), st.booleans(), st.just(()), st.lists(queues, unique=True).map(tuple),
    ),
    st.builds(
        WaitsAre,
        st.dictionaries(queues, st.lists(st.tuples(calls, st.integers(0, 9)), max_size=1).map(tuple), max_size=1),
    ),
    st.builds(QueuesAre, st.sampled_from([{GENERAL: "综合"}, {GENERAL: "综合", ELDER: "长者"}])),
    st.builds(Tick, instants),
)  # fmt: skip


def new_board() -> Board:
    return Board(Today(china_day(NOON)))


def laid_over(snapshot: dict[str, Any], patch: dict[str, Any]) -> None:
    """Do what every reader of the stream does."""
    for section, rows in patch.items():
        if section in ("today", "ears"):
            snapshot[section] = rows
            continue
        for key, row in rows.items():
            snapshot[section].pop(key, None) if row is None else snapshot[section].__setitem__(key, row)


@settings(max_examples=300, deadline=None)
@given(st.lists(facts, max_size=60))
def test_whoever_lays_every_patch_over_a_snapshot_has_the_board(happened: list[BoardFact]) -> None:
    board = new_board()
    reader = json.loads(json.dumps(board.to_plain()))
    for fact in happened:
        laid_over(reader, json.loads(json.dumps(board.patch(board.take(fact)))))
    laid_over(reader, board.patch(board.take(Tick(NOON))))
    assert reader == json.loads(json.dumps(board.to_plain()))


@settings(max_examples=300, deadline=None)
@given(st.lists(facts, max_size=60))
def test_nobody_waits_twice_or_without_a_call_and_figures_are_in_proportion(happened: list[BoardFact]) -> None:
    board = new_board()
    for fact in happened:
        board.take(fact)
        waiting = [call for row in board.queues.values() for call in row.waiting]
        assert len(waiting) == len(set(waiting))
        assert set(waiting) <= set(board.calls)
        assert all(row.state in ("flow", "queue", "ringing", "talking") for row in board.calls.values())
        assert board.today.answered_within_strict <= board.today.answered_within <= board.today.answered


def test_a_call_on_the_board_from_ring_to_end() -> None:
    board = new_board()
    board.take(QueuesAre({GENERAL: "综合"}))
    board.take(LegUp(CALL, Leg.CALLER, CALLER, NUMBER, NOON))
    board.take(Opened(CallOffered(CALL, NUMBER, "12345", NOON), "main"))
    board.take(Pressed(CALL, "1"))
    board.take(Told("heard", NOON, CALL, "", {"leg": Leg.CALLER, "text": "我家停水了"}))
    board.take(CallerQueued(CALL, GENERAL, 1, CALLER, NOON))
    board.take(LegUp(CALL, Leg.AGENT, AGENT, PhoneNumber(""), NOON, SEAT))
    touched = board.take(SeatRang(CALL, GENERAL, SEAT, AGENT, NOON))
    row = board.patch(touched)["calls"][CALL]
    assert (row["state"], row["keys"], row["words_in_flow"], row["caller"]) == (
        "ringing", "1", ["我家停水了"], "13800001234",
    )  # fmt: skip
    board.take(SeatAnswered(CALL, GENERAL, SEAT, AGENT, 9.0, 2.0, NOON + timedelta(seconds=9)))
    board.take(Told("heard", NOON, CALL, "", {"leg": Leg.CALLER, "text": "以后的话"}))
    row = board.to_plain()["calls"][CALL]
    assert (row["state"], row["seat"], row["position"], row["words_in_flow"]) == (
        "talking",
        "801",
        None,
        ["我家停水了"],
    )
    board.take(LegHeld(CALL, AGENT, True, NOON))
    assert [party["on_hold"] for party in board.to_plain()["calls"][CALL]["parties"]] == [False, True]
    board.take(LegDown(CALL, AGENT, 16, "", NOON))
    assert board.to_plain()["calls"][CALL]["seat"] is None
    assert board.patch(board.take(LegDown(CALL, CALLER, 16, "", NOON)))["calls"] == {CALL: None}
    plain = today_plain(board.today)
    assert (plain["offered"], plain["within_rate"], plain["answered_within_15s"]) == (1, 1.0, 1)
    assert all("÷" in formula for formula in plain["formulas"].values())


def test_a_flow_that_hears_late_of_a_caller_who_hung_up_at_once_brings_nobody_back() -> None:
    """The flow's own line to the switch and the switch's events are two: either may be behind."""
    board, begun = new_board(), Opened(CallOffered(CALL, NUMBER, "12345", NOON), "main")
    up, down = LegUp(CALL, Leg.CALLER, CALLER, NUMBER, NOON), LegDown(CALL, CALLER, 16, "", NOON)
    for fact in (up, down, begun):
        board.take(fact)
    assert board.to_plain()["calls"] == {}
    board = new_board()
    for fact in (begun, up):
        board.take(fact)
    assert board.to_plain()["calls"][CALL]["flow"] == "main"
    board.take(down)
    assert board.to_plain()["calls"] == {}


def test_who_came_before_a_restart_is_counted_once_and_a_new_day_counts_anew() -> None:
    day = china_day(NOON)
    hour_ago = NOON - timedelta(hours=1)
    before = [
        CallRecord(CallId("a"), NUMBER, started=hour_ago, queued=hour_ago, answered=hour_ago, ended=NOON),
        CallRecord(CallId("b"), NUMBER, started=hour_ago, queued=hour_ago, ended=NOON, outcome="abandoned"),
        CallRecord(CallId("c"), NUMBER, started=NOON, queued=NOON),
        CallRecord(CallId("d"), NUMBER, started=midnight(day) - timedelta(1), queued=midnight(day) - timedelta(1)),
    ]
    board = new_board()
    board.take(TodayWas(counted(day, 15, before, NOON - timedelta(seconds=1))))
    assert (board.today.offered, board.today.answered, board.today.abandoned) == (2, 1, 0)  # b left after that moment
    board.take(Tick(NOON + timedelta(days=1)))
    assert board.today == Today(china_day(NOON + timedelta(days=1)))
