"""What the settings mean for the switch and the broker: their configuration, secrets and files of one run folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cti.adapters.mqtt.private_broker import BrokerAccount, broker_files
from cti.emergency_trunk import EmergencyTrunk
from cti.seats_file import Seat as SettledSeat
from cti.server.files.seat_file import seats_of
from cti.server.modes import mode_queues
from cti.settings import PRIVATE, PROJECT, Settings
from cti.switch_settings import CarrierTrunk
from ivr.adapters.asterisk import render_pjsip
from ivr.adapters.asterisk.private import ensure
from ivr.adapters.asterisk.private_parts import Part, PartName
from ivr.adapters.asterisk.render import RenderedSwitch, render
from ivr.adapters.asterisk.render_config import (
    CalledNumber,
    Ports,
    QueueConfig,
    Registration,
    RtpRange,
    Seat,
    SwitchConfig,
    Trunk,
)
from ivr.adapters.asterisk.render_secrets import kept_secret
from ivr.adapters.asterisk.render_values import UnsafeValueError
from ivr.adapters.voice.espeak import Espeak
from ivr.adapters.voice.prompts import prepare
from ivr.errors import AuthorError, PartMissingError
from ivr.flow.prompt import PromptText
from ivr.problems import Place, Problem
from routing.adapters.emergency_policies import load_city
from routing.queue import Queue, Queues, Strategy, WhenNobody, load_queues

SHIPPED_QUEUES = Path(__file__).resolve().parents[2] / "routing" / "queues.yaml"
SIMULATED_PSTN = ("127.0.0.2", 5070)
BROKER_ACCOUNT = "hotline"
_STRATEGIES = {
    Strategy.LONGEST_IDLE: "leastrecent",
    Strategy.ROUND_ROBIN: "rrmemory",
    Strategy.FEWEST_CALLS: "fewestcalls",
    Strategy.RANDOM: "random",
    Strategy.RING_ALL: "ringall",
}


@dataclass(frozen=True, slots=True)
class Folders:
    """Where one installation keeps things; `home` is what many installations share (parts, spoken prompts)."""

    home: Path
    run: Path

    @property
    def parts(self) -> Path:
        return self.home / "parts"

    @property
    def spoken(self) -> Path:
        return self.home / "spoken"

    @property
    def sounds(self) -> Path:
        return self.run / "sounds"

    @property
    def journal(self) -> Path:
        return self.run / "journal"

    @property
    def secrets(self) -> Path:
        return self.run / "secrets"

    @property
    def learnt(self) -> Path:
        """Models learnt from confirmed orders; worth a backup, but they can be learnt again."""
        return self.run / "learnt"

    @property
    def spool(self) -> Path:
        return self.run / "spool"


def folders_of(settings: Settings) -> Folders:
    """Return the folders that the settings name."""
    return Folders(settings.data_folder, settings.run_folder)


def part(settings: Settings, name: PartName, progress: object = None) -> Part:
    """Return an external part, fetching it when it is missing."""
    return ensure(name, folders_of(settings).parts, progress if callable(progress) else str)


def espeak_of(settings: Settings, found: Part) -> Espeak:
    """Return the synthesiser of this part, with its cache."""
    return Espeak(found.command, found.env, found.folders.get("data"), folders_of(settings).spoken)


def ready_file(settings: Settings) -> Path:
    """Return the file in which a controller that is ready writes its process id."""
    return folders_of(settings).run / "controller.ready"


def model_places(settings: Settings) -> tuple[Path, ...]:
    """Return the folders that may hold speech models: installed ones first, then those that ship with the project."""
    return settings.models_folder, PROJECT / "models", Path(sys.prefix) / "share" / "hotline12345" / "models"


def queues_path(settings: Settings) -> Path:
    """Return the queues file in use: the installation's own, or the shipped one while it has none."""
    own = own_queues(settings)
    return own if settings.queues_file is not None or own.is_file() else SHIPPED_QUEUES


def queues_in_force(settings: Settings) -> Path:
    """Return the queues file that counts now: that of the response mode which is on, or else the usual one."""
    return mode_queues(settings) or queues_path(settings)


def own_queues(settings: Settings) -> Path:
    """Return this installation's own queues file: the one that the settings name, or what pages publish to."""
    return settings.queues_file or settings.run_folder / "queues.yaml"


def queues_of(settings: Settings) -> Queues:
    """Read the queues of this installation; AuthorError with every problem."""
    file = queues_in_force(settings)
    queues, problems = load_queues(file.read_bytes(), str(file))
    if queues is None:
        raise AuthorError(problems)
    return queues


def comfort_sound(queue: Queue) -> str:
    """Return the name of the sound that comforts those who wait in this queue."""
    return f"queues/{queue.name}"


def comforts(queues: Queues) -> list[PromptText]:
    """Return the sounds for those who wait."""
    return [PromptText(comfort_sound(queue), queue.comfort) for queue in queues.by_name.values() if queue.comfort]


async def make_comforts(queues: Queues, sounds: Path, espeak: Espeak) -> None:
    """Make the sounds for those who wait; AuthorError when one cannot be made."""
    made = await prepare(comforts(queues), sounds, espeak)
    if made.problems:
        raise AuthorError(made.problems)


def render_switch(
    settings: Settings, queues: Queues, exit_keys: Iterable[str], seats: tuple[SettledSeat, ...] | None = None
) -> RenderedSwitch:
    """Write the switch's configuration as settings, queues and seats (None: those of the installation) want it."""
    found = part(settings, PartName.ASTERISK)
    return render(switch_config(settings, queues, exit_keys, seats), folders_of(settings).run, found)


