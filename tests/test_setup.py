"""What `./hotline`, the Makefile, the lock and the wheel promise on a bare machine; without a network."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STAGES = ("ivr", "routing", "workorder", "cti")
SHELL_TOOLS = ("sh", "dirname", "cat", "cmp", "id", "awk", "rm", "mkdir")


def run(*command: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run to the end with no input, as CI does."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=dict(env) if env is not None else None,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `./hotline` needs of a checkout, below a folder with a space in its name, without an environment."""
    folder = tmp_path / "市民 热线"
    folder.mkdir()
    for name in ("hotline", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH with the shell's own tools and neither Python nor apt."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in SHELL_TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (folder / tool).symlink_to(found)
    return folder


def pretend_environment(checkout: Path) -> None:
    """An environment that is ready, by its stamp, and whose Python only says what it is asked to run."""
    programs = checkout / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, text in (("python", '#!/bin/sh\necho "$PYTHONUTF8" "$@"\n'), ("hotline", "#!/bin/sh\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    stamp = f"# {checkout}\n" + (checkout / "requirements.lock").read_text(encoding="utf-8")
    (checkout / ".venv" / "requirements.installed").write_text(stamp, encoding="utf-8")


def test_without_a_python_the_remedy_is_told_and_nothing_is_made(checkout: Path, bare_path: Path) -> None:
    told = run("./hotline", "doctor", cwd=checkout, env={"PATH": str(bare_path), "HOTLINE_PYTHON": "/nowhere/python"})
    assert told.returncode == 1
    assert "Python 3.11 或 3.12" in told.stderr
    assert "sudo apt install python3" in told.stderr
    assert not (checkout / ".venv").exists()


def test_a_ready_environment_is_used_as_it_is(checkout: Path, bare_path: Path) -> None:
    pretend_environment(checkout)
    told = run("./hotline", "demo", "--report", "a b.json", cwd=checkout, env={"PATH": str(bare_path), "LC_ALL": "C"})
    assert (told.returncode, told.stdout, told.stderr) == (0, "1 -m cti demo --report a b.json\n", "")
    assert run("./hotline", "--environment-only", cwd=checkout, env={"PATH": str(bare_path)}).stdout == ""


@pytest.mark.parametrize("change", ["moved", "other lock", "no python"])
def test_a_stale_environment_is_not_used(checkout: Path, bare_path: Path, change: str) -> None:
    pretend_environment(checkout)
    match change:
        case "moved":
            checkout = checkout.rename(checkout.with_name("moved"))
        case "other lock":
            (checkout / "requirements.lock").write_text("rich==1\n")
        case _:
            (checkout / ".venv" / "bin" / "hotline").unlink()
    told = run("./hotline", "doctor", cwd=checkout, env={"PATH": str(bare_path)})
    assert told.returncode == 1
    assert "Python 3.11 或 3.12" in told.stderr  # it went to make a new one


def test_every_command_of_the_makefile_is_listed_with_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert found
    listed = {line.split()[0]: line for line in run("make", "-s", "help").stdout.splitlines()}
    assert set(listed) == set(found[1].split())
    assert all(len(line.split(maxsplit=1)[1]) > 5 for line in listed.values())


def test_a_report_may_have_a_space_in_its_name() -> None:
    assert '--report "my report.json"' in run("make", "-n", "demo", "REPORT=my report.json").stdout


def test_ci_runs_the_readmes_own_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.rstrip().endswith("exec make test")
    assert run("bash", "-n", ".ci/run").returncode == 0
    assert run("sh", "-n", "hotline").returncode == 0


def test_the_lock_pins_and_hashes_all_that_setup_cfg_asks_for() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    asked = setup["options"]["install_requires"] + setup["options.extras_require"]["dev"]
    wanted = {re.split(r"[\[<>=!~ ]", line)[0].lower().replace("_", "-") for line in asked.split()}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^([a-z0-9_.-]+)(?:\[[a-z,]+\])?==\S+(?: ;[^\\]*)? \\\n    --hash=sha256:", lock, re.MULTILINE)
    assert wanted <= set(pinned), wanted - set(pinned)
    assert len(pinned) == len(re.findall(r"^\S+==", lock, re.MULTILINE))


def test_the_help_is_quick() -> None:
    before = os.times()
    told = run(sys.executable, "-m", "cti", "--help")
    after = os.times()
    assert told.returncode == 0
    assert after.children_user + after.children_system - before.children_user - before.children_system < 2.0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built from a copy: a build leaves folders behind."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in (*STAGES, "asterisk-config", "models/demo-zh-synthetic"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    options = ("-q", "--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check")
    told = run(sys.executable, "-m", "pip", "wheel", *options, "-w", str(folder), str(source))
    assert told.returncode == 0, told.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_file_of_the_stages(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "cti" / "web"  # the pages ship built, in cti/adapters/web/dist
    missing = [
        str(file.relative_to(ROOT))
        for stage in STAGES
        for file in (ROOT / stage).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and not file.is_relative_to(source)
        if str(file.relative_to(ROOT)) not in names
    ]
    assert missing == []


def test_an_installed_hotline_finds_its_flows_templates_and_model(wheel: Path, tmp_path: Path) -> None:
    place, home = tmp_path / "installed", tmp_path / "home"
    home.mkdir()
    made = run(sys.executable, "-m", "venv", "--without-pip", str(place))
    assert made.returncode == 0, made.stderr
    python = str(place / "bin" / "python")
    options = ("-q", "--no-deps", "--no-index", "--disable-pip-version-check")
    told = run(sys.executable, "-m", "pip", "--python", python, "install", *options, str(wheel))
    assert told.returncode == 0, told.stderr
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": libraries, "PYTHONUTF8": "1"}
    hotline = str(place / "bin" / "hotline")

    checked = run(hotline, "check", cwd=home, env=env)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert str(place) in checked.stdout  # its own flows, not the checkout's
    models = run(hotline, "models", cwd=home, env=env)
    assert "demo-zh" in models.stdout, models.stdout + models.stderr
    asked = (
        "import sys; from pathlib import Path; from cti.settings import default_settings;"
        "from ivr.adapters.asterisk.render_templates import templates_folder;"
        "print(templates_folder()); print(default_settings(Path(sys.argv[1])).run_folder)"
    )
    said = run(python, "-c", asked, str(home / "data"), cwd=home, env=env)
    templates, run_folder = said.stdout.splitlines()
    assert Path(templates).is_relative_to(place)
    assert Path(run_folder) == home / "data" / "run"
