"""All settings, read once into one frozen `Settings`; every problem of the file is told at once, with its remedy.

Defaults are safe and need no file: everything on loopback, private parts, SQLite, simulated trunks. Secrets have no
defaults: they are generated into the run folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from cti.emergency_settings import EmergencySettings, read_emergency
from cti.emergency_trunk import EmergencyTrunk, read_emergency_trunk
from cti.link110 import demand_link110
from cti.pages_settings import PagesSettings, read_pages
from cti.seats_file import Seat, read_seats
from cti.switch_settings import SwitchSettings, read_switch
from ivr.call import SeatId
from ivr.problems import Place, Problem
from ivr.yaml_fields import Fields
from ivr.yaml_source import YamlMap, read_yaml

VERSION = 1
PROJECT = Path(__file__).resolve().parent.parent
IS_CHECKOUT = (PROJECT / "setup.cfg").is_file()
"""Whether we run from the project's own folder; installed from a wheel, nothing may be written beside the code."""
PRIVATE = "private"
DEMO_MODEL = "demo-zh-synthetic"
EARS_PER_CORE = -1
"""As many recognition workers as the machine has cores, as far as their models fit into its memory."""


@dataclass(frozen=True, slots=True)
class CalledNumber:
    """A number citizens dial: the flow that answers it and, for a merged hotline, what it used to be.

    `from_110`: only 110 dials it, for calls that it sends to us. `is_recorded`: whether its calls may be recorded and
    written down; an emergency is in any case.
    """

    number: str
    flow: str
    original_line: str = ""
    from_110: bool = False
    is_recorded: bool = True


_SEATS = (
    Seat(SeatId("801"), "李晓梅", frozenset({"consultation", "complaint", "elder"}), in_browser=True),
    Seat(SeatId("802"), "王建国", frozenset({"consultation", "complaint", "elder"}), in_browser=True),
    Seat(SeatId("803"), "赵敏", frozenset({"complaint"}), in_browser=True),
)
_NUMBERS = (
    CalledNumber("12345", "main"),
    CalledNumber("12319", "menu", "12319"),
    CalledNumber("12349", "elder", "12349"),
)


@dataclass(frozen=True, slots=True)
class EarsSettings:
    """Recognition: how many worker processes (0: the controller hears itself), and how long a pause may last."""

    workers: int = EARS_PER_CORE
    longest_pause_seconds: int = 180
    """After so long a paused recording goes on by itself; 0 forbids pauses."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an installation may choose. Folders are absolute."""

    data_folder: Path
    run_folder: Path
    recordings_folder: Path
    database: str
    broker: str = PRIVATE
    broker_port: int = 1884
    speech_model: str = DEMO_MODEL
    city: str = "lanzhou"
    """Whose rules new orders live by: a pack of workorder/cities, or one in the data folder's `cities`."""
    flows_folder: Path | None = None
    queues_file: Path | None = None
    ears: EarsSettings = field(default_factory=EarsSettings)
    switch: SwitchSettings = field(default_factory=SwitchSettings)
    seats: tuple[Seat, ...] = _SEATS
    numbers: tuple[CalledNumber, ...] = _NUMBERS
    emergency: EmergencySettings = field(default_factory=EmergencySettings)
    emergency_trunk: EmergencyTrunk = field(default_factory=EmergencyTrunk)
    pages: PagesSettings = field(default_factory=PagesSettings)
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def models_folder(self) -> Path:
        """Where installed speech models lie; the demo model ships beside the code."""
        return self.data_folder / "models"


def default_settings(data_folder: Path, run_folder: Path | None = None) -> Settings:
    """Return the embedded defaults; `data_folder` holds what is fetched once, `run_folder` what we write."""
    home = PROJECT if IS_CHECKOUT else data_folder
    run = (run_folder or home / "run").resolve()
    return Settings(
        data_folder=data_folder.resolve(),
        run_folder=run,
        recordings_folder=(home / "recordings").resolve() if run_folder is None else run / "recordings",
        database=f"sqlite:///{run / 'hotline.db'}",
    )


