"""Signing in at an identity provider on loopback: the whole way there and back, and everything that may be wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from fastapi import FastAPI, Form
from joserfc import jwt
from joserfc.jwk import RSAKey

from cti.access import Role
from cti.pages_settings import Oidc, PagesSettings
from tests.cti.web.site import BASE, Page, Site, site
from tests.fakes import NOON
from tests.ports import free_port


@dataclass
class Provider:
    """An identity provider: whoever asks is `claims`, signed with `key`; `change` is laid over the claims."""

    issuer: str
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signs_with: Any = None
    change: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def discovery() -> dict[str, str]:
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return {"issuer": self.issuer, **{key: f"{self.issuer}/{path}" for key, path in ends.items()}}

        @app.get("/keys")
        async def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.post("/token")
        async def token(code: str = Form(), code_verifier: str = Form(), redirect_uri: str = Form()) -> dict[str, Any]:
            began = self.codes[code]
            self.asked = {"verifier": code_verifier, "redirect_uri": redirect_uri}
            claims = {
                "iss": self.issuer,
                "aud": "hotline",
                "sub": "42",
                "exp": int(NOON.timestamp()) + 300,
                "iat": int(NOON.timestamp()),
                "nonce": began["nonce"],
                "preferred_username": "xiaomei",
                **self.change,
            }
            signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signs_with or self.key)
            return {"access_token": "x", "token_type": "Bearer", "id_token": signed}

        return app

    def agrees(self, url: str) -> str:
        """The user signs in there; return the code that the browser brings back."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"/api/oidc/back?state={asked['state']}&code={code}"


@asynccontextmanager
async def provided(folder: Path) -> AsyncIterator[tuple[Site, Provider]]:
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}")
    config = uvicorn.Config(provider.app(), "127.0.0.1", port, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        assert not running.done()
        await asyncio.sleep(0.01)
    secret = folder / "secret"
    secret.write_text("geheim")
    secret.chmod(0o600)
    oidc = Oidc(provider.issuer, "hotline", secret, title="市统一身份认证")
    try:
        async with site(folder, PagesSettings(address=BASE, oidc=oidc)) as here:
            yield here, provider
    finally:
        server.should_exit = server.force_exit = True
        await running


async def there(page: Page, path: str = "/api/oidc") -> str:
    answer = await page.get(path)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_somebody_with_an_account_here_signs_in_there(tmp_path: Path) -> None:
    async with provided(tmp_path) as (here, provider):
        await here.account("xiaomei")
        page = here.visitor()
        assert (await page.get("/api/oidc/ways")).json() == {"oidc": "市统一身份认证"}
        back = provider.agrees(await there(page, "/api/oidc?seat=801"))
        answer = await page.get(back)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        body = (await page.get("/api/session")).json()
        assert (body["user"]["name"], body["seat"]) == ("xiaomei", "801")
        assert provider.asked["redirect_uri"] == f"{BASE}/api/oidc/back"
        assert [row.detail.get("oidc") for row in await here.trail()] == [True]
        assert "/sign-in?oidc=" in (await there(page, back))  # a code comes once


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.test"},
        {"aud": "another"},
        {"aud": ["hotline", "x"], "azp": "x"},
        {"nonce": "another"},
        {"exp": int(NOON.timestamp()) - 3600},
        {"preferred_username": "nobody"},
        {"preferred_username": ""},
        {"preferred_username": ["xiaomei"]},
        {"preferred_username": None},
        {"exp": None},
    ],
)
async def test_a_token_that_does_not_hold_opens_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    async with provided(tmp_path) as (here, provider):
        await here.account("xiaomei")
        provider.change = change
        page = here.visitor()
        assert "/sign-in?oidc=" in await there(page, provider.agrees(await there(page)))
        assert (await page.get("/api/session")).status_code == 401


async def test_a_forged_signature_a_foreign_browser_and_an_old_code_open_nothing(tmp_path: Path) -> None:
    async with provided(tmp_path) as (here, provider):
        await here.account("xiaomei")
        page, other = here.visitor(), here.visitor()
        provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
        assert "/sign-in?oidc=" in await there(page, provider.agrees(await there(page)))
        provider.signs_with = None
        assert "/sign-in?oidc=" in await there(other, provider.agrees(await there(page)))
        back = provider.agrees(await there(page))
        here.clock.at = NOON.replace(hour=NOON.hour + 1)
        assert "/sign-in?oidc=" in await there(page, back)
        for odd in ("/api/oidc/back", "/api/oidc/back?state=x&code=y"):
            assert "/sign-in?oidc=" in await there(page, odd)


async def test_a_disabled_account_and_one_that_must_change_its_password(tmp_path: Path) -> None:
    async with provided(tmp_path) as (here, provider):
        await here.account("xiaomei", Role.AGENT, is_disabled=True)
        page = here.visitor()
        assert "/sign-in?oidc=" in await there(page, provider.agrees(await there(page)))


async def test_with_the_provider_away_one_signs_in_by_password(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o600)
    oidc = Oidc(f"http://127.0.0.1:{free_port()}", "hotline", secret)
    async with site(tmp_path, PagesSettings(address=BASE, oidc=oidc)) as here:
        page = here.visitor()
        begun = time.monotonic()
        answer = await page.get("/api/oidc")
        assert (answer.status_code, answer.json()["code"]) == (503, "part_away")
        assert "密码登录" in answer.json()["error"]
        assert time.monotonic() - begun < 30
        await here.sign_in("xiaomei")


async def test_without_a_provider_it_says_so(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        page = here.visitor()
        assert (await page.get("/api/oidc/ways")).json() == {"oidc": ""}
        assert (await page.get("/api/oidc")).status_code == 404
        assert (await page.get("/api/oidc/back?state=x")).status_code == 404
