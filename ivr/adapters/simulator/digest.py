"""Proving to the switch that a seat knows its password without saying it (RFC 7616, RFC 8760)."""

from __future__ import annotations

import hashlib
import re

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def read_challenge(value: str) -> dict[str, str]:
    """Return the fields of a WWW-Authenticate value, names in lower case."""
    return {name.lower(): quoted or plain for name, quoted, plain in _FIELD.findall(value[:4096])}


def answer_challenge(value: str, *, method: str, uri: str, user: str, password: str, cnonce: str) -> str:
    """Return the Authorization value for a challenge; ValueError when its algorithm is one we do not speak."""
    fields = read_challenge(value)
    algorithm = fields.get("algorithm", "MD5").upper()
    if algorithm not in _HASHES:
        raise ValueError(f"unknown digest algorithm {algorithm[:20]!r}")

    def digest(text: str) -> str:
        return _HASHES[algorithm](text.encode()).hexdigest()

    realm, nonce = fields.get("realm", ""), fields.get("nonce", "")
    secret, question = digest(f"{user}:{realm}:{password}"), digest(f"{method}:{uri}")
    said = f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm={algorithm}'
    if "opaque" in fields:
        said += f', opaque="{fields["opaque"]}"'
    if "auth" in fields.get("qop", "").replace(" ", "").split(","):
        proof = digest(f"{secret}:{nonce}:00000001:{cnonce}:auth:{question}")
        return f'{said}, response="{proof}", qop=auth, nc=00000001, cnonce="{cnonce}"'
    return f'{said}, response="{digest(f"{secret}:{nonce}:{question}")}"'
