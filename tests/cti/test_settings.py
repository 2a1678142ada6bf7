"""Settings are read once, and everything wrong with them is told at once."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.server.ears import worker_names, workers_of
from cti.settings import Settings, default_settings, load_settings


def defaults(folder: Path) -> Settings:
    return default_settings(folder / "data", folder / "run")


def test_without_a_file_everything_stays_on_this_machine(tmp_path: Path) -> None:
    settings = defaults(tmp_path)
    assert settings.switch.sip_host == "127.0.0.1"
    assert settings.broker == "private"
    assert settings.database.startswith("sqlite:///")
    assert not settings.switch.trunks


def test_a_file_changes_only_what_it_names(tmp_path: Path) -> None:
    text = 'settings_version: 1\nrun_folder: here\nseats:\n  - {seat: "901", agent: 张三, skills: [elder]}\n'
    settings, problems = load_settings(text, str(tmp_path / "settings.yaml"), defaults(tmp_path))
    assert problems == ()
    assert settings is not None
    assert settings.run_folder == tmp_path / "here"
    assert settings.database == f"sqlite:///{tmp_path / 'here' / 'hotline.db'}"
    assert [seat.id for seat in settings.seats] == ["901"]
    assert settings.numbers == defaults(tmp_path).numbers
    assert settings.origins["seats"].endswith("settings.yaml:3:1")


def test_a_seat_has_a_telephone_or_the_browser_and_not_both(tmp_path: Path) -> None:
    text = (
        'settings_version: 1\nseats:\n  - {seat: "901", agent: 张三, phone: browser}\n  - {seat: "902", agent: 李四}\n'
    )
    settings, problems = load_settings(text, "s.yaml", defaults(tmp_path))
    assert settings is not None, problems
    assert [seat.in_browser for seat in settings.seats] == [True, False]
    assert all(seat.in_browser for seat in defaults(tmp_path).seats), "out of the box the page is the telephone"
    _, problems = load_settings(text.replace("browser", "both"), "s.yaml", defaults(tmp_path))
    assert [problem.place.line for problem in problems] == [3]


def test_all_mistakes_come_at_once_each_with_a_remedy(tmp_path: Path) -> None:
    text = """settings_version: 1
databse: sqlite:///x
broker: amqp://x
switch: {sip_port: 99999, trunks: [{name: a, host: h, username: u}]}
seats: [{seat: "8a1", agent: 张三}, {seat: "801", agent: 李四}, {seat: "801", agent: 王五}]
called_numbers: {"12345": main}
"""
    settings, problems = load_settings(text, str(tmp_path / "s.yaml"), defaults(tmp_path))
    assert settings is None
    told = "\n".join(map(str, problems))
    for word in ("databse", "database", "broker", "99999", "password_file", "8a1", "写了两次", "flow: main"):
        assert word in told
    assert all(problem.remedy and problem.place.line for problem in problems)


@pytest.mark.parametrize("line", ["flows_folder: nowhere", "queues_file: nowhere.yaml"])
def test_a_path_that_does_not_exist_is_told(tmp_path: Path, line: str) -> None:
    settings, problems = load_settings(f"settings_version: 1\n{line}\n", str(tmp_path / "s.yaml"), defaults(tmp_path))
    assert settings is None
    assert "不存在" in str(problems[0])


@given(st.binary(max_size=300))
def test_no_bytes_ever_break_the_reader(raw: bytes) -> None:
    settings, problems = load_settings(raw, "s.yaml", default_settings(Path("/nowhere/data"), Path("/nowhere/run")))
    assert settings is not None or problems


def test_a_city_chooses_its_emergency_policy_by_name_or_by_file(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text("emergency_policy: 1\n", encoding="utf-8")
    for written, kept in (("yangling", "yangling"), ("ours.yaml", str(tmp_path / "ours.yaml"))):
        text = f"settings_version: 1\nemergency: {{policy: {written}}}\n"
        settings, problems = load_settings(text, str(tmp_path / "s.yaml"), defaults(tmp_path))
        assert settings is not None, problems
        assert settings.emergency.policy == kept


def test_every_mistake_of_the_emergency_settings_is_told_at_once(tmp_path: Path) -> None:
    text = """settings_version: 1
emergency:
  policy: yanglin
  link: {host: nowhere, public_url: "https://x/?a=b", hours: 99, sevre: true}
