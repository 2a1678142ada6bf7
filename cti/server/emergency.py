"""The emergency desk wired into the controller: its policy, its ears' spotter, the bus, and the control door."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from cti.adapters.control.door import Request, Verb
from cti.server.installation import folders_of
from cti.settings import Settings
from ivr.call import CallId, QueueName, call_id
from ivr.errors import StoreError
from ivr.ports import Clock, Journal, Switch
from routing.adapters.emergency_policies import load_city
from routing.emergency.interlock import EMERGENCY_TRUNKS, Locks, simulated
from routing.emergency.kinds import Kind
from routing.emergency.passing import Known
from routing.emergency.policy import Policy, Source, Target, with_backup
from routing.emergency.shell import EmergencyDesk
from routing.emergency.telling import Answer, Teller
from routing.emergency.threeway_journal import PREFIX
from routing.emergency.threeway_state import Raise
from routing.emergency.threeway_words import AgentJoined, TurnsHeard, VerifiedByClick
from routing.emergency.units import Outlets
from routing.emergency.watch import Spots
from workorder.envelope import Envelope, call_event
from workorder.ports import Outbox, Publisher

log = logging.getLogger(__name__)

LONGEST_WHY = 200


def control_socket(settings: Settings) -> Path:
    """Return where the running controller can be asked."""
    return folders_of(settings).run / "control.sock"


def policy_path(settings: Settings) -> Path:
    """Return the file of the city's emergency policy: its own, or one that ships with the package."""
    packaged = Path(str(files("routing.emergency"))) / "policies" / f"{settings.emergency.policy}.yaml"
    return settings.emergency.policy_file or packaged


def emergency_policy(settings: Settings) -> Policy:
    """Return the city's policy; AuthorError with every problem."""
    return in_this_city(settings, load_city(settings.emergency.policy))


def in_this_city(settings: Settings, policy: Policy) -> Policy:
    """Return the policy with the trunks that this installation has."""
    return with_backup(policy, *EMERGENCY_TRUNKS) if settings.emergency_trunk.backup is not None else policy


def emergency_desk(
    switch: Switch,
    journal: Journal,
    clock: Clock,
    publisher: Publisher,
    outbox: Outbox,
    spotter: Spots,
    policy: Policy,
    human_queue: Callable[[], QueueName],
    tasks: asyncio.TaskGroup,
    locks: Locks = simulated,
    known: Callable[[CallId, Kind, Target], Known] = lambda _call, _kind, _target: Known(),
    outlets: Callable[[Teller], Outlets] = lambda _teller: Outlets(),
) -> EmergencyDesk:
    """Return the desk. `locks` are asked before each call; closed, the simulator's trunk is all it can call.

    `known` says what a service may be told; it must return at once.
    """
    teller = BusTeller(publisher, outbox, tasks)
    return EmergencyDesk(
        switch, journal, clock, spotter, policy, teller, human_queue, tasks, locks, outlets(teller), known
    )


@dataclass(frozen=True, slots=True)
class FlowHelp:
    """Fulfils `ivr.visits.HelpLine` with the desk, which is there only after the flow desk is, and with the journal."""

    desk: Callable[[], EmergencyDesk]
    journal: Journal

    def call_for_help(self, call: CallId, service: str) -> bool:
        return self.desk().call_for_help(call, Kind(service))

    def help_ended(self, call: CallId) -> str:
        """Read how it was: who left before anything was verified has not helped, and the caller goes to a person."""
        try:
            lines = self.journal.read(call)
        except StoreError as error:
            log.error("help_not_known", extra={"call": call, "reason": str(error)})
            return ""
        names: set[str] = set()
        for line in lines:
            name = str(line.get("name", ""))
            names = set() if name == f"{PREFIX}{Raise.__name__}" else names | {name.removeprefix(PREFIX)}
        if names & {VerifiedByClick.__name__, TurnsHeard.__name__}:
            return "joined"
        return "answered" if AgentJoined.__name__ in names else ""


class BusTeller:
    """Fulfils `routing.emergency.telling.Teller`: told live at once; lasting facts go through the outbox as well.

    A fact told both ways has one key: who reads the bus counts it once.
    """

    def __init__(self, publisher: Publisher, outbox: Outbox, tasks: asyncio.TaskGroup) -> None:
        self._publisher = publisher
        self._outbox = outbox
        self._tasks = tasks

    def tell(self, call: CallId, name: str, at: datetime, data: Mapping[str, object], *, lasting: bool) -> None:
        envelope = call_event(call, name, at, data, nth=round(at.timestamp() * 1_000_000))
        self._publisher.announce(envelope)
        if lasting:
            self._tasks.create_task(self._keep(envelope), name=f"keep {name}")

    async def _keep(self, envelope: Envelope) -> None:
        try:
            await self._outbox.put(envelope)
        except StoreError as error:
            log.error("emergency_fact_not_kept", extra={"reason": str(error)})


def verbs_of(desk: EmergencyDesk) -> dict[str, Verb]:
    """Return what may be asked at the control door: emergency.raise, confirm, dismiss, verified, leave, status."""

    def begin(request: Request) -> Mapping[str, object]:
        call, by, why = _call(request), _text(request, "by"), str(request.get("why") or "")[:LONGEST_WHY]
        if request.get("category"):
            return _told(desk.raise_category(call, _text(request, "category"), by, why))
        if request.get("supervisor"):
            return _told(desk.raise_case(call, Kind(_text(request, "kind")), Source.SUPERVISOR, f"班长 {by}", why))
        return _told(desk.raise_case(call, Kind(_text(request, "kind")), Source.CLICK, by, why))

    def status(_request: Request) -> Mapping[str, object]:
        return {"ok": True, "text": "", "cases": list(desk.status())}

    return {
        "emergency.raise": begin,
        "emergency.confirm": lambda request: _told(desk.confirm(_call(request), _text(request, "by"))),
        "emergency.dismiss": lambda request: _told(
            desk.dismiss(_call(request), _text(request, "by"), str(request.get("why") or ""))
        ),
        "emergency.verified": lambda request: _told(desk.verified(_call(request), _text(request, "by"))),
        "emergency.leave": lambda request: _told(desk.leave(_call(request), insists=bool(request.get("insists")))),
        "emergency.status": status,
    }


def _call(request: Request) -> CallId:
    return call_id(_text(request, "call"))


def _text(request: Request, name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise ValueError(f"缺少 {name}，或太长。")
    return value


def _told(answer: Answer) -> Mapping[str, object]:
    return {"ok": answer.is_done, "text": answer.text, "case": answer.case}
