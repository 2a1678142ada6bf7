"""`hotline check`: every problem of the files that people write, at once, with place and remedy."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from cti.adapters.web.bookings import merchants_file
from cti.commands.check_city import CITY_CHECKS, city_files_in_use, city_problems_together
from cti.commands.check_sounds import Lengths, no_lengths, spoken_lengths
from cti.commands.city import own_cities
from cti.response_mode import load_mode
from cti.server.drafting import own_words, words_in_use
from cti.server.emergency import policy_path
from cti.server.files.city_packs import SHIPPED_DAYS, city_files, own_calendar
from cti.server.files.flow_files import SHIPPED_PROMPTS, FlowFiles, catalogue_of, flows_in_use
from cti.server.files.policy_files import masking_file
from cti.server.installation import queues_of, queues_path
from cti.settings import Settings, default_settings, load_settings
from ivr.flow.check import check_files
from ivr.flow.inspect import Catalogue
from ivr.flow.load import load_flow, read_flow
from ivr.flow.manifest import load_prompts
from ivr.flow.model import Flow, prompts_of
from ivr.flow.prompt import Words
from ivr.flow.schema import schema_text
from ivr.problems import Place, Problem
from routing.classify.lexicon import read_categories, read_units
from routing.emergency.policy_file import load_policy
from routing.queue import load_queues
from workorder.campaign_plan import read_plan, strange_numbers
from workorder.cities.pack_file import load_pack
from workorder.clock.days_file import load_days
from workorder.dispatch_file import read_catalogue
from workorder.duty import missing_rosters
from workorder.gazetteer import read_gazetteer
from workorder.masking import read_masking
from workorder.merchants import read_merchants

_KINDS = re.compile(
    rb"^(flow|queues_version|settings_version|prompts|catalogue|lexicon|gazetteer|emergency_policy|city_pack|calendar"
    rb"|masking|merchants|campaign|grid_map|asset_register|collector_roster|matter_types|population|video_places|mode):",
    re.MULTILINE,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which files."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="流程、队列、提示音、派单目录、关键词库、地名库、脱敏规则、紧急联动政策、城市政策包、放假安排、加盟企业名录、调研和拨测方案、设置文件；不写则检查全部",
    )
    parser.add_argument("--schema", action="store_true", help="打印语音流程的 JSON Schema（给编辑器用）")
    parser.epilog = (
        "示例：\n  hotline check\n  hotline check my/main.yaml my/queues.yaml\n"
        "  hotline check --schema > flow.schema.json\n"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the problems; 1 when one of them is an error."""
    if arguments.schema:
        print(schema_text(), end="")
        return 0
    named = [Path(file) for file in arguments.files] or files_in_use(settings)
    problems = problems_of(named, settings, spoken_lengths(settings))
    for problem in problems:
        print(problem, file=sys.stderr if problem.is_error else sys.stdout)
    errors = sum(problem.is_error for problem in problems)
    verdict = "没有问题" if not problems else f"{errors} 个错误，{len(problems) - errors} 个提醒"
    print(f"检查了 {len(named)} 个文件：{verdict}。")
    return 1 if errors else 0


def files_in_use(settings: Settings) -> list[Path]:
    """Return the files that this installation would work with."""
    folder = flows_in_use(settings)
    flows = sorted(file for file in folder.glob("*.yaml") if file.name != "prompts.yaml")
    prompts = folder / "prompts.yaml"
    prompts = prompts if prompts.is_file() else SHIPPED_PROMPTS
    queues = queues_path(settings)
    cities = city_files(own_cities(settings)).values()
    days = [file for file in (SHIPPED_DAYS, own_calendar(settings.data_folder)) if file]
    return [
        *flows,
        prompts,
        queues,
        policy_path(settings),
        *words_in_use(own_words(settings)),
        masking_file(settings),
        *days,
        *cities,
        *(file for file in (merchants_file(settings.data_folder),) if file.is_file()),
        *city_files_in_use(settings),
    ]


