"""Certificates for the pages: made for a desk without an authority of its own, and checked before they are used.

What is made is a server certificate and the authority that signed it; the authority's key is thrown away at once, so
that a browser which trusts it trusts this one server and nothing else, ever.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ivr.errors import StoreError
from ivr.problems import Place, Problem, Severity

DAYS = 397
"""Browsers refuse a certificate that lives longer than 398 days."""
SOON = timedelta(days=30)
_LABEL = r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$)(\*\.)?{_LABEL}(\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class Made:
    """Where the files are; `authority` is what every desk's browser must trust."""

    certificate: Path
    key: Path
    authority: Path


def wrong_host(name: str) -> str:
    """Return what is wrong with a name for a certificate, with the remedy; empty when nothing is."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if not _HOST.fullmatch(name):
            remedy = "改法：写浏览器地址栏里的名字，例如 hotline.example.cn 或 192.0.2.10"
            return f"“{name[:60]}”不是主机名或 IP 地址。{remedy}"
    return ""


def make_certificate(names: Sequence[str], folder: Path, now: datetime) -> Made:
    """Make a certificate for these host names and addresses; StoreError when the files cannot be written."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name = _named(f"hotline12345 {names[0]} {now:%Y-%m-%d}")
    begins, ends = now - timedelta(hours=1), now + timedelta(days=DAYS)
    authority_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = (
        _begun(authority_name, authority_name, authority_key.public_key(), begins, ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(authority_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        _begun(_named(names[0][:64]), authority_name, key.public_key(), begins, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain_key = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    made = Made(folder / "certificate.pem", folder / "key.pem", folder / "authority.pem")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(made.key, plain_key, 0o600)
        _write(made.certificate, certificate.public_bytes(pem), 0o644)
        _write(made.authority, authority.public_bytes(pem), 0o644)
    except OSError as error:
        raise StoreError(f"写不了证书文件 {folder}（{error.strerror}）。改法：检查目录权限与磁盘") from error
    return made


def check_certificate(certificate: Path, key: Path, names: Sequence[str], now: datetime) -> tuple[Problem, ...]:
    """Return everything that is wrong with a certificate and its key for a server of these names."""
    here = Place(str(certificate))
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except OSError as error:
        return (_error(here, f"读不到证书（{error.strerror}）。", "检查路径与权限。"),)
    except ValueError:
        return (_error(here, "不是 PEM 格式的证书。", "用文本的 .pem/.crt 文件：自己的证书在前，上级证书在后。"),)
    own = chain[0]
    found = [*_wrong_key(own, key)]
    if own.not_valid_after_utc <= now:
        what, remedy = f"证书已在 {own.not_valid_after_utc:%Y-%m-%d} 过期。", "换一张新的；hotline tls make 可以生成。"
        found.append(_error(here, what, remedy))
    elif own.not_valid_after_utc - now < SOON:
        what = f"证书将在 {own.not_valid_after_utc:%Y-%m-%d} 过期。"
        found.append(Problem(here, what, "现在就换新的，换好后重启网页。", Severity.WARNING))
    if own.not_valid_before_utc > now:
        what = f"证书要到 {own.not_valid_before_utc:%Y-%m-%d %H:%M} 才生效。"
        found.append(_error(here, what, "检查这台机器的时钟，或换一张证书。"))
    covered = _names_of(own)
    for name in names:
        if not any(_covers(each, name) for each in covered):
            shown = "、".join(covered) or "没有任何名字"
            found.append(_error(here, f"证书不适用于 {name}（它写的是：{shown}）。", "为这个名字另办一张证书。"))
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature):
            found.append(_error(here, "证书链的次序不对。", "自己的证书在最前，签发它的在其后，依次排列。"))
            break
    return tuple(found)


def _wrong_key(own: x509.Certificate, key: Path) -> list[Problem]:
    here = Place(str(key))
    try:
        is_open = bool(key.stat().st_mode & 0o077)
        loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    except OSError as error:
        return [_error(here, f"读不到私钥（{error.strerror}）。", "检查路径与权限。")]
    except TypeError:
        return [_error(here, "私钥有密码，服务启动时没有人能输入。", "去掉密码，并把文件权限设为 600。")]
    except ValueError:
        return [_error(here, "不是 PEM 格式的私钥。", "用与证书一起得到的私钥文件。")]
    found = []
    if is_open:
        found.append(_error(here, "别人也能读这个私钥文件。", f"chmod 600 {key}"))
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if loaded.public_key().public_bytes(*spki) != own.public_key().public_bytes(*spki):
        found.append(_error(here, "私钥与证书不是一对。", "找到申请这张证书时的私钥，或重新申请。"))
    return found


def _names_of(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def _covers(pattern: str, name: str) -> bool:
    pattern, name = pattern.lower(), name.lower()
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return pattern == name


def _begun(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    return built.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(file: Path, text: bytes, mode: int) -> None:
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as out:
        out.write(text)
    new.chmod(mode)
    new.replace(file)


def _error(place: Place, what: str, remedy: str) -> Problem:
    return Problem(place, what, remedy)
