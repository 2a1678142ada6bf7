"""The results of a campaign as a table to take out: nobody's number, no order, one line per member. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from cti.report_tables import ReportTable
from cti.today import china_day
from ivr.speech.redact import redact
from workorder.campaigns import (
    KIND_TITLES,
    OUTCOME_TITLES,
    Campaign,
    DialPlan,
    Member,
    SurveyPlan,
    tally,
)
from workorder.dial_tests import CRITERIA, dial_tally
from workorder.reports.grid import Cell, Column, Kind


def campaign_table(campaign: Campaign, members: Sequence[Member]) -> ReportTable:
    """Return the table of a survey (de-identified answers) or of a dial test (points of each call)."""
    plan = campaign.plan
    if isinstance(plan, SurveyPlan):
        return _survey(campaign, plan, members)
    return _dial_test(campaign, plan, members)


def result_tables(campaign: Campaign, members: Sequence[Member]) -> tuple[ReportTable, ...]:
    """Return what a campaign came to as tables with their charts: counts alone, nobody's answers."""
    plan, day = campaign.plan, china_day(campaign.at)
    done = sum(each.outcome is not None for each in members)
    if isinstance(plan, SurveyPlan):
        found, since, until = tally(plan, members), plan.sample.since, plan.sample.until
        outcomes: dict[str, int] = {OUTCOME_TITLES[each]: count for each, count in found.outcomes.items()}
        outcomes["还没有做"] = len(members) - done
        tables = [_counts("outcomes", "进度", "抽取的人", outcomes, len(members), since, until)]
        for question in plan.questions:
            if (chosen := found.choices.get(question.name)) is not None:
                whole = sum(chosen.values())
                tables.append(_counts(question.name, question.ask, "回答的人", chosen, whole, since, until))
        return tuple(tables)
    met = dial_tally(members).met
    progress = {"已拨": done, "还没有拨": len(members) - done}
    titled = {CRITERIA[name].partition("：")[0]: count for name, count in met.items()}
    return (
        _counts("outcomes", "进度", "计划的电话", progress, len(members), day, day),
        _counts("criteria", "达到的通数", "已拨的电话", titled, done, day, day),
    )


def _counts(
    name: str, title: str, of: str, counts: Mapping[str, int], whole: int, since: date, until: date
) -> ReportTable:
    columns = (
        Column("what", "结果", Kind.TEXT),
        Column("count", "数量", in_chart=True),
        Column("share", f"占{of}", Kind.SHARE),
    )
    rows = tuple((what, count, count / whole if whole else None) for what, count in counts.items())
    return ReportTable(name, title, since, until, columns, rows, ())


def survey_words(plan: SurveyPlan, campaign: Campaign, members: Sequence[Member]) -> tuple[str, ...]:
    """Return in words how the sample was drawn, and what it came to."""
    found, drawn = tally(plan, members), campaign.drawn
    rate = f"{found.response_rate:.1%}" if found.response_rate is not None else "无"
    outcomes = "，".join(f"{OUTCOME_TITLES[each]} {count}" for each, count in found.outcomes.items())
    given = "（人工指定）" if drawn.is_seed_given else ""
    lines = [
        f"受{plan.client}委托。从 {drawn.population} 位市民中随机抽取 {found.members} 位，每位机会相同；"
        f"种子 {drawn.seed}{given}。",
        f"{outcomes}。应答率 {rate} = 接受调研 ÷ 抽取人数。",
    ]
    for question in plan.questions:
        counts = found.choices.get(question.name)
        if counts is not None:
            whole = sum(counts.values())
            shares = "，".join(f"{name} {count}{f'（{count / whole:.1%}）' if whole else ''}"
                              for name, count in counts.items())  # fmt: skip
            lines.append(f"{question.ask} {shares}；占回答该题的 {whole} 人。")
    return tuple(lines)


def dial_words(plan: DialPlan, members: Sequence[Member]) -> tuple[str, ...]:
    """Return in words what a dial test came to, and by which formulas."""
    found = dial_tally(members)
    points = f"平均 {found.points:g} 分（满分 100）" if found.points is not None else "还没有得分"
    weights = "，".join(
        f"{words.partition('：')[0]} {getattr(plan.weights, name)} 分" for name, words in CRITERIA.items()
    )
    met = "，".join(f"{CRITERIA[name].partition('：')[0]} {count}" for name, count in found.met.items())
    return (
        f"计划 {found.members} 通，已拨 {found.made} 通，{points}；达到的通数：{met}。",
        f"分值：{weights}。不适用的项按其余项折算。及时：从排队到坐席接起不超过 {plan.within_seconds} 秒。",
    )


def _survey(campaign: Campaign, plan: SurveyPlan, members: Sequence[Member]) -> ReportTable:
    columns = [Column("nth", "序号", Kind.COUNT), Column("outcome", "结果", Kind.TEXT)]
    columns += [Column(each.name, each.ask, Kind.TEXT) for each in plan.questions]
    rows: list[tuple[Cell, ...]] = [
        (each.nth, _outcome(each), *(redact(str(each.result.get(one.name, ""))) for one in plan.questions))
        for each in members
    ]
    sample, words = plan.sample, survey_words(plan, campaign, members)
    title = f"{KIND_TITLES[plan.kind]}：{plan.title}"
    return ReportTable("survey", title, sample.since, sample.until, tuple(columns), tuple(rows), words, "none")


def _dial_test(campaign: Campaign, plan: DialPlan, members: Sequence[Member]) -> ReportTable:
    columns = [
        Column("nth", "序号", Kind.COUNT),
        Column("name", "拨测电话", Kind.TEXT),
        Column("outcome", "结果", Kind.TEXT),
        Column("waited", "排队到接起（秒）", Kind.TEXT),
        *(Column(name, words.partition("：")[0], Kind.TEXT) for name, words in CRITERIA.items()),
        Column("points", "得分", Kind.TEXT),
    ]
    rows: list[tuple[Cell, ...]] = []
    for each in members:
        met = each.result.get("met")
        criteria = met if isinstance(met, Mapping) else {}
        said: dict[object, str] = {True: "是", False: "否"}
        waited = each.result.get("waited_seconds")
        rows.append(
            (
                each.nth,
                each.subject,
                _outcome(each),
                f"{waited:g}" if isinstance(waited, int | float) else "",
                *(said.get(criteria.get(name), "") for name in CRITERIA),
                str(each.result.get("points", "")),
            )
        )
    day, title = china_day(campaign.at), f"{KIND_TITLES[plan.kind]}：{plan.title}"
    return ReportTable("dial_test", title, day, day, tuple(columns), tuple(rows), dial_words(plan, members), "none")


def _outcome(member: Member) -> str:
    return OUTCOME_TITLES[member.outcome] if member.outcome is not None else "还没有做"
