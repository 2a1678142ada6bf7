"""Who stands behind the interface with 110 (Y-09): the police unit that owns it, and whom to call when it fails."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.yaml_fields import Fields


@dataclass(frozen=True, slots=True)
class Link110:
    """The other side of the interface: its owner unit (责任单位) and the contact there."""

    owner: str = ""
    contact: str = ""

    @property
    def is_named(self) -> bool:
        return bool(self.owner and self.contact)


def read_link110(fields: Fields, default: Link110) -> Link110:
    """Read `from_110: {owner: …, contact: …}` of the emergency settings."""
    tree = fields.map("from_110")
    if tree is None:
        return default
    inner = Fields(tree, "emergency.from_110", fields.problems)
    link = Link110(inner.text("owner", longest=60).strip(), inner.text("contact", longest=80).strip())
    inner.done()
    return link


def demand_link110(fields: Fields, link: Link110, *, is_used: bool) -> None:
    """Tell of an interface that nobody answers for: it is open to 110, and has no owner or no contact."""
    if is_used and not link.is_named:
        remedy = "在 emergency 里加上 from_110: {owner: 某某区公安局, contact: 指挥中心值班 02987030110}。"
        fields.error(
            fields.place("emergency"), "有 110 打进来的中继或号码，没有写明对方的责任单位和联系人（Y-09）。", remedy
        )
