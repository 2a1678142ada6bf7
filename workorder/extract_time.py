"""When it happened, in the caller's words: 昨天半夜, 每天早上六点, 三天了, 下午4点到晚上9点, 下雨的时候.

A composing parser: words of time (extract_time_words) join into one time by the bonds between them, and among the
times of a call the first that is anchored to a day or lasts for days outranks a bare hour or part of the day.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from workorder.extract import Found
from workorder.extract_time_words import AFTER, ATTACHED, BOND, SINCE, TOKEN, WHENEVER


class _Token(NamedTuple):
    kind: str
    begin: int
    end: int


_LONGEST_BOND = 6
_SAID = 0.5
_UNTIL = re.compile(r"(?:一直)?[\u4e00-\u9fff]{1,2}到")
"""早晨6点|一直吵到|晚上11点."""
_SINCE = re.compile(SINCE)
_VAGUE = re.compile(
    r"(?:[前这那头][两几些]天|最近|(?<![早晚])(?:上|这)(?:个?(?:周|星期|礼拜|月).{0,2})|那天|前一?阵子?)$"
)
_RELATIVE = re.compile(r"(?:去年|今年|前年|上个?月|月份?|月底|月初|上周|上个?星期|上个?礼拜)$")
_DAYS = frozenset(["day", "part"])
_DATED = frozenset(["day", "part", "week", "month", "year"])
_PASSING = frozenset(["大白天", "白天", "高考", "中考", "开学", "放假", "假期", "疫情", "老早", "大半天", "汛期"])
_SOFT_DAY = frozenset(["上回", "上一回", "上次", "上一次", "那回", "那次", "头一回", "头一次", "第一回", "第一次"])
"""Which of several times this was, and so less of a time than the date that mostly follows."""
_BARE_NUMBER_DAY = re.compile(r"\d{1,2}[日号](?!上|一早|那天)")
_DAY_OF_MONTH = re.compile(r"(?:就是?|打|从|是|在)?$")
_SAID_AFTER_DAY = re.compile(
    r"(?:就|才|我|去|来|买|交|打|报|办|订|装|停|开始|下单|预约|签|搬|坏|到现在|那|送|修|在|到)"
)
_CALENDAR_YEAR = re.compile(r"(?:[5-9]\d|[0-2]\d|[五六七八九零][零一二三四五六七八九]|[一1][零一二三四五六七八九])年")
_FILLER = re.compile(
    r"(?:已经|都有|少说有|少说也有|至少有|起码有|怕是?有|约莫有?|也有|都|有|也|就)+(?=[\d一二两三四五六七八九十几半好大小第快])"
)
_DAYS_OF = re.compile(r"(?:[\d一二两三四五六七八九十]+)天")
"""周末两天, 国庆七天."""
_AGE = re.compile(r"(?<!\d)\d{3}年")
"""三百年的老槐树 tells an age, not when something happened."""
_NOT_EVENT = re.compile(r"^(?:不到|才|刚|都|有|快)*(?:一天|一年|几年|半天|两天)$")
_MINUTES = re.compile(r"(?:分钟|小时|钟头|个?钟)(?:左右|上下|了|多)*$")
_AGO = re.compile(r"(?:以前|之前|前)$")
_PROMISE = re.compile(r"(?:说|讲|让|等|过|要|答应|承诺|要求|写的是|规定)$")
"""说三天修好: what was promised, not when it happened."""
_EVERY = re.compile(r"一[到进入]|每|到了")
_WIDE = re.compile(r"(?:这|本)个?(?:周|月|星期|礼拜|年|季度)|今年|当年")
_UNANCHORED = frozenset(["part", "clock"])


def find_times(text: str) -> tuple[Found, ...]:
    """Return the times of the event, best first: the earliest that says more than 现在. Linear in the length."""
    spans: list[list[_Token]] = []
    for match in TOKEN.finditer(text):
        token = _Token(match.lastgroup or "", *match.span())
        if spans and _joins(text, spans[-1], token):
            spans[-1].append(token)
        else:
            spans.append([token])
    found = [each for span in spans if (each := _found(text, span)) is not None]
    found.extend(_since(text))
    if all(each.confidence < _SAID for each in found):
        found.extend(Found(each.group(), *each.span(), _SAID, "time.whenever") for each in WHENEVER.finditer(text))
    found.sort(key=lambda each: (-each.confidence, each.begin))
    return tuple(found)


def _joins(text: str, span: list[_Token], token: _Token) -> bool:
    """Whether a token continues the time before it: 每天|早上|六点, 下午四点|到|晚上九点; a duration stands alone."""
    last, kind, begin = span[-1].kind, token.kind, token.begin
    end = span[-1].end
    if "weak" in (last, kind) or kind == "just" or begin - end > _LONGEST_BOND:
        return False
    bond = text[end:begin]
    if last == "duration" and not text[:end].endswith(("前", "以前", "之前", "以来")):
        return False
    if kind == "duration":
        if last == "now" and _AGO.search(text, token.begin, token.end):
            return bond in ("", "也就", "大概", "大约")
        is_days = last in ("week", "season") and _DAYS_OF.match(text, begin)
        return begin == end and (bool(is_days) or text[:end].endswith(("最近", "近", "这")))
    if kind == "frequency" and (last in ("clock", "part") or bond not in ("", "的", "都", "又")):
        return False
    if kind == "frequency" and last == "season" and text[:end].endswith("以来"):
        return False
    if kind == "now" and text[begin] == "刚":
        return False
    if text[span[0].begin : end] in _SOFT_DAY and bond:
        return False
    if bond == "，":
        return kind in ("clock", "part") and last in ("day", "week", "month", "year", "frequency")
    if bond == "是":
        return False
    if kind in ("event", "moment"):
        return bond in ("", "的") and last in ("day", "now", "part", "frequency", "week", "month", "season", "year")
    if kind in _UNANCHORED and last in _UNANCHORED and _UNTIL.fullmatch(bond):
        return True
    return BOND.fullmatch(bond) is not None


def _found(text: str, span: list[_Token]) -> Found | None:
    begin, end = span[0].begin, span[-1].end
    kinds = {token.kind for token in span}
    after = AFTER.match(text, end)
    if after and (
        (after["weather"] and (kinds <= _DAYS | {"season", "year"} or _VAGUE.search(text[begin:end])))
        or _RELATIVE.search(text[begin:end])
    ):
        end = after.end()
    elif kinds <= _DATED and (attached := ATTACHED.match(text, end)):
        end = attached.end()
    value = text[begin:end]
    if kinds == {"duration"} and _AGE.search(value):
        return None
    if _NOT_EVENT.match(value) or (kinds == {"month"} and not _is_day(text, begin, end)):
        return None
    value = re.sub(r"(?<=[多月年])了$", "", value) if "多" in value else value
    if kinds == {"duration"} and (filler := _FILLER.match(value)):
        begin, value = begin + filler.end(), value[filler.end() :]
    if kinds == {"weak"}:
        return Found(value, begin, end, 0.4, "time.now")
    return Found(
        value, begin, begin + len(value), _sureness(text, begin, value, kinds), f"time.{'+'.join(sorted(kinds))}"
    )


def _is_day(text: str, begin: int, end: int) -> bool:
    """Whether 七号 alone is a date: only where something is done on it, 七号买的; else it is a house."""
    if not _BARE_NUMBER_DAY.fullmatch(text, begin, end):
        return True
    return _SAID_AFTER_DAY.match(text, end) is not None and (begin == 0 or text[begin - 1] not in "路街巷院区楼")


def _sureness(text: str, begin: int, value: str, kinds: set[str]) -> float:
    """Return how likely this is *the* time of the call."""
    if _CALENDAR_YEAR.fullmatch(value) or (kinds == {"year"} and value[0].isdigit() and len(value) < 5):
        return 0.55
    if value in _SOFT_DAY:
        return 0.5
    if kinds in ({"moment"}, {"just"}) or value in _PASSING:
        return 0.6
    if _PROMISE.search(text, max(0, begin - 4), begin):
        return 0.58
    if kinds == {"frequency"}:
        return 0.7
    if kinds == {"duration"} and _MINUTES.search(value):
        return 0.72
    if kinds <= {"season", "frequency"} and (len(value) <= 2 or _EVERY.match(value)):
        return 0.74
    if len(kinds) == 1 and (kinds <= _UNANCHORED or _WIDE.fullmatch(value)):
        return 0.78
    return 0.85


def _since(text: str) -> list[Found]:
    """Return what lasts from an event till now: 从他搬来到现在; nothing where a word of time says it better."""
    found = []
    for match in _SINCE.finditer(text):
        inside = match["inside"]
        if TOKEN.search(inside) is None:
            found.append(Found(match.group(), *match.span(), 0.75, "time.since"))
    return found
