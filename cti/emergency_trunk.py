"""The lines to the emergency centre as an installation chooses them: the simulator, or real ones by explicit word."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ivr.yaml_fields import Fields
from routing.emergency.interlock import EMERGENCY_TRUNKS, SIMULATORS, digits_of, is_real_short_code, is_simulator


@dataclass(frozen=True, slots=True)
class EmergencyTrunk:
    """Where emergency calls go. `is_real` is the explicit switch; without it only the simulator can be reached.

    `test_number` is the number agreed with the centre for a test call, never a short code; `match` are the addresses
    from which the centre calls us (empty: `host`). `backup` is another line to it, tried when this one is down.
    """

    is_real: bool = False
    host: str = "127.0.0.3"
    port: int = 5080
    match: tuple[str, ...] = ()
    test_number: str = ""
    backup: EmergencyTrunk | None = None

    @property
    def by_name(self) -> Mapping[str, EmergencyTrunk]:
        """This trunk, and the one that is tried when it is down, by their names on the switch."""
        mine = (self, self.backup)
        return {name: trunk for name, trunk in zip(EMERGENCY_TRUNKS, mine, strict=True) if trunk is not None}


def read_emergency_trunk(fields: Fields, default: EmergencyTrunk) -> EmergencyTrunk:
    """Read `emergency_trunk: {real: …, host: …, port: …, match: […], test_number: …, backup: {the same}}`."""
    tree = fields.map("emergency_trunk")
    if tree is None:
        return default
    inner = Fields(tree, "emergency_trunk", fields.problems)
    trunk = _read(inner, default)
    second = inner.map("backup")
    inner.done()
    if second is None:
        return trunk
    other = Fields(second, "emergency_trunk.backup", fields.problems)
    backup = _read(other, EmergencyTrunk(host=trunk.host, port=trunk.port))
    other.done()
    if (backup.host, backup.port) == (trunk.host, trunk.port):
        other.error(second.place, "备用紧急中继与第一条是同一个地址。", "写另一条线路的 host 或 port。")
    if backup.is_real != trunk.is_real:
        what = "两条紧急中继一条是真实线路，一条不是。"
        other.error(second.place, what, "两条都写 real: true，或都不写。")
    return replace(trunk, backup=backup)


def _read(inner: Fields, default: EmergencyTrunk) -> EmergencyTrunk:
    """Read one trunk; its problems go to `inner`."""
    trunk = EmergencyTrunk(
        is_real=inner.boolean("real", default.is_real),
        host=inner.text("host", default.host, longest=120),
        port=inner.integer("port", default.port, 1, 65535),
        match=inner.texts("match", default.match),
        test_number=inner.text("test_number", default.test_number, longest=20),
    )
    simulated = is_simulator(trunk.host, SIMULATORS)
    if trunk.is_real and simulated:
        what = f"已打开真实线路（real: true），但地址“{trunk.host[:60]}”是模拟器的。"
        inner.error(inner.place("real"), what, "把 host 改成紧急中心给的地址，或写 real: false。")
    if not trunk.is_real and not _is_loopback(trunk.host):
        what = f"紧急中继的地址“{trunk.host[:60]}”不在本机，却没有打开真实线路。"
        inner.error(inner.place("host"), what, "用模拟器（127.0.0.3），或与紧急中心约定后写 real: true。")
    if trunk.test_number and (digits_of(trunk.test_number) is None or is_real_short_code(trunk.test_number)):
        what = f"测试号码“{trunk.test_number}”不能用。"
        inner.error(inner.place("test_number"), what, "写与紧急中心约定的完整电话号码，不能是 110 这样的短号。")
    if trunk.is_real and not trunk.test_number:
        what = "真实线路没有测试号码（test_number）。"
        inner.error(inner.place("real"), what, "与紧急中心约定一个测试号码，写在 test_number。")
    return trunk


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
