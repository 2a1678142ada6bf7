"""The private switch boots clean, listens on loopback only, and gives its manager no more rights than it needs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from ivr.adapters.asterisk.render_templates import wanted_modules
from tests.system.running_switch import RawAmi, RunningSwitch

DNS_CLIENT_SOCKETS = 2
"""PJSIP opens one unbound UDP socket for each IP family to ask name servers with; it hears only their answers, and
is never asked while all addresses are literal. Asterisk has no setting to leave it out."""


def test_the_switch_boots_without_an_error_or_warning(switch: RunningSwitch) -> None:
    assert "modules will be loaded" in switch.boot_log
    assert [line for line in switch.boot_log.splitlines() if " ERROR[" in line or " WARNING[" in line] == []


async def test_every_module_we_name_is_running(switch: RunningSwitch) -> None:
    told = _console(switch, "module show")
    running = set(re.findall(r"^(\S+\.so)\s.*Running", told, re.MULTILINE))
    assert set(wanted_modules()) - running == set()


def test_nothing_listens_outside_loopback(switch: RunningSwitch) -> None:
    assert switch.process.pid is not None
    assert len(_addresses(switch.process.pid, "tcp")) >= 3
    assert _outside(_addresses(switch.process.pid, "tcp")) == []
    assert len(_outside(_addresses(switch.process.pid, "udp"))) <= DNS_CLIENT_SOCKETS


async def test_media_too_is_bound_to_loopback(switch: RunningSwitch) -> None:
    assert switch.process.pid is not None
    before = _addresses(switch.process.pid, "udp")
    async with switch.caller() as phone:
        call = await phone.call("12345", "127.0.0.1", switch.sip_port)
        await call.answered(30)
        during = _addresses(switch.process.pid, "udp")
        assert len(during) >= len(before) + 2  # RTP and RTCP
        assert len(_outside(during)) <= DNS_CLIENT_SOCKETS
        await call.hang_up()


@pytest.mark.parametrize(
    ("action", "headers"),
    [
        ("Command", {"Command": "core show version"}),
        ("UpdateConfig", {"SrcFilename": "x.conf", "DstFilename": "y.conf", "Reload": "no"}),
        ("ModuleLoad", {"LoadType": "reload"}),
        ("DBPut", {"Family": "a", "Key": "b", "Val": "c"}),
        ("Originate", {"Channel": "Local/801@from-seat", "Application": "System", "Data": "touch /tmp/hl-owned"}),
        ("Originate", {"Channel": "Local/801@from-seat", "Application": "TrySystem", "Data": "touch /tmp/hl-owned"}),
        ("Originate", {"Channel": "Local/801@from-seat", "Application": "Set", "Data": "FILE(/tmp/hl-owned)=x"}),
    ],
)
async def test_the_manager_user_is_refused_what_it_never_needs(
    ami: RawAmi, action: str, headers: dict[str, str]
) -> None:
    said = await ami.act(action, **headers)
    assert said["Response"] == "Error", said


def _console(switch: RunningSwitch, command: str) -> str:
    done = subprocess.run(
        (*switch.part.command, "-C", str(switch.rendered.main_file), "-rx", command),
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return done.stdout


def _outside(addresses: list[str]) -> list[str]:
    return [address for address in addresses if not address.startswith("127.")]


def _addresses(pid: int, kind: str) -> list[str]:
    """Where a process listens (TCP) or receives (UDP); IPv6 addresses begin with `v6:`."""
    inodes = {
        match[1]
        for file in Path(f"/proc/{pid}/fd").iterdir()
        if (match := re.fullmatch(r"socket:\[(\d+)\]", str(file.readlink())))
    }
    found = []
    for table in (kind, f"{kind}6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and (kind == "udp" or fields[3] == "0A"):
                raw = fields[1].partition(":")[0]
                plain = ".".join(str(int(raw[i : i + 2], 16)) for i in (6, 4, 2, 0))
                found.append(plain if len(raw) == 8 else f"v6:{raw}")
    return found
