"""The switch's configuration: nothing a person writes can become a second line, and no short code can be dialled."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.asterisk.private_parts import Part, PartName
from ivr.adapters.asterisk.render import render
from ivr.adapters.asterisk.render_config import (
    DEFAULT_DIAL_PATTERNS,
    CalledNumber,
    QueueConfig,
    Registration,
    RtpRange,
    Seat,
    SwitchConfig,
    Trunk,
)
from ivr.adapters.asterisk.render_dialplan import NET_SOUNDS
from ivr.adapters.asterisk.render_numbers import FORBIDDEN_NUMBERS, checked_patterns, may_dial
from ivr.adapters.asterisk.render_secrets import kept_secret
from ivr.adapters.asterisk.render_templates import TemplateError, fill, templates_folder
from ivr.adapters.asterisk.render_values import UnsafeValueError, digits, name, path, queue, quoted, text


@pytest.fixture
def part(tmp_path: Path) -> Part:
    folders = {"modules": tmp_path / "modules", "data": tmp_path / "share"}
    return Part(PartName.ASTERISK, "22.10.1", "private", tmp_path, {"asterisk": ("asterisk",)}, {}, folders)


@pytest.fixture
def config(tmp_path: Path) -> SwitchConfig:
    return SwitchConfig(
        sounds=tmp_path / "sounds",
        recordings=tmp_path / "rec",
        ami_secret="s" * 24,
        seats=(Seat("801", "a-password"), Seat("802", "b-password", name="张三", browser=True)),
        queues=(QueueConfig("general", exit_keys="0#"), QueueConfig("enterprise", weight=5)),
    )


def rendered(config: SwitchConfig, folder: Path, part: Part, file: str) -> str:
    return (render(config, folder, part).main_file.parent / file).read_text(encoding="utf-8")


def test_every_template_is_written_readable_by_its_owner_only(config: SwitchConfig, part: Part, tmp_path: Path) -> None:
    made = render(config, tmp_path / "run", part)
    written = {file.name: file for file in made.main_file.parent.iterdir()}
    assert set(written) == {file.name for file in templates_folder().glob("*.conf")}
    assert {stat.S_IMODE(file.stat().st_mode) for file in written.values()} == {0o600}
    assert not [file for file in written.values() if "@{" in file.read_text(encoding="utf-8")]


def test_a_long_run_folder_gets_a_short_place_for_its_socket(config: SwitchConfig, part: Part, tmp_path: Path) -> None:
    made = render(config, tmp_path / ("long" * 30) / "run", part)
    assert len(str(made.control_socket)) < 100
    assert stat.S_IMODE(made.control_socket.parent.stat().st_mode) == 0o700
    assert f"astrundir => {made.control_socket.parent}\n" in made.main_file.read_text(encoding="utf-8")
    made.control_socket.parent.rmdir()


def test_rendering_again_changes_nothing_and_says_so(config: SwitchConfig, part: Part, tmp_path: Path) -> None:
    assert render(config, tmp_path / "run", part).changed
    assert render(config, tmp_path / "run", part).changed == ()
    other = replace(config, queues=(QueueConfig("general", ring_seconds=30),))
    assert render(other, tmp_path / "run", part).changed == ("extensions.conf", "queues.conf")


@pytest.mark.parametrize(
    "bad",
    ["a\nb", "a\rb", "a;b", "a[b", "a]b", "a\\b", "a\0b", " a", "a ", "x" * 401, "${SHELL(id)}", "$[1+1]",
     "#include x", "a=>b", "a\u2028b"],
)  # fmt: skip
def test_a_value_that_could_be_more_than_a_value_is_refused(bad: str) -> None:
    for check in (text, quoted):
        with pytest.raises(UnsafeValueError):
            check(bad, "密码")


@given(st.text(max_size=60))
def test_what_passes_is_one_line_without_comment_or_section(value: str) -> None:
    try:
        passed = text(value, "x")
    except UnsafeValueError:
        return
    assert passed.splitlines() in ([passed], [])
    assert not set(passed) & set(";[]\\")


@given(st.text(max_size=60))
def test_names_numbers_and_queues_are_what_the_dialplan_lets_through(value: str) -> None:
    for check, allowed in ((digits, "0123456789"), (queue, "abcdefghijklmnopqrstuvwxyz0123456789_")):
        try:
            passed = check(value, "x")
        except UnsafeValueError:
            continue
        assert set(passed) <= set(allowed)


@pytest.mark.parametrize("bad", ["rel/path", "/a (b)", "/a,b", "/a)b", "/a'b", "/a|b", "/%d", "/a\nb", "/${X}"])
def test_a_folder_that_would_break_a_dialplan_argument_is_refused(bad: str) -> None:
    with pytest.raises(UnsafeValueError, match="录音目录"):
        path(Path(bad), "录音目录")


def hostile(config: SwitchConfig) -> list[SwitchConfig]:
    evil = "x\n[evil](trunk)\ncontext=from-seat"
    return [
        replace(config, seats=(Seat("801\n", "a-password"),)),
        replace(config, seats=(Seat("801", f"a-password{evil}"),)),
        replace(config, seats=(Seat("801", "a-password", name=f'张"三{evil}'),)),
        replace(config, seats=(Seat("801", "short"),)),
        replace(config, seats=(Seat("110", "a-password"),)),
        replace(config, seats=(Seat("801", "a-password"), Seat("801", "b-password"))),
        replace(config, numbers=(CalledNumber("12345,1"),)),
        replace(config, numbers=(CalledNumber("_X."),)),
        replace(config, numbers=(CalledNumber("12345", flow="a)b"),)),
        replace(config, numbers=(CalledNumber("12345"), CalledNumber("12345"))),
        replace(config, queues=(QueueConfig("general]"),)),
        replace(config, queues=(QueueConfig("general", music=evil),)),
        replace(config, queues=(QueueConfig("general", strategy="fastest"),)),
        replace(config, queues=(QueueConfig("general", join_empty="sometimes"),)),
        replace(config, queues=(QueueConfig("general", exit_keys="X"),)),
        replace(config, queues=(QueueConfig("general", ring_seconds=0),)),
        replace(config, default_queue="nowhere"),
        replace(config, trunks=(Trunk("pstn", evil),)),
        replace(config, trunks=(Trunk("pstn", "1.2.3.4", match=("0.0.0.0/0;",)),)),
        replace(config, trunks=(Trunk("pstn", "1.2.3.4", registration=Registration("u", evil)),)),
        replace(config, outbound_trunk="nowhere"),
        replace(config, outbound_trunk="emergency"),
        replace(config, ami_secret="short"),
        replace(config, ami_secret="s" * 20 + "\nwrite=all"),
        replace(config, bind="0.0.0.0\nprotocol=tcp"),
        replace(config, system_name="h-l"),
        replace(config, rtp=RtpRange(20001, 21000)),
        replace(config, dial_patterns=("_1XX",)),
        replace(config, dial_patterns=("_X.",)),
        replace(config, hotline_number="12345\n"),
    ]


def test_no_hostile_setting_reaches_a_file(config: SwitchConfig, part: Part, tmp_path: Path) -> None:
    for number, bad in enumerate(hostile(config)):
        folder = tmp_path / str(number)
        with pytest.raises(UnsafeValueError):
            render(bad, folder, part)
        assert not folder.exists(), number


def test_a_real_emergency_trunk_needs_an_explicit_word(config: SwitchConfig, part: Part, tmp_path: Path) -> None:
    real = replace(config, emergency=Trunk("emergency", "10.9.8.7", match=("10.9.8.7",)))
    with pytest.raises(UnsafeValueError, match="真实"):
        render(real, tmp_path / "run", part)
    assert "10.9.8.7" in rendered(replace(real, emergency_is_real=True), tmp_path / "run", part, "pjsip.conf")


def test_the_second_emergency_trunk_is_like_the_first_and_needs_its_own_word(
    config: SwitchConfig, part: Part, tmp_path: Path
) -> None:
    second = replace(config, emergency_backup=Trunk("emergency-2", "127.0.0.3", 5081))
    made = rendered(second, tmp_path / "run", part, "pjsip.conf")
    assert "[emergency-2](trunk-emergency)" in made
    assert "contact=sip:127.0.0.3:5081" in made
    assert made.count("qualify_timeout=") == 1  # the last one is called whatever it answers
    real = replace(config, emergency_backup=Trunk("emergency-2", "10.9.8.7"), emergency_is_real=True)
    with pytest.raises(UnsafeValueError, match="真实"):
        render(real, tmp_path / "real", part)


@pytest.mark.parametrize("name", ["emergency", "emergency-2"])
def test_no_carriers_trunk_has_the_name_of_an_emergency_trunk(
    config: SwitchConfig, part: Part, tmp_path: Path, name: str
) -> None:
    with pytest.raises(UnsafeValueError, match="重复"):
        render(replace(config, trunks=(*config.trunks, Trunk(name, "10.1.2.3"))), tmp_path / "run", part)


def test_a_carrier_that_wants_registration_is_registered_at(config: SwitchConfig, part: Part, tmp_path: Path) -> None:
    carrier = Trunk("unicom", "sip.example.cn", match=("10.1.0.0/24",), registration=Registration("12345", "p4ssword!"))
    made = rendered(replace(config, trunks=(carrier,), outbound_trunk="unicom"), tmp_path / "run", part, "pjsip.conf")
    assert "server_uri=sip:sip.example.cn:5060" in made
    assert "match=10.1.0.0/24" in made
    assert "[unicom](trunk)" in made


def test_outbound_numbers_leave_by_the_one_trunk_only(config: SwitchConfig, part: Part, tmp_path: Path) -> None:
    made = rendered(config, tmp_path / "run", part, "extensions.conf")
    dialled = [line for line in made.splitlines() if "Dial(" in line and not line.lstrip().startswith(";")]
    assert [line for line in dialled if "@pstn" in line] == [" same => n,Dial(PJSIP/${number}@pstn,${HL_RING},g)"]
    assert [line for line in dialled if "@emergency" in line] == []
    assert len(dialled) == 1 + len(config.seats)


@given(st.from_regex(r"[0-9*#+]{1,12}", fullmatch=True))
def test_no_short_number_can_be_dialled(number: str) -> None:
    if len(number) < 7 or number in FORBIDDEN_NUMBERS:
        assert not may_dial(number, DEFAULT_DIAL_PATTERNS)


@pytest.mark.parametrize("number", [*FORBIDDEN_NUMBERS, "0931110", "010110", "02112345", "0086110", "86110", "11"])
def test_emergency_numbers_are_out_of_reach_in_every_disguise(number: str) -> None:
    assert not may_dial(number, DEFAULT_DIAL_PATTERNS)


@pytest.mark.parametrize(
    "number", ["13800001234", "013800001234", "01066668888", "02166668888", "09318888888", "8812345"]
)
def test_ordinary_numbers_can_be_called_back(number: str) -> None:
    assert may_dial(number, DEFAULT_DIAL_PATTERNS)


@pytest.mark.parametrize("pattern", ["_1XX", "110", "_X.", "_X!", "_XXXXX", "_[0-9].", "_12345\n", "_12345Q7"])
def test_a_dial_pattern_of_open_length_or_of_a_short_code_is_refused(pattern: str) -> None:
    with pytest.raises(UnsafeValueError):
        checked_patterns((pattern,))


def test_a_template_that_asks_too_much_or_too_little_is_an_error() -> None:
    assert fill("a.conf", "x=@{one} ${UNIQUEID}", {"one": "1"}) == "x=1 ${UNIQUEID}"
    with pytest.raises(TemplateError, match=r"a\.conf.*two"):
        fill("a.conf", "x=@{one} @{two}", {"one": "1"})
    with pytest.raises(TemplateError, match="one"):
        fill("a.conf", "x=1", {"one": "1"})


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    made = kept_secret(tmp_path / "secrets", "ami")
    assert len(made) >= 24
    assert kept_secret(tmp_path / "secrets", "ami") == made
    assert kept_secret(tmp_path / "secrets", "801") != made
    assert stat.S_IMODE((tmp_path / "secrets" / "ami").stat().st_mode) == 0o600


def test_the_media_ports_are_enough_for_the_calls() -> None:
    for calls in (1, 150, 1200):
        ports = RtpRange.for_calls(calls)
        assert ports.last - ports.first + 1 >= calls * 6
        assert ports.first % 2 == 0


def test_the_manager_never_gets_a_dangerous_right(config: SwitchConfig, part: Part, tmp_path: Path) -> None:
    made = rendered(config, tmp_path / "run", part, "manager.conf")
    rights = next(line for line in made.splitlines() if line.startswith("write=")).removeprefix("write=").split(",")
    assert not set(rights) & {"system", "command", "config", "all"}
    for noise in ("VarSet", "Newexten", "RTCPSent", "RTCPReceived"):  # thousands a second, and nobody reads them
        assert f"eventfilter(action(exclude),name({noise})) =" in made.splitlines()


def test_every_prompt_the_dialplan_plays_by_itself_is_listed_for_synthesis() -> None:
    dialplan = (templates_folder() / "extensions.conf").read_text(encoding="utf-8")
    played = {piece.split(")")[0] for piece in dialplan.split("Playback(")[1:]}
    assert played - {"${HL_SOUND}"} == set(NET_SOUNDS)  # what is said to callers is named by the controller


def test_names_are_checked_before_they_are_section_titles() -> None:
    assert name("seat-801_a", "x") == "seat-801_a"
    for bad in ("", "-a", "a b", "a]", "a\n", "席位", "a" * 41):
        with pytest.raises(UnsafeValueError):
            name(bad, "x")


def test_a_folder_with_spaces_and_chinese_in_its_name_is_fine() -> None:
    assert path(Path("/home/anna/市民 热线/run"), "运行目录") == "/home/anna/市民 热线/run"


def test_what_110_sends_to_us_is_known_by_its_trunk_or_by_the_number_it_dials(
    config: SwitchConfig, part: Part, tmp_path: Path
) -> None:
    told = replace(
        config,
        trunks=(*config.trunks, Trunk("police", "10.1.2.3", match=("10.1.2.3",), from_110=True)),
        numbers=(CalledNumber("12345", "main"), CalledNumber("1234510", "main", from_110=True)),
        from_110_priority=90,
    )
    pjsip = rendered(told, tmp_path / "run", part, "pjsip.conf")
    police, citizens = pjsip.partition("[police](trunk)")[2], pjsip.partition("[pstn](trunk)")[2]
    assert "context=from-emergency" in police.partition("[")[0]
    assert "context=from-trunk" in citizens.partition("[")[0]
    dialplan = rendered(told, tmp_path / "run", part, "extensions.conf")
    own = dialplan.partition("exten => 1234510,1,")[2].partition("exten =>")[0]
    everybodys = dialplan.partition("exten => 12345,1,")[2].partition("exten =>")[0]
    assert "Gosub(hl-110,s,1)" in own
    assert "hl-110" not in everybodys
    assert "Set(HL_PRIO=90)" in dialplan
