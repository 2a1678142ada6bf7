"""Danger is understood from what people say, and its look-alikes are let pass."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.adapters.emergency_training import main, samples
from routing.adapters.emergency_words import WORD_FILES, load_spotter, packaged_words
from routing.emergency.alternatives import spell_out
from routing.emergency.kinds import Confidence, Kind
from routing.emergency.likeness import read_weights
from routing.emergency.words import read_words
from workorder.evaluate_emergency import evaluate_emergency

SENTENCES = [json.loads(line) for line in (Path(__file__).parent / "sentences.jsonl").read_text("utf-8").splitlines()]
SPOTTER = load_spotter()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("怎么叫她都不应声", Kind.MEDICAL),
        ("水已经漫到窗台了", Kind.FIRE),
        ("我家着火了", Kind.FIRE),
        ("楼下有人拿刀砍人", Kind.POLICE),
        ("两辆车撞了，有人流血", Kind.TRAFFIC),
        ("想跳楼", Kind.POLICE),
        ("我不想活了", Kind.POLICE),
        ("老人走丢了找不到", Kind.POLICE),
        ("天然气管子漏了满屋都是味", Kind.FIRE),
    ],
)
def test_danger_is_understood(text: str, kind: Kind) -> None:
    finding = SPOTTER.spot(text)
    assert finding is not None
    assert finding.kind is kind


@pytest.mark.parametrize(
    "text",
    [
        "上次走失已找到",
        "去年家里着火的补助什么时候发",
        "请问被狗咬了去哪里打疫苗",
        "我要投诉120来得太慢",
        "消防通道被占了",
        "火锅店太吵",
        "119路公交车改线了吗",
        "",
        "，。！？",
    ],
)
def test_look_alikes_are_let_pass(text: str) -> None:
    assert SPOTTER.spot(text) is None


def test_the_sentences_written_for_this_keep_the_figures() -> None:
    figures = evaluate_emergency(SENTENCES, SPOTTER)
    assert figures["n"] == len(SENTENCES)
    recall, precision, right = (figures[name] for name in ("recall", "precision", "type_accuracy"))
    assert isinstance(recall, float)
    assert isinstance(precision, float)
    assert isinstance(right, float)
    assert recall >= 0.95
    assert precision >= 0.92
    assert right >= 0.95


def test_a_finding_says_which_words_and_where() -> None:
    text = "喂，你好，我家 着火了，快来"
    finding = SPOTTER.spot(text)
    assert finding is not None
    assert finding.confidence is Confidence.CONFIRMED
    assert any("着火" in why.words for why in finding.why)
    assert all(text[why.begin : why.end] == why.words for why in finding.why)


def test_a_danger_heard_only_by_its_sound_is_suspected() -> None:
    finding = SPOTTER.spot("他一直在喊就命我爷爷口吐白墨浑身抽处")
    assert finding is not None
    assert finding.confidence in Confidence


def test_danger_late_in_a_long_talk_is_still_heard() -> None:
    finding = SPOTTER.spot("我想反映一下我们小区的停车问题" * 12 + "哎呀楼上着火了快来人")
    assert finding is not None
    assert finding.kind is Kind.FIRE


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_read_and_the_reasons_stand_in_it(text: str) -> None:
    finding = SPOTTER.spot(text)
    if finding is not None:
        assert finding.why
        assert all(text[why.begin : why.end] == why.words for why in finding.why)
        assert 0 <= finding.probability <= 1


@given(st.sampled_from(SENTENCES), st.text(alphabet=" ，。！", max_size=3))
@settings(max_examples=100, deadline=None)
def test_blanks_and_punctuation_change_nothing(row: dict[str, str], gap: str) -> None:
    bare, spaced = row["text"].replace(" ", ""), gap.join(row["text"].replace(" ", ""))
    first, second = SPOTTER.spot(bare), SPOTTER.spot(spaced)
    assert (first and first.kind) == (second and second.kind)


def test_a_partial_takes_tens_of_microseconds() -> None:
    text = "我家住在三号楼二单元隔壁邻居半夜装修砸墙吵得睡不着楼上窗户往外冒黑烟了你们快点派人来"
    SPOTTER.spot(text)
    best = min(_took(text) for _ in range(20))
    assert best < 500e-6  # ~80 µs on an idle machine; a shared one is slower


def _took(text: str) -> float:
    begun = perf_counter()
    SPOTTER.spot(text)
    return perf_counter() - begun


# ---------------------------------------------------------------------------------------------------- words and weights


def test_the_shipped_words_have_no_problems() -> None:
    words = packaged_words()
    assert len(words.patterns) > 150
    assert {pattern.kind for pattern in words.patterns} == set(Kind)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('emergency_words: 1\ntype: "119"\nfamilies: {火: 着火}\npatterns: [水]\n', "不存在"),
        ('emergency_words: 1\ntype: "119"\nfamilies: {火: (着/火}\npatterns: [火]\n', "括号"),
        ('emergency_words: 1\ntype: "118"\nfamilies: {火: 着火}\npatterns: [火]\n', "不能是"),
        ("emergency_words: 1\nfamilies: {火: 着火}\npatterns: [火]\n", "没有写类型"),
        ('emergency_words: 1\ntype: "119"\nfamilies: {火: 着火}\npatterns: ["火 =118"]\n', "写法不对"),
        ("emergency_words: 1\nfamilis: {火: 着火}\n", "没有“familis”"),
        ("emergency_words: 1\nfamilies: {火: [着火]}\n", "空格"),
    ],
)
def test_a_wrong_word_file_says_what_is_wrong(text: str, told: str) -> None:
    words, problems = read_words([(text, "own.yaml")])
    assert words is None
    assert any(told in problem.what and problem.place.line for problem in problems)


def test_an_admins_new_word_works_without_training(tmp_path: Path) -> None:
    assert SPOTTER.spot("我家的咕噜罐子嘎嘣了") is None
    own = 'emergency_words: 1\ntype: "119"\nfamilies: {咕噜险: 咕噜罐子嘎嘣了}\npatterns: [咕噜险]\n'
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    finding = load_spotter(tmp_path).spot("我家的咕噜罐子嘎嘣了")
    assert finding is not None
    assert finding.kind is Kind.FIRE


def test_training_text_is_the_same_each_time_and_holds_no_test_sentence() -> None:
    first = samples()
    assert first == samples()
    known = {sample.text.replace(" ", "") for sample in first}
    dangers = {row["text"].replace(" ", "") for row in SENTENCES if row["label"] != "none"}
    assert not known & dangers


def test_weights_are_small_and_readable() -> None:
    import routing.emergency

    text = (Path(routing.emergency.__path__[0]) / "weights.txt").read_text("utf-8")
    assert len(text.encode()) <= 600_000
    assert len(read_weights(text)) > 1_000
    with pytest.raises(ValueError, match="第 1 行"):
        read_weights("着火\t1\t2\n")


@pytest.mark.slow
def test_the_committed_weights_are_what_training_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(Path, "write_text", lambda _path, text, **_rest: written.append(text))
    main()
    import routing.emergency

    committed = (Path(routing.emergency.__path__[0]) / "weights.txt").read_text("utf-8")
    ours, theirs = read_weights(written[0]), read_weights(committed)
    shared = ours.keys() & theirs.keys()
    assert len(shared) > 0.95 * len(theirs)
    assert all(abs(a - b) < 0.1 for name in shared for a, b in zip(ours[name], theirs[name], strict=True))


@given(st.text(alphabet="()/甲乙", max_size=12))
def test_alternatives_are_spelt_out_or_refused(text: str) -> None:
    try:
        readings = spell_out(text)
    except ValueError:
        return
    assert readings
    assert all("(" not in reading and ")" not in reading for reading in readings)
    assert spell_out("(甲/乙/)丙") == ("甲丙", "乙丙", "丙")


def test_the_files_are_all_read() -> None:
    assert set(WORD_FILES) == {"shared.yaml", "context.yaml", "110.yaml", "119.yaml", "120.yaml", "122.yaml"}
