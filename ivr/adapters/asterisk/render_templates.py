"""The switch's configuration templates: where they are, and how `@{name}` in them is filled, strictly."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from ivr.errors import SwitchError

_PLACEHOLDER = re.compile(r"@\{([^}\n]*)\}")
_MODULE = re.compile(r"^load\s*=>\s*(\S+)", re.MULTILINE)


class TemplateError(SwitchError):
    """A template asks for a value nobody gives, or is given one it does not use."""


def templates_folder() -> Path:
    """Return the folder `asterisk-config`, beside the code in a checkout or under `share/` when installed."""
    checkout = Path(__file__).resolve().parents[3] / "asterisk-config"
    installed = Path(sys.prefix) / "share" / "hotline12345" / "asterisk-config"
    for folder in (checkout, installed):
        if (folder / "modules.conf").is_file():
            return folder
    raise TemplateError(f"找不到交换机配置模板(找过 {checkout} 和 {installed})。改法: 重新安装 hotline12345")


def wanted_modules(folder: Path | None = None) -> tuple[str, ...]:
    """Return the file names of the Asterisk modules that our configuration loads, in order."""
    text = ((folder or templates_folder()) / "modules.conf").read_text(encoding="utf-8")
    return tuple(_MODULE.findall(text))


def fill(name: str, template: str, values: Mapping[str, str]) -> str:
    """Return `template` with every `@{key}` replaced; a key without value or a value without key is TemplateError."""
    asked = set(_PLACEHOLDER.findall(template))
    unknown, unused = asked - set(values), set(values) - asked
    if unknown:
        raise TemplateError(f"{name}: 模板里的 {', '.join(sorted(unknown))} 没有对应的值。改法: 删去占位符或改正拼写")
    if unused:
        raise TemplateError(f"{name}: 值 {', '.join(sorted(unused))} 在模板里没有用到。改法: 在模板里写上 @{{名称}}")
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)
