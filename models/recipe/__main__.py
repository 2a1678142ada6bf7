"""The command: `python -m models.recipe` trains the demo model from nothing, or one step of it."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODELS = Path(__file__).resolve().parent.parent


def _path(text: str) -> Path:
    return Path(text).resolve()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m models.recipe",
        description="Train the demo speech model from nothing (about 20 minutes on two cores).",
        epilog="Example: python -m models.recipe            everything\n"
        "         python -m models.recipe graph evaluate   only these steps, after an earlier run",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("steps", nargs="*", metavar="STEP", help="speak, train, graph, evaluate, pack (default: all)")
    parser.add_argument("--out", type=_path, default=MODELS / "demo-zh-synthetic", help="where the model goes")
    parser.add_argument("--work", type=_path, default=MODELS / "work", help="where intermediate files go")
    parser.add_argument("--jobs", type=int, default=2, help="processes and threads (default 2)")
    parser.add_argument("--utterances", type=int, default=20_000, help="training utterances (default 20000, 19 hours)")
    parser.add_argument("--steps-of-training", type=int, default=6000, dest="training_steps")
    parser.add_argument("--hidden", type=int, default=384, help="width of the network (default 384)")
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto", help="auto: bf16 where fast")
    parser.add_argument("--espeak-lib", default=None, help="path of libespeak-ng.so.1 (or HOTLINE_ESPEAK_LIB)")
    parser.add_argument("--espeak-data", default=None, help="folder holding espeak-ng-data (or HOTLINE_ESPEAK_DATA)")
    parser.add_argument("--seed", type=int, default=12345)
    return parser.parse_args()


def _speak(options: argparse.Namespace, figures: dict[str, Any]) -> None:
    from . import dataset

    espeak = (options.espeak_lib, options.espeak_data)
    made = dataset.make(options.work / "audio", options.utterances, options.seed, options.jobs, espeak)
    figures["training"] = {
        "hours": round(sum(shard.seconds for shard in made) / 3600, 2),
        "utterances": sum(shard.utterances for shard in made),
        "dropped": sum(shard.dropped for shard in made),
    }


def _train(options: argparse.Namespace, figures: dict[str, Any]) -> None:
    from . import dataset, network

    bfloat16 = network.has_fast_bfloat16() if options.precision == "auto" else options.precision == "bf16"
    schedule = network.Schedule(
        hidden=options.hidden, steps=options.training_steps, threads=options.jobs, bfloat16=bfloat16
    )
    result = network.train(*dataset.load(options.work / "audio"), schedule, options.out / "am" / "final.mdl")
    figures["training"] |= result | {"precision": "bf16" if bfloat16 else "fp32", "steps": schedule.steps}


def _graph(options: argparse.Namespace, figures: dict[str, Any]) -> None:
    from . import language, package

    figures["language"] = language.build(options.out, language.Plan())
    package.write_configuration(options.out)


def _evaluate(options: argparse.Namespace, figures: dict[str, Any]) -> None:
    from . import trial

    figures["evaluation"] = trial.run(options.out, options.espeak_lib, options.espeak_data)


def _pack(options: argparse.Namespace, figures: dict[str, Any]) -> None:
    from . import package

    figures["minutes"] = round(sum(figures["step_minutes"].values()), 1)
    package.write_card(options.out, figures)
    shown = {name: value for name, value in figures["evaluation"].items() if name != "table"}
    package.write_manifest(options.out, {**figures, "evaluation": shown})


_STEPS: dict[str, Callable[[argparse.Namespace, dict[str, Any]], None]] = {
    "speak": _speak, "train": _train, "graph": _graph, "evaluate": _evaluate, "pack": _pack,
}  # fmt: skip


def _run_here(step: str, options: argparse.Namespace) -> None:
    """Run one step and remember its figures in the work folder."""
    notes = options.work / "figures.json"
    figures: dict[str, Any] = json.loads(notes.read_text(encoding="utf8")) if notes.exists() else {}
    began = time.monotonic()
    _STEPS[step](options, figures)
    figures.setdefault("step_minutes", {})[step] = round((time.monotonic() - began) / 60, 2)
    notes.write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf8")


def main() -> int:
    """Run the steps, each in a process of its own: kaldifst and libvosk each bring an OpenFst and must not meet."""
    options = _arguments()
    steps = options.steps or list(_STEPS)
    unknown = [step for step in steps if step not in _STEPS]
    if unknown:
        print(f"unknown step {', '.join(unknown)}; choose among {', '.join(_STEPS)}", file=sys.stderr)
        return 2
    os.environ.setdefault("OMP_NUM_THREADS", str(options.jobs))
    options.work.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    if len(steps) == 1:
        _run_here(steps[0], options)
        return 0
    given = [argument for argument in sys.argv[1:] if argument not in _STEPS]
    for number, step in enumerate(steps, 1):
        print(f"== {number}/{len(steps)} {step}", flush=True)
        if code := subprocess.call([sys.executable, "-m", "models.recipe", step, *given], cwd=MODELS.parent):
            print(f"{step} failed", file=sys.stderr)
            return code
    print(f"done: {options.out}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
