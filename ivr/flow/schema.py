"""The JSON Schema of flow files, for editors; made from one table of what each node kind may hold.

`flow.schema.json` beside this module is `schema_text()`; a test keeps the two, and the loader's own keys, the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from ivr.flow.load_nodes import CHECKS, SERVICES
from ivr.flow.model import VERSION

Schema = Mapping[str, object]

_TARGET: Schema = {"$ref": "#/$defs/target"}
_PROMPT: Schema = {"$ref": "#/$defs/prompt"}
_CHOICES: Schema = {"$ref": "#/$defs/choices"}
_TEXT: Schema = {"type": ["string", "number"]}
_TEXTS: Schema = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_CHOICE: Mapping[str, Schema] = {"to": _TARGET, "words": _TEXTS, "except": _TEXTS}
_KEY: Schema = {"type": "string", "pattern": "^[0-9*#]$", "description": "一个按键，写在引号里"}
_VARIABLE: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,31}$"}
_WAIT: Schema = {"type": "number", "minimum": 1, "maximum": 60, "description": "放音后等待来电人的秒数"}
_TRIES: Schema = {"type": "integer", "minimum": 1, "maximum": 5, "description": "一共问几遍"}


def _integer(low: int, high: int, what: str) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high, "description": what}


_OPTIONAL = {
    "menu": "say_wrong say_silent no_input no_match wait_seconds tries",
    "collect": "say_wrong say_silent no_input no_match wait_seconds tries min max end_key digit_seconds check",
    "listen": "say_silent nothing wait_seconds tries",
    "hours": "holidays workdays",
    "queue": "say priority wait_seconds keys answered otherwise timeout full empty failed",
    "dial": "say ring_seconds answered otherwise busy no_answer failed refused",
    "emergency": "say joined answered otherwise failed no_policy",
    "voicemail": "nothing max_seconds silence_seconds",
    "callback": "say say_enter say_confirm say_done reason declined wait_seconds tries",
    "survey": "say say_wrong wait_seconds tries",
    "goto": "to flow",
    "hangup": "say cause",
}

FIELDS: Mapping[str, Mapping[str, Schema]] = MappingProxyType(
    {
        "say": {"say": _PROMPT, "then": _TARGET},
        "menu": {
            "say": _PROMPT,
            "choices": _CHOICES,
            "wait_seconds": _WAIT,
            "tries": _TRIES,
            "say_wrong": _PROMPT,
            "say_silent": _PROMPT,
            "no_input": _TARGET,
            "no_match": _TARGET,
        },
        "collect": {
            "say": _PROMPT,
            "into": _VARIABLE,
            "min": _integer(1, 32, "最少几位"),
            "max": _integer(1, 32, "最多几位"),
            "end_key": {"enum": ["#", "*", ""]},
            "check": {"enum": list(CHECKS)},
            "wait_seconds": _WAIT,
            "digit_seconds": {"type": "number", "minimum": 1, "maximum": 15},
            "tries": _TRIES,
            "say_wrong": _PROMPT,
            "say_silent": _PROMPT,
            "then": _TARGET,
            "no_input": _TARGET,
            "no_match": _TARGET,
        },
        "listen": {
            "say": _PROMPT,
            "into": _VARIABLE,
            "wait_seconds": _WAIT,
            "tries": _TRIES,
            "say_silent": _PROMPT,
            "heard": _TARGET,
            "nothing": _TARGET,
        },
        "hours": {
            "weekly": {"type": "object", "additionalProperties": {"type": "string"}},
            "holidays": _TEXTS,
            "workdays": _TEXTS,
            "open": _TARGET,
            "closed": _TARGET,
        },
        "switch": {"cases": {"type": "array", "items": {"$ref": "#/$defs/case"}, "minItems": 1}, "else": _TARGET},
        "set": {"variables": {"type": "object", "additionalProperties": _TEXT}, "then": _TARGET},
        "queue": {
            "queue": _TEXT,
            "say": _PROMPT,
            "priority": _integer(0, 100, "数值大的先接"),
            "wait_seconds": _integer(0, 7200, "最多等多少秒，0 为一直等"),
            "keys": _CHOICES,
            "answered": _TARGET,
            "otherwise": _TARGET,
            "timeout": _TARGET,
            "full": _TARGET,
            "empty": _TARGET,
            "failed": _TARGET,
        },
        "dial": {
            "number": _TEXT,
            "say": _PROMPT,
            "ring_seconds": _integer(5, 120, "振铃秒数"),
            "answered": _TARGET,
            "otherwise": _TARGET,
            "busy": _TARGET,
            "no_answer": _TARGET,
            "failed": _TARGET,
            "refused": _TARGET,
        },
        "emergency": {
            "service": {"anyOf": [{"enum": list(SERVICES)}, {"enum": [int(service) for service in SERVICES]}]},
            "say": _PROMPT,
            "joined": _TARGET,
            "answered": _TARGET,
            "otherwise": _TARGET,
            "failed": _TARGET,
            "no_policy": _TARGET,
        },
        "voicemail": {
            "say": _PROMPT,
            "max_seconds": _integer(5, 600, "留言最长秒数"),
            "silence_seconds": _integer(1, 30, "静音多少秒算说完"),
            "recorded": _TARGET,
            "nothing": _TARGET,
        },
        "callback": {
            "say": _PROMPT,
            "say_enter": _PROMPT,
            "say_confirm": _PROMPT,
            "say_done": _PROMPT,
            "reason": {"type": "string"},
            "wait_seconds": _WAIT,
            "tries": _TRIES,
            "requested": _TARGET,
            "declined": _TARGET,
        },
        "survey": {
            "say": _PROMPT,
            "questions": {"type": "array", "items": {"$ref": "#/$defs/question"}, "minItems": 1},
            "wait_seconds": _WAIT,
            "tries": _TRIES,
            "say_wrong": _PROMPT,
            "then": _TARGET,
        },
        "goto": {"to": _TARGET, "flow": _TARGET},
        "subflow": {"flow": _TARGET, "then": _TARGET},
        "return": {},
        "hangup": {"say": _PROMPT, "cause": _integer(1, 127, "Q.850 原因值，16 为正常挂机")},
    }
)
"""Node kind → its keys (besides `kind`) → what each may be."""


def _closed(properties: Mapping[str, Schema], required: tuple[str, ...] = ()) -> dict[str, object]:
    found: dict[str, object] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


def _node(kind: str) -> dict[str, object]:
    optional = _OPTIONAL.get(kind, "").split()
    required = tuple(key for key in FIELDS[kind] if key not in optional)
    return _closed({"kind": {"const": kind}, **FIELDS[kind]}, ("kind", *required))


def _definitions() -> dict[str, object]:
    part = {
        "anyOf": [
            _TEXT,
            _closed({"words": _TEXT, "speed": {"type": "number", "minimum": 0.5, "maximum": 2}, "audio": _TEXT}),
            _closed({"prompt": {"type": "string"}}, ("prompt",)),
            _closed({"digits": _VARIABLE}, ("digits",)),
        ]
    }
    choice = _closed(_CHOICE, ("to",))
    case = {
        "caller": _TEXTS,
        "called": _TEXTS,
        "original_line": _TEXTS,
        "time": {"type": "string"},
        "weekday": {"type": "string"},
        "variables": {"type": "object", "additionalProperties": _TEXTS},
        "queue": _TEXT,
        "waiting_at_least": _integer(0, 9999, "排队人数不少于"),
        "ready_at_most": _integer(0, 9999, "空闲坐席不多于"),
        "to": _TARGET,
    }
    return {
        "target": {"type": "string", "description": "节点名称；end 表示直接挂机"},
        "part": part,
        "prompt": {"anyOf": [{"$ref": "#/$defs/part"}, {"type": "array", "items": {"$ref": "#/$defs/part"}}]},
        "choices": {
            "type": "object",
            "patternProperties": {"^[0-9*#]$": {"anyOf": [_TARGET, choice]}},
            "additionalProperties": False,
        },
        "question": _closed({"name": _TEXT, "say": _PROMPT, "keys": _TEXT}, ("name", "say")),
        "case": _closed(case, ("to",)),
        "node": {"oneOf": [_node(kind) for kind in FIELDS]},
    }


def flow_schema() -> dict[str, object]:
    """Return the JSON Schema (2020-12) of a flow file."""
    top: dict[str, Schema] = {
        "flow": {"const": VERSION},
        "name": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,47}$"},
        "title": {"type": "string", "maxLength": 60},
        "speed": {"type": "number", "minimum": 0.5, "maximum": 2},
        "subflow": {"type": "boolean"},
        "start": _TARGET,
        "fallback": _TARGET,
        "anytime": _CHOICES,
        "emergency_key": {"anyOf": [_KEY, _closed({"key": _KEY, **_CHOICE}, ("key", "to"))]},
        "nodes": {"type": "object", "additionalProperties": {"$ref": "#/$defs/node"}, "minProperties": 1},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hotline12345 语音流程",
        **_closed(top, ("flow", "start", "nodes")),
        "$defs": _definitions(),
    }


def schema_text() -> str:
    """Return the text of flow.schema.json."""
    return json.dumps(flow_schema(), ensure_ascii=False, indent=2) + "\n"
