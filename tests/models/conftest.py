"""Makes the recipe importable and loads the committed model once."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

MODEL = ROOT / "models" / "demo-zh-synthetic"


@pytest.fixture(scope="session")
def model_folder():
    return MODEL


@pytest.fixture(scope="session")
def vosk_model(model_folder):
    import vosk

    vosk.SetLogLevel(-1)
    return vosk.Model(str(model_folder))
