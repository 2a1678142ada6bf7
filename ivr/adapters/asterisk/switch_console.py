"""The switch's own console, for what its manager interface must never be allowed: reading configuration files again.

Only these fixed commands are ever sent; the socket is ours alone (mode 700), as is everything that Asterisk reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from enum import Enum
from pathlib import Path

from ivr.adapters.asterisk.private_parts import Part
from ivr.errors import SwitchError

log = logging.getLogger(__name__)

SECONDS = 20.0


class Reload(Enum):
    """What can be read again, by the command that does it. Calls go on with what they began with."""

    DIALPLAN = "dialplan reload"
    PHONES = "module reload res_pjsip.so"


async def reload(part: Part, main_file: Path, what: Reload) -> None:
    """Let the running switch read its files again; SwitchError when it does not answer. May be repeated."""
    words = (*part.command, "-C", str(main_file), "-rx", what.value)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=pipe,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **part.env},
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        raise SwitchError(
            f"交换机没有在 {SECONDS:.0f} 秒内重新读取配置（{what.value}）。改法：看 hotline doctor"
        ) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise SwitchError(f"交换机没有重新读取配置（{said.decode('utf-8', 'replace').strip()[:200]}）")
    log.info("switch_read_again", extra={"what": what.value})
