"""The register of merchants and its ranking rule; a merchant's order lives by one table and the citizen's consent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import CallId
from tests.test_docs import between_markers
from workorder.life.refusal import Refusal
from workorder.merchant_orders import (
    MOVES,
    Citizen,
    Handover,
    MerchantMove,
    MerchantOrder,
    MerchantState,
    Verdict,
    consented,
    for_merchant,
    handed_over,
    judged,
    moved,
    moves_table,
    withdrawn,
)
from workorder.merchants import Merchant, Quality, Ranking, Register, ranked, read_merchants

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
ORDER = MerchantOrder(
    "SH-1", "M1", "开锁", Citizen("王小明", "13812345678", "武威路9号", "门锁打不开，电话13812345678"), "call", NOW
)
TEXT = """\
merchants: 1
ranking: {rating: 50, completion: 30, complaints: 20, newcomer: 0.6}
services: [开锁, 家政]
register:
  - {id: M001, name: 甲, services: [开锁], phone: "09318800001", orders: 100, rating: 4.2, completed: 90, complaints: 5}
  - {id: M002, name: 乙, services: [开锁, 家政], phone: "13900000002", orders: 50, rating: 4.8, completed: 49}
  - {id: M003, name: 丙, services: [开锁], phone: "13900000003"}
"""


def register(text: str = TEXT) -> Register:
    found, problems = read_merchants(text, "merchants.yaml")
    assert found is not None, problems
    return found


def does(order: MerchantOrder, *steps: object) -> MerchantOrder:
    for step in steps:
        assert callable(step)
        found = step(order)
        assert isinstance(found, MerchantOrder), found
        order = found
    return order


def test_of_three_merchants_with_fixed_figures_the_best_is_offered_first_and_weights_are_data() -> None:
    assert [(each.merchant.id, each.points) for each in ranked(register(), "开锁", {})] == [
        ("M002", 96.9),
        ("M001", 86.0),
        ("M003", 60.0),
    ]
    other = register(TEXT.replace("rating: 50, completion: 30, complaints: 20, newcomer: 0.6", "rating: 0, "
                                  "completion: 0, complaints: 100, newcomer: 1.0"))  # fmt: skip
    assert [each.merchant.id for each in ranked(other, "开锁", {})] == ["M002", "M003", "M001"]
    assert [each.merchant.id for each in ranked(register(), "家政", {})] == ["M002"]
    assert ranked(register(TEXT.replace("乙, ", "乙, suspended: true, ")), "家政", {}) == ()


def test_what_citizens_said_since_moves_the_rank() -> None:
    bad = {"M002": Quality(50, 10, 40, 60.0)}
    assert [each.merchant.id for each in ranked(register(), "开锁", bad)] == ["M001", "M003", "M002"]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.floats(1, 5)), max_size=6))
def test_points_lie_between_0_and_100_whatever_was_counted(rows: list[tuple[int, int, int, float]]) -> None:
    merchants = tuple(
        Merchant(f"M{nth}", "x", ("开锁",), "13900000000", Quality(n, min(n, done), min(n, bad), n * rating))
        for nth, (n, done, bad, rating) in enumerate(rows)
    )
    offers = ranked(Register(("开锁",), merchants, Ranking()), "开锁", {})
    assert all(0 <= each.points <= 100.02 for each in offers)
    assert [each.points for each in offers] == sorted((each.points for each in offers), reverse=True)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("complaints: 20,", "complaints: 30,", "权重合计 110"),
        ("id: M002", "id: M001", "登记了两次"),
        ("[开锁, 家政], phone", "[开锁, 月嫂], phone", "“月嫂”不在 services 里"),
        ('"13900000002"', '"110"', "电话不对"),
        ("rating: 4.8", "rating: 48", "不在 1 到 5 之间"),
        ("completed: 49", "completed: 51", "大于订单数"),
        ("completed: 49", "complete: 49", "没有“complete”这一项"),
        ("services: [开锁, 家政]", "services: [开锁, 家政, 疏通]", "没有企业提供“疏通”"),
    ],
)
def test_a_mistake_in_the_register_is_told_with_its_remedy(old: str, new: str, words: str) -> None:
    _, problems = read_merchants(TEXT.replace(old, new, 1), "merchants.yaml")
    assert any(words in str(each) and "改法" in str(each) for each in problems), problems


def test_an_order_is_proposed_contacted_and_confirmed_and_may_be_cancelled_on_the_way() -> None:
    order = does(
        ORDER,
        lambda o: consented(o, "口头同意", "李", NOW),
        lambda o: handed_over(o, Handover.TICKET, None, "李", NOW),
        lambda o: moved(o, MerchantMove.CONTACT, "", "甲", NOW),
        lambda o: moved(o, MerchantMove.CONFIRM, "今天下午，80 元", "甲", NOW),
        lambda o: judged(o, Verdict(5, True), "李", NOW),
    )
    assert (order.state, order.agreed, order.revision) == (MerchantState.CONFIRMED, "今天下午，80 元", 6)
    assert isinstance(judged(order, Verdict(1, False), "李", NOW), Refusal), "asked once"
    gone = does(order, lambda o: moved(o, MerchantMove.CANCEL, "不做了", "李", NOW))
    assert not [move for state, move in MOVES if state is gone.state], "nothing comes after it"
    assert isinstance(moved(order, MerchantMove.CANCEL, " ", "李", NOW), Refusal), "why must be said"


def test_the_merchant_knows_the_citizen_only_while_they_consent() -> None:
    handed = does(ORDER, lambda o: handed_over(o, Handover.TICKET, None, "李", NOW))
    hidden = for_merchant(handed)
    assert (hidden.name, hidden.phone) == ("王**", "138****5678")
    assert "13812345678" not in hidden.wish
    assert "武威路" not in hidden.place
    refused = moved(handed, MerchantMove.CONTACT, "", "甲", NOW)
    assert isinstance(refused, Refusal)
    assert "没有同意" in str(refused)
    agreed = does(handed, lambda o: consented(o, "口头同意", "李", NOW))
    assert for_merchant(agreed) == ORDER.citizen
    again = does(agreed, lambda o: withdrawn(o, "来电撤回", "李", NOW))
    assert for_merchant(again).phone == "138****5678"
    assert isinstance(withdrawn(again, "", "李", NOW), Refusal)
    assert isinstance(consented(handed, " ", "李", NOW), Refusal), "how they agreed must be said"


def test_a_call_put_through_names_its_call_and_needs_no_number() -> None:
    assert isinstance(handed_over(ORDER, Handover.CALL, None, "李", NOW), Refusal)
    order = does(ORDER, lambda o: handed_over(o, Handover.CALL, CallId("hl-1.1"), "李", NOW))
    assert (order.call, order.steps[-1].what, order.steps[-1].text) == ("hl-1.1", "handover_call", "转接 hl-1.1")
    assert does(order, lambda o: moved(o, MerchantMove.CONTACT, "", "甲", NOW)).state is MerchantState.CONTACTED
    assert isinstance(moved(ORDER, MerchantMove.CONTACT, "", "甲", NOW), Refusal), "first it is handed over"


def test_every_state_but_the_last_can_be_left_and_the_docs_print_the_table() -> None:
    assert {state for state, _ in MOVES} == set(MerchantState) - {MerchantState.CANCELLED}
    docs = Path(__file__).resolve().parents[2] / "docs" / "merchants.md"
    assert between_markers(docs, "moves table") == moves_table()
