"""What an installation chooses for emergencies: the city's policy, and the page that an emergency centre may open."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cti.link110 import Link110, read_link110
from ivr.yaml_fields import Fields, remedy_for_unknown

PACKAGED_POLICIES = ("default", "lanzhou", "yangling", "suqian")
LONGEST_LINK_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class LinkPage:
    """The read-only page behind a secret link: where it is served, how it is reached from outside, how long it lives.

    `public_url` is what stands before the secret in a link; empty: the address it is served at. `carries_place`: the
    emergency trunk understands a Geolocation header, which then points to the PIDF-LO document of the call.
    """

    is_served: bool = True
    host: str = "127.0.0.1"
    port: int = 8388
    public_url: str = ""
    hours: float = 2.0
    views_per_minute: int = 30
    carries_place: bool = False

    @property
    def base_url(self) -> str:
        """Return what stands before the secret, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url.rstrip("/") or f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class EmergencySettings:
    """`policy` is the name of a packaged policy, or the absolute path of a file."""

    policy: str = PACKAGED_POLICIES[0]
    link: LinkPage = field(default_factory=LinkPage)
    from_110: Link110 = field(default_factory=Link110)

    @property
    def policy_file(self) -> Path | None:
        """Return the policy's file when it is none of the packaged ones."""
        return None if self.policy in PACKAGED_POLICIES else Path(self.policy)


def read_emergency(fields: Fields, here: Path, default: EmergencySettings) -> EmergencySettings:
    """Read `emergency: {policy: …, link: {…}}`; every problem goes to `fields`. Paths count from `here`."""
    tree = fields.map("emergency")
    if tree is None:
        return default
    inner = Fields(tree, "emergency", fields.problems)
    from_110 = read_link110(inner, default.from_110)
    settings = EmergencySettings(_policy(inner, here, default.policy), _link(inner, default.link), from_110)
    inner.done()
    return settings


def _policy(fields: Fields, here: Path, default: str) -> str:
    written = fields.text("policy", default, longest=300)
    if written in PACKAGED_POLICIES:
        return written
    file = (here / Path(written).expanduser()).resolve()
    try:
        is_file = file.is_file()
    except (OSError, ValueError):
        is_file = False
    if not is_file:
        remedy = f"写自带政策的名称，或一个存在的文件。{remedy_for_unknown(written, PACKAGED_POLICIES)}"
        fields.error(fields.place("policy"), f"没有紧急联动政策“{written[:80]}”。", remedy)
    return str(file)


def _link(fields: Fields, default: LinkPage) -> LinkPage:
    tree = fields.map("link")
    if tree is None:
        return default
    inner = Fields(tree, "emergency.link", fields.problems)
    link = LinkPage(
        is_served=inner.boolean("serve", default.is_served),
        host=inner.text("host", default.host, longest=64),
        port=inner.integer("port", default.port, 1, 65535),
        public_url=inner.text("public_url", default.public_url, longest=200),
        hours=inner.number("hours", default.hours, 0.01, LONGEST_LINK_HOURS),
        views_per_minute=inner.integer("views_per_minute", default.views_per_minute, 1, 6000),
        carries_place=inner.boolean("carries_place", default.carries_place),
    )
    inner.done()
    try:
        ipaddress.ip_address(link.host)
    except ValueError:
        inner.error(inner.place("host"), f"“{link.host[:40]}”不是地址。", "写 IP 地址，例如 127.0.0.1。")
    if link.public_url and not _is_base(link.public_url):
        what = f"“{link.public_url[:80]}”不能作为链接的开头。"
        inner.error(inner.place("public_url"), what, "写成 https://主机/路径，只用字母、数字和 -._:/，不带 ? 和 #。")
    return link


def _is_base(url: str) -> bool:
    """Whether a secret may be put behind `url`, and the whole into a SIP header."""
    if not url.isascii() or any(letter not in "-._:/[]~" and not letter.isalnum() for letter in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
