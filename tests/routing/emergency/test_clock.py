"""The emergency clock is what the journal says: every moment once, in order, whatever happened in between."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import CallId, ChannelName, Leg, PhoneNumber, SeatId
from ivr.events import BridgeEntered, LegDown, LegUp, OriginateEnded
from routing.emergency.clock import TIMES, EmergencyClock, clocks, from_plain, plain
from routing.emergency.clock_report import STRETCHES, counts, plain_report, spread, spreads
from routing.emergency.kinds import Kind
from routing.emergency.policy import Mode, Plan, Source, Start, Target
from routing.emergency.threeway_journal import line_of
from routing.emergency.threeway_state import Raise
from routing.emergency.threeway_words import (
    Confirmed,
    Dismissed,
    EmergencyRang,
    Mark,
    OriginateSent,
    ThreeWayEvent,
    VerifiedByClick,
    Where,
)

CALL = CallId("hl-1.1")
CALLER, AGENT, SEAT = ChannelName("PJSIP/trunk-00000001"), ChannelName("PJSIP/801-00000002"), SeatId("801")
EMERGENCY = ChannelName("PJSIP/emergency-00000003")
T0 = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
FIRE = Target("fire", "119 消防", ("119",))
POLICE = Target("police", "110 报警服务台", ("110",))


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def raised(start: Start, *targets: Target) -> Raise:
    plan = Plan(Kind.FIRE, Mode.THREE_WAY, start, targets or (FIRE,), (), "", "")
    return Raise(
        CALL, "c1", plan, Source.WORDS_IN_TALK, "ears", Where.TALK, CALLER, at(0), AGENT, SEAT, "着火了", at(-0.4)
    )


def story(first: Raise, *events: ThreeWayEvent) -> list[dict[str, object]]:
    """The journal as it lies on the disk, other lines in between."""
    lines: list[dict[str, object]] = [{"at": T0.isoformat(), "heard_of": {}}, line_of(first, "c1")]
    for event in events:
        lines += [line_of(event, "c1"), {"name": "other", "told": None}]
    told: list[dict[str, object]] = json.loads(json.dumps(lines, ensure_ascii=False))
    return told


def calling(attempt: int, since: float) -> tuple[ThreeWayEvent, ...]:
    leg = f"em-c1-{attempt}"
    up = LegUp(CALL, Leg.EMERGENCY, EMERGENCY, PhoneNumber("119"), at(since), unique_id=leg)
    return OriginateSent(leg, at(since)), up, EmergencyRang(leg, at(since + 1))


def answered(attempt: int, since: float) -> tuple[ThreeWayEvent, ...]:
    leg = f"em-c1-{attempt}"
    return OriginateEnded(leg, leg, True, 4, at(since)), BridgeEntered(CALL, EMERGENCY, leg, "b", 3, at(since + 0.1))


def test_a_suggestion_that_was_confirmed_and_verified_has_all_eight_times() -> None:
    lines = story(
        raised(Start.SUGGEST),
        Confirmed("801", at(2)),
        *calling(1, 2.01),
        *answered(1, 5),
        VerifiedByClick("801", at(9)),
    )
    (clock,) = clocks(lines)
    assert list(clock.times) == list(TIMES)
    assert (clock.kind, clock.source, clock.outcome, clock.attempts) == ("119", "words_in_talk", "verified", 1)
    assert clock.seconds(Mark.WORD_ENDED, Mark.DETECTED) == 0.4
    assert clock.seconds(Mark.CONFIRMED, Mark.INVITE_SENT) == pytest.approx(0.01)
    assert clock.seconds(Mark.WORD_ENDED, Mark.RINGING) == pytest.approx(3.41)


def test_a_confirmation_counts_as_the_decision_and_not_the_discovery() -> None:
    (clock,) = clocks(story(raised(Start.SUGGEST), Confirmed("801", at(60)), *calling(1, 60.02)))
    assert spreads([clock])["sent"].most == pytest.approx(0.02)
    assert spreads([clock])["decided"].most == 60
    assert clock.outcome == "calling"


def test_an_answer_that_joined_nobody_is_no_answer() -> None:
    lost = LegDown(CALL, EMERGENCY, 16, "", at(4), "em-c1-1")
    first = OriginateEnded("em-c1-1", "em-c1-1", True, 4, at(3))
    lines = story(raised(Start.GO, FIRE, POLICE), *calling(1, 0.01), first, lost, *calling(2, 4.01), *answered(2, 8))
    (clock,) = clocks(lines)
    assert clock.times[Mark.ANSWERED] == at(8)
    assert clock.times[Mark.RINGING] == at(1.01)
    assert (clock.outcome, clock.attempts) == ("joined", 2)


def test_what_was_dismissed_says_so_and_has_no_call() -> None:
    (clock,) = clocks(story(raised(Start.SUGGEST), Dismissed("801", "电视", at(3))))
    assert clock.outcome == "dismissed"
    assert Mark.INVITE_SENT not in clock.times


def test_a_torn_line_costs_only_itself() -> None:
    lines = story(raised(Start.GO), *calling(1, 0.01), *answered(1, 3))
    lines.insert(2, {"name": "emergency.OriginateSent", "case": "c1", "told": {"nothing": "fits"}})
    lines.insert(3, {"name": "emergency.Raise", "case": "c9", "told": {"plan": 3}})
    (clock,) = clocks(lines)
    assert Mark.ANSWERED in clock.times


def test_a_call_without_emergency_has_no_clock() -> None:
    assert clocks([{"at": T0.isoformat(), "heard_of": {}}]) == ()


MOMENTS = st.dictionaries(st.sampled_from(TIMES), st.datetimes(timezones=st.just(UTC)), max_size=len(TIMES))
CLOCKS = st.builds(
    EmergencyClock,
    st.text(max_size=9),
    st.just(CALL),
    st.sampled_from([kind.value for kind in Kind]),
    st.just("click"),
    st.text(max_size=9),
    st.sampled_from(["verified", "joined", "unreached", "dismissed"]),
    st.integers(0, 9),
    MOMENTS,
)


@given(CLOCKS)
def test_a_clock_is_the_same_after_it_was_written_and_read(clock: EmergencyClock) -> None:
    read = from_plain(json.loads(json.dumps(plain(clock), ensure_ascii=False)))
    assert (read.case, read.kind, read.outcome, dict(read.times)) == (
        clock.case, clock.kind, clock.outcome, dict(clock.times),
    )  # fmt: skip
    assert list(read.times) == sorted(read.times, key=TIMES.index)


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=60))
def test_the_spread_names_times_that_really_were(seconds: list[float]) -> None:
    found = spread(seconds)
    assert found.most == max(seconds)
    assert found.p50 in seconds
    assert found.p95 in seconds
    assert found.p50 is not None
    assert found.p95 is not None
    assert sum(each <= found.p50 for each in seconds) * 2 >= len(seconds)
    assert sum(each <= found.p95 for each in seconds) >= 0.95 * len(seconds)


@given(st.lists(CLOCKS, max_size=20))
def test_a_report_counts_every_clock_once(many: list[EmergencyClock]) -> None:
    report = plain_report(many)
    assert report["cases"] == len(many)
    assert sum(sum(outcomes.values()) for outcomes in counts(many).values()) == len(many)
    assert set(spreads(many)) == {stretch.name for stretch in STRETCHES}
    json.dumps(report)
