"""`hotline model-train` (`make model`): trains the demo speech model in an environment of its own, `.venv-model`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

from rich.console import Console

from cti.settings import PROJECT, Settings
from ivr.adapters.asterisk.private import ensure
from ivr.adapters.asterisk.private_parts import Part, PartName
from ivr.errors import PartMissingError

RECIPE = PROJECT / "models" / "recipe"
ENVIRONMENT = PROJECT / ".venv-model"
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"  # PyPI's torch for Linux brings gigabytes of CUDA


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything after the command goes to the recipe."""
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="…", help="交给 python -m models.recipe 的参数")
    parser.epilog = "示例：\n  hotline model-train\n  hotline model-train graph evaluate pack\n"


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make the environment when it is missing or stale, then train; the recipe's exit code."""
    console = Console(highlight=False, soft_wrap=True)
    if not RECIPE.is_dir():
        raise PartMissingError(f"这里没有训练配方（{RECIPE}）。改法：在项目的源码目录里运行 make model")
    espeak = ensure(PartName.ESPEAK, settings.data_folder / "parts", console.print)
    python = ENVIRONMENT / "bin" / "python"
    wanted, installed = RECIPE / "requirements.txt", ENVIRONMENT / "requirements.installed"
    if not (python.exists() and installed.is_file() and installed.read_bytes() == wanted.read_bytes()):
        console.print(f"准备训练环境 {ENVIRONMENT}（PyTorch 等，约 1 GB，只需一次）")
        _make_environment(python, wanted)
        installed.write_bytes(wanted.read_bytes())
    command = (str(python), "-m", "models.recipe", *arguments.rest)
    return subprocess.call(command, cwd=PROJECT, env={**os.environ, **espeak_environment(espeak)})


def espeak_environment(espeak: Part) -> dict[str, str]:
    """Return what the recipe must be told to find this synthesiser's library and voices."""
    library = espeak.folders["libraries"] / "libespeak-ng.so.1"
    told = {"HOTLINE_ESPEAK_DATA": str(espeak.folders["data"].parent)} if espeak.folders["data"].is_dir() else {}
    return {**espeak.env, **told, **({"HOTLINE_ESPEAK_LIB": str(library)} if library.is_file() else {})}


def _make_environment(python: Path, wanted: Path) -> None:
    # Our own environment's pip installs into the other one, so the machine needs neither pip nor ensurepip.
    venv.create(ENVIRONMENT, clear=True, symlinks=True)
    pip = (sys.executable, "-m", "pip", "--python", str(python), "install", "--disable-pip-version-check", "--no-input")
    try:
        # vosk needs srt, which only comes as source.
        subprocess.run((*pip, "-q", "setuptools", "wheel"), check=True)
        more = ("--retries", "1", "--extra-index-url", CPU_WHEELS, "--no-build-isolation")
        subprocess.run((*pip, "--progress-bar", "off", *more, "-r", str(wanted)), check=True)
    except subprocess.CalledProcessError as error:
        raise PartMissingError("没能装齐训练所需的依赖。改法：检查网络、代理或 pip 的镜像设置，再运行一次") from error
