"""Hot, concentrated and lasting matters are found among invented ones, and what is merely frequent is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from cti.demo.invented import Inventor
from cti.demo.matters import read_matters
from cti.server.hot_watch import shipped_critical
from tests.workorder.life.packs import CALENDAR, pack_of
from workorder.draft import FieldName
from workorder.hot import Hot, Told, Windows, critical_of, hot_matters, read_critical, spot_of, windows_of
from workorder.order import numbered
from workorder.similar import place_key

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
WATER = "城乡建设/城市建设和市政管理/自来水供应"


def told(nth: int, at: datetime, text: str, place: str = "", category: str = "") -> Told:
    return Told(numbered(at.date(), nth), at, spot_of(place, place_key(place)), category, text)


def everyday(count: int = 600) -> list[Told]:
    inventor = Inventor(read_matters(), pack_of("jinan"), CALENDAR, NOW, {})
    found = []
    for nth, at in enumerate(inventor.instants(count, 30), 1):
        draft = inventor.order(numbered(at.date(), nth), at).draft.draft
        text = f"{draft.value(FieldName.TITLE)}。{draft.value(FieldName.SUMMARY)}"
        found.append(told(nth, at, text, draft.value(FieldName.PLACE), "/".join(draft.category)))
    return found


def planted() -> dict[str, list[Told]]:
    return {
        "hot": [
            told(9000 + n, NOW - timedelta(minutes=100 - n * 8), "停水了", f"远山路{n}号", WATER) for n in range(12)
        ],
        "concentrated": [
            told(9100 + n, NOW - timedelta(hours=20 - n * 4), "楼下夜总会太吵", "碧波路18号", "噪声/夜间")
            for n in range(5)
        ],
        "lasting": [
            told(9200 + n, NOW - timedelta(days=12 - n * 4), "臭水沟没人管", "柳岸街7号", "环境/水体") for n in range(4)
        ],
    }


def kinds(found: Sequence[Hot]) -> set[str]:
    return {each.kind for each in found}


@pytest.mark.requirement("S-37")
def test_three_detectors_find_what_was_planted_among_a_month_of_everyday_orders() -> None:
    background, sown = everyday(), planted()
    assert hot_matters(background, Windows()) == (), "what merely comes often is no alarm"
    every = sorted([*background, *(each for group in sown.values() for each in group)], key=lambda each: each.at)
    found = hot_matters(every, Windows())
    for kind, group in sown.items():
        numbers = {each.number for each in group}
        hits = [hot for hot in found if hot.kind == kind and len(numbers & set(hot.numbers)) >= len(numbers) - 1]
        assert hits, f"{kind} was not found (recall)"
    wrong = [hot for hot in found if not any(set(hot.numbers) & {e.number for e in g} for g in sown.values())]
    assert wrong == [], "nothing else is an alarm (precision)"


def test_an_alert_keeps_its_name_while_it_grows_and_a_new_day_has_a_new_one() -> None:
    burst = planted()["hot"]
    names = {hot_matters(burst[:count], Windows())[0].id for count in (10, 11, 12)}
    assert len(names) == 1
    tomorrow = [Told(e.number, e.at + timedelta(days=1), e.place, e.category, e.text) for e in burst]
    assert hot_matters(tomorrow, Windows())[0].id not in names


def test_the_edge_of_a_window_counts_and_beyond_it_does_not() -> None:
    windows = Windows(hot_count=3, hot_within=timedelta(hours=2))

    def three(first: timedelta) -> set[str]:
        times = (NOW - first, NOW - timedelta(minutes=1), NOW)
        return kinds(hot_matters([told(n, at, "停电了", f"街{n}", "电") for n, at in enumerate(times, 1)], windows))

    assert three(timedelta(hours=2)) == {"hot"}
    assert three(timedelta(hours=2, seconds=1)) == set()


def test_orders_without_a_category_are_put_together_by_their_words() -> None:
    texts = ["小区停水两天了没人管", "我们小区停水两天了", "停水两天了小区没有通知", "小区又停水两天了"]
    found = hot_matters([told(n, NOW, text, "春晓路5号") for n, text in enumerate(texts, 1)], Windows())
    assert kinds(found) == {"concentrated"}


def test_two_houses_of_one_street_are_two_places() -> None:
    many = [told(n, NOW - timedelta(hours=n), "路灯不亮", f"春晓路{n}号", "路灯") for n in range(6, 0, -1)]
    assert hot_matters(many, Windows()) == ()


def test_a_citys_own_window_is_used_for_what_lasts() -> None:
    assert windows_of(pack_of("suqian")).lasting_within == timedelta(days=30)


@pytest.mark.requirement("Y-47")
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我们村后山泥石流下来了", "disaster"),
        ("工厂好多人发烧，怀疑是传染病", "epidemic"),
        ("河里死鱼漂了一片", "pollution"),
        ("学校食堂吃完集体拉肚子", "food"),
        ("商场电梯困人了", "equipment"),
        ("工地门口上百人堵路讨薪", "crowd"),
        ("并没有食物中毒", ""),
        ("路灯不亮", ""),
    ],
)
def test_six_critical_classes_are_heard_in_one_order_and_denials_are_not(text: str, name: str) -> None:
    classes = shipped_critical()
    assert len(classes) == 6
    found = critical_of(told(1, NOW, text), classes)
    assert [each.id.split(":")[1] for each in found] == ([name] if name else [])


def test_a_file_of_critical_words_with_mistakes_is_refused_with_its_lines() -> None:
    classes, problems = read_critical("critical: 1\nclasses:\n  x: {titel: 灾情, words: 灾}\n", "critical.yaml")
    assert classes == ()
    assert all("critical.yaml:" in str(problem) for problem in problems)
