"""Write the switch's configuration: templates and settings in, a folder of Asterisk files out."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import stat
import tempfile
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ivr.adapters.asterisk import render_dialplan, render_pjsip, render_queues
from ivr.adapters.asterisk.private_parts import Part
from ivr.adapters.asterisk.render_config import SwitchConfig
from ivr.adapters.asterisk.render_music import write_music
from ivr.adapters.asterisk.render_templates import fill, templates_folder
from ivr.adapters.asterisk.render_values import (
    UnsafeValueError,
    between,
    digits,
    host,
    name,
    path,
    port,
    queue,
    text,
)

log = logging.getLogger(__name__)

_CHANNELS_PER_CALL = 6  # caller, seat, emergency leg, and a live tap of each
_SILENCE_SECONDS = 60
_SOCKET_PATH_LIMIT = 100  # a Unix socket's path may have 107 bytes


@dataclass(frozen=True, slots=True)
class RenderedSwitch:
    """Where a rendered switch lives; `changed` names the configuration files whose content is new."""

    folder: Path
    main_file: Path
    control_socket: Path
    log_file: Path
    changed: tuple[str, ...]


def render(config: SwitchConfig, run_folder: Path, part: Part) -> RenderedSwitch:
    """Write every configuration file for `part` below `run_folder`/asterisk, readable by the owner only.

    Nothing is written unless all values are good (UnsafeValueError) and all templates fit (TemplateError).
    """
    folder = run_folder.resolve() / "asterisk"
    templates = sorted(templates_folder().glob("*.conf"))
    values = _values(config, folder, part)
    files = {
        template.name: fill(template.name, template.read_text(encoding="utf-8"), values.get(template.name, {}))
        for template in templates
    }
    socket = _socket_folder(folder) / "asterisk.ctl"
    for sub in ("etc", "var", "spool", "run", "log", "agi", "keys"):
        (folder / sub).mkdir(parents=True, exist_ok=True, mode=0o700)
    _make_private(socket.parent)
    _make_recordings(config.recordings)
    _lay_out_data(config, folder, part)
    changed = tuple(file for file, content in files.items() if _write(folder / "etc" / file, content))
    return RenderedSwitch(folder, folder / "etc" / "asterisk.conf", socket, folder / "log" / "messages.log", changed)


def _make_recordings(folder: Path) -> None:
    """Make the folder; where that cannot be, calls go on without recordings, and each call's record says so."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.error("recordings_folder_unusable", extra={"folder": str(folder), "reason": error.strerror})


def _values(config: SwitchConfig, folder: Path, part: Part) -> Mapping[str, Mapping[str, str]]:
    if config.default_queue not in {one.name for one in config.queues}:
        raise UnsafeValueError(f"默认队列 {config.default_queue[:40]!r} 不在队列列表里")
    loopback = config.media_address == "127.0.0.1"
    if config.rtp.last - config.rtp.first < 99 or config.rtp.first % 2:
        raise UnsafeValueError("RTP 端口范围应当从偶数开始, 至少有 100 个端口")
    music = config.music or folder / "music"
    ice = config.ice_host_addresses or (dict.fromkeys(_own_addresses(), "127.0.0.1") if loopback else {})
    bind = host(config.bind, "监听地址")
    return {
        "asterisk.conf": {
            "folder": path(folder, "运行目录"),
            "sockets": path(_socket_folder(folder), "运行目录"),
            "modules": path(part.folders["modules"], "模块目录"),
            "system_name": _system_name(config.system_name),
            "most_channels": between(config.most_calls * _CHANNELS_PER_CALL, 4, 40000, "最大通话数"),
        },
        "extensions.conf": {
            "agi_port": port(config.ports.agi, "AGI 端口"),
            "recordings": path(config.recordings.resolve(), "录音目录"),
            "default_queue": queue(config.default_queue, "默认队列"),
            "net_wait_seconds": between(config.net_wait_seconds, 1, 7200, "兜底排队秒数"),
            "lease_seconds": between(config.lease_seconds, 2, 300, "租约秒数"),
            "dial_seconds": between(config.dial_seconds, 5, 180, "外呼振铃秒数"),
            "most_outbound_calls": between(config.most_outbound_calls, 0, 10000, "同时外呼数"),
            "from_110_priority": between(config.from_110_priority, 0, 99, "110 转来的优先级"),
            "outbound_trunk": name(config.outbound_trunk, "外呼中继"),
            "called_numbers": render_dialplan.called_numbers(config.numbers),
            "seat_numbers": render_dialplan.seat_numbers(config.seats),
            "seat_extensions": render_dialplan.seat_extensions(config.seats),
            "forbidden_numbers": render_dialplan.forbidden_numbers(),
            "allowed_numbers": render_dialplan.allowed_numbers(config.dial_patterns),
            "exit_contexts": render_queues.exit_contexts(config.queues),
        },
        "http.conf": {"http_port": port(config.ports.http, "HTTP 端口")},
        "manager.conf": {
            "ami_port": port(config.ports.ami, "AMI 端口"),
            "ami_user": name(config.ami_user, "AMI 用户名"),
            "ami_secret": _secret(config.ami_secret),
        },
        "musiconhold.conf": {"music": path(music, "等待音乐目录")},
        "pjsip.conf": {
            "bind": bind,
            "sip_port": port(config.ports.sip, "SIP 端口"),
            "hotline_number": digits(config.hotline_number, "热线号码"),
            "media_address": host(config.media_address, "媒体地址"),
            "bind_media": "yes" if loopback else "no",
            "transport_addresses": render_pjsip.transport_addresses(config),
            "trunks": render_pjsip.trunk_sections(config),
            "seats": render_pjsip.seat_sections(config.seats),
        },
        "queues.conf": {"queues": render_queues.queue_sections(config.queues)},
        "rtp.conf": {
            "first": port(config.rtp.first, "RTP 起始端口"),
            "last": port(config.rtp.last, "RTP 结束端口"),
            "ice_host_addresses": "\n".join(f"{host(a, 'ICE')} => {host(b, 'ICE')}" for a, b in ice.items()),
        },
    }