"""
    settings, problems = load_settings(text, str(tmp_path / "s.yaml"), defaults(tmp_path))
    assert settings is None
    told = "\n".join(map(str, problems))
    for word in ("yangling", "nowhere", "public_url", "hours", "serve"):
        assert word in told
    assert len(problems) == 5


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{host: 203.0.113.7}", "real: true"),
        ("{real: true, test_number: '02988880000'}", "模拟器"),
        ("{real: true, host: 203.0.113.7}", "test_number"),
        ("{real: true, host: 203.0.113.7, test_number: '110'}", "短号"),
        ("{real: true, host: 203.0.113.7, test_number: '0931-119'}", "短号"),
        ("{backup: {}}", "同一个地址"),
        ("{backup: {host: 203.0.113.8}}", "real: true"),
        ("{backup: {port: 5081, test_number: '119'}}", "短号"),
        ("{backup: {real: true, host: 203.0.113.8, test_number: '02988880000'}}", "两条紧急中继"),
    ],
)
def test_a_real_emergency_trunk_needs_its_word_its_address_and_its_test_number(
    tmp_path: Path, line: str, word: str
) -> None:
    text = f"settings_version: 1\nemergency_trunk: {line}\n"
    settings, problems = load_settings(text, str(tmp_path / "s.yaml"), defaults(tmp_path))
    assert settings is None
    assert word in "\n".join(map(str, problems))


def test_a_real_emergency_trunk_is_read_when_all_is_said(tmp_path: Path) -> None:
    text = "settings_version: 1\nemergency_trunk: {real: true, host: 203.0.113.7, test_number: '02988880000'}\n"
    settings, problems = load_settings(text, str(tmp_path / "s.yaml"), defaults(tmp_path))
    assert problems == ()
    assert settings is not None
    assert (settings.emergency_trunk.is_real, settings.emergency_trunk.port) == (True, 5080)


def test_a_second_emergency_trunk_is_another_line_to_the_same_centre(tmp_path: Path) -> None:
    text = "settings_version: 1\nemergency_trunk: {backup: {port: 5081}}\n"
    settings, problems = load_settings(text, str(tmp_path / "s.yaml"), defaults(tmp_path))
    assert problems == ()
    assert settings is not None
    ports = {name: (trunk.host, trunk.port) for name, trunk in settings.emergency_trunk.by_name.items()}
    assert ports == {"emergency": ("127.0.0.3", 5080), "emergency-2": ("127.0.0.3", 5081)}


def test_workers_are_one_per_core_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    file, text = str(tmp_path / "settings.yaml"), "settings_version: 1\nears: {workers: 2, longest_pause_seconds: 0}\n"
    settings, problems = load_settings(text, file, defaults(tmp_path))
    assert problems == ()
    assert settings is not None
    assert (settings.ears.workers, settings.ears.longest_pause_seconds) == (2, 0)
    assert workers_of(settings) == 2
    assert 1 <= workers_of(defaults(tmp_path)) <= (os.cpu_count() or 1)
    served = replace(defaults(tmp_path), speech_model="ws://127.0.0.1:2700")
    assert workers_of(served) == 0, "the server does the work"
    assert workers_of(replace(defaults(tmp_path), speech_model="none")) == 0, "the controller says what is missing"


def test_workers_of_a_second_command_are_not_those_of_the_service(tmp_path: Path) -> None:
    assert not set(worker_names(tmp_path, 4)) & set(worker_names(tmp_path, 4, "more"))
    assert not set(worker_names(tmp_path, 4)) & set(worker_names(tmp_path / "other", 4))


PAGES = """settings_version: 1
pages:
  host: 0.0.0.0
  port: 443
  address: https://hotline.example.cn
  tls_certificate: cert.pem
  tls_key: key.pem
  idle_minutes: 20
  oidc: {issuer: "https://sso.example.cn/", client_id: hotline, client_secret_file: secret}
"""


def test_the_pages_are_on_this_machine_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    assert defaults(tmp_path).pages.base_url == "http://127.0.0.1:8345"
    for file in ("cert.pem", "key.pem", "secret"):
        (tmp_path / file).write_text("x")
    settings, problems = load_settings(PAGES, str(tmp_path / "s.yaml"), defaults(tmp_path))
    assert problems == ()
    assert settings is not None
    assert (settings.pages.base_url, settings.pages.is_secure) == ("https://hotline.example.cn", True)
    assert settings.pages.oidc.issuer == "https://sso.example.cn"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("host: hotline.cn", "不是地址"),
        ("address: https://x.cn/desk", "不是网页地址"),
        ("address: 'ftp://x'", "不是网页地址"),
        ("tls_certificate: nowhere.pem", "不存在"),
        ("idle_minutes: 0", "idle_minutes"),
        ("adress: x", "address"),
        ("proxies: [proxy.cn]", "不是 IP 地址"),
        ("oidc: {issuer: 'https://x'}", "client_secret_file"),
        ("oidc: {issuer: 'x', client_id: a}", "不是网址"),
    ],
)
def test_every_mistake_of_the_pages_is_told_with_its_remedy(tmp_path: Path, line: str, told: str) -> None:
    text = f"settings_version: 1\npages:\n  {line}\n"
    settings, problems = load_settings(text, str(tmp_path / "s.yaml"), defaults(tmp_path))
    assert settings is None
    assert told in "\n".join(map(str, problems))


def test_open_to_others_without_tls_is_warned_of(tmp_path: Path) -> None:
    text = "settings_version: 1\npages: {host: 0.0.0.0}\n"
    settings, problems = load_settings(text, str(tmp_path / "s.yaml"), defaults(tmp_path))
    assert settings is not None
    assert "TLS" in str(problems[0])


@pytest.mark.parametrize("match", ["127.0.0.1", "127.0.0.0/8"])
def test_a_trunk_must_not_come_from_where_the_pages_telephones_come_from(tmp_path: Path, match: str) -> None:
    text = f"settings_version: 1\nswitch: {{trunks: [{{name: a, host: h, match: ['{match}']}}]}}\n"
    settings, problems = load_settings(text, str(tmp_path / "s.yaml"), defaults(tmp_path))
    assert settings is None
    assert "网页话机" in "\n".join(map(str, problems))
