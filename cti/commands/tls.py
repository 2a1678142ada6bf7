"""`hotline tls`: make a certificate for the pages, or check one that an authority gave: the microphone wants HTTPS."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cti.adapters.web.certificates import check_certificate, make_certificate, wrong_host
from cti.settings import Settings
from ivr.errors import StoreError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Make or check."""
    actions = parser.add_subparsers(dest="action", metavar="动作", required=True)
    make = actions.add_parser("make", help="生成证书（没有单位证书时用；各席位的浏览器要信任 authority.pem）")
    make.add_argument("names", nargs="+", metavar="名字", help="浏览器地址栏里的主机名或 IP，可写多个")
    make.add_argument("--folder", type=Path, metavar="目录", help="放在哪里（默认运行目录下的 tls/）")
    check = actions.add_parser("check", help="检查证书与私钥：是否配对、过期、适用于哪些名字")
    check.add_argument("certificate", nargs="?", type=Path, metavar="证书", help="默认查设置里的")
    check.add_argument("key", nargs="?", type=Path, metavar="私钥")
    check.add_argument("--name", action="append", default=[], metavar="名字", help="要适用于这个名字，可写多次")
    parser.epilog = "示例：\n  hotline tls make hotline.example.cn 192.0.2.10\n  hotline tls check 证书.pem 私钥.pem\n"


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when the certificate cannot be used."""
    return _make(arguments, settings) if arguments.action == "make" else _check(arguments, settings)


def _make(arguments: argparse.Namespace, settings: Settings) -> int:
    for name in arguments.names:
        if wrong := wrong_host(name):
            raise StoreError(wrong)
    folder = (arguments.folder or settings.run_folder / "tls").resolve()
    made = make_certificate(list(dict.fromkeys(arguments.names)), folder, datetime.now(UTC))
    port = settings.pages.port
    print(f"证书已生成，397 天内有效。写进设置文件：\n\npages:\n  address: https://{_host(arguments.names[0])}:{port}")
    print(f"  tls_certificate: {made.certificate}\n  tls_key: {made.key}\n")
    print(f"再让每个席位的浏览器信任 {made.authority}（它的私钥已经销毁，不能再签发别的证书）。")
    return 0


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    pages = settings.pages
    certificate, key = arguments.certificate or pages.tls_certificate, arguments.key or pages.tls_key
    if certificate is None or key is None:
        raise StoreError("没有写证书与私钥，设置里也没有。改法：写出两个文件，或先运行 hotline tls make")
    host = urlsplit(pages.address).hostname if pages.address else None
    names = arguments.name or ([host] if host else [])
    problems = check_certificate(certificate, key, names, datetime.now(UTC))
    for problem in problems:
        print(problem)
    if any(problem.is_error for problem in problems):
        return 1
    print("证书可以使用。")
    return 0


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name
