"""Signing in at the organisation's own identity provider: OpenID Connect, code flow with PKCE, through Authlib."""

from __future__ import annotations

import secrets
import stat
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cti.pages_settings import Oidc
from ivr.errors import WorldError
from ivr.ports import Clock

SECONDS = 8.0
BEGUN_FOR_SECONDS = 600.0
MOST_BEGUN = 2000
METADATA_FOR_SECONDS = 3600.0
LEEWAY_SECONDS = 120
"""Clocks of two houses differ."""
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]


class OidcError(WorldError):
    """The identity provider refused, is away, or said something that does not hold."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that was sent to the provider and has not come back."""

    at: float
    verifier: str
    nonce: str
    seat: str


class OidcClient:
    """One identity provider. What has begun is kept in memory: after a restart somebody signs in again."""

    def __init__(
        self, settings: Oidc, back: str, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._settings = settings
        self._back = back
        self._clock = clock
        self._begun: OrderedDict[str, Begun] = OrderedDict()
        self._metadata: tuple[float, Mapping[str, Any]] | None = None

    async def begin(self, seat: str) -> tuple[str, str]:
        """Return where to send the browser, and the state that it must bring back."""
        metadata = await self._discovered()
        state, verifier, nonce = (secrets.token_urlsafe(32) for _ in range(3))
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        self._begun[state] = Begun(self._clock.monotonic(), verifier, nonce, seat)
        while len(self._begun) > MOST_BEGUN:
            self._begun.popitem(last=False)
        return str(url), state

    async def end(self, state: str, code: str) -> tuple[str, str]:
        """Return the name of the account and the seat that was wished; OidcError when anything does not hold."""
        begun = self._begun.pop(state, None)
        if begun is None or self._clock.monotonic() - begun.at > BEGUN_FOR_SECONDS:
            raise OidcError("这次统一身份认证已经过期。改法：回到登录页再试")
        metadata = await self._discovered()
        try:
            async with self._client() as client:
                token = await client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=begun.verifier)
            claims = await self._claims(str(token.get("id_token", "")), metadata, begun.nonce)
        except OidcError:
            raise
        except Exception as error:  # Authlib raises whatever the provider's answer is not
            raise OidcError(f"统一身份认证没有完成（{type(error).__name__}）。改法：回到登录页再试") from error
        name = claims.get(self._settings.name_claim)
        if not isinstance(name, str) or not name:
            remedy = "改法：请管理员核对设置里的 name_claim"
            raise OidcError(f"统一身份认证没有给出“{self._settings.name_claim}”。{remedy}")
        return name, begun.seat

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import AsyncOAuth2Client  # half a second that only OIDC pays

        return AsyncOAuth2Client(
            self._settings.client_id,
            _secret(self._settings.client_secret_file),
            scope="openid profile",
            redirect_uri=self._back,
            code_challenge_method="S256",
            timeout=SECONDS,
            trust_env=False,
        )

    async def _get(self, url: str) -> Any:
        try:
            async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
                answer = await client.get(url)
                answer.raise_for_status()
                return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise OidcError(f"统一身份认证没有应答（{type(error).__name__}）。改法：稍后再试，或用密码登录") from error

    async def _discovered(self) -> Mapping[str, Any]:
        now = self._clock.monotonic()
        if self._metadata is None or now - self._metadata[0] > METADATA_FOR_SECONDS:
            found = await self._get(f"{self._settings.issuer}/.well-known/openid-configuration")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri", "issuer")
            if not isinstance(found, dict) or any(not isinstance(found.get(key), str) for key in needed):
                raise OidcError("统一身份认证的配置不完整。改法：核对设置里的 issuer")
            if found["issuer"].rstrip("/") != self._settings.issuer:
                raise OidcError("统一身份认证自称的 issuer 与设置不同。改法：核对设置里的 issuer")
            self._metadata = (now, found)
        return self._metadata[1]

    async def _claims(self, id_token: str, metadata: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        keys = KeySet.import_key_set(await self._get(metadata["jwks_uri"]))
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock.now().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": self._settings.client_id},
            nonce={"essential": True, "value": nonce},
            exp={"essential": True},
        )
        try:
            claims: Mapping[str, Any] = jwt.decode(id_token, keys, algorithms=_ALGORITHMS).claims
            registry.validate(dict(claims))
        except (JoseError, ValueError) as error:
            raise OidcError(
                f"统一身份认证的凭证不成立（{type(error).__name__}）。改法：请管理员检查双方时钟与设置"
            ) from error
        if isinstance(claims.get("aud"), list) and claims.get("azp") not in (None, self._settings.client_id):
            raise OidcError("统一身份认证的凭证是给别的系统的。改法：请管理员核对 client_id")
        return claims


def _secret(file: Path | None) -> str:
    try:
        assert file is not None
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise OidcError(f"别人也能读统一身份认证的密码文件。改法：chmod 600 {file}")
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise OidcError(f"读不到统一身份认证的密码文件（{error.strerror}）。改法：检查路径与权限") from error
