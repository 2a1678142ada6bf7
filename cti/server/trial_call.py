"""The test call to the number agreed with the emergency centre, made by the running controller for an operator."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from cti.adapters.control.door import Request, Verb
from cti.emergency_trunk import EmergencyTrunk
from cti.server.interlock import TRUNK
from cti.settings import Settings
from ivr.errors import SwitchError
from ivr.events import LegDown, LegRang, OriginateEnded, SwitchEvent
from ivr.moves import HOTLINE
from ivr.ports import Clock, Switch
from routing.emergency.interlock import digits_of
from routing.emergency.legs import EMERGENCY

log = logging.getLogger(__name__)

RING_SECONDS = 30
REASON_SECONDS = 0.5
TALK_SECONDS = 20
"""How long the line stays open once the centre has answered; nothing is said on it."""


class TrialCall:
    """One test call at a time. `state`: none, calling, ringing, answered, failed or over (answered, then ended)."""

    def __init__(self, switch: Switch, clock: Clock, settings: Settings, tasks: asyncio.TaskGroup) -> None:
        self._switch = switch
        self._clock = clock
        self._settings = settings
        self._tasks = tasks
        self._leg = ""
        self._trunk = settings.emergency_trunk
        self.state = "none"
        self.reason = ""

    def verbs(self) -> dict[str, Verb]:
        """Return what may be asked at the control door: emergency.trial begins, emergency.trial_status tells."""
        return {"emergency.trial": self._begin, "emergency.trial_status": self._status}

    def take(self, event: SwitchEvent) -> None:
        """Follow our own leg."""
        if not self._leg:
            return
        match event:
            case OriginateEnded() if self._leg in (event.unique_id, event.action):
                self._ended(event)
            case LegRang(unique_id=leg) if leg == self._leg and self.state == "calling":
                self.state = "ringing"
            case LegDown(unique_id=leg) if leg == self._leg:
                self.reason = event.tech_cause or str(event.cause)
                self.state = "over" if self.state in ("answered", "over") else "failed"
            case _:
                pass

    def _ended(self, event: OriginateEnded) -> None:
        """The switch tells how a call went beside what it tells of its leg: before the leg's end, or after it."""
        if event.succeeded:
            self.state = "over" if self.reason else "answered"
        elif self.state in ("calling", "ringing"):  # why, its leg's end says, if there was a leg
            leg = self._leg
            asyncio.get_running_loop().call_later(REASON_SECONDS, lambda: self._give_up(leg))

    def _give_up(self, leg: str) -> None:
        if leg == self._leg and self.state in ("calling", "ringing"):
            self.state = "failed"

    def _begin(self, request: Request) -> Mapping[str, object]:
        name = str(request.get("trunk") or TRUNK)
        trunk = self._settings.emergency_trunk.by_name.get(name, EmergencyTrunk())
        number = digits_of(trunk.test_number)
        if not trunk.is_real or number is None:
            return {"ok": False, "text": "运行中的服务没有打开真实线路，或没有测试号码。改好设置后重新启动。"}
        if self.state in ("calling", "ringing"):
            return {"ok": False, "text": "另一个测试呼叫正在进行，请稍后再试。"}
        self._leg = f"{EMERGENCY}trial-{round(self._clock.now().timestamp() * 1000)}-1"
        self.state, self.reason, self._trunk = "calling", "", trunk
        self._tasks.create_task(self._call(name, number), name="trial call")
        return {"ok": True, "text": f"正在呼叫测试号码 {number}（{trunk.host}:{trunk.port}）。"}

    async def _call(self, name: str, number: str) -> None:
        try:
            await self._switch.originate(
                channel=f"PJSIP/{number}@{name}",
                channel_id=self._leg,
                application="Wait",
                data=str(TALK_SECONDS),
                caller=HOTLINE,
                variables={"PJSIP_HEADER(add,X-12345-Type)": "test"},
                timeout_seconds=RING_SECONDS,
            )
        except SwitchError as refused:
            self.state, self.reason = "failed", str(refused)
            log.error("trial_call_refused", extra={"reason": str(refused)})

    def _status(self, _request: Request) -> Mapping[str, object]:
        trunk = self._trunk
        return {
            "ok": True,
            "text": "",
            "state": self.state,
            "reason": self.reason,
            "trunk": f"{trunk.host}:{trunk.port}",
            "number": trunk.test_number,
        }