def _socket_folder(folder: Path) -> Path:
    """Where the control socket goes: `run`, or a short folder of our own when that path is too long for a socket."""
    here = folder / "run"
    if len(os.fsencode(here / "asterisk.ctl")) <= _SOCKET_PATH_LIMIT:
        return here
    return Path(tempfile.gettempdir()) / f"hl-{os.getuid()}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"


def _make_private(folder: Path) -> None:
    """Make a folder that is ours alone; UnsafeValueError when somebody else's stands there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise UnsafeValueError(f"{folder} 属于别人或别人可写。改法: 删除它, 或换一个更短的运行目录")


def _lay_out_data(config: SwitchConfig, folder: Path, part: Part) -> None:
    """Asterisk's data folder: its own documentation (it refuses to start without), our prompts as the zh language."""
    sounds = folder / "data" / "sounds"
    (sounds / "hl").mkdir(parents=True, exist_ok=True)
    _link(folder / "data" / "documentation", part.folders["data"] / "documentation")
    _link(sounds / "zh", config.sounds.resolve())
    if config.music is None and not (folder / "music" / "waiting.wav").is_file():
        write_music(folder / "music" / "waiting.wav")
    if not (sounds / "hl" / "silence.wav").is_file():
        _write_silence(sounds / "hl" / "silence.wav", _SILENCE_SECONDS)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and Path(os.readlink(link)) == target:
        return
    draft = link.with_name(f".{link.name}.{secrets.token_hex(4)}")
    draft.symlink_to(target)
    draft.replace(link)


def _write(file: Path, content: str) -> bool:
    """Write atomically with mode 0600; tell whether the content is new."""
    if file.is_file() and file.read_text(encoding="utf-8") == content:
        return False
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(content)
    draft.replace(file)
    return True


def _write_silence(file: Path, seconds: int) -> None:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(16000 * seconds))


def _system_name(value: str) -> str:
    if not value.isalnum() or not value.isascii() or len(value) > 12:
        raise UnsafeValueError("交换机名称只能用字母和数字, 最长 12 个")
    return value


def _secret(value: str) -> str:
    if len(value) < 16:
        raise UnsafeValueError("AMI 密钥少于 16 位")
    return text(value, "AMI 密钥")


def _own_addresses() -> tuple[str, ...]:
    """This machine's IPv4 addresses outside loopback, for pinning browsers' media to loopback."""
    try:
        lines = Path("/proc/net/fib_trie").read_text(encoding="ascii").splitlines()
    except OSError:
        return ()
    found = {one.split()[-1] for one, after in pairwise(lines) if "|--" in one and "/32 host LOCAL" in after}
    return tuple(sorted(address for address in found if not address.startswith("127.")))
