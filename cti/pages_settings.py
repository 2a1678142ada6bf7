"""What an installation chooses for the pages: where they are served, by which certificate, how long a session idles."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ivr.yaml_fields import Fields


@dataclass(frozen=True, slots=True)
class Oidc:
    """Signing in through the organisation's own identity provider (OpenID Connect); off while `issuer` is empty.

    `name_claim` is the claim that holds the name of an account here: accounts are made here, passwords live there.
    """

    issuer: str = ""
    client_id: str = ""
    client_secret_file: Path | None = None
    name_claim: str = "preferred_username"
    title: str = "统一身份认证"

    @property
    def is_on(self) -> bool:
        return bool(self.issuer)


@dataclass(frozen=True, slots=True)
class PagesSettings:
    """The pages. `address` is what people type; where it is given, only that origin is let in.

    `proxies` are the addresses of proxies before us, whose word for who asks we take (X-Forwarded-For).
    """

    is_served: bool = True
    host: str = "127.0.0.1"
    port: int = 8345
    address: str = ""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    idle_minutes: int = 30
    proxies: tuple[str, ...] = ()
    oidc: Oidc = field(default_factory=Oidc)

    @property
    def has_tls(self) -> bool:
        return self.tls_certificate is not None

    @property
    def base_url(self) -> str:
        """Return the address of the pages, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.address.rstrip("/") or f"{'https' if self.has_tls else 'http'}://{host}:{self.port}"

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach us by TLS, ours or that of a proxy before us."""
        return self.base_url.startswith("https://")


def read_pages(fields: Fields, here: Path, default: PagesSettings) -> PagesSettings:
    """Read `pages: {host: …, port: …, …}`; every problem goes to `fields`. Paths count from `here`."""
    tree = fields.map("pages")
    if tree is None:
        return default
    inner = Fields(tree, "pages", fields.problems)
    pages = PagesSettings(
        is_served=inner.boolean("serve", default.is_served),
        host=inner.text("host", default.host, longest=64),
        port=inner.integer("port", default.port, 1, 65535),
        address=inner.text("address", default.address, longest=200),
        tls_certificate=_file(inner, "tls_certificate", here),
        tls_key=_file(inner, "tls_key", here),
        idle_minutes=inner.integer("idle_minutes", default.idle_minutes, 1, 24 * 60),
        proxies=inner.texts("proxies", default.proxies),
        oidc=_oidc(inner, here, default.oidc),
    )
    inner.done()
    try:
        is_loopback = ipaddress.ip_address(pages.host).is_loopback
    except ValueError:
        is_loopback = True
        inner.error(inner.place("host"), f"“{pages.host[:40]}”不是地址。", "写 IP 地址，例如 127.0.0.1 或 0.0.0.0。")
    for proxy in pages.proxies:
        if not _is_network(proxy):
            inner.error(inner.place("proxies"), f"“{proxy[:40]}”不是 IP 地址。", "写代理的 IP，例如 [192.0.2.5]。")
    if pages.address and not _is_origin(pages.address):
        what = f"“{pages.address[:80]}”不是网页地址。"
        inner.error(inner.place("address"), what, "写成 https://主机 或 https://主机:端口，后面不带路径。")
    if (pages.tls_certificate is None) != (pages.tls_key is None):
        inner.error(tree.place, "tls_certificate 与 tls_key 要一起写。", "两个都写上，或都删去；hotline tls 可以生成。")
    if not is_loopback and not pages.is_secure:
        what = "网页对外开放而没有 TLS：密码会被看到，浏览器也不给麦克风。"
        inner.warn(tree.place, what, "用 hotline tls 生成或填入证书；由前面的代理做 TLS 时写 address: https://…。")
    return pages


def _file(fields: Fields, key: str, here: Path) -> Path | None:
    text = fields.text(key, "")
    if not text:
        return None
    path = (here / Path(text).expanduser()).resolve()
    if not path.is_file():
        fields.error(fields.place(key), f"文件 {path} 不存在。", "改成存在的文件；证书可以用 hotline tls 生成。")
    return path


def _oidc(fields: Fields, here: Path, default: Oidc) -> Oidc:
    tree = fields.map("oidc")
    if tree is None:
        return default
    inner = Fields(tree, "pages.oidc", fields.problems)
    oidc = Oidc(
        issuer=inner.text("issuer", default.issuer, longest=300).rstrip("/"),
        client_id=inner.text("client_id", default.client_id, longest=200),
        client_secret_file=_file(inner, "client_secret_file", here),
        name_claim=inner.text("name_claim", default.name_claim, longest=60),
        title=inner.text("title", default.title, longest=40),
    )
    inner.done()
    if oidc.issuer and not (oidc.client_id and oidc.client_secret_file):
        remedy = "加上 client_id 与 client_secret_file（密码单独放在权限 600 的文件里）。"
        inner.error(tree.place, "有 issuer 而没有 client_id 或 client_secret_file。", remedy)
    if oidc.issuer and not _is_trusted(oidc.issuer):
        inner.error(inner.place("issuer"), f"“{oidc.issuer[:80]}”不是网址。", "写成 https://…（只有本机可以用 http）。")
    return oidc


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _is_trusted(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_here = parts.hostname is not None and ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        is_here = False
    return url.startswith("https://") or (url.startswith("http://") and is_here)


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_plain = not parts.path.strip("/") and not parts.query and not parts.fragment and not parts.username
        return parts.scheme in ("http", "https") and bool(parts.hostname) and is_plain and (parts.port or 1) > 0
    except ValueError:
        return False
