"""Whether real emergency numbers may be dialled: what settings say, and the test call that an operator confirmed.

Each emergency trunk has a confirmation of its own in the run folder, bound to the address and the number it was made
with: another trunk or another number needs another test call. It is read anew for each call, so that it counts at once
and its loss too.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cti.emergency_trunk import EmergencyTrunk
from cti.server.installation import folders_of
from cti.settings import Settings
from routing.emergency.interlock import EMERGENCY_TRUNKS, Interlock, Locks, Refused, TestCall, digits_of, may_dial_on

log = logging.getLogger(__name__)

TRUNK = EMERGENCY_TRUNKS[0]


def confirmation_file(settings: Settings, name: str = TRUNK) -> Path:
    """Return where the confirmed test call of a trunk is written down."""
    return folders_of(settings).run / f"emergency-test-call{name.removeprefix(TRUNK)}.json"


def keep_confirmation(settings: Settings, test: TestCall, name: str = TRUNK) -> None:
    """Write the confirmed test call down for this trunk, readable by us alone."""
    trunk = settings.emergency_trunk.by_name[name]
    told = {
        "host": trunk.host,
        "port": trunk.port,
        "number": test.number,
        "confirmed_by": test.confirmed_by,
        "at": test.at.isoformat(),
    }
    file = confirmation_file(settings, name)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(told, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(file)


def confirmed_test_call(settings: Settings, name: str = TRUNK) -> TestCall | None:
    """Return the test call confirmed for exactly this trunk and number; None when there is none."""
    trunk = settings.emergency_trunk.by_name[name]
    try:
        told = json.loads(confirmation_file(settings, name).read_text(encoding="utf-8"))
        test = TestCall(str(told["number"]), str(told["confirmed_by"]), datetime.fromisoformat(told["at"]))
        is_this = (told["host"], told["port"]) == (trunk.host, trunk.port)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as odd:
        log.error("emergency_confirmation_unreadable", extra={"reason": str(odd)})
        return None
    is_this = is_this and bool(test.number) and digits_of(test.number) == digits_of(trunk.test_number)
    return test if is_this else None


def interlock_of(settings: Settings, name: str = TRUNK) -> Interlock:
    """Return the interlock of a trunk as it stands now."""
    trunk: EmergencyTrunk = settings.emergency_trunk.by_name[name]
    test = confirmed_test_call(settings, name) if trunk.is_real else None
    return Interlock(trunk.is_real, trunk.host, test_call=test, test_number=trunk.test_number)


def locks_of(settings: Settings) -> Locks:
    """Return what tells the interlock of every emergency trunk that this installation has."""
    return lambda name: interlock_of(settings, name) if name in settings.emergency_trunk.by_name else None


def gate_of(settings: Settings) -> Callable[[str], str]:
    """Return the link's last gate: given `PJSIP/…` it returns why that may not be called, or nothing."""

    locks = locks_of(settings)

    def gate(target: str) -> str:
        number, _, trunk = target.removeprefix("PJSIP/").partition("@")
        told = may_dial_on(number, trunk, locks)
        return told.reason if isinstance(told, Refused) else ""

    return gate
