"""Reading the values that only flow files have: targets, choices, prompts, variables, keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ivr.call import NodeId
from ivr.flow.model import END, Choice, Outcomes, Target
from ivr.flow.prompt import SILENT, Digits, Named, Part, Prompt, Words, prompt_of
from ivr.flow.spoken import normalise
from ivr.problems import Place
from ivr.yaml_fields import Fields, text_of
from ivr.yaml_source import YamlList, YamlMap, YamlValue, shorten

KEYS = "0123456789*#"
LONGEST_WORDS = 600
_VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PROMPT_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_AUDIO = re.compile(r"[\w][\w./-]{0,119}")


class NodeFields:
    """The keys of one node: `fields` reads plain values, the methods here the flow language's own."""

    def __init__(self, fields: Fields, id_: NodeId, setting: tuple[NodeId, float], place: Place | None = None) -> None:
        self.fields = fields
        self.id = id_
        self.place = place or fields.tree.place
        self.fallback, self._speed = setting

    def inner(self, tree: YamlMap, what: str) -> NodeFields:
        """Return a reader for a mapping inside this node."""
        fields = Fields(tree, f"{self.fields.what}的{what}", self.fields.problems)
        return NodeFields(fields, self.id, (self.fallback, self._speed))

    def outcomes(self, **targets: Target) -> Outcomes:
        """Return the outcomes of the node."""
        return MappingProxyType(targets)

    def target(self, key: str, default: NodeId | None = None) -> Target:
        """Return where `key` leads; without a default it must be written."""
        if default is None:
            return Target(NodeId(self.fields.text(key)), self.fields.place(key))
        return self.optional_target(key) or Target(default or END, self.place)

    def optional_target(self, key: str) -> Target | None:
        """Return where `key` leads, or None when it is not written."""
        written = self.fields.text(key, "")
        return Target(NodeId(written), self.fields.place(key)) if written else None

    def wait(self, default: float = 5.0) -> float:
        """Return how long to wait for the caller after a prompt."""
        return self.fields.number("wait_seconds", default, 1.0, 60.0)

    def tries(self, default: int = 3) -> int:
        """Return how often a question is asked in all."""
        return self.fields.integer("tries", default, 1, 5)

    def variable(self, key: str) -> str:
        """Return the name of a variable."""
        name = self.fields.text(key)
        if name:
            self.check_variable(name, self.fields.place(key))
        return name

    def check_variable(self, name: str, place: Place) -> None:
        """Report a name that is not fit for a variable."""
        if not _VARIABLE.fullmatch(name):
            self.fields.error(place, f"变量名“{shorten(name)}”不合规。", "用小写字母开头的小写字母、数字和 _。")

    def keys(self, key: str, default: str) -> str:
        """Return a set of telephone keys, such as `12345`."""
        written = self.fields.text(key, default)
        if not written or any(digit not in KEYS for digit in written) or len(set(written)) < len(written):
            self.fields.error(self.fields.place(key), f"“{shorten(written)}”不是一组按键。", "例如写成 '12345'。")
            return default
        return written

    # ------------------------------------------------------------------------------------------------- choices

    def choices(self, key: str, required: bool) -> Mapping[str, Choice]:
        """Return key → choice, written as `"1": node` or `"1": {to: node, words: […], except: […]}`."""
        tree = self.fields.map(key, required)
        found: dict[str, Choice] = {}
        for digit, value in tree.entries.items() if tree else ():
            place = tree.keys[digit] if tree else self.place
            if len(digit) != 1 or digit not in KEYS:
                self.fields.error(place, f"“{shorten(digit)}”不是电话按键。", "按键只能是 0 到 9、* 或 #，写在引号里。")
                continue
            found[digit] = self.choice(digit, value)
        if tree is not None and required and not tree.entries:
            self.fields.error(tree.place, f"“{key}”里没有选项。", '至少写一个，例如 "0": human。')
        return MappingProxyType(found)

    def choice(self, digit: str, value: YamlValue) -> Choice:
        """Return one choice, written as a node or as `{to: node, words: […], except: […]}`."""
        if not isinstance(value, YamlMap):
            to = text_of(value)
            if not to:
                self.fields.error(value.place, f"按键 {digit} 没有写去哪里。", "写上节点的名称。")
            return Choice(digit, Target(NodeId(to or END), value.place))
        inner = self.inner(value, f"选项 {digit} ")
        target, words = inner.target("to"), inner.fields.texts("words", ())
        unsuited = inner.fields.texts("except", ())
        for word in (*words, *unsuited):
            if not normalise(word) or normalise(word) != word or len(word) > 20:
                what = f"说法“{shorten(word)}”不能用于语音识别。"
                inner.fields.error(inner.fields.place("words"), what, "只写 1 到 20 个汉字、字母或数字。")
        inner.fields.done()
        return Choice(digit, target, words, unsuited)

    # ------------------------------------------------------------------------------------------------- prompts

    def hint(self, key: str, standard: str) -> Prompt:
        """Return a prompt that may be left out: then the standard one of prompts.yaml is heard."""
        return self.prompt(key, required=False) or prompt_of((Named(standard, self.place),))

    def read_back(self, key: str, before: str, variable: str, after: str) -> Prompt:
        """Return a prompt that may be left out: then a variable's digits are heard between two standard ones."""
        parts = (Named(before, self.place), Digits(variable, self.place), Named(after, self.place))
        return self.prompt(key, required=False) or prompt_of(parts)

    def prompt(self, key: str, required: bool = True) -> Prompt:
        """Return what is said: text, `{words, speed, audio}`, `{prompt}`, `{digits}`, or a list of these."""
        value = self.fields.value(key)
        if value is None:
            if required:
                self.fields.text(key)  # reports that it is missing
            return SILENT
        items = value.items if isinstance(value, YamlList) else (value,)
        parts = tuple(part for item in items if (part := self._part(key, item)) is not None)
        return prompt_of(parts) if parts else SILENT

    def _part(self, key: str, value: YamlValue) -> Part | None:
        if not isinstance(value, YamlMap):
            text = text_of(value)
            if text is None:
                self.fields.error(
                    value.place, f"“{key}”应为要说的话。", "写上文字，或 {prompt: 名称}、{digits: 变量}。"
                )
                return None
            return self._words(text, value.place, self._speed, "")
        inner = self.inner(value, f"“{key}”")
        fields = inner.fields
        part: Part | None
        if fields.has("prompt"):
            name = fields.text("prompt")
            if name and not _PROMPT_NAME.fullmatch(name):
                fields.error(fields.place("prompt"), f"提示音名“{shorten(name)}”不合规。", "用小写字母、数字和 _。")
            part = Named(name, fields.place("prompt"))
        elif fields.has("digits"):
            part = Digits(inner.variable("digits"), fields.place("digits"))
        else:
            audio, speed = fields.text("audio", ""), fields.number("speed", self._speed, 0.5, 2.0)
            if audio and (not _AUDIO.fullmatch(audio) or ".." in audio):
                fields.error(
                    fields.place("audio"), f"录音文件名“{shorten(audio)}”不合规。", "写录音文件夹内的相对路径。"
                )
            part = self._words(fields.text("words", ""), fields.place("words"), speed, audio)
        fields.done()
        return part

    def _words(self, text: str, place: Place, speed: float, audio: str) -> Words:
        if not normalise(text) and not audio:
            self.fields.error(place, "提示音没有文字，也没有录音。", "写上要说的话，或 audio: 录音文件。")
        if len(text) > LONGEST_WORDS:
            self.fields.error(
                place, f"提示音有 {len(text)} 个字，超过 {LONGEST_WORDS} 个。", "写短一些，或拆成几个节点。"
            )
        return Words(text, place, speed, audio)
