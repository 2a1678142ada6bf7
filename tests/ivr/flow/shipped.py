"""The flows and prompts we ship, read from their files for the tests of this folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ivr.call import QueueName
from ivr.flow.book import FlowBook, make_book
from ivr.flow.check import check_files
from ivr.flow.inspect import Catalogue
from ivr.flow.manifest import load_prompts, prompt_manifest

ROOT = Path(__file__).resolve().parents[3]
FLOWS = ROOT / "ivr" / "flows"
PROMPTS = ROOT / "ivr" / "prompts" / "prompts.yaml"
CALLS = ROOT / "tests" / "calls"


def texts() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(FLOWS.glob("*.yaml"))}


@cache
def catalogue() -> Catalogue:
    prompts, problems = load_prompts(PROMPTS.read_text(encoding="utf-8"), PROMPTS.name)
    assert problems == ()
    return Catalogue(
        queues=frozenset({"general", "complaint", "consultation"}),
        numbers=frozenset({"09310001", "801"}),
        prompts=prompts,
    )


@cache
def book() -> FlowBook:
    checked = check_files(texts(), catalogue())
    assert checked.is_sound
    return make_book(checked.flows, QueueName("general"), texts())


@cache
def words() -> dict[str, str]:
    return {sound.name: sound.words for sound in prompt_manifest(book().flows.values(), catalogue().prompts)}