def load_settings(text: str | bytes, file: str, defaults: Settings) -> tuple[Settings | None, tuple[Problem, ...]]:
    """Read settings.yaml over `defaults`; relative paths count from the file's folder. None when there are errors."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return None, tuple(problems)
    here = Path(file).resolve().parent
    fields = Fields(tree, "设置文件", problems)
    if fields.has("settings_version") and fields.integer("settings_version") != VERSION:
        fields.error(fields.place("settings_version"), "不认识这个版本。", f"改为 settings_version: {VERSION}。")
    elif not fields.has("settings_version"):
        fields.error(tree.place, "缺少“settings_version”。", f"第一行写 settings_version: {VERSION}。")
    run = _folder(fields, "run_folder", here, defaults.run_folder)
    settings = Settings(
        data_folder=_folder(fields, "data_folder", here, defaults.data_folder),
        run_folder=run,
        recordings_folder=_folder(
            fields,
            "recordings_folder",
            here,
            run / "recordings" if fields.has("run_folder") else defaults.recordings_folder,
        ),
        database=_url(fields, "database", f"sqlite:///{run / 'hotline.db'}", ("sqlite", "postgresql")),
        broker=_url(fields, "broker", defaults.broker, ("mqtt", "mqtts"), (PRIVATE,)),
        broker_port=fields.integer("broker_port", defaults.broker_port, 1, 65535),
        speech_model=fields.text("speech_model", defaults.speech_model, longest=200),
        city=fields.text("city", defaults.city, longest=60),
        flows_folder=_optional_path(fields, "flows_folder", here, is_folder=True),
        queues_file=_optional_path(fields, "queues_file", here, is_folder=False),
        ears=_ears(fields, defaults.ears),
        switch=read_switch(fields, defaults.switch),
        seats=read_seats(fields).seats if fields.has("seats") else defaults.seats,
        numbers=_numbers(fields) if fields.has("called_numbers") else defaults.numbers,
        emergency=read_emergency(fields, here, defaults.emergency),
        emergency_trunk=read_emergency_trunk(fields, defaults.emergency_trunk),
        pages=read_pages(fields, here, defaults.pages),
        origins=MappingProxyType({key: str(place) for key, place in tree.keys.items()}),
    )
    is_used = any(each.from_110 for each in settings.numbers) or any(each.from_110 for each in settings.switch.trunks)
    demand_link110(fields, settings.emergency.from_110, is_used=is_used)
    fields.done()
    return (None if any(problem.is_error for problem in problems) else settings), tuple(problems)


def _folder(fields: Fields, key: str, here: Path, default: Path) -> Path:
    text = fields.text(key, "")
    return (here / Path(text).expanduser()).resolve() if text else default


def _optional_path(fields: Fields, key: str, here: Path, *, is_folder: bool) -> Path | None:
    text = fields.text(key, "")
    if not text:
        return None
    path = (here / Path(text).expanduser()).resolve()
    if not (path.is_dir() if is_folder else path.is_file()):
        kind = "文件夹" if is_folder else "文件"
        fields.error(fields.place(key), f"{kind} {path} 不存在。", "改成存在的路径，或删去这一项用内置的。")
    return path


def _url(fields: Fields, key: str, default: str, schemes: tuple[str, ...], words: tuple[str, ...] = ()) -> str:
    text = fields.text(key, default)
    scheme = urlsplit(text).scheme.split("+")[0]
    if text not in words and scheme not in schemes:
        examples = "、".join([*words, *(f"{each}://…" for each in schemes)])
        fields.error(fields.place(key), f"“{key}”不能是“{text[:60]}”。", f"可以写：{examples}。")
    return text


def _ears(fields: Fields, default: EarsSettings) -> EarsSettings:
    tree = fields.map("ears")
    if tree is None:
        return default
    inner = Fields(tree, "ears", fields.problems)
    ears = EarsSettings(
        workers=inner.integer("workers", default.workers, EARS_PER_CORE, 256),
        longest_pause_seconds=inner.integer("longest_pause_seconds", default.longest_pause_seconds, 0, 3600),
    )
    inner.done()
    return ears


def seats_with_telephones(seats: Iterable[Seat]) -> list[dict[str, object]]:
    """Return the seats as a settings file writes them, each with a SIP telephone: for simulated ones."""
    return [
        {"seat": str(seat.id), "agent": seat.agent, "skills": sorted(seat.skills), "penalty": seat.penalty}
        for seat in seats
    ]


def _numbers(fields: Fields) -> tuple[CalledNumber, ...]:
    tree = fields.map("called_numbers")
    numbers = []
    for number, entry in tree.entries.items() if tree else ():
        place = tree.keys[number] if tree else Place("")
        if not (number.isascii() and number.isdigit() and 3 <= len(number) <= 15):
            fields.error(place, f"被叫号码“{number}”不能用。", "只写 3 到 15 位数字，并加引号。")
        if isinstance(entry, YamlMap):
            inner = Fields(entry, f"被叫号码 {number}", fields.problems)
            line, from_110 = inner.text("original_line", "", longest=40), inner.boolean("from_110", False)
            is_recorded = inner.boolean("recorded", True)
            numbers.append(CalledNumber(number, inner.text("flow"), line, from_110, is_recorded))
            inner.done()
        else:
            fields.error(place, f"被叫号码 {number} 没有内容。", "写成 “{flow: main}”。")
    if tree is not None and not numbers:
        fields.error(tree.place, "没有被叫号码，谁也打不进来。", '至少写一个，例如 "12345": {flow: main}。')
    return tuple(numbers)
