"""Older editions of the menu language, brought up to the present one before they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ivr.flow.model import VERSION
from ivr.problems import Problem
from ivr.yaml_fields import kind_of
from ivr.yaml_source import YamlMap, YamlScalar, shorten

Migration = Callable[[YamlMap], YamlMap]

MIGRATIONS: Mapping[int, Migration] = MappingProxyType({})
"""Version → the step to the next version. Empty so far: `flow: 1` is the first edition."""


def migrate(tree: YamlMap) -> tuple[YamlMap | None, tuple[Problem, ...]]:
    """Return the tree in the present edition, or the problem that hinders it."""
    written = tree.entries.get("flow")
    if written is None:
        what, remedy = "缺少版本号“flow”。", f"在文件第一行写“flow: {VERSION}”。"
        return None, (Problem(tree.place, what, remedy),)
    if not isinstance(written, YamlScalar) or not isinstance(written.value, int) or isinstance(written.value, bool):
        said = shorten(written.raw) if isinstance(written, YamlScalar) else kind_of(written)
        return None, (Problem(written.place, f"版本号不能是“{said}”。", f"写成“flow: {VERSION}”。"),)
    version = written.value
    if version > VERSION:
        what = f"这份流程的版本是 {version}，本程序只认识到版本 {VERSION}。"
        return None, (Problem(written.place, what, f"升级本程序，或按版本 {VERSION} 改写（见 docs/flows.md）。"),)
    while version < VERSION:
        step = MIGRATIONS.get(version)
        if step is None:
            return None, (Problem(written.place, f"没有版本 {version}。", f"写成“flow: {VERSION}”。"),)
        tree, version = step(tree), version + 1
    return tree, ()
