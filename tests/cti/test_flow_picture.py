"""The picture of a flow: every node is a box that knows its lines, every way an arrow that says when."""

from __future__ import annotations

from pathlib import Path

import ivr
from cti.flow_picture import picture_of
from ivr.flow.load import load_flow, read_flow
from ivr.flow.manifest import load_prompts
from ivr.flow.model import Flow

FLOWS = Path(ivr.__file__).parent / "flows"
PROMPTS, _ = load_prompts((FLOWS.parent / "prompts" / "prompts.yaml").read_bytes(), "prompts.yaml")


def shipped() -> dict[str, Flow]:
    found: dict[str, Flow] = {}
    for file in FLOWS.glob("*.yaml"):
        flow, _ = load_flow(file.read_bytes(), file.name)
        if flow is not None:
            found[flow.name] = flow
    return found


def test_every_node_of_every_shipped_flow_is_a_box_with_its_own_lines() -> None:
    flows = shipped()
    for name, flow in flows.items():
        lines = (FLOWS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
        picture = picture_of(name, flows, PROMPTS, len(lines))
        assert picture is not None
        own = [box for box in picture.boxes if box.line]
        assert {box.node for box in own} == set(flow.nodes)
        assert sum(box.is_start for box in own) == 1
        for box in own:
            assert lines[box.line - 1].strip().startswith(f"{box.node}:")
        taken = [line for box in own for line in range(box.line, box.last_line + 1)]
        assert len(taken) == len(set(taken))
        ids = {box.id for box in picture.boxes}
        assert all(arrow.begin in ids and arrow.end in ids for arrow in picture.arrows)


def test_a_menu_shows_its_keys_and_a_queue_is_a_person() -> None:
    flows = shipped()
    picture = picture_of("menu", flows, PROMPTS, 200)
    assert picture is not None
    assert any("按 2" in arrow.labels and arrow.by_caller for arrow in picture.arrows)
    assert any(box.is_person and box.kind == "queue" for box in picture.boxes)


def test_a_flow_with_errors_still_has_a_picture_of_what_could_be_read() -> None:
    text = "flow: 1\nstart: a\nnodes:\n  a: {kind: say, say: 您好, then: nowhere}\n  b: {kind: hangup}\n"
    flow, problems = read_flow(text, "broken.yaml")
    assert flow is not None
    assert not problems
    picture = picture_of("broken", {"broken": flow}, {}, 5)
    assert picture is not None
    assert [(arrow.begin, arrow.end) for arrow in picture.arrows] == [("b", "end")]
    assert picture_of("other", {"broken": flow}, {}, 5) is None
