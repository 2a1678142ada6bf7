"""What every test may use; tests import each other's parts as `tests.…`, however pytest was started."""

import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parent.parent)
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

pytest_plugins = ("tests.conftest_services",)
