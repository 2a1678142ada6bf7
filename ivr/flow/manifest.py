"""The list of sounds that a set of flows needs: what to synthesise, what is recorded, which silences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from ivr.flow.model import CallbackNode, CollectNode, Flow, ListenNode, MenuNode, SurveyNode, prompts_of
from ivr.flow.prompt import Digits, Named, PromptText, Words, named_sound, silence_sound, words_sound
from ivr.problems import Problem
from ivr.yaml_fields import Fields, text_of
from ivr.yaml_source import YamlMap, read_yaml, shorten

VERSION = 1
DIGIT_WORDS = tuple("零一二三四五六七八九")
ALWAYS = ("nobody_free",)
"""Prompts the engine itself may need, whatever the flow."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_MORE_SECONDS = 4.0


def load_prompts(text: str | bytes, file: str) -> tuple[Mapping[str, PromptText], tuple[Problem, ...]]:
    """Read a prompts file: name → words (or `{words, speed, audio}`); for use only when no problem is an error."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    prompts: dict[str, PromptText] = {}
    if tree is None:
        return MappingProxyType(prompts), tuple(problems)
    fields = Fields(tree, "提示音文件", problems)
    fields.integer("prompts", low=VERSION, high=VERSION)
    written = fields.map("words", required=True)
    for name, value in written.entries.items() if written else ():
        if not _NAME.fullmatch(name):
            fields.error(value.place, f"提示音名“{shorten(name)}”不合规。", "用小写字母开头的小写字母、数字和 _。")
        if isinstance(value, YamlMap):
            inner = Fields(value, f"提示音“{shorten(name)}”", problems)
            words, audio = inner.text("words", ""), inner.text("audio", "")
            speed = inner.number("speed", 1.0, 0.5, 2.0)
            inner.done()
        else:
            words, audio, speed = text_of(value) or "", "", 1.0
        if not words and not audio:
            fields.error(value.place, f"提示音“{shorten(name)}”没有文字，也没有录音。", "写上要说的话。")
        prompts[name] = PromptText(named_sound(name), words, speed, audio)
    fields.done()
    return MappingProxyType(prompts), tuple(problems)


def prompt_manifest(flows: Iterable[Flow], prompts: Mapping[str, PromptText]) -> tuple[PromptText, ...]:
    """Return every sound that the flows may play, each once, in the order of their names.

    Besides prompts these are the ten digits and a silence for each length of wait. Prompts nobody uses are left out.
    """
    found: dict[str, PromptText] = {}
    for flow in flows:
        for sound in _sounds_of(flow, prompts):
            found.setdefault(sound.name, sound)
    for name in ALWAYS:
        if name in prompts:
            found[prompts[name].name] = prompts[name]
    return tuple(found[name] for name in sorted(found))


def _sounds_of(flow: Flow, prompts: Mapping[str, PromptText]) -> Iterator[PromptText]:
    for node in flow.nodes.values():
        for prompt in prompts_of(node):
            for part in prompt.parts:
                match part:
                    case Words(text=text, speed=speed, audio=audio):
                        yield PromptText(words_sound(text, speed, audio), text, speed, audio)
                    case Named(name=name) if name in prompts:
                        yield prompts[name]
                    case Digits():
                        yield from (PromptText(f"digits/{n}", word, 1.0) for n, word in enumerate(DIGIT_WORDS))
        match node:
            case MenuNode() | ListenNode() | SurveyNode():
                yield _silence(node.wait_seconds)
            case CallbackNode():
                yield _silence(node.wait_seconds)
                yield _silence(_MORE_SECONDS)
            case CollectNode():
                yield _silence(node.wait_seconds)
                yield _silence(node.digit_seconds)


def _silence(seconds: float) -> PromptText:
    return PromptText(silence_sound(seconds), "", silence_seconds=seconds)
