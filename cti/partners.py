"""Other systems that bring us requests or hear of orders: who they are, by which token, and what each may. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.problems import Problem
from ivr.yaml_fields import Fields
from ivr.yaml_source import YamlMap, read_yaml
from workorder.life.living import LivingOrder

MAY = ("intake", "open311", "sms", "collect", "heartbeat", "moves")
FOR_UNITS = frozenset({"heartbeat", "moves"})
"""What only the system of a unit may."""
CHANNELS = ("wechat", "app", "email", "upstream", "haochaping", "video", "110", "open311", "collector")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Partner:
    """One other system. `token_sha256` is kept, the token is not. With a `webhook` it hears of orders.

    `unit` is whose system it is. With `open311` (the address of a GeoReport v2 service, its key in `key_file`) the
    orders of that unit are handed to it.
    """

    name: str
    token_sha256: str
    may: frozenset[str]
    channel: str = "wechat"
    webhook: str = ""
    secret_file: str = ""
    unit: str = ""
    open311: str = ""
    key_file: str = ""


def read_partners(text: str | bytes, file: str) -> tuple[tuple[Partner, ...], tuple[Problem, ...]]:
    """Read partners.yaml; nobody when there are errors."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return (), tuple(problems)
    fields = Fields(tree, "外部系统", problems)
    fields.integer("partners_version", 1, 1, 1)
    partners = [_partner(each, problems) for each in fields.each_map("partners")]
    fields.done()
    return (() if any(problem.is_error for problem in problems) else tuple(partners)), tuple(problems)


def partner_of(token: str, partners: Sequence[Partner]) -> Partner | None:
    """Return whose token this is; as slow for a wrong one as for a right one."""
    digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
    found = None
    for each in partners:
        if hmac.compare_digest(digest, each.token_sha256):
            found = each
    return found


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    """Return what a webhook carries, so that its receiver knows that it is ours and how old it is."""
    return "sha256=" + hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signature(given: str, secret: bytes, stamp: str, body: bytes) -> bool:
    """Whether a message is signed as ours are, by this secret; as slow for a wrong one as for a right one."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), signature(secret, stamp, body).encode())


def works_on(partner: Partner, order: LivingOrder) -> bool:
    """Whether an order is in the hands of the unit whose system this is."""
    return bool(partner.unit) and partner.unit in (order.lead, order.district, *order.assistants)


def contact_of(partner: Partner, their_id: str) -> str:
    """Return the id of a contact: the same request told twice is one."""
    return hashlib.sha256(f"{partner.name}\0{their_id}".encode("utf-8", "replace")).hexdigest()[:24]


def plain_partners(partners: Sequence[Partner]) -> str:
    """Return partners.yaml."""
    lines = ["partners_version: 1", "partners:"]
    for each in partners:
        values: Mapping[str, str] = {
            "name": f'"{each.name}"',
            "token_sha256": f'"{each.token_sha256}"',
            "may": f"[{', '.join(sorted(each.may))}]",
            "channel": f'"{each.channel}"',
            "webhook": f'"{each.webhook}"',
            "secret_file": f'"{each.secret_file}"',
            "unit": f'"{each.unit}"',
            "open311": f'"{each.open311}"',
            "key_file": f'"{each.key_file}"',
        }
        lines.append("  - {" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}")
    return "\n".join(lines) + "\n"


def _partner(tree: YamlMap, problems: list[Problem]) -> Partner:
    inner = Fields(tree, "外部系统", problems)
    partner = Partner(
        name=inner.text("name", longest=60),
        token_sha256=inner.text("token_sha256", longest=64),
        may=frozenset(inner.texts("may", ())),
        channel=inner.text("channel", "wechat", longest=24),
        webhook=inner.text("webhook", "", longest=300),
        secret_file=inner.text("secret_file", "", longest=300),
        unit=inner.text("unit", "", longest=120),
        open311=inner.text("open311", "", longest=300),
        key_file=inner.text("key_file", "", longest=300),
    )
    if not _SHA256.fullmatch(partner.token_sha256):
        inner.error(tree.place, "token_sha256 不对。", "用 hotline partner add 登记。")
    for strange in sorted(partner.may - set(MAY)):
        inner.error(tree.place, f"没有“{strange}”这种权限。", f"可以写：{'、'.join(MAY)}。")
    if partner.channel not in CHANNELS:
        inner.error(tree.place, f"没有“{partner.channel}”这个渠道。", f"可以写：{'、'.join(CHANNELS)}。")
    for name, address in (("webhook", partner.webhook), ("open311", partner.open311)):
        if address and not address.startswith(("https://", "http://127.")):
            inner.error(tree.place, f"{name} 要用 https。", "改成 https:// 开头的地址。")
    if (bool(partner.webhook) or "moves" in partner.may) != bool(partner.secret_file):
        inner.error(tree.place, "webhook（或 moves）和 secret_file 要一起写。", "用 hotline partner add 重新登记。")
    if (partner.may & FOR_UNITS or partner.open311) and not partner.unit:
        inner.error(tree.place, "没有写是哪个单位的系统。", "加上 unit（hotline partner add … --unit 水务局）。")
    inner.done()
    return partner
