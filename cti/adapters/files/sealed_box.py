"""What is sealed with the orders' keys: AES-GCM, each under a context, so that nothing sealed can be put elsewhere."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cti.adapters.files.order_keys import OrderKeys
from ivr.errors import StoreRefusedError

_NONCE = 12


class SealedBox:
    """Seals with the present key, opens with whichever sealed it."""

    def __init__(self, keys: OrderKeys) -> None:
        self._keys = keys

    @property
    def key_name(self) -> str:
        """The name of the key that seals now."""
        return self._keys.current()[0]

    def seal(self, context: str, plain: bytes) -> tuple[str, bytes]:
        """Return the key's name and what was sealed."""
        name, key = self._keys.current()
        nonce = secrets.token_bytes(_NONCE)
        return name, nonce + AESGCM(key).encrypt(nonce, plain, context.encode())

    def open(self, context: str, name: str, sealed: bytes) -> bytes:
        """Return what was sealed; StoreRefusedError without its key, or when a bit of it was changed."""
        key = self._keys.all().get(name)
        if key is None:
            raise StoreRefusedError(f"没有密钥 {name}。改法：把它放回密钥文件")
        try:
            return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except InvalidTag:
            raise StoreRefusedError(f"{context} 的加密内容被改动过，打不开。改法：从备份恢复") from None
