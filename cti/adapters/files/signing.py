"""Files that others check: a sha256 and an Ed25519 signature (RFC 8032) beside each, under our own key."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SUFFIX = ".sig"


def write_signed(file: Path, content: bytes, key_file: Path) -> Path:
    """Write the file and its signature beside it; the key is made on first use, for its owner's eyes only."""
    key = _key(key_file)
    told = {
        "file": file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "signature": base64.b64encode(key.sign(content)).decode(),
        "public_key": public_key(key_file),
    }
    file.write_bytes(content)
    signature = file.with_name(file.name + SUFFIX)
    signature.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return signature


def public_key(key_file: Path) -> str:
    """Return the key by which receivers check our files (base64 of 32 bytes)."""
    return base64.b64encode(_key(key_file).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def is_signed(file: Path, trusted_key: str) -> bool:
    """Whether the file is as it was signed, and by the key we trust; what stands in the .sig alone proves nothing."""
    try:
        told = json.loads(file.with_name(file.name + SUFFIX).read_text(encoding="utf-8"))
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(trusted_key, validate=True))
        key.verify(base64.b64decode(told["signature"], validate=True), file.read_bytes())
    except (OSError, ValueError, KeyError, TypeError, InvalidSignature):
        return False
    return True


def _key(file: Path) -> Ed25519PrivateKey:
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(made)
        try:
            os.link(draft, file)  # the first writer wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return Ed25519PrivateKey.from_private_bytes(file.read_bytes())
