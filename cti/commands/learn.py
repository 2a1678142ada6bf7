"""`hotline learn`: learn unit and category from confirmed orders; adopt only what beats what is in use; roll back."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cti.adapters.sql.database import Database
from cti.adapters.sql.lesson_store import SqlLessonStore
from cti.server.drafting import own_words
from cti.server.installation import folders_of
from cti.settings import Settings
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from routing.adapters.jieba_words import JiebaWords
from routing.adapters.learnt_models import LearntModels
from routing.adapters.packaged_lexicon import load_classifier
from routing.classify.voting import Target
from workorder.advice import Advice, advise
from workorder.evaluate_unit import lexicon_hints
from workorder.learn import Outcome, card_text, learn
from workorder.lessons import Lesson

_NAMES = {Target.UNIT: "承办单位", Target.CATEGORY: "事项分类"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Learn, only try, take back, or advise."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--try", dest="only_try", action="store_true", help="只学、只比较，不采用")
    what.add_argument("--rollback", action="store_true", help="换回上一次采用的模型（没有就只用关键词库）")
    what.add_argument("--advice", action="store_true", help="关键词建议：哪些词本来能选对单位，由管理员采纳")
    what.add_argument(
        "--accept", nargs="+", metavar="单位:词", help="采纳关键词，例如 水务局:爆管=3；正在运行的服务下一次起草就用"
    )
    what.add_argument("--list", action="store_true", help="列出采用过的模型，最后一个正在用")
    parser.add_argument("--json", action="store_true", help="打印 JSON")
    parser.epilog = (
        "示例：\n  hotline learn             学，比较，胜出才采用；正在运行的服务从下一通电话起用它\n"
        "  hotline learn --rollback  换回上一个\n  hotline learn --advice    由改正得来的关键词建议\n"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what was learnt, or done."""
    console = Console(highlight=False, soft_wrap=True)
    models = LearntModels(folders_of(settings).learnt)
    if arguments.rollback:
        edition = models.rollback()
        console.print(f"已换回 {edition.adopted} 采用的模型" if edition else "已换回：只用关键词库")
        return 0
    if arguments.list:
        for edition in models.editions():
            versions = "，".join(f"{_NAMES[target]} {version}" for target, version in edition.versions.items())
            console.print(f"{edition.adopted}　{versions}", markup=False)
        return 0
    if arguments.accept:
        votes = models.accept([_accepted(each) for each in arguments.accept])
        console.print(f"已采纳，现有 {len(votes)} 个采纳的关键词", markup=False)
        return 0
    lessons = asyncio.run(_lessons(settings))
    if arguments.advice:
        _show_advice(_advice(lessons, models, own_words(settings)), arguments.json, console)
        return 0
    outcomes = outcomes_of(lessons, models, own_words(settings))
    better = {outcome.target: outcome for outcome in outcomes if outcome.is_better and outcome.model}
    adopted = bool(better) and not arguments.only_try
    if adopted:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        data = {target: outcome.model for target, outcome in better.items() if outcome.model}
        cards = {target: card_text(outcome, outcome.version) for target, outcome in better.items()}
        models.adopt(data, cards, now)
    if arguments.json:
        json.dump([_plain(outcome, adopted) for outcome in outcomes], sys.stdout, ensure_ascii=False, indent=2)
        print()
        return 0
    _show(outcomes, adopted, console)
    return 0


def outcomes_of(lessons: tuple[Lesson, ...], models: LearntModels, own: Path | None = None) -> tuple[Outcome, ...]:
    """Learn each target beside the model in use."""
    classify = cache(load_classifier(own, models.accepted()).classify)
    hints = lexicon_hints(classify)
    in_use = models.current(hints)
    return tuple(learn(lessons, target, classify, hints, in_use.get(target)) for target in Target)


async def _lessons(settings: Settings) -> tuple[Lesson, ...]:
    async with Database(settings.database, deadline_seconds=60) as database:
        return await SqlLessonStore(database).lessons()


def _advice(lessons: tuple[Lesson, ...], models: LearntModels, own: Path) -> tuple[Advice, ...]:
    accepted = models.accepted()
    taken = {(vote.label, vote.words) for vote in accepted}
    found = advise(lessons, load_classifier(own, accepted).classify, JiebaWords().cut)
    return tuple(each for each in found if (each.unit, (each.word,)) not in taken)


def _accepted(text: str) -> tuple[str, str]:
    """Read 单位:词 (a full-width colon will do)."""
    unit, colon, word = text.replace("：", ":").partition(":")
    if not colon or not unit or not word:
        raise AuthorError((Problem(Place("命令行"), f"“{text[:40]}”看不懂。", "写成 单位:词=3，例如 水务局:爆管=3。"),))
    return word, unit


def _plain(outcome: Outcome, adopted: bool) -> dict[str, object]:
    scores = {
        name: None if score is None else {"top1": score.top1, "top3": score.top3}
        for name, score in (("in_use", outcome.in_use), ("learnt", outcome.learnt))
    }
    return {
        "target": outcome.target.value,
        "taught": outcome.taught,
        "held_back": outcome.held,
        **scores,
        "version": outcome.version,
        "verdict": outcome.verdict,
        "adopted": adopted and outcome.is_better,
    }


def _show(outcomes: tuple[Outcome, ...], adopted: bool, console: Console) -> None:
    table = Table(title="在最近、没有参加学习的工单上比较", title_justify="left")
    for column in ("学什么", "学自", "比较用", "现用：第一个对", "前三个对", "学到：第一个对", "前三个对", "结果"):
        table.add_column(column, overflow="fold")
    for each in outcomes:
        figures = [
            f"{value:.1%}" if score else "–"
            for score in (each.in_use, each.learnt)
            for value in ((score.top1, score.top3) if score else (0.0, 0.0))
        ]
        table.add_row(_NAMES[each.target], str(each.taught), str(each.held), *figures, each.verdict)
    console.print(table)
    for each in outcomes:
        if each.is_better:
            done = "已采用，从下一通电话起生效；换回：hotline learn --rollback" if adopted else "没有采用（--try）"
            console.print(f"{_NAMES[each.target]}模型 {each.version}：{done}")


def _show_advice(found: tuple[Advice, ...], as_json: bool, console: Console) -> None:
    if as_json:
        plain = [
            {"word": a.word, "unit": a.unit, "mended": a.mended, "spoilt": a.spoilt, "callers": a.callers}
            for a in found
        ]
        json.dump(plain, sys.stdout, ensure_ascii=False, indent=2)
        print()
        return
    if not found:
        console.print("没有建议：改正太少，或没有哪个词能改对而不改错")
    for each in found:
        console.print(
            f"{each.unit}:{each.line}　改对 {each.mended} 张，改错 {each.spoilt} 张，{each.callers} 位来电人说过"
            f"（例如 {'、'.join(each.orders[:2])}）",
            markup=False,
        )
