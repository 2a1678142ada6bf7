"""What a move asks of whoever makes it: its fields in Chinese, and what stands in its way before a word is typed."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Union, get_args, get_origin, get_type_hints

from workorder.cities.pack import Pack
from workorder.clock.days import WorkCalendar
from workorder.clock.due import Limit
from workorder.life import actions as a
from workorder.life.actors import Actor
from workorder.life.decide import refusals
from workorder.life.guards_desk import FILING_CHECKLIST
from workorder.life.guards_end import REVIEWED_FOR, SATISFACTIONS
from workorder.life.guards_ladder import DISTRICT_LEADER, HEAD, next_step
from workorder.life.handling import HANDLING_TITLES, Handling
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal
from workorder.order import OrderNumber, order_day

LONGEST_TEXT = 5000
_TITLE_WORDS = """
answer=答复内容 approver=批准人 article=知识库条目 asked=已问清的事项 asks_recheck=请求现场复核
assistants=协办单位 attachments=附件 basis=退单依据 by=延长多久 calls=通话 category=类别 checked=立案前已核对 code=理由
collector=采集员 contact=告知的时间或记录 coordinator=协调人 explanation=解释 finding=核实的情况
handler=经办人 has_no_owner=无责任主体 how=告知方式 into=并入的工单 lacking=不符合哪一项 law=依据
lead=牵头单位 level=由谁跟进 linked=关联的工单 mode=办理方式 milestones=分步计划 minutes=会议纪要 note=备注
nth=第几步 opinion=意见 other=另一工单 photo=现场照片 place=现场位置 reason=理由 report=专题报告 step=升到哪一步
route=路由依据 satisfaction=满意度 seen=现场时间 suggestion=办理建议 text=内容 told=怎样告知市民
trigger=督办情形 unit=承办单位 was_late=迟到 why=原因 timer=提醒
"""
_TITLES = dict(pair.split("=") for pair in _TITLE_WORDS.split())
_FILLED_IN = frozenset({"duty"})
"""What the service fills in itself; nobody is asked for it."""
_SATISFACTION_TITLES = dict(zip(SATISFACTIONS, ("满意", "不满意", "联系不上", "未回访"), strict=True))
_REVIEW_TITLES = dict(zip(REVIEWED_FOR, ("不规范", "不具体", "不完整"), strict=True))


@dataclass(frozen=True, slots=True)
class FormField:
    """One thing to fill in; `kind`: text, yes, instant, limit, number, texts, steps; `choices`: value and title."""

    name: str
    title: str
    kind: str
    is_required: bool
    choices: tuple[tuple[str, str], ...] = ()


def form_of(kind: type[a.Action], pack: Pack) -> tuple[FormField, ...]:
    """Return what a move asks for, with the city's own choices."""
    hints = hints_of(kind)
    return tuple(
        FormField(
            each.name,
            _title_of(kind, each.name, pack),
            _kind_of(hints[each.name]),
            each.default is MISSING,
            _choices(kind, each.name, pack),
        )
        for each in fields(kind)
        if each.name not in _FILLED_IN and (kind is not a.Accept or each.name != "checked" or _checklist(pack))
    )


def is_offered(kind: type[a.Action], actor: Actor, pack: Pack) -> bool:
    """Whether the city has this move at all, for this unit: only some dispatch further, only some climb a ladder."""
    if kind is a.SubDispatch:
        return any(each.department == actor.unit for each in pack.districts)
    return kind is not a.Escalate or bool(pack.ladder)


def obstacles(
    kind: type[a.Action], order: LivingOrder, actor: Actor, at: datetime, pack: Pack, calendar: WorkCalendar
) -> tuple[Refusal, ...]:
    """Return what forbids a move now, however well its form is filled in."""
    return refusals(order, _well_filled(kind, order, at, pack), actor, at, pack, calendar)


def hints_of(kind: Any) -> Mapping[str, Any]:
    """Return the types of a move's fields."""
    return get_type_hints(kind)


def _title_of(kind: type[a.Action], name: str, pack: Pack) -> str:
    """Return how a field is called; a checklist names its items."""
    items = f"：{'、'.join(_checklist(pack))}" if (kind, name) == (a.Accept, "checked") else ""
    return _TITLES.get(name, name) + items


