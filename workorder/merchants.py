"""The register of franchised merchants (加盟企业): who offers what, how good they were, and whom to recommend first.

The register is a file of the installation, `merchants.yaml`. Quality is what the register states of the past plus what
follow-ups said of the orders since; the weights by which it becomes a rank stand in the same file (row L-17).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ivr.call import PhoneNumber
from ivr.problems import Problem
from ivr.yaml_fields import Fields
from ivr.yaml_source import YamlMap, read_yaml

LOWEST_RATING, HIGHEST_RATING = 1, 5
FULL_WEIGHT = 100
MOST_ORDERS = 10_000_000
_ID = re.compile(r"[0-9A-Za-z_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Quality:
    """How a merchant's orders went: how many were judged, completed, complained of, and the sum of their ratings."""

    orders: int = 0
    completed: int = 0
    complaints: int = 0
    rated: float = 0.0

    def plus(self, more: Quality) -> Quality:
        """Return both taken together."""
        return Quality(
            self.orders + more.orders,
            self.completed + more.completed,
            self.complaints + more.complaints,
            self.rated + more.rated,
        )


@dataclass(frozen=True, slots=True)
class Ranking:
    """Points for each part of quality, 100 together; `newcomer`: the share of them for who has no order yet."""

    rating: int = 50
    completion: int = 30
    complaints: int = 20
    newcomer: float = 0.6


@dataclass(frozen=True, slots=True)
class Merchant:
    """One franchised merchant; `quality` is what was known when the register was written."""

    id: str
    name: str
    services: tuple[str, ...]
    phone: str
    quality: Quality = Quality()
    is_suspended: bool = False


@dataclass(frozen=True, slots=True)
class Register:
    """All merchants, the services there are, and the rule by which they are ranked."""

    services: tuple[str, ...] = ()
    merchants: tuple[Merchant, ...] = ()
    ranking: Ranking = Ranking()

    def merchant(self, identity: str) -> Merchant | None:
        """Return the merchant of this id."""
        return next((each for each in self.merchants if each.id == identity), None)


@dataclass(frozen=True, slots=True)
class Offer:
    """A merchant as they are offered: the points, of which parts, and the figures behind them."""

    merchant: Merchant
    quality: Quality
    points: float
    parts: Mapping[str, float] = field(default_factory=dict)


def ranked(register: Register, service: str, since: Mapping[str, Quality]) -> tuple[Offer, ...]:
    """Return who offers a service, the best first; with equal points in the order of their ids.

    `since` is what follow-ups said of each merchant's orders after the register was written.
    """
    offers = []
    for each in register.merchants:
        if service in each.services and not each.is_suspended:
            quality = each.quality.plus(since.get(each.id, Quality()))
            parts = parts_of(quality, register.ranking)
            offers.append(Offer(each, quality, round(sum(parts.values()), 2), parts))
    return tuple(sorted(offers, key=lambda offer: (-offer.points, offer.merchant.id)))


def parts_of(quality: Quality, rule: Ranking) -> Mapping[str, float]:
    """Return the points of each part: rating, completion and complaints, each a share of its weight."""
    if not quality.orders:
        shares = (rule.newcomer,) * 3
    else:
        span = HIGHEST_RATING - LOWEST_RATING
        rating = (quality.rated / quality.orders - LOWEST_RATING) / span
        shares = (rating, quality.completed / quality.orders, 1 - min(1.0, quality.complaints / quality.orders))
    weights = (rule.rating, rule.completion, rule.complaints)
    names = ("rating", "completion", "complaints")
    return {name: round(weight * share, 2) for name, weight, share in zip(names, weights, shares, strict=True)}


