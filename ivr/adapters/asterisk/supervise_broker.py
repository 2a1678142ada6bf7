"""How the private MQTT broker is run: loopback only, no anonymous users, each user with its own topics."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import getpass
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.adapters.asterisk.private_parts import Part
from ivr.adapters.asterisk.render_values import name, path, port, text
from ivr.adapters.asterisk.supervise import ProcessSpec
from ivr.adapters.asterisk.supervise_ports import Listening

_ROUNDS = 101
# CONNECT with an empty client id and clean session, MQTT 3.1.1: enough to be told "not authorised" by a live broker
_CONNECT = bytes.fromhex("100c00044d5154540402000a0000")


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """Who may sign in at the broker; `topics` are its access rules, such as `readwrite hotline/#`."""

    username: str
    password: str = field(repr=False)
    topics: tuple[str, ...] = ("readwrite #",)


def broker_process(part: Part, run_folder: Path, listen_port: int, users: tuple[BrokerUser, ...]) -> ProcessSpec:
    """Write the broker's configuration below `run_folder`/mosquitto and return how to run it."""
    folder = run_folder.resolve() / "mosquitto"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = {
        "mosquitto.conf": _configuration(folder, listen_port),
        "users": "".join(f"{name(u.username, 'MQTT 用户名')}:{_hashed(u.password)}\n" for u in users),
        "rules": "".join(_rules(user) for user in users),
    }
    for file, content in files.items():
        _write(folder / file, content)

    async def is_ready() -> bool:
        return await _answers(listen_port)

    return ProcessSpec(
        name="mosquitto",
        command=(*part.command, "-c", str(folder / "mosquitto.conf")),
        pid_file=folder / "hotline-mosquitto.json",
        log_file=folder / "mosquitto.log",
        is_ready=is_ready,
        listens=(Listening("tcp", "127.0.0.1", listen_port, "消息代理 MQTT"),),
        env=part.env,
        cwd=folder,
        ready_seconds=10.0,
    )


def _configuration(folder: Path, listen_port: int) -> str:
    settings: Mapping[str, str] = {
        "listener": f"{port(listen_port, 'MQTT 端口')} 127.0.0.1",
        "allow_anonymous": "false",
        "password_file": path(folder / "users", "MQTT 用户文件"),
        "acl_file": path(folder / "rules", "MQTT 权限文件"),
        "persistence": "true",
        "persistence_location": f"{path(folder, 'MQTT 目录')}/",
        "max_packet_size": "65536",
        "max_queued_messages": "10000",
        "user": getpass.getuser(),
        "log_dest": "stderr",
        "log_type": "warning",
    }
    return "".join(f"{key} {value}\n" for key, value in settings.items()) + "log_type error\n"


def _rules(user: BrokerUser) -> str:
    lines = [f"user {user.username}", *(f"topic {text(topic, 'MQTT 主题')}" for topic in user.topics)]
    return "\n".join(lines) + "\n\n"


def _hashed(password: str) -> str:
    """mosquitto's own format, version 7: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS, 64)
    return f"$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"


def _write(file: Path, content: str) -> None:
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(content)
    draft.replace(file)


async def _answers(listen_port: int) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", listen_port)
    try:
        async with asyncio.timeout(2):
            writer.write(_CONNECT)
            return (await reader.readexactly(4))[0] == 0x20
    except (asyncio.IncompleteReadError, TimeoutError):
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
