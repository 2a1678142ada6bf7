"""Load the emergency policy of a city that ships with the package, or an admin's own file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from ivr.yaml_fields import remedy_for_unknown
from routing.emergency.policy import Policy
from routing.emergency.policy_file import load_policy

_FOLDER = files("routing.emergency") / "policies"
SHIPPED = ("default", "lanzhou", "yangling", "suqian")


def load_city(name_or_file: str | Path = "default") -> Policy:
    """Return a shipped policy by name, or the one in a file. AuthorError with every problem."""
    if isinstance(name_or_file, str) and name_or_file in SHIPPED:
        text, file = (_FOLDER / f"{name_or_file}.yaml").read_bytes(), f"{name_or_file}.yaml"
    else:
        path = Path(name_or_file)
        if not path.is_file():
            remedy = remedy_for_unknown(str(name_or_file), SHIPPED)
            raise AuthorError((Problem(Place(str(path)), "没有这个紧急联动政策。", remedy),))
        try:
            text, file = path.read_bytes(), str(path)
        except OSError as error:
            problem = Problem(Place(str(path)), f"读不到文件（{error.strerror}）。", "检查路径与权限。")
            raise AuthorError((problem,)) from error
    policy, problems = load_policy(text, file)
    if policy is None:
        raise AuthorError(problems)
    return policy