def read_merchants(text: str | bytes, file: str) -> tuple[Register | None, tuple[Problem, ...]]:
    """Read merchants.yaml; None when there are errors."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return None, tuple(problems)
    fields = Fields(tree, "加盟企业名录", problems)
    fields.integer("merchants", 1, 1, 1)
    rule = _ranking(fields)
    services = fields.texts("services")
    merchants = []
    for each in fields.each_map("register", required=True):
        merchants.append(_merchant(each, services, problems))
        _seen_once(merchants, each, problems)
    for idle in [each for each in services if not any(each in one.services for one in merchants)]:
        fields.warn(fields.place("services"), f"没有企业提供“{idle}”。", "登记企业，或删去这项服务。", "L-14")
    fields.done()
    ok = not any(problem.is_error for problem in problems)
    return (Register(services, tuple(merchants), rule) if ok else None), tuple(problems)


def _ranking(fields: Fields) -> Ranking:
    tree = fields.map("ranking")
    if tree is None:
        return Ranking()
    inner = Fields(tree, "推荐规则", fields.problems)
    usual = Ranking()
    rule = Ranking(
        inner.integer("rating", usual.rating, 0, FULL_WEIGHT),
        inner.integer("completion", usual.completion, 0, FULL_WEIGHT),
        inner.integer("complaints", usual.complaints, 0, FULL_WEIGHT),
        inner.number("newcomer", usual.newcomer, 0.0, 1.0),
    )
    together = rule.rating + rule.completion + rule.complaints
    if together != FULL_WEIGHT:
        inner.error(tree.place, f"权重合计 {together}，应为 100。", "调整 rating、completion、complaints。")
    inner.done()
    return rule


def _merchant(tree: YamlMap, services: Sequence[str], problems: list[Problem]) -> Merchant:
    inner = Fields(tree, "加盟企业", problems)
    orders = inner.integer("orders", 0, 0, MOST_ORDERS)
    rating = inner.number("rating", 0.0)
    quality = Quality(
        orders,
        inner.integer("completed", 0, 0, MOST_ORDERS),
        inner.integer("complaints", 0, 0, MOST_ORDERS),
        rating * orders,
    )
    merchant = Merchant(
        inner.text("id", longest=40),
        inner.text("name", longest=60),
        inner.texts("services"),
        inner.text("phone", longest=20),
        quality,
        inner.boolean("suspended", default=False),
    )
    for what, remedy in _wrong(merchant, rating, services):
        inner.error(tree.place, what, remedy)
    inner.done()
    return merchant


def _wrong(merchant: Merchant, rating: float, services: Sequence[str]) -> Iterator[tuple[str, str]]:
    quality, span = merchant.quality, f"{LOWEST_RATING} 到 {HIGHEST_RATING}"
    if not _ID.fullmatch(merchant.id):
        yield "id 只能是字母、数字、_ 和 -。", "例如 M001。"
    if not PhoneNumber.parse(merchant.phone).is_known or len(PhoneNumber.parse(merchant.phone).digits) < 7:
        yield f"“{merchant.name}”的电话不对。", "写成 13900001234 或 09318888888，加引号。"
    if quality.orders and not LOWEST_RATING <= rating <= HIGHEST_RATING:
        yield f"“{merchant.name}”的评分 {rating:g} 不在 {span} 之间。", f"改为 {span} 的数字。"
    if max(quality.completed, quality.complaints) > quality.orders:
        yield f"“{merchant.name}”的完成数或投诉数大于订单数。", "核对 orders、completed、complaints。"
    for strange in [each for each in merchant.services if each not in services]:
        yield f"“{merchant.name}”提供的“{strange}”不在 services 里。", f"可以写：{'、'.join(services)}。"


def _seen_once(merchants: Sequence[Merchant], tree: YamlMap, problems: list[Problem]) -> None:
    new, inner = merchants[-1], Fields(tree, "加盟企业", problems)
    if any(each.id == new.id for each in merchants[:-1]):
        inner.error(tree.place, f"“{new.id}”登记了两次。", "每家企业一个 id，只写一次。")
    if any(each.name == new.name for each in merchants[:-1]):
        inner.warn(tree.place, f"“{new.name}”这个名称出现两次。", "核对是不是同一家。", "L-14")
