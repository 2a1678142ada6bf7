"""The life of an order for the docs: the table of moves and a Mermaid picture, printed from the code."""

from __future__ import annotations

from workorder.life.actors import ROLE_TITLES, Role
from workorder.life.states import ENDS, STATE_TITLES, LifeState
from workorder.life.table import MOVES, Move

_MANY = 8
"""A move from more states than this is written as “未结束的各状态”."""


def table() -> str:
    """Return every move as one row of a Markdown table."""
    lines = ["| 动作 | 从 | 到 | 由谁 |", "|---|---|---|---|"]
    for move in MOVES.values():
        to = STATE_TITLES[move.to] if move.to else "（不变）"
        roles = "、".join(ROLE_TITLES[role] for role in Role if role in move.roles)
        lines.append(f"| {move.title} | {_sources(move)} | {to} | {roles} |")
    return "\n".join(lines)


def mermaid() -> str:
    """Return the states and the moves between them as a Mermaid state diagram; moves that stay are left out."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{STATE_TITLES[state]}" as {state}' for state in LifeState]
    lines.append(f"    [*] --> {LifeState.DRAFTED}: 登记")
    for state in LifeState:
        targets: dict[LifeState, list[str]] = {}
        for move in MOVES.values():
            if state in move.sources and move.to is not None:
                targets.setdefault(move.to, []).append(move.title)
        lines += [f"    {state} --> {to}: {'、'.join(titles)}" for to, titles in targets.items()]
    lines += [f"    {state} --> [*]" for state in LifeState if state in ENDS]
    return "\n".join([*lines, "```"])


def _sources(move: Move) -> str:
    if len(move.sources) > _MANY:
        left_out = [STATE_TITLES[state] for state in LifeState if state not in move.sources | ENDS]
        if len(left_out) <= 2:
            return "未结束的各状态" + (f"（{'、'.join(left_out)}除外）" if left_out else "")
        return "单位手里的各状态"
    return "、".join(STATE_TITLES[state] for state in LifeState if state in move.sources)
