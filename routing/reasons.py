"""Why a seat takes no calls: the reasons an agent may choose (data), and those that the system itself gives."""

from __future__ import annotations

from ivr.problems import Problem
from ivr.yaml_fields import Fields
from ivr.yaml_source import read_yaml

VERSION = 1
MISSED_REASON = "多次未接"
SIGNED_OUT_REASON = "已签退"
AFTER_CALL_REASON = "话后处理"
OURS = frozenset({MISSED_REASON, SIGNED_OUT_REASON, AFTER_CALL_REASON})
LONGEST = 40


def load_reasons(text: str | bytes, file: str) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Read reasons.yaml: what agents may choose, in order; nothing when there are errors."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return (), tuple(problems)
    fields = Fields(tree, "置忙原因", problems)
    if fields.integer("reasons_version") != VERSION and fields.has("reasons_version"):
        fields.error(fields.place("reasons_version"), "不认识这个版本。", f"改为 reasons_version: {VERSION}。")
    reasons = tuple(fields.texts("reasons", ()))
    for reason in reasons:
        if reason in OURS or not 0 < len(reason) <= LONGEST:
            fields.error(
                fields.place("reasons"),
                f"原因“{reason[:LONGEST]}”不能用。",
                "换一个，40 字以内，不与系统自己的原因同名。",
            )
    if not reasons and not problems:
        fields.error(tree.place, "一个原因也没有。", "至少在 reasons 里写一个。")
    fields.done()
    return (() if any(problem.is_error for problem in problems) else reasons), tuple(problems)
