"""The service as processes: switch, broker and controller, each in its own session, watched and restarted.

Our own death ends none of them; the next `hotline up` adopts what still runs. `stop` ends them in the order in which
callers notice least: controller, switch, broker.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from cti.server.dossier import link_processes
from cti.server.ears import worker_processes, workers_of
from cti.server.emergency import emergency_policy
from cti.server.files.flow_files import (
    FlowFiles,
    catalogue_of,
    flows_in_use,
    keys_out_of_queues,
    make_prompts,
    missing_flows,
    read_edition,
)
from cti.server.files.seat_file import seats_of
from cti.server.installation import (
    comforts,
    espeak_of,
    folders_of,
    part,
    queues_of,
    ready_file,
    render_switch,
    switch_config,
    write_broker_files,
)
from cti.server.pages import FIRST_ADMIN, certificate_problems, first_admin, page_processes
from cti.settings import PRIVATE, PROJECT, Settings
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.asterisk.render_dialplan import NET_SOUNDS
from ivr.adapters.asterisk.supervise import ChildProcess, ProcessSpec
from ivr.adapters.asterisk.supervise_broker import broker_process
from ivr.adapters.asterisk.supervise_switch import switch_process
from ivr.adapters.voice.prompts import net_sounds
from ivr.errors import AuthorError, StoreError
from ivr.problems import has_errors
from routing.emergency.spoken import prompts as emergency_prompts

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its children by name, and where people reach it."""

    children: tuple[ChildProcess, ...]
    asterisk_version: str
    addresses: tuple[tuple[str, str], ...]

    def child(self, name: str) -> ChildProcess:
        """Return the child of this name."""
        return next(child for child in self.children if child.spec.name == name)

    async def watch(self) -> None:
        """Keep all children alive until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for child in self.children:
                tasks.create_task(child.watch(), name=f"watch {child.spec.name}")


@contextlib.asynccontextmanager
async def running_service(
    settings: Settings, arguments: Sequence[str], say: Say, progress: Callable[[int, int, str], None] | None = None
) -> AsyncIterator[Service]:
    """Prepare and start everything, and stop it all at the end.

    `arguments` are the words before the subcommand with which the controller is started, `say` hears Chinese lines.
    """
    folders = folders_of(settings)
    say("1/4 外部部件")
    names = (PartName.ASTERISK, PartName.ESPEAK, *((PartName.MOSQUITTO,) if settings.broker == PRIVATE else ()))
    parts = {name: await asyncio.to_thread(part, settings, name, say) for name in names}
    say("2/4 语音流程与提示音")
    policy = emergency_policy(settings)
    queues = queues_of(settings)
    edition, problems = read_edition(FlowFiles.read(settings), catalogue_of(settings, queues), queues)
    problems += missing_flows(settings, edition) if edition is not None else ()
    if edition is None or has_errors(problems):
        raise AuthorError(problems)
    standing = (*net_sounds(NET_SOUNDS), *comforts(queues), *emergency_prompts(policy))
    espeak = espeak_of(settings, parts[PartName.ESPEAK])
    made = await make_prompts(edition, standing, folders.sounds, espeak, flows_in_use(settings), progress)
    if made.problems:
        raise AuthorError(made.problems)
    say("3/4 交换机与消息代理的配置")
    config = switch_config(settings, queues, keys_out_of_queues(edition.flows))
    rendered = render_switch(settings, queues, keys_out_of_queues(edition.flows))
    specs = [switch_process(parts[PartName.ASTERISK], rendered, config)]
    if settings.broker == PRIVATE:
        file = write_broker_files(settings)
        specs.insert(0, broker_process(parts[PartName.MOSQUITTO], file, settings.broker_port))
    specs += worker_processes(settings, arguments, workers_of(settings))
    specs += link_processes(settings, arguments)
    specs += page_processes(settings, arguments)
    specs.append(_controller(settings, arguments, config.ports.agi))
    say("4/4 启动")
    children = [ChildProcess(spec) for spec in specs]
    try:
        for child in children:
            await child.start()
            say(f"    {child.spec.name} {'沿用正在运行的' if child.adopted else '已启动'}（进程 {child.pid}）")
        if settings.pages.is_served:
            await _tell_first_admin(settings, say)
        yield Service(tuple(children), parts[PartName.ASTERISK].version, _addresses(settings))
    finally:
        for child in reversed(children):
            await child.stop()


async def _tell_first_admin(settings: Settings, say: Say) -> None:
    try:
        password = await first_admin(settings)
    except StoreError as error:
        say(f"    还不能查看网页账号（{error}）。数据库恢复后用 hotline user add 新建账号")
        return
    for problem in certificate_problems(settings):
        say(f"    网页证书：{problem}")
    if password:
        say(f"    第一个网页账号：{FIRST_ADMIN}　一次性密码：{password}　（只显示这一次，首次登录时必须修改）")


def _controller(settings: Settings, arguments: Sequence[str], agi_port: int) -> ProcessSpec:
    run, ready = folders_of(settings).run, ready_file(settings)

    async def is_ready() -> bool:
        """Whether a living controller has said that it is ready."""
        with contextlib.suppress(OSError, ValueError):
            os.kill(int(ready.read_text(encoding="ascii")), 0)
            _, writer = await asyncio.open_connection("127.0.0.1", agi_port)
            writer.close()
            return True
        return False

    return ProcessSpec(
        name="controller",
        command=(sys.executable, "-m", "cti", *arguments, "serve"),
        pid_file=run / "controller.json",
        log_file=run / "log" / "controller.out",
        is_ready=is_ready,
        cwd=PROJECT,
        ready_seconds=60.0,
        stop_signal=signal.SIGTERM,
        longest_pause_seconds=0.5,  # callers in a flow wait for us for three seconds only
    )


def _addresses(settings: Settings) -> tuple[tuple[str, str], ...]:
    switch = settings.switch
    numbers = "、".join(each.number for each in settings.numbers)
    return (
        ("网页", settings.pages.base_url if settings.pages.is_served else "没有开放"),
        ("电话（SIP）", f"sip:{switch.sip_host}:{switch.sip_port}　被叫号码 {numbers}"),
        ("席位话机", "、".join(f"{seat.id} {seat.agent}" for seat in seats_of(settings))),
        ("消息代理（MQTT）", f"127.0.0.1:{settings.broker_port}" if settings.broker == PRIVATE else settings.broker),
        ("紧急联动的链接页", settings.emergency.link.base_url if settings.emergency.link.is_served else "没有开放"),
        ("数据库", settings.database.split("@")[-1]),
        ("录音", str(settings.recordings_folder)),
        ("通话日志", str(folders_of(settings).journal)),
    )
