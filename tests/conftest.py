"""What every test may use; tests import each other's parts as `tests.…`, however pytest was started."""

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

_ROOT = str(Path(__file__).resolve().parent.parent)
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

pytest_plugins = ("tests.conftest_services",)

if "CI" not in os.environ:  # there hypothesis has its own: no deadline, and always the same examples
    settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("here")
