"""HTTPS: a made certificate opens the pages to a browser that trusts it, and a bad one is told before it is used."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from cti.__main__ import main
from cti.adapters.web.certificates import check_certificate, make_certificate, wrong_host
from cti.pages_settings import PagesSettings
from cti.server.pages import server_of
from tests.cti.web.site import site
from tests.ports import free_port

NOW = datetime.now(UTC)
NAMES = ["localhost", "127.0.0.1"]


def told(certificate: Path, key: Path, names: list[str] | None = None, now: datetime = NOW) -> str:
    return "\n".join(map(str, check_certificate(certificate, key, names or NAMES, now)))


async def test_a_browser_that_trusts_the_made_authority_gets_the_pages_by_tls(tmp_path: Path) -> None:
    made = make_certificate(NAMES, tmp_path / "tls", NOW)
    assert made.key.stat().st_mode & 0o777 == 0o600
    port = free_port()
    pages = PagesSettings(port=port, tls_certificate=made.certificate, tls_key=made.key)
    async with site(tmp_path, pages) as here:
        server = server_of(here.deps.settings, here.deps)
        running = asyncio.create_task(server.serve())
        while not server.started:
            assert not running.done()
            await asyncio.sleep(0.01)
        trusting = ssl.create_default_context(cafile=str(made.authority))
        async with httpx.AsyncClient(verify=trusting, trust_env=False) as browser:
            for name in NAMES:
                assert (await browser.get(f"https://{name}:{port}/api/session")).status_code == 401
        async with httpx.AsyncClient(trust_env=False) as stranger:
            with pytest.raises(httpx.ConnectError):
                await stranger.get(f"https://localhost:{port}/")
        server.should_exit = server.force_exit = True
        await running


def test_what_is_wrong_with_a_certificate_is_told_with_its_remedy(tmp_path: Path) -> None:
    one, two = make_certificate(NAMES, tmp_path / "1", NOW), make_certificate(["*.example.cn"], tmp_path / "2", NOW)
    assert told(one.certificate, one.key) == ""
    assert "不是一对" in told(one.certificate, two.key)
    assert "不适用于 hotline.cn" in told(one.certificate, one.key, ["hotline.cn"])
    assert told(two.certificate, two.key, ["desk.example.cn"]) == ""
    assert "不适用于" in told(two.certificate, two.key, ["a.desk.example.cn"])
    assert "过期" in told(one.certificate, one.key, now=NOW + timedelta(days=400))
    assert "提醒" in told(one.certificate, one.key, now=NOW + timedelta(days=380))
    assert "时钟" in told(one.certificate, one.key, now=NOW - timedelta(days=2))
    one.key.chmod(0o644)
    assert "chmod 600" in told(one.certificate, one.key)
    (tmp_path / "x").write_text("nothing")
    assert "PEM" in told(tmp_path / "x", one.key)
    assert "PEM" in told(one.certificate, tmp_path / "x")
    assert "读不到" in told(tmp_path / "none", one.key)
    chained = tmp_path / "chain.pem"
    chained.write_bytes(two.certificate.read_bytes() + one.authority.read_bytes())
    assert "次序" in told(chained, two.key, ["a.example.cn"])
    chained.write_bytes(two.certificate.read_bytes() + two.authority.read_bytes())
    assert told(chained, two.key, ["a.example.cn"]) == ""


@pytest.mark.parametrize("name", ["", "a b", "-x.cn", "https://x.cn", "x..cn", "中文", "a" * 64, "1.2.3.4/8"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    assert "改法" in wrong_host(name)


def test_the_command_makes_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--run-folder", str(tmp_path / "run"), "tls"]
    assert main([*words, "make", "hotline.example.cn", "192.0.2.10"]) == 0
    assert "tls_certificate:" in capsys.readouterr().out
    files = [str(tmp_path / "run" / "tls" / name) for name in ("certificate.pem", "key.pem")]
    assert main([*words, "check", *files, "--name", "192.0.2.10"]) == 0
    assert main([*words, "check", *files, "--name", "other.cn"]) == 1
    assert main([*words, "check"]) == 1
    assert main([*words, "make", "not a name"]) == 1


def test_settings_say_what_is_missing() -> None:
    assert replace(PagesSettings(), address="https://x.cn").is_secure
    assert not PagesSettings().is_secure
