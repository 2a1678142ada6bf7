"""The lines of pjsip.conf that depend on settings: trunks and seats."""

from __future__ import annotations

import ipaddress

from ivr.adapters.asterisk.render_config import Seat, SwitchConfig, Trunk
from ivr.adapters.asterisk.render_numbers import FORBIDDEN_NUMBERS
from ivr.adapters.asterisk.render_values import (
    UnsafeValueError,
    between,
    host,
    name,
    network,
    one_of,
    port,
    quoted,
    text,
)

Section = tuple[str, tuple[tuple[str, str], ...]]

WATCH_SECONDS = "10"
"""So often a trunk that another can stand in for is asked whether it is there; one that is not is refused at once."""

_FOR_EMERGENCIES = frozenset({"emergency", "emergency-2"})
"""The link may call short codes on trunks of these names: no carrier's trunk may have one."""


def trunk_sections(config: SwitchConfig) -> str:
    """Return the sections of all ordinary trunks and of the emergency trunks."""
    to_centre = [(config.emergency, config.emergency_is_real)]
    if config.emergency_backup is not None:
        to_centre.append((config.emergency_backup, config.emergency_backup_is_real))
    names = [trunk.name for trunk in (*config.trunks, *(trunk for trunk, _ in to_centre))]
    if len(set(names)) != len(names) or {trunk.name for trunk in config.trunks} & _FOR_EMERGENCIES:
        raise UnsafeValueError(f"中继名称重复: {', '.join(names)}")
    if config.outbound_trunk not in {trunk.name for trunk in config.trunks}:
        raise UnsafeValueError(f"外呼中继 {config.outbound_trunk[:40]!r} 不在中继列表里")
    for trunk, is_real in to_centre:
        if not is_real and not _is_loopback(trunk.host):
            raise UnsafeValueError(
                f"紧急中继 {trunk.host} 不在本机, 会接通真实的 110/119/120/122。"
                "改法: 使用模拟器(127.0.0.3), 或在生产环境里明确打开真实紧急中继"
            )
    sections = [section for trunk in config.trunks for section in _trunk(trunk, "trunk", _context(trunk))]
    for trunk, _ in to_centre:
        # The last trunk is called whatever it answers: one that knows no OPTIONS must still take an emergency.
        is_watched = trunk is not to_centre[-1][0]
        sections += _trunk(trunk, "trunk-emergency", "from-emergency", is_watched=is_watched)
    return _written(sections)


def seat_sections(seats: tuple[Seat, ...]) -> str:
    """Return the sections of all seats."""
    ids = [seat.id for seat in seats]
    if len(set(ids)) != len(ids):
        raise UnsafeValueError(f"席位编号重复: {', '.join(sorted({one for one in ids if ids.count(one) > 1}))}")
    return _written([section for seat in seats for section in _seat(seat)])


def transport_addresses(config: SwitchConfig) -> str:
    """Return the transport's lines on local networks, needed only when phones reach us from outside this machine."""
    lines = [f"local_net={network(net, '本地网段')}" for net in config.local_networks]
    return "\n".join(lines) or "; 没有配置本地网段"


def _trunk(trunk: Trunk, template: str, context: str, *, is_watched: bool = False) -> list[Section]:
    what = f"中继 {trunk.name}"
    own = name(trunk.name, "中继名称")
    where = f"{host(trunk.host, what)}:{port(trunk.port, what)}"
    transport = one_of(trunk.transport, ("udp", "tcp"), f"{what} 的传输协议")
    contact = f"sip:{where}" + (";transport=tcp" if transport == "tcp" else "")
    endpoint = [
        ("type", "endpoint"),
        ("transport", f"transport-{transport}"),
        ("context", context),
        ("aors", own),
        ("rtp_timeout", between(trunk.rtp_timeout_seconds, 1, 3600, f"{what} 的无语音超时")),
        ("trust_id_inbound", "yes" if trunk.trusts_identity else "no"),
    ]
    if trunk.from_domain:
        endpoint.append(("from_domain", host(trunk.from_domain, what)))
    aor = [("type", "aor"), ("contact", contact.replace(";", "\\;")), ("max_contacts", "1")]
    if is_watched:
        aor += [("qualify_frequency", WATCH_SECONDS), ("qualify_timeout", "3.0")]
    matches = trunk.match or (trunk.host,)
    identify = [("type", "identify"), ("endpoint", own), *(("match", network(one, what)) for one in matches)]
    sections: list[Section] = []
    if trunk.registration is not None:
        signed = trunk.registration
        username = name(signed.username, f"{what} 的注册用户名")
        endpoint += [("outbound_auth", own), ("from_user", username)]
        sections.append((own, _auth(username, signed.password, what)))
        sections.append(
            (
                f"{own}-registration",
                (
                    ("type", "registration"),
                    ("transport", f"transport-{transport}"),
                    ("outbound_auth", own),
                    ("server_uri", contact.replace(";", "\\;")),
                    ("client_uri", f"sip:{username}@{host(trunk.from_domain or trunk.host, what)}"),
                    ("contact_user", username),
                    ("expiration", between(signed.expiry_seconds, 60, 7200, f"{what} 的注册有效期")),
                    ("retry_interval", "20"),
                    ("forbidden_retry_interval", "60"),
                    ("max_retries", "10000"),
                ),
            )
        )
    return [(f"{own}]({template}", tuple(endpoint)), (own, tuple(aor)), (own, tuple(identify)), *sections]


def _context(trunk: Trunk) -> str:
    return "from-emergency" if trunk.from_110 else "from-trunk"


def _seat(seat: Seat) -> list[Section]:
    what = f"席位 {seat.id}"
    own = name(seat.id, "席位编号")
    if own in FORBIDDEN_NUMBERS:
        raise UnsafeValueError(f"席位编号不能是紧急号码或热线号码: {own}")
    shown = quoted(seat.name, f"{what} 的名称") if seat.name else f"坐席{own}"
    template = "seat-browser" if seat.browser else "seat-phone"
    endpoint = (("type", "endpoint"), ("aors", own), ("auth", own), ("callerid", f'"{shown}" <{own}>'))
    aor = (("type", "aor"), ("max_contacts", "1"), ("remove_existing", "yes"), ("qualify_frequency", "30"))
    return [(f"{own}]({template}", endpoint), (own, _auth(own, seat.password, what)), (own, aor)]


def _auth(username: str, password: str, what: str) -> tuple[tuple[str, str], ...]:
    if len(password) < 8:
        raise UnsafeValueError(f"{what} 的密码少于 8 位")
    return (
        ("type", "auth"),
        ("auth_type", "userpass"),
        ("username", username),
        ("password", text(password, f"{what} 的密码")),
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _written(sections: list[Section]) -> str:
    parts = []
    for title, settings in sections:
        head = f"[{title})" if "](" in title else f"[{title}]"
        parts.append("\n".join([head, *(f"{key}={value}" for key, value in settings)]))
    return "\n\n".join(parts)
