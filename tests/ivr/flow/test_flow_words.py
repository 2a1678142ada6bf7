"""What callers say and hear: spoken choices, keys told, prompts to prepare, opening hours."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ivr.call import NodeId
from ivr.flow.checks import is_phone, passes
from ivr.flow.hours import is_open, parse_dates, parse_days, parse_spans
from ivr.flow.manifest import load_prompts, prompt_manifest
from ivr.flow.model import Choice, Target
from ivr.flow.prompt import estimated_seconds, words_sound
from ivr.flow.spoken import choose, vocabulary_of
from ivr.flow.spoken_keys import keys_spoken
from ivr.problems import Place
from tests.ivr.flow import shipped

TO = Target(NodeId("x"), Place("x"))
AGENT = Choice("0", TO, ("人工", "人工服务"), ("人工湖", "人工智能", "个人工资"))
COMPLAIN = Choice("2", TO, ("投诉", "我要投诉"))
ASK = Choice("1", TO, ("咨询",))


@pytest.mark.parametrize(
    ("heard", "key"),
    [
        ("人工", "0"),
        ("喂 你好 我要 人工 服务 谢谢", "0"),
        ("人公", "0"),
        ("找人宫", "0"),
        ("头宿", "2"),
        ("投书", "2"),
        ("我要投诉人工湖", "2"),
        ("不要人工我要投诉", "2"),
        ("不用人工，咨询", "1"),
        ("资讯", "1"),
        ("我不想投诉就想咨询一下政策", "1"),
        ("人工湖脏了", ""),
        ("人工胡脏了", ""),
        ("不要人公", ""),
        ("发放个人工资", ""),
        ("我们楼下工地夜里施工吵得人公也睡不着", ""),
        ("", ""),
        ("[unk]", ""),
        ("嗯嗯", ""),
        ("投" * 5000, ""),
    ],
)
def test_a_spoken_choice_is_understood_and_its_look_alikes_are_not(heard: str, key: str) -> None:
    choice = choose(heard, vocabulary_of((ASK, COMPLAIN, AGENT)))
    assert (choice.key if choice else "") == key


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("咨询请按1，投诉请按 2，人工服务请按0。", ("1", "2", "0")),
        ("请按零转人工，按一下键盘，按一次也行", ("0",)),
        ("以井号键结束", ()),
        ("说完请按井号键，重录请按星号键", ("#", "*")),
        ("请按1至5评价", ("1", "2", "3", "4", "5")),
        ("按1或2", ("1", "2")),
        ("请按12345", ()),
        ("满意按三号键", ("3",)),
        ("按规定办理", ()),
    ],
)
def test_the_keys_told_are_read_from_the_words(words: str, keys: tuple[str, ...]) -> None:
    assert keys_spoken(words) == keys


def test_the_manifest_names_every_sound_once_with_its_words() -> None:
    manifest = prompt_manifest(shipped.book().flows.values(), shipped.catalogue().prompts)
    names = [sound.name for sound in manifest]
    assert len(names) == len(set(names))
    assert {f"digits/{digit}" for digit in range(10)} <= set(names)
    assert {"silence/4", "silence/5", "silence/10", "prompts/nobody_free"} <= set(names)
    assert all(sound.words or sound.audio or sound.silence_seconds for sound in manifest)
    slow = [sound.speed for sound in manifest if "不用按键" in sound.words]
    assert slow == [0.75]


def test_a_sound_keeps_its_name_as_long_as_its_words_and_speed_stay() -> None:
    assert words_sound("您好") == words_sound("您好", 1.0)
    assert (
        len({words_sound("您好"), words_sound("你好"), words_sound("您好", 0.8), words_sound("您好", 1.0, "a.wav")})
        == 4
    )


def test_words_take_about_as_long_as_a_person_needs() -> None:
    assert estimated_seconds("您好") == pytest.approx(2 / 4.5)
    assert estimated_seconds("您好", 0.5) == pytest.approx(4 / 4.5)
    assert 4 < estimated_seconds("您好，这里是一二三四五政务服务便民热线。") < 7


def test_prompts_may_be_recorded_and_their_mistakes_are_problems() -> None:
    text = "prompts: 1\nwords:\n  a: 您好\n  b: {audio: b.wav}\n  c: {words: 慢, speed: 0.7}\n"
    prompts, problems = load_prompts(text, "p.yaml")
    assert problems == ()
    assert (prompts["b"].audio, prompts["c"].speed, prompts["a"].name) == ("b.wav", 0.7, "prompts/a")
    _, problems = load_prompts("prompts: 2\nwords:\n  A: 您好\n  b:\n  c: {wrods: x}\n", "p.yaml")
    assert {problem.place.line for problem in problems} == {1, 3, 4, 5}


WORKDAY = parse_spans("08:30-12:00 14:00-17:30") or ()
WEEK = (WORKDAY, WORKDAY, WORKDAY, WORKDAY, WORKDAY, (), ())
HOLIDAYS, WORKDAYS = frozenset({date(2026, 10, 1)}), frozenset({date(2026, 10, 10)})


@pytest.mark.parametrize(
    ("at", "opened"),
    [
        ("2026-11-23T00:29:59+00:00", False),
        ("2026-11-23T00:30:00+00:00", True),
        ("2026-11-23T04:00:00+00:00", False),
        ("2026-11-22T02:00:00+00:00", False),
        ("2026-10-01T02:00:00+00:00", False),
        ("2026-10-10T02:00:00+00:00", True),
        ("2026-11-22T16:30:00-08:00", True),
    ],
)
def test_we_are_open_by_the_clock_of_china(at: str, opened: bool) -> None:
    assert is_open(WEEK, HOLIDAYS, WORKDAYS, datetime.fromisoformat(at).astimezone(UTC)) is opened


def test_hours_days_and_dates_are_read_strictly() -> None:
    assert parse_spans("00:00-24:00") == ((0, 1440),)
    assert [parse_spans(text) for text in ("8:60-9:00", "10:00-09:00", "9-10", "", "09:00-24:01")] == [None] * 5
    assert parse_days("周一至周五") == parse_days("mon-fri") == (0, 1, 2, 3, 4)
    assert parse_days("每天") == tuple(range(7))
    assert [parse_days(text) for text in ("周八", "fri-mon", "", "mon-wed-fri")] == [None] * 4
    assert len(parse_dates("2026-10-01..2026-10-07") or ()) == 7
    assert [
        parse_dates(text) for text in ("2026-02-30", "明天", "2026-10-07..2026-10-01", "2020-01-01..2030-01-01")
    ] == [None] * 4


def test_digits_are_judged() -> None:
    assert all(map(is_phone, ("13812345678", "09318888888", "02112345678", "8888888", "4001234567")))
    assert not any(map(is_phone, ("", "110", "12345", "1381234567", "00000000000")))
    assert passes("order_number", "20261122001")
    assert not passes("order_number", "111111")