def switch_config(
    settings: Settings,
    queues: Queues,
    exit_keys: Iterable[str] = (),
    seats: tuple[SettledSeat, ...] | None = None,
) -> SwitchConfig:
    """Return everything the switch is told; `exit_keys` are the keys by which flows let callers leave a queue."""
    folders, switch = folders_of(settings), settings.switch
    keys = "".join(sorted(set(exit_keys)))
    timeout = switch.rtp_timeout_seconds
    simulated = Trunk("pstn", *SIMULATED_PSTN, (SIMULATED_PSTN[0],), rtp_timeout_seconds=timeout)
    trunks = tuple(_trunk(trunk, timeout) for trunk in switch.trunks) or (simulated,)
    centre = settings.emergency_trunk
    return SwitchConfig(
        sounds=folders.sounds,
        recordings=settings.recordings_folder,
        ami_secret=kept_secret(folders.secrets, "ami"),
        seats=tuple(
            Seat(seat.id, seat_password(settings, seat.id), seat.agent, seat.in_browser)
            for seat in (seats_of(settings) if seats is None else seats)
        ),
        numbers=tuple(
            CalledNumber(each.number, each.flow, each.original_line, each.from_110) for each in settings.numbers
        ),
        queues=tuple(_queue(queue, queues.service_level_seconds, keys) for queue in queues.by_name.values()),
        default_queue=queues.default.name,
        trunks=trunks,
        outbound_trunk=trunks[0].name,
        emergency=Trunk("emergency", centre.host, centre.port, centre.match, rtp_timeout_seconds=timeout),
        emergency_is_real=centre.is_real,
        emergency_backup=_backup(centre.backup, timeout),
        emergency_backup_is_real=centre.backup is not None and centre.backup.is_real,
        bind=switch.sip_host,
        media_address=switch.sip_host,
        ports=Ports(sip=switch.sip_port, ami=switch.ami_port, agi=switch.agi_port, http=switch.http_port),
        rtp=RtpRange.for_calls(switch.most_calls, switch.rtp_first),
        most_calls=switch.most_calls,
        from_110_priority=load_city(settings.emergency.policy).from_110_priority,
    )


def _backup(trunk: EmergencyTrunk | None, timeout: int) -> Trunk | None:
    if trunk is None:
        return None
    return Trunk("emergency-2", trunk.host, trunk.port, trunk.match, rtp_timeout_seconds=timeout)


def seat_problems(settings: Settings, seats: tuple[SettledSeat, ...], file: str) -> tuple[Problem, ...]:
    """Return why the switch would not take these seats."""
    try:
        render_pjsip.seat_sections(tuple(Seat(seat.id, "x" * 16, seat.agent) for seat in seats))
    except UnsafeValueError as error:
        return (Problem(Place(file), f"交换机不接受：{error}。", "换一个号码或名字。"),)
    return ()


def seat_password(settings: Settings, seat: str) -> str:
    """Return the password of a seat's telephone, made on first use."""
    return kept_secret(folders_of(settings).secrets, f"seat-{seat}")


def broker_url(settings: Settings) -> str:
    """Return where the broker is, with our name and password when it is the private one."""
    if settings.broker != PRIVATE:
        return settings.broker
    return f"mqtt://{BROKER_ACCOUNT}:{_broker_password(settings)}@127.0.0.1:{settings.broker_port}"


def write_broker_files(settings: Settings) -> Path:
    """Write what the private broker must be told, readable by us alone; return its configuration file."""
    folder = folders_of(settings).run / "mosquitto"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    account = BrokerAccount(BROKER_ACCOUNT, _broker_password(settings), ("readwrite hotline/#",))
    user = "root" if os.geteuid() == 0 else ""
    for name, text in broker_files(folder, settings.broker_port, [account], user=user).items():
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
    return folder / "mosquitto.conf"


def _broker_password(settings: Settings) -> str:
    return kept_secret(folders_of(settings).secrets, "broker")


def _queue(queue: Queue, service_level_seconds: int, exit_keys: str) -> QueueConfig:
    leaves = queue.when_nobody is WhenNobody.LEAVE
    return QueueConfig(
        name=queue.name,
        strategy=_STRATEGIES[queue.strategy],
        ring_seconds=queue.ring_seconds,
        wrapup_seconds=queue.after_call_seconds,
        weight=queue.weight,
        most_waiting=queue.longest,
        join_empty="no" if leaves else "yes",
        leave_when_empty="yes" if leaves else "no",
        service_level_seconds=service_level_seconds,
        announce_seconds=queue.comfort_every_seconds if queue.comfort else 0,
        announce_sound=comfort_sound(queue) if queue.comfort else "",
        exit_keys=exit_keys,
    )


def _trunk(trunk: CarrierTrunk, rtp_timeout_seconds: int) -> Trunk:
    registration = None
    if trunk.username:
        registration = Registration(trunk.username, _password(trunk))
    return Trunk(
        trunk.name,
        trunk.host,
        trunk.port,
        trunk.match,
        registration,
        rtp_timeout_seconds=rtp_timeout_seconds,
        from_110=trunk.from_110,
    )


def _password(trunk: CarrierTrunk) -> str:
    file = Path(trunk.password_file)
    try:
        if file.stat().st_mode & 0o077:
            raise AuthorError((Problem(Place(str(file)), "别人也能读这个密码文件。", f"chmod 600 {file}"),))
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise PartMissingError(
            f"读不到中继 {trunk.name} 的密码文件 {file}（{error.strerror}）。改法：检查路径与权限"
        ) from error
