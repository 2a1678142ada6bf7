"""Ask the running controller through its control door."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path

from ivr.errors import WorldError

SECONDS = 10.0


class ControllerAwayError(WorldError):
    """No controller answers at the control door."""


def ask(path: Path, request: Mapping[str, object]) -> dict[str, object]:
    """Send one request and return its answer; ControllerAwayError when nobody is there."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(SECONDS)
            line.connect(str(path))
            line.sendall(json.dumps(request, ensure_ascii=False).encode() + b"\n")
            with line.makefile("rb") as answers:
                answer = json.loads(answers.readline() or b"null")
    except (OSError, ValueError) as away:
        raise ControllerAwayError(f"控制器没有应答（{away}）。改法：先运行 hotline up，或检查 {path}") from away
    if not isinstance(answer, dict):
        raise ControllerAwayError(f"控制器中断了连接。改法：稍后再试，或检查 {path}")
    return answer
