"""The JSON Schema for editors is current, complete, and agrees with the loader."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import ivr.flow.schema as schema_module
from ivr.call import NodeId
from ivr.flow.load_nodes import READERS
from ivr.flow.model import OUTCOMES
from ivr.flow.node_fields import NodeFields
from ivr.flow.schema import FIELDS, flow_schema, schema_text
from ivr.problems import Place
from ivr.yaml_fields import Fields
from ivr.yaml_source import YamlMap, read_yaml
from tests.ivr.flow import shipped
from tests.ivr.flow.test_calls import plain

SCHEMA = flow_schema()


def fits(value: Any, schema: Any) -> bool:
    """Judge a value by the part of JSON Schema that ours uses."""
    if "$ref" in schema:
        return fits(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")])  # type: ignore[index]
    if "anyOf" in schema:
        return any(fits(value, one) for one in schema["anyOf"])
    if "oneOf" in schema:
        return sum(fits(value, one) for one in schema["oneOf"]) == 1
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kinds = {"string": str, "number": (int, float), "integer": int, "object": dict, "array": list, "boolean": bool}
    wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(value, kinds[kind]) for kind in wanted):  # type: ignore[arg-type]
        return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, list):
        return all(fits(item, schema["items"]) for item in value)
    if isinstance(value, dict):
        return set(schema.get("required", ())) <= set(value) and all(
            _fits_property(name, inner, schema) for name, inner in value.items()
        )
    return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))


def _fits_property(name: str, value: Any, schema: Any) -> bool:
    if name in schema.get("properties", {}):
        return fits(value, schema["properties"][name])
    for pattern, inner in schema.get("patternProperties", {}).items():
        if re.search(pattern, name):
            return fits(value, inner)
    rest = schema.get("additionalProperties", True)
    return rest if isinstance(rest, bool) else fits(value, rest)


def tree(text: str) -> Any:
    found, problems = read_yaml(text, "x")
    assert problems == ()
    assert found is not None
    return plain(found)


def test_the_committed_schema_is_current() -> None:
    path = Path(schema_module.__file__).parent / "flow.schema.json"
    assert path.read_text(encoding="utf-8") == schema_text(), "write schema_text() into ivr/flow/flow.schema.json"
    assert json.loads(schema_text()) == SCHEMA


@pytest.mark.parametrize("kind", sorted(READERS))
def test_the_schema_knows_exactly_the_keys_the_loader_reads(kind: str) -> None:
    fields = Fields(YamlMap({}, {}, Place("x")), "x", [])
    READERS[kind](NodeFields(fields, NodeId("x"), (NodeId("human"), 1.0)))
    assert fields.known == set(FIELDS[kind])
    required = {node["properties"]["kind"]["const"]: node for node in SCHEMA["$defs"]["node"]["oneOf"]}[kind]  # type: ignore[index]
    missing = {match for problem in fields.problems for match in re.findall("缺少“(.+?)”", problem.what)}
    assert missing == set(required["required"]) - {"kind"}


def test_every_kind_is_in_every_table() -> None:
    assert set(READERS) == set(FIELDS) == set(OUTCOMES)


@pytest.mark.parametrize("file", sorted(shipped.texts()))
def test_the_flows_we_ship_fit_the_schema(file: str) -> None:
    assert fits(tree(shipped.texts()[file]), SCHEMA)


@pytest.mark.parametrize(
    ("old", "new"), [("queue: general", "queu: general"), ("kind: say", "kind: sya"), ("flow: 1", "flow: 2")]
)
def test_a_wrong_flow_does_not_fit_the_schema(old: str, new: str) -> None:
    assert not fits(tree(shipped.texts()["main.yaml"].replace(old, new)), SCHEMA)