def _kind_of(hint: Any) -> str:
    if get_origin(hint) in (Union, types.UnionType):
        return _kind_of(next(each for each in get_args(hint) if each is not type(None)))
    if get_origin(hint) is tuple:
        return "steps" if get_origin(get_args(hint)[0]) is tuple else "texts"
    return {bool: "yes", int: "number", datetime: "instant", Limit: "limit"}.get(hint, "text")


def _choices(kind: type[a.Action], name: str, pack: Pack) -> tuple[tuple[str, str], ...]:
    match kind.__name__, name:
        case "RefuseRequest", "code":
            return tuple((each.code, each.title) for each in pack.not_accept)
        case "Accept", "category":
            return tuple((each.name, each.title) for each in pack.categories)
        case "Supervise", "trigger":
            return tuple((each.when.value, each.title) for each in pack.triggers)
        case "Close", "satisfaction":
            return tuple(_SATISFACTION_TITLES.items())
        case "FailReview", "lacking":
            return tuple(_REVIEW_TITLES.items())
        case "SetMode", "mode":
            return tuple((mode.value, title) for mode, title in HANDLING_TITLES.items())
        case "Dispatch", "level":
            return (("handler", "经办人"), (HEAD, "主要负责人或分管领导"), (DISTRICT_LEADER, "县（区）分管领导"))
        case "Escalate", "step":
            return tuple((each.name, each.title) for each in pack.ladder)
        case _:
            return ()


def _well_filled(kind: type[a.Action], order: LivingOrder, at: datetime, pack: Pack) -> a.Action:
    """Return the move with a form that nobody could object to, so that only the order's own obstacles are left."""
    values: dict[str, Any] = {each.name: _filler(hints_of(kind)[each.name], at) for each in fields(kind)}
    known: dict[str, Any] = {
        "asks_recheck": True,
        "assistants": (),
        "attachments": (),
        "by": pack.extension.longest,
        "category": order.category,
        "checked": _checklist(pack),
        "lead": "〇",
        "level": HEAD,
        "lacking": REVIEWED_FOR[:1],
        "mode": Handling.ORDER_FLOW.value,
        "nth": next((n for n, each in enumerate(order.milestones) if not each.is_done), 0),
        "satisfaction": SATISFACTIONS[0],
        "trigger": pack.triggers[0].when.value if pack.triggers else "",
    }
    values |= {name: value for name, value in known.items() if name in values}
    wanted = next_step(order, pack)
    if kind is a.Escalate and wanted is not None:
        values |= {"step": wanted.name}
    if kind is a.SubDispatch:
        values |= {"unit": next((unit for each in pack.districts for unit in each.units if unit != order.lead), "〇")}
    if kind is a.RefuseRequest:
        plain = next((each for each in pack.not_accept if not each.needs_earlier_order), None)
        values |= {"code": plain.code if plain else "", "asked": plain.checklist if plain else ()}
    return kind(**values)


def _checklist(pack: Pack) -> tuple[str, ...]:
    return pack.lists[FILING_CHECKLIST].items if FILING_CHECKLIST in pack.lists else ()


def _filler(hint: Any, at: datetime) -> object:
    if get_origin(hint) in (Union, types.UnionType):
        return _filler(next(each for each in get_args(hint) if each is not type(None)), at)
    if get_origin(hint) is tuple:
        nested = get_origin(get_args(hint)[0]) is tuple
        return ((order_day(at) + timedelta(days=1), "〇"),) if nested else ()
    fillers: Mapping[Any, object] = {bool: False, int: 0, datetime: at}
    if hint is OrderNumber:
        return OrderNumber("WO00000000-000000")
    return fillers.get(hint, "〇")


def missing_fields(kind: type[a.Action], given: Sequence[str]) -> tuple[str, ...]:
    """Return the Chinese names of the fields that must be there and are not."""
    return tuple(
        _TITLES.get(each.name, each.name) for each in fields(kind) if each.default is MISSING and each.name not in given
    )
