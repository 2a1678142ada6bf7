"""Quality checks of calls: which calls are drawn, by what form they are judged, what a judgement comes to. Pure.

A draw is without bias: every call of the population has the same chance, whoever took it and however it went. It can
be done again by anybody: the order is that of a hash over the drawn seed and the call, so a seed proves the draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ivr.call import CallId, SeatId

MOST_DRAWN = 500


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the form; `points` are what it is worth, 0 for one that makes the whole call worth nothing."""

    name: str
    title: str
    points: int
    hint: str = ""

    @property
    def is_fatal(self) -> bool:
        return self.points == 0


@dataclass(frozen=True, slots=True)
class Form:
    """A form of one version; the points of its lines make 100."""

    version: int
    criteria: tuple[Criterion, ...]

    @property
    def full_marks(self) -> int:
        return sum(each.points for each in self.criteria)


RUDE = "rude"
"""The line of the form that names a violation of its own: what a citizen complained about and the call proves."""

FORM = Form(
    2,
    (
        Criterion("greeting", "开头语、结束语规范", 10, "15 秒内应答，报工号，礼貌用语"),
        Criterion("listening", "倾听与确认", 20, "不打断，复述要点请市民确认"),
        Criterion("policy", "政策解答准确", 20, "以知识库为准，不随意承诺时限"),
        Criterion("order", "工单要素完整", 25, "时间、地点、诉求、联系方式；类型与承办单位正确"),
        Criterion("attitude", "服务态度", 15, "语气平和，不推诿、不争执"),
        Criterion("efficiency", "处置得当", 10, "无故不让市民久等；紧急情况及时联动"),
        Criterion("abuse", "辱骂、讽刺市民", 0, "一票否决"),
        Criterion(RUDE, "态度生硬、作风粗暴", 0, "一票否决；市民为此投诉的，写上投诉工单的编号"),
        Criterion("leak", "泄露市民信息", 0, "一票否决"),
        Criterion("delay", "紧急警情未联动", 0, "一票否决"),
    ),
)
"""The form that ships."""


class ScoreError(ValueError):
    """A judgement that does not fit its form; the message is for people."""


def score(form: Form, marks: Mapping[str, int]) -> int:
    """Return what a judgement comes to; ScoreError when a line is missing, unknown or out of its bounds.

    `marks` gives every line's points; a fatal line is 1 when it has happened, else 0.
    """
    known = {each.name: each for each in form.criteria}
    for name in marks:
        if name not in known:
            raise ScoreError(f"评分表里没有“{name[:20]}”这一项。改法：刷新页面后再试")
    for each in form.criteria:
        if each.name not in marks:
            raise ScoreError(f"“{each.title}”没有打分。改法：补上")
        most = 1 if each.is_fatal else each.points
        if not 0 <= marks[each.name] <= most:
            raise ScoreError(f"“{each.title}”应在 0 到 {most} 之间。改法：改正分数")
    if any(marks[each.name] for each in form.criteria if each.is_fatal):
        return 0
    return sum(marks[each.name] for each in form.criteria)


@dataclass(frozen=True, slots=True)
class Drawable:
    """A call that may be drawn: it was answered, and by whom."""

    call: CallId
    seat: SeatId


def drawn(population: Sequence[Drawable], count: int, seed: str) -> tuple[CallId, ...]:
    """Return `count` calls of the population (all, when there are fewer), each with the same chance."""
    unique = {each.call for each in population}
    return tuple(sorted(unique, key=lambda call: _rank(seed, call))[: max(0, min(count, MOST_DRAWN))])


def drawn_per_seat(population: Sequence[Drawable], count: int, seed: str) -> tuple[CallId, ...]:
    """Return so many calls of each seat: all of a seat's calls have the same chance among themselves."""
    seats: dict[SeatId, list[Drawable]] = {}
    for each in population:
        seats.setdefault(each.seat, []).append(each)
    found = [call for seat in sorted(seats) for call in drawn(seats[seat], count, seed)]
    return tuple(found[:MOST_DRAWN])


def _rank(seed: str, call: CallId) -> bytes:
    return sha256(f"{seed}\0{call}".encode()).digest()
