"""Seats: the desks with a telephone, as settings.yaml and the seats.yaml that pages publish write them. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ivr.call import SeatId
from ivr.problems import Problem
from ivr.yaml_fields import Fields
from ivr.yaml_source import YamlMap, read_yaml

VERSION = 1
MOST_SEATS = 2000
HEAD = """# 席位：号码、坐席员、技能（决定接哪些队列）、话机（browser 是网页话机，sip 是桌上的话机或软电话）。
# penalty 0 到 10，大的后振铃；disabled: true 暂时停用。"""


@dataclass(frozen=True, slots=True)
class Seat:
    """A desk with a telephone: its extension, who sits there and what they can handle.

    `in_browser`: its telephone is the page itself (WebRTC); else a SIP telephone, or `hotline softphone`.
    """

    id: SeatId
    agent: str
    skills: frozenset[str] = frozenset()
    penalty: int = 0
    in_browser: bool = False


@dataclass(frozen=True, slots=True)
class WrittenSeats:
    """What a seats.yaml says: the seats in use, and those that are disabled."""

    seats: tuple[Seat, ...]
    disabled: tuple[Seat, ...] = ()


def read_seats(fields: Fields) -> WrittenSeats:
    """Return the seats under the key `seats`; problems go to `fields`."""
    seats: dict[str, Seat] = {}
    disabled: set[str] = set()
    for tree in fields.each_map("seats"):
        seat, is_disabled = _seat(tree, fields.problems)
        if seat.id in seats:
            what = f"席位“{seat.id}”写了两次。"
            fields.problems.append(Problem(tree.place, what, "删去一个，或改成别的号。"))
        seats[seat.id] = seat
        if is_disabled:
            disabled.add(seat.id)
    return WrittenSeats(
        tuple(seat for seat in seats.values() if seat.id not in disabled),
        tuple(seat for seat in seats.values() if seat.id in disabled),
    )


def load_seats(text: str | bytes, file: str) -> tuple[WrittenSeats | None, tuple[Problem, ...]]:
    """Read a seats.yaml; None when there are errors."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return None, tuple(problems)
    fields = Fields(tree, "席位文件", problems)
    if fields.integer("seats_version") != VERSION:
        fields.error(fields.place("seats_version"), "不认识这个版本。", f"第一行写 seats_version: {VERSION}。")
    written = read_seats(fields)
    fields.done()
    if not written.seats:
        fields.error(tree.place, "没有在用的席位，市民打进来没有人接。", "至少留一个没有停用的席位。")
    if len(written.seats) > MOST_SEATS:
        fields.error(tree.place, f"席位超过 {MOST_SEATS} 个。", "减少席位。")
    return (None if any(problem.is_error for problem in problems) else written), tuple(problems)


def seats_text(written: WrittenSeats) -> str:
    """Return the text of a seats.yaml that says so, a line for each seat."""
    rows = [(seat, "") for seat in written.seats] + [(seat, ", disabled: true") for seat in written.disabled]
    lines = [f"  - {{{_line(seat)}{end}}}" for seat, end in sorted(rows, key=lambda row: row[0].id)]
    return "\n".join([HEAD, f"seats_version: {VERSION}", "seats:", *lines, ""])


def _seat(tree: YamlMap, problems: list[Problem]) -> tuple[Seat, bool]:
    inner = Fields(tree, "席位", problems)
    seat = Seat(
        id=SeatId(inner.text("seat", longest=8)),
        agent=inner.text("agent", longest=30),
        skills=frozenset(inner.texts("skills", ())),
        penalty=inner.integer("penalty", 0, 0, 10),
        in_browser=inner.choice("phone", ("sip", "browser"), "sip") == "browser",
    )
    is_disabled = inner.boolean("disabled", False)
    inner.done()
    if seat.id and not (seat.id.isascii() and seat.id.isdigit() and 3 <= len(seat.id) <= 6):
        inner.error(inner.place("seat"), f"席位号“{seat.id}”不能用。", "席位号用 3 到 6 位数字，例如 801。")
    return seat, is_disabled


def _line(seat: Seat) -> str:
    skills = "[" + ", ".join(_quoted(skill) for skill in sorted(seat.skills)) + "]"
    penalty = f", penalty: {seat.penalty}" if seat.penalty else ""
    phone = "browser" if seat.in_browser else "sip"
    return f"seat: {_quoted(seat.id)}, agent: {_quoted(seat.agent)}, skills: {skills}, phone: {phone}{penalty}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # JSON's strings are YAML's as well
