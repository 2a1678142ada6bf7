"""What the switch must be told, as plain values; `render` turns it into Asterisk's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PORTS_PER_CALL = 4
"""RTP and RTCP for both legs of a bridged call."""

DEFAULT_DIAL_PATTERNS = (
    "_1[3-9]XXXXXXXXX",  # mobile
    "_01[3-9]XXXXXXXXX",  # mobile, long distance
    "_010NXXXXXXX",  # Beijing
    "_02XNXXXXXXX",  # cities with a two-digit area code
    "_0[3-9]XXNXXXXXX",  # other cities, seven-digit numbers
    "_0[3-9]XXNXXXXXXX",  # other cities, eight-digit numbers
    "_NXXXXXX",  # local, seven digits
    "_NXXXXXXX",  # local, eight digits
)
"""Whom the hotline may call: Asterisk patterns of fixed length, so that no short code can match."""


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP and UDP ports, all on the bind address; AGI is where the controller listens."""

    sip: int = 5160
    ami: int = 5138
    agi: int = 4573
    http: int = 8188


@dataclass(frozen=True, slots=True)
class RtpRange:
    """UDP ports for speech, both ends included."""

    first: int = 20000
    last: int = 20999

    @classmethod
    def for_calls(cls, calls: int, first: int = 20000) -> RtpRange:
        """Return the range for `calls` bridged calls at once: four ports each, and half as many again."""
        return cls(first, first + max(100, calls * PORTS_PER_CALL * 3 // 2) - 1)


@dataclass(frozen=True, slots=True)
class Registration:
    """How we sign in at a carrier that wants it."""

    username: str
    password: str
    expiry_seconds: int = 300


@dataclass(frozen=True, slots=True)
class Trunk:
    """Lines to the carrier (中继). Calls come in from the addresses in `match`, and go out to `host:port`."""

    name: str
    host: str
    port: int = 5060
    match: tuple[str, ...] = ()
    registration: Registration | None = None
    from_domain: str = ""
    transport: str = "udp"
    rtp_timeout_seconds: int = 30
    trusts_identity: bool = True
    from_110: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """A desk's telephone: a SIP phone, or the one in the browser."""

    id: str
    password: str = field(repr=False)
    name: str = ""
    browser: bool = False


@dataclass(frozen=True, slots=True)
class CalledNumber:
    """A number that citizens dial; `original_line` names the merged hotline it once was.

    `from_110`: 110 dials it, for calls that it sends to us.
    """

    number: str
    flow: str = ""
    original_line: str = ""
    from_110: bool = False


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """One queue (排队队列). Seconds everywhere; `exit_keys` are keys that may lead a caller out of it."""

    name: str
    strategy: str = "leastrecent"
    ring_seconds: int = 15
    retry_seconds: int = 1
    wrapup_seconds: int = 0
    weight: int = 0
    most_waiting: int = 0
    join_empty: str = "yes"
    leave_when_empty: str = "no"
    music: str = "default"
    service_level_seconds: int = 15
    announce_seconds: int = 0
    announce_sound: str = ""
    announce_position: bool = False
    penalty_limit: int = 0
    exit_keys: str = ""


@dataclass(frozen=True, slots=True)
class SwitchConfig:
    """Everything the switch is told. The defaults reach nothing outside this machine."""

    sounds: Path
    recordings: Path
    ami_secret: str = field(repr=False)
    seats: tuple[Seat, ...] = ()
    numbers: tuple[CalledNumber, ...] = (CalledNumber("12345"),)
    queues: tuple[QueueConfig, ...] = (QueueConfig("general"),)
    default_queue: str = "general"
    trunks: tuple[Trunk, ...] = (Trunk("pstn", "127.0.0.2", 5070, match=("127.0.0.2",)),)
    outbound_trunk: str = "pstn"
    emergency: Trunk = Trunk("emergency", "127.0.0.3", 5080, match=("127.0.0.3",))
    emergency_is_real: bool = False
    emergency_backup: Trunk | None = None
    emergency_backup_is_real: bool = False
    hotline_number: str = "12345"
    bind: str = "127.0.0.1"
    media_address: str = "127.0.0.1"
    ports: Ports = Ports()
    rtp: RtpRange = RtpRange()
    most_calls: int = 150
    system_name: str = "hl"
    ami_user: str = "hotline"
    music: Path | None = None
    dial_patterns: tuple[str, ...] = DEFAULT_DIAL_PATTERNS
    most_outbound_calls: int = 30
    from_110_priority: int = 80
    dial_seconds: int = 40
    lease_seconds: int = 20
    net_wait_seconds: int = 600
    ice_host_addresses: Mapping[str, str] = field(default_factory=dict)
    local_networks: tuple[str, ...] = ()
