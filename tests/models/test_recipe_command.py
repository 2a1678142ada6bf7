"""The command that trains the model says what it can do, without needing torch."""

import subprocess
import sys

import pytest


@pytest.fixture
def run(model_folder):
    root = model_folder.parents[1]

    def call(*arguments):
        command = [sys.executable, "-m", "models.recipe", *arguments]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)

    return call


def test_help_shows_every_step(run):
    result = run("--help")
    assert result.returncode == 0
    for step in ("speak", "train", "graph", "evaluate", "pack"):
        assert step in result.stdout


def test_an_unknown_step_is_refused_with_the_known_ones(run):
    result = run("sing")
    assert result.returncode == 2
    assert "unknown step sing" in result.stderr
    assert "graph" in result.stderr