def problems_of(files: list[Path], settings: Settings, lengths: Lengths = no_lengths) -> tuple[Problem, ...]:
    """Return every problem of the files, each read for what its first key says it is; `lengths` speaks prompts."""
    problems: list[Problem] = []
    flows: dict[str, bytes] = {}
    checks: Mapping[bytes, Callable[[bytes, str], tuple[Problem, ...]]] = {
        b"queues_version": lambda text, file: load_queues(text, file)[1],
        b"prompts": lambda text, file: load_prompts(text, file)[1],
        b"catalogue": lambda text, file: _catalogue_problems(text, file, settings),
        b"lexicon": _lexicon_problems,
        b"gazetteer": lambda text, file: read_gazetteer(_decoded(text), file)[1],
        b"city_pack": lambda text, file: load_pack(text, file)[1],
        b"masking": lambda text, file: read_masking(_decoded(text), file)[1],
        b"merchants": lambda text, file: read_merchants(text, file)[1],
        b"campaign": lambda text, file: _campaign_problems(text, file, settings),
        b"calendar": lambda text, file: load_days(text, file)[1],
        b"mode": lambda text, file: load_mode(text, Path(file).parent.name, file)[1],
        b"emergency_policy": lambda text, file: load_policy(text, file)[1],
        b"settings_version": lambda text, file: _settings_problems(text, file, default_settings(settings.data_folder)),
        **CITY_CHECKS,
    }
    for file in files:
        try:
            text = file.read_bytes()
        except OSError as error:
            problems.append(Problem(Place(str(file)), f"读不到文件（{error.strerror}）。", "检查路径与权限。"))
            continue
        found = _KINDS.search(text[:4096])
        kind = found[1] if found else b"flow"
        if kind == b"flow":
            flows[str(file)] = text
        else:
            problems += checks[kind](text, str(file))
    problems += city_problems_together(files, settings)
    if flows:
        catalogue = catalogue_for(flows, settings)
        problems += check_files(flows, replace(catalogue, seconds=lengths(flows, catalogue))).problems
    return tuple(sorted(problems, key=lambda problem: problem.place))


def _settings_problems(text: bytes, file: str, defaults: Settings) -> tuple[Problem, ...]:
    """Return the problems of a settings file, and of the emergency policy that it names."""
    settings, problems = load_settings(text, file, defaults)
    if settings is None or settings.emergency.policy_file is None:
        return problems
    try:
        policy = settings.emergency.policy_file.read_bytes()
    except OSError as error:
        return (
            *problems,
            Problem(Place(str(policy_path(settings))), f"读不到文件（{error.strerror}）。", "检查权限。"),
        )
    return (*problems, *load_policy(policy, str(settings.emergency.policy_file))[1])


def _catalogue_problems(text: bytes, file: str, settings: Settings) -> tuple[Problem, ...]:
    """Return the problems of a catalogue; where the city demands duty rosters, also the units without one."""
    catalogue, problems = read_catalogue(_decoded(text), file)
    packs = city_files(own_cities(settings))
    pack = load_pack(packs[settings.city].read_bytes(), settings.city)[0] if settings.city in packs else None
    if catalogue is None or pack is None or catalogue.city.removesuffix("市") != pack.city.removesuffix("市"):
        return problems  # the catalogue of another city is there to try things with
    return (*problems, *missing_rosters(catalogue.units, catalogue.duty, pack, file))


def _campaign_problems(text: bytes, file: str, settings: Settings) -> tuple[Problem, ...]:
    plan, problems = read_plan(text, file)
    own = [each.number for each in settings.numbers]
    return problems if plan is None else (*problems, *strange_numbers(plan, own, file))


def _lexicon_problems(text: bytes, file: str) -> tuple[Problem, ...]:
    read = read_categories if b"\ncategories:" in text else read_units
    return read(_decoded(text), file)[1]


def _decoded(text: bytes) -> str:
    """Return the text; bytes that are no UTF-8 become a character that the reader then complains about."""
    return text.decode("utf-8", errors="replace")


def catalogue_for(flows: Mapping[str, bytes], settings: Settings) -> Catalogue:
    """Return what these flows may refer to: the installation's names, and the flows beside them."""
    queues = queues_of(settings)
    installed = FlowFiles.read(settings)
    prompts, _ = load_prompts(installed.prompts, "prompts.yaml")
    beside = {str(file): file.read_bytes() for name in flows for file in sorted(Path(name).parent.glob("*.yaml"))}
    others: dict[str, Flow] = {}
    checked = {Path(name).resolve() for name in flows}
    for name, text in {**installed.texts, **beside}.items():
        flow, _ = load_flow(text, name)
        if flow is not None and Path(name).resolve() not in checked:
            others[flow.name] = flow
    audio = _recordings_there(flows, flows_in_use(settings))
    return replace(catalogue_of(settings, queues), prompts=prompts, others=others, audio=audio)


def _recordings_there(flows: Mapping[str, bytes], installed: Path | None) -> frozenset[str]:
    """Return those of the recordings named by flows that exist: beside the flow, or in the installation's folder."""
    found: set[str] = set()
    for name, text in flows.items():
        flow, _ = read_flow(text, name)
        prompts = [prompt for node in flow.nodes.values() for prompt in prompts_of(node)] if flow else []
        wanted = {part.audio for prompt in prompts for part in prompt.parts if isinstance(part, Words) and part.audio}
        folders = [folder for folder in (Path(name).parent, installed) if folder is not None]
        found |= {audio for audio in wanted if any((folder / audio).is_file() for folder in folders)}
    return frozenset(found)
